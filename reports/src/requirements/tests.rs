use super::*;
use crate::outcome::sample;

const CATALOGUE: &str = r#"
document = "RFC 7296"
title = "IKEv2"

[[requirement]]
id = "2.1-1"
level = "MUST"
text = "A request is answered."
scenarios = ["ikev2/first-tunnel.toml"]

[[requirement]]
id = "2.1-2"
level = "MUST NOT"
text = "A path that loses packets keeps no tunnel down."
scenarios = ["ikev2/lossy.toml"]

[[requirement]]
id = "2.2-1"
level = "SHOULD"
text = "People are told."
exception = "It binds people."

[[requirement]]
id = "2.2-2"
level = "MUST"
text = "Nothing shows this."

[[requirement]]
id = "2.2-3"
level = "MAY"
text = "A scenario shows this that was not run."
scenarios = ["ikev2/other.toml"]
"#;

fn standings() -> Vec<Standing> {
    let catalogue = Catalogue::read(CATALOGUE).unwrap();
    catalogue.requirements.iter().map(|requirement| requirement.standing(&sample::results())).collect()
}

#[test]
fn a_demand_stands_as_what_shows_it_came_out() {
    let [shown, failed, excepted, open, not_run] = standings().try_into().unwrap();
    assert_eq!(shown, Standing::Shown { not_run: vec![] });
    assert_eq!(failed, Standing::Failed(vec!["ikev2/lossy.toml".to_owned()]));
    assert_eq!(excepted, Standing::Excepted("It binds people.".to_owned()));
    assert_eq!(open, Standing::Open);
    assert_eq!(not_run, Standing::Shown { not_run: vec!["ikev2/other.toml".to_owned()] });
}

#[test]
fn a_page_counts_and_lists_what_is_open() {
    insta::assert_snapshot!(page(&[Catalogue::read(CATALOGUE).unwrap()], &sample::results()));
}

#[test]
fn a_catalogue_with_a_mistake_is_refused() {
    let twice = CATALOGUE.replace("2.1-2", "2.1-1");
    assert_eq!(Catalogue::read(&twice), Err("2.1-1 stands there twice".to_owned()));
    let both = CATALOGUE.replace("exception =", "scenarios = [\"a.toml\"]\nexception =");
    assert_eq!(Catalogue::read(&both), Err("2.2-1 has an exception and is shown all the same".to_owned()));
    let error = Catalogue::read(&CATALOGUE.replace("\"MAY\"", "\"CAN\"")).unwrap_err();
    assert!(error.contains("line 30") && error.contains("CAN"), "{error}");
}

#[test]
fn a_path_is_found_however_it_was_named() {
    assert!(is_at("scenarios/suites/ikev2/a.toml", "ikev2/a.toml"));
    assert!(is_at("ikev2/a.toml", "ikev2/a.toml"));
    assert!(!is_at("scenarios/suites/xikev2/a.toml", "ikev2/a.toml"));
}

use super::*;
use crate::account::sample::{account, long};
use crate::outcome::{Case, sample};

/// The texts between the tags of a page.
fn texts(page: &str) -> String {
    let mut text = String::new();
    for part in page.split('<').skip(1) {
        let (tag, inside) = part.split_once('>').unwrap_or((part, ""));
        let block = ["/p", "/h", "/li", "/tr", "/div", "/dd", "/text", "/title", "/figure"];
        text.push_str(inside);
        if block.iter().any(|end| tag.starts_with(end)) {
            text.push('\n');
        }
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

fn written(accounts: &[Account]) -> (tempfile::TempDir, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let report = Report::new(folder.path()).unwrap();
    let paths: Vec<PathBuf> = accounts.iter().map(|account| report.page(account).unwrap()).collect();
    let index = report.finish(&sample::results()).unwrap();
    let pages = paths.iter().chain([&index]).map(|path| fs::read_to_string(path).unwrap()).collect();
    (folder, pages)
}

#[test]
fn a_run_reads_well() {
    let (_folder, pages) = written(&[account()]);
    insta::assert_snapshot!(texts(&pages[0]));
}

#[test]
fn the_index_reads_well() {
    let (_folder, pages) = written(&[account()]);
    insta::assert_snapshot!(texts(&pages[1]));
}

#[test]
fn every_address_in_a_report_leads_to_a_file_or_a_place_of_it() {
    let (folder, pages) = written(&[account()]);
    for (page, base) in pages.iter().zip([folder.path().join(PAGES), folder.path().to_owned()]) {
        for link in ["href=\"", "src=\""].iter().flat_map(|kind| page.split(kind).skip(1)) {
            let link = link.split('"').next().unwrap();
            assert!(!link.contains("//"), "a network is needed for {link}");
            match link.strip_prefix('#') {
                Some(place) => assert!(page.contains(&format!("id=\"{place}\"")), "no {place}"),
                None if link == "data:," => {}
                None => assert!(base.join(link).exists(), "no {link}"),
            }
        }
    }
    assert!(!STYLE.contains("http") && !SCRIPT.contains("http") && !STYLE.contains("url("));
}

#[test]
fn keys_are_on_a_page_only_if_they_are_in_the_account_and_the_page_says_so_either_way() {
    let material = crate::account::KeyMaterial {
        owner: "IKE SA 11 22".into(),
        keys: vec![("SK_ei".into(), "c0de".into())],
    };
    let case = Case { seed: 2, ..account().case };
    let with = Account { keys: Some(vec![material]), case, ..account() };
    let (_folder, pages) = written(&[account(), with]);
    assert!(pages[0].contains("the keys themselves are left out") && !pages[0].contains("c0de"));
    assert!(pages[1].contains("holds the keys in the clear") && pages[1].contains("c0de"));
}

#[test]
fn hostile_names_stay_text() {
    let hostile = "<img src=x onerror=alert(1)>\"&'".to_owned();
    let mut account = Account { title: hostile.clone(), suite: hostile.clone(), ..account() };
    account.sequence.participants[0].clone_from(&hostile);
    account.topology.sites[0].name.clone_from(&hostile);
    account.sas[0].name = hostile;
    let (_folder, pages) = written(&[account]);
    assert!(!pages[0].contains("<img"));
}

#[test]
fn two_scenarios_never_share_a_file() {
    let names = ["a/b", "a+b", "a b", "a#b", "a@b", "a/=62=", "a/B", "ä"];
    let files: BTreeSet<String> = names.iter().map(|name| file_name(name, 1)).collect();
    assert_eq!(files.len(), names.len());
    let long = |end: &str| file_name(&("x".repeat(300) + end), 1);
    assert!(long("1") != long("2") && long("1").len() < 255);
}

#[test]
fn a_ladder_of_5000_messages_is_compact() {
    let page = page::page(&long(5000)).into_string();
    let octets = page.len() / 5000;
    assert!(octets < 900, "{octets} octets a message");
}

#[test]
fn a_run_that_never_began_has_a_page() {
    let empty = Account {
        topology: crate::account::Topology::default(),
        story: Vec::new(),
        sequence: crate::account::Sequence::default(),
        sas: Vec::new(),
        series: Vec::new(),
        misfortunes: crate::account::Misfortunes::default(),
        case: Case {
            simulated_nanos: 0,
            digest: String::new(),
            counters: Default::default(),
            ..account().case
        },
        ..account()
    };
    assert!(page::page(&empty).into_string().contains("Why it failed"));
}

#[test]
fn an_index_of_1000_scenarios_is_compact() {
    let mut results = Results { suites: vec![sample::results().suites.remove(1); 1000] };
    for (number, suite) in results.suites.iter_mut().enumerate() {
        suite.name = format!("ikev2/scenario-{number}.toml");
    }
    let pages = results.suites.iter().map(|suite| (suite.name.clone(), 1)).collect();
    let octets = index::index(&results, &pages).into_string().len() / 1000;
    assert!(octets < 1500, "{octets} octets a scenario");
}

#[test]
fn a_message_that_is_still_on_its_way_is_drawn_as_that() {
    let mut account = account();
    for entry in &mut account.sequence.entries {
        if let crate::account::Entry::Message(message) = entry {
            message.arrivals.clear();
            message.end = None;
        }
    }
    assert!(page::page(&account).into_string().contains("on its way when the run ended"));
}

#[test]
fn of_a_long_ladder_the_last_entries_are_kept_and_the_others_counted() {
    let mut sequence = long(30).sequence;
    let last = sequence.entries[29].clone();
    sequence.keep_last(10);
    assert_eq!((sequence.entries.len(), sequence.left_out), (10, 22));
    assert_eq!(sequence.entries[9], last);
}

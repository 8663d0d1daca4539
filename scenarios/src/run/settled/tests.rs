//! What is left half done, each thing planted into the state that real peers reached.

use std::sync::Arc;

use ipsec::crypto::PORTABLE;

use super::*;
use crate::file;
use crate::run::{Options, run_case};

const SCENARIO: &str = r#"title = "A tunnel that stays"
story = '''
0s    west: initiate net
      expect net up at west, east within 1s
'''

[peer.west]
address = "192.0.2.1"
protects = "10.1.0.0/16"

[peer.east]
address = "198.51.100.1"
protects = "10.2.0.0/16"

[ike.site]
ends = ["west", "east"]
auth = { psk = "secret" }

[child.net]
of = "site"
"#;

/// What is said of west's and east's states after `plant` had its way with them.
fn after(plant: impl Fn(&mut Status, &mut Status)) -> Option<String> {
    let scenario = Arc::new(file::parse("settled.toml", SCENARIO).unwrap_or_else(|e| panic!("{e:?}")));
    let options = Options::new(&PORTABLE, "settled.toml");
    let result = run_case(&scenario, 0, options);
    let [(_, west), (_, east)] = &result.states[..] else { panic!("two peers") };
    let (mut west, mut east) = (west.clone(), east.clone());
    plant(&mut west, &mut east);
    let status = |name: &str| if name == "west" { west.clone() } else { east.clone() };
    pending(&Scene::new(scenario), &status)
}

#[test]
fn peers_with_a_tunnel_between_them_have_settled() {
    assert_eq!(after(|_, _| ()), None);
}

#[test]
fn an_ike_sa_that_is_not_finished_is_named_with_its_stage() {
    let stage = |stage| after(move |west, _| west.ike[0].stage = stage).unwrap();
    assert_eq!(stage(Stage::Init), "west still waits for the first answer for site");
    assert_eq!(stage(Stage::HalfOpen), "west has a half-open IKE SA site");
    assert_eq!(stage(Stage::Deleting), "west is still deleting the IKE SA site");
    let pending = after(|_, east| east.ike[0].pending = 2).unwrap();
    assert_eq!(pending, "east has 2 exchanges of site to finish");
}

#[test]
fn fragments_that_wait_are_named() {
    let fragments = after(|_, east| east.incomplete = 3).unwrap();
    assert_eq!(fragments, "east waits for fragments of 3 packets");
}

#[test]
fn half_a_pair_of_sas_is_an_orphan() {
    let alone = |inbound| {
        move |_: &mut Status, east: &mut Status| {
            east.sas.retain(|sa| (sa.direction == Direction::Inbound) != inbound);
        }
    };
    let text = after(alone(true)).unwrap();
    assert!(
        text.starts_with("west sends net under SPI") && text.ends_with("nobody receives under it"),
        "{text}"
    );
    let text = after(alone(false)).unwrap();
    assert!(
        text.starts_with("west receives net under SPI") && text.ends_with("nobody sends under it"),
        "{text}"
    );
}

#[test]
fn the_same_spi_with_another_key_is_no_pair() {
    let text = after(|west, _| west.sas[0].fingerprint[0] ^= 1).unwrap();
    assert!(text.contains("under it"), "{text}");
}

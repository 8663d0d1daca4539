//! The model by hand: cases whose outcome can be read off the RFC.

use super::*;
use crate::file;

/// A scenario of two peers; `ike` and `child` stand in their tables, `more` after them.
fn scenario(ike: &str, child: &str, more: &str) -> Scenario {
    let text = format!(
        "title = \"t\"\nstory = '''\n0s west: initiate net\n   expect site up at west, east within 1s\n'''\n\
         [peer.west]\naddress = \"192.0.2.1\"\nprotects = [\"10.1.0.0/16\"]\n\
         [peer.east]\naddress = \"192.0.2.2\"\nprotects = [\"10.2.0.0/16\"]\n\
         [ike.site]\nends = [\"west\", \"east\"]\nauth = {{ psk = \"one\" }}\n{ike}\n\
         [child.net]\nof = \"site\"\n{child}\n{more}\n"
    );
    file::parse("test", &text).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn course(scenario: &Scenario) -> Course {
    initiate(scenario, "net", "west").unwrap()
}

fn refused(course: &Course) -> String {
    let child = course.child.as_ref().and_then(|child| child.as_ref().err());
    course.ike.as_ref().err().or(child).map_or_else(|| "agreed".to_owned(), ToString::to_string)
}

#[test]
fn the_responders_order_decides_and_another_group_costs_a_round() {
    let offer = "offer = [\"aes128gcm16-aes256gcm16-prfsha256-x25519-ecp256\"]";
    let east = "[ike.site.at.east]\noffer = [\"aes256gcm16-aes128gcm16-prfsha384-prfsha256-ecp256\"]";
    let scenario = scenario(offer, "", east);
    let agreed = course(&scenario);
    assert!(agreed.regroups);
    let ike = agreed.ike.unwrap();
    assert_eq!((ike.encryption.1, ike.group), (32, KeyExchangeAlgorithm::Ecp256));
    let other = initiate(&scenario, "net", "east").unwrap();
    assert!(!other.regroups);
    assert_eq!(other.ike.unwrap().encryption.1, 16);
}

#[test]
fn a_refusal_says_what_is_missing() {
    let offer = "offer = [\"aes128gcm16-prfsha256-x25519\"]";
    let east = "[ike.site.at.east]\noffer = [\"aes256-sha1-modp2048\", \"aes128gcm16-prfsha256-ecp384\"]";
    assert_eq!(
        refused(&course(&scenario(offer, "", east))),
        "NO_PROPOSAL_CHOSEN in IKE_SA_INIT: no group in common: west offers aes128gcm16-prfsha256-x25519; \
         east accepts aes256-sha1-prfsha1-modp2048, aes128gcm16-prfsha256-ecp384"
    );
    assert_eq!(
        refused(&course(&scenario("", "", "[ike.site.at.east]\nauth = { psk = \"two\" }"))),
        "AUTHENTICATION_FAILED in IKE_AUTH: their pre-shared keys differ"
    );
    assert_eq!(
        refused(&course(&scenario("", "", "[ike.site.at.west]\nexpects = \"north.example\""))),
        "AUTHENTICATION_FAILED in IKE_AUTH: west expects north.example, east is east.example"
    );
    assert_eq!(
        refused(&course(&scenario("", "", "[child.net.at.east]\noffer = [\"aes128gcm16-esn\"]"))),
        "NO_PROPOSAL_CHOSEN in IKE_AUTH: no length of sequence numbers in common: west offers aes128gcm16-noesn; \
         east accepts aes128gcm16-esn"
    );
    assert_eq!(
        refused(&course(&scenario("", "", "[child.net.at.east]\nreaches = \"10.9.0.0/16\""))),
        "TS_UNACCEPTABLE in IKE_AUTH: west and east protect nothing in common"
    );
}

#[test]
fn forward_secrecy_counts_when_a_child_is_replaced_and_not_before() {
    let scenario =
        scenario("", "offer = [\"aes128gcm16-x25519\"]", "[child.net.at.east]\noffer = [\"aes128gcm16\"]");
    assert_eq!(refused(&course(&scenario)), "agreed");
    let (_, new) = rekey_child(&scenario, "net", "west").unwrap();
    assert_eq!(
        new.unwrap_err().to_string(),
        "NO_PROPOSAL_CHOSEN in CREATE_CHILD_SA: no group in common: west offers aes128gcm16-x25519-noesn; \
         east accepts aes128gcm16-noesn"
    );
}

#[test]
fn selectors_come_to_what_both_have_joined_where_they_touch() {
    let prefixes = |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect::<Vec<Prefix>>();
    let shown = |first: &[&str], second: &[&str]| {
        let both = intersection(&prefixes(first), &prefixes(second));
        both.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(shown(&["10.0.0.0/8"], &["10.1.0.0/16", "11.0.0.0/8"]), ["10.1.0.0/16"]);
    assert_eq!(shown(&["10.0.0.0/24", "10.0.1.0/24"], &["10.0.0.0/16", "10.0.0.128/25"]), ["10.0.0.0/23"]);
    assert_eq!(shown(&["10.0.0.0/8", "2001:db8::/32"], &["2001:db8:1::/48"]).len(), 1);
    assert!(shown(&["0.0.0.0/0"], &["::/0"]).is_empty());
}

#[test]
fn transport_mode_takes_two() {
    let mode = |text: &str, more: &str| course(&scenario("", text, more)).child.unwrap().unwrap().mode;
    assert_eq!(mode("mode = \"transport\"", ""), Mode::Transport);
    let networks = "reaches = \"192.0.2.1/32\"\nprotects = \"192.0.2.2/32\"";
    let east = format!("[child.net.at.east]\nmode = \"tunnel\"\n{networks}");
    assert_eq!(mode("mode = \"transport\"", &east), Mode::Tunnel);
}

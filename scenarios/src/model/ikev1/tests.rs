//! The model by hand: cases whose outcome can be read off the RFCs.

use super::*;
use crate::file;

/// A scenario of two peers; `ike` and `child` stand in their tables, `more` after them.
fn scenario(ike: &str, child: &str, more: &str) -> Scenario {
    let text = format!(
        "title = \"t\"\nstory = '''\n0s west: initiate net\n   expect site up at west, east within 1s\n'''\n\
         [peer.west]\naddress = \"192.0.2.1\"\nprotects = [\"10.1.0.0/16\"]\n\
         [peer.east]\naddress = \"192.0.2.2\"\nprotects = [\"10.2.0.0/16\"]\n\
         [ike.site]\nends = [\"west\", \"east\"]\nversion = 1\nauth = {{ psk = \"one\" }}\n{ike}\n\
         [child.net]\nof = \"site\"\n{child}\n{more}\n"
    );
    file::parse("test", &text).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn refused(scenario: &Scenario, initiator: &str) -> String {
    let course = initiate(scenario, "net", initiator).unwrap();
    let phase2 = course.phase2.as_ref().and_then(|phase2| phase2.as_ref().err());
    course.phase1.as_ref().err().or(phase2).map_or_else(|| "agreed".to_owned(), ToString::to_string)
}

#[test]
fn the_initiators_order_decides() {
    let offer = "offer = [\"aes128-sha1-ecp256\", \"3des-md5-modp1024\"]";
    let east = "[ike.site.at.east]\noffer = [\"3des-md5-modp1024\", \"aes128-sha1-ecp256\"]";
    let scenario = scenario(offer, "", east);
    let group = |initiator| initiate(&scenario, "net", initiator).unwrap().phase1.unwrap().group;
    assert_eq!(
        (group("west"), group("east")),
        (KeyExchangeAlgorithm::Ecp256, KeyExchangeAlgorithm::Modp1024)
    );
}

#[test]
fn in_aggressive_mode_only_the_first_group_is_offered() {
    let ike =
        |mode: &str| format!("offer = [\"aes128-sha1-ecp256\", \"3des-md5-modp1024\"]\nmode = \"{mode}\"");
    let east = "[ike.site.at.east]\noffer = [\"3des-md5-modp1024\"]";
    let agreed = |mode: &str, initiator: &str| refused(&scenario(&ike(mode), "", east), initiator);
    assert_eq!(agreed("main", "west"), "agreed");
    assert_eq!(agreed("aggressive", "east"), "agreed");
    assert_eq!(
        agreed("aggressive", "west"),
        "NO-PROPOSAL-CHOSEN in aggressive mode: west and east have no transform in common"
    );
}

#[test]
fn different_keys_are_silence_in_main_mode_and_a_wrong_hash_in_aggressive_mode() {
    let other = "[ike.site.at.east]\nauth = { psk = \"two\" }";
    let refused = |ike: &str| refused(&scenario(ike, "", other), "west");
    assert_eq!(refused(""), "silence in main mode: their shared keys differ");
    assert_eq!(
        refused("mode = \"aggressive\""),
        "INVALID-HASH-INFORMATION in aggressive mode: their shared keys differ"
    );
}

#[test]
fn both_ends_have_to_be_whom_the_other_expects_and_to_speak_the_same_mode() {
    let end = |more: &str| refused(&scenario("", "", &format!("[ike.site.at.{more}")), "west");
    assert_eq!(
        end("east]\nexpects = \"north.example\""),
        "INVALID-ID-INFORMATION in main mode: east expects north.example, west is west.example"
    );
    assert_eq!(
        end("east]\nmode = \"aggressive\""),
        "INVALID-EXCHANGE-TYPE in main mode: west begins main mode, east speaks aggressive mode"
    );
}

#[test]
fn nothing_of_a_child_is_narrowed_and_the_shorter_life_counts() {
    let child =
        |more: &str| scenario("", "lifetime = { time = \"1h\" }", &format!("[child.net.at.east]\n{more}"));
    assert_eq!(
        refused(&child("reaches = \"10.1.2.0/24\""), "west"),
        "INVALID-ID-INFORMATION in quick mode: east has no child for the same networks"
    );
    // In transport mode an end has the hosts themselves in the place of networks.
    assert_eq!(
        refused(&child("mode = \"transport\""), "west"),
        "INVALID-ID-INFORMATION in quick mode: east has no child for the same networks"
    );
    for differs in ["offer = [\"aes128-sha1-modp1024\"]", "offer = [\"ah-md5\"]"] {
        let text = refused(&child(differs), "west");
        assert_eq!(text, "NO-PROPOSAL-CHOSEN in quick mode: west and east have no transform in common");
    }
    let shorter = child("lifetime = { seconds = 600, bytes = 4096 }");
    for initiator in ["west", "east"] {
        let agreed = initiate(&shorter, "net", initiator).unwrap().phase2.unwrap().unwrap();
        assert_eq!((agreed.life, agreed.octets), (Duration::from_secs(600), Some(4096)));
    }
}

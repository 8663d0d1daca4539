//! The model by hand: cases whose outcome can be read off the RFC.

use ipsec::auth::{Identity, IdentityPattern};
use ipsec_net::Prefix;

use super::networks::intersection;
use super::*;
use crate::file;

/// What comes of both ends with these keys in their tables, if no IKE SA does.
fn refusal(west: &str, east: &str) -> String {
    let scenario = scenario("", "", &format!("[ike.site.at.west]\n{west}\n[ike.site.at.east]\n{east}"));
    match course(&scenario).ike {
        Ok(_) => "agreed".to_owned(),
        Err(Refusal { by, exchange, other, .. }) => format!("{by:?} in {exchange}, {other:?}"),
    }
}

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
    assert_eq!(agreed.regroups, [Exchange::IkeSaInit]);
    let ike = agreed.ike.unwrap();
    assert_eq!((ike.encryption.1, ike.group), (32, KeyExchangeAlgorithm::Ecp256));
    let other = initiate(&scenario, "net", "east").unwrap();
    assert!(other.regroups.is_empty());
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

#[test]
fn additional_key_exchanges_take_two_that_speak_of_them() {
    let offer = |words: &str| format!("offer = [\"aes128gcm16-prfsha256-x25519{words}\"]");
    let agreed = |west: &str, east: &str| {
        let scenario = scenario(&offer(west), "", &format!("[ike.site.at.east]\n{east}"));
        let ike = course(&scenario).ike;
        ike.map(|ike| ike.additional.into_iter().flatten().count()).map_err(|refusal| refusal.other)
    };
    let (optional, refused) = ("-ke1_mlkem512-ke1_none", Err(OtherEnd::Told("NO_PROPOSAL_CHOSEN")));
    assert_eq!(agreed("-ke1_mlkem512", &offer(optional)), Ok(1));
    assert_eq!(agreed(optional, &offer("")), Ok(0));
    assert_eq!(agreed(optional, &format!("intermediate = false\n{}", offer(optional))), Ok(0));
    assert_eq!(agreed("-ke1_mlkem512", &offer("")), refused);
    assert_eq!(agreed("-ke1_mlkem512", &format!("intermediate = false\n{}", offer(optional))), refused);
    // No method twice.
    assert_eq!(agreed("-ke1_mlkem512-ke1_x25519", &offer("-ke1_x25519-ke1_mlkem512")), Ok(1));
    let silent = format!("intermediate = false\n{}", offer("-ke1_mlkem512"));
    assert_eq!(refusal(&silent, ""), "Initiator in IKE_SA_INIT, Untouched");
}

#[test]
fn post_quantum_preshared_keys_are_refused_by_who_requires_them() {
    let ppk = |words: &str| format!("ppk = {{ secret = \"of both\", {words} }}");
    let auth = |id: &str| ppk(&format!("id = \"{id}\", mixed = \"auth\""));
    let auth_required = |id: &str| ppk(&format!("id = \"{id}\", mixed = \"auth\", required = true"));
    let required = |id: &str| ppk(&format!("id = \"{id}\", mixed = \"intermediate\", required = true"));
    let told = "Told(\"AUTHENTICATION_FAILED\")";
    assert_eq!(refusal(&required("a"), &required("a")), "agreed");
    assert_eq!(refusal(&auth("a"), &auth("b")), "agreed");
    assert_eq!(refusal(&auth_required("a"), ""), "Initiator in IKE_SA_INIT, Waits");
    assert_eq!(refusal("", &auth_required("a")), format!("Responder in IKE_AUTH, {told}"));
    assert_eq!(refusal(&auth("a"), &auth_required("b")), format!("Responder in IKE_AUTH, {told}"));
    assert_eq!(refusal(&required("a"), &required("b")), format!("Responder in IKE_INTERMEDIATE, {told}"));
    let optional = ppk("id = \"b\", mixed = \"intermediate\"");
    assert_eq!(refusal(&required("a"), &optional), "Initiator in IKE_INTERMEDIATE, Waits");
    assert_eq!(refusal(&auth_required("a"), &required("a")), "Initiator in IKE_SA_INIT, Waits");
}

#[test]
fn each_end_refuses_a_proof_that_it_does_not_want() {
    let (raw, psk) = ("auth = { raw-key = \"ed25519\" }", "accept = { psk = \"one\" }");
    assert_eq!(refusal(raw, raw), "agreed");
    let told = "Told(\"AUTHENTICATION_FAILED\")";
    assert_eq!(refusal(raw, &format!("{raw}\n{psk}")), format!("Responder in IKE_AUTH, {told}"));
    let undone = "Undone(\"AUTHENTICATION_FAILED\")";
    assert_eq!(refusal(&format!("{raw}\n{psk}"), raw), format!("Initiator in IKE_AUTH, {undone}"));
    // A key that needs lists of hash functions, where the responder signs nothing and reads no signature.
    assert_eq!(refusal(raw, psk), "Initiator in IKE_AUTH, Waits");
    let prevention = |word: &str| format!("downgrade-prevention = \"{word}\"");
    assert_eq!(refusal(&prevention("require"), &prevention("offer")), "agreed");
    assert_eq!(refusal(&prevention("require"), ""), "Initiator in IKE_SA_INIT, Waits");
    assert_eq!(refusal("", &prevention("require")), format!("Responder in IKE_AUTH, {told}"));
}

#[test]
fn eap_is_a_proof_of_initiators_and_may_be_the_only_one() {
    let user = "auth = { eap = { user = \"alice@example.org\", password = \"open\", methods = [\"gtc\", \"mschapv2\"] } }";
    let told = "Told(\"AUTHENTICATION_FAILED\")";
    assert_eq!(refusal(user, "auth = { psk = \"one\" }"), "agreed");
    assert_eq!(refusal("", user), format!("Responder in IKE_AUTH, {told}"));
    let alone = |methods: &str| {
        let users = "users = { \"alice@example.org\" = \"open\" }";
        format!("auth = {{ eap-only = true }}\naccept = {{ eap = {{ {users}, methods = [{methods}] }} }}")
    };
    assert_eq!(refusal(user, &alone("\"mschapv2\"")), "agreed");
    assert_eq!(refusal(user, &alone("\"gtc\"")), format!("Responder in IKE_AUTH, {told}"));
    assert_eq!(refusal("", "auth = { eap-only = true }"), format!("Responder in IKE_AUTH, {told}"));
    let other = "accept = { eap = { users = { \"alice@example.org\" = \"shut\" } } }";
    assert_eq!(refusal(user, other), "Responder in IKE_AUTH, EapFailure");
    // The responder's own proof comes before the conversation.
    let psk = |own: &str| format!("{user}\naccept = {{ psk = \"{own}\" }}");
    assert_eq!(refusal(&psk("two"), other), format!("Initiator in IKE_AUTH, {told}"));
}

#[test]
fn as_many_proofs_are_given_as_are_wanted() {
    let (second, none) = ("further = [{ auth = { psk = \"second\" } }]", "accept-further = []");
    assert_eq!(refusal(second, ""), "agreed");
    assert_eq!(refusal("", second), "agreed");
    assert_eq!(refusal(second, second), "agreed");
    assert_eq!(refusal(second, none), "Initiator in IKE_SA_INIT, Waits");
    let told = "Told(\"AUTHENTICATION_FAILED\")";
    assert_eq!(refusal(none, second), format!("Responder in IKE_AUTH, {told}"));
    let wants = "accept-further = [{ accept = { psk = \"second\" } }]";
    assert_eq!(refusal("", wants), format!("Responder in IKE_AUTH, {told}"));
    assert_eq!(
        refusal(&format!("{second}\n{wants}"), second),
        "agreed",
        "the same as what goes without saying"
    );
    let undone = "Undone(\"AUTHENTICATION_FAILED\")";
    assert_eq!(refusal(&format!("{second}\n{wants}"), ""), format!("Initiator in IKE_AUTH, {undone}"));
}

#[test]
fn certificates_count_below_an_authority_for_whose_they_are() {
    let tables = "[authority.one]\nkey = \"ed25519\"\n[authority.two]\nkey = \"ed25519\"\n\
        [authority.below]\nissuer = \"one\"\nkey = \"ed25519\"\n\
        [certificate.of-west]\nissuer = \"below\"\nkey = \"ed25519\"\n";
    let refused = |certificate: &str, east: &str| {
        let west = "[ike.site.at.west]\nauth = { certificate = \"of-west\" }";
        let more = format!("{tables}{certificate}\n{west}\n[ike.site.at.east]\n{east}");
        refused(&course(&scenario("", "", &more)))
    };
    let below = |names: &str| format!("accept = {{ certificate = {{ authorities = [{names}] }} }}");
    assert_eq!(refused("", ""), "agreed");
    assert_eq!(refused("", &below("\"below\"")), "agreed");
    assert!(refused("", &below("\"two\"")).ends_with("no path leads from of-west to two"));
    assert!(refused("chain = false", "").ends_with("no path leads from of-west to one or two"));
    assert_eq!(refused("chain = false", &below("\"below\"")), "agreed");
    assert!(refused("revoked = true", "").ends_with("it is revoked, or nobody knows"));
    assert!(refused("from = \"1h\"", "").ends_with("it is not valid yet"));
    assert!(refused("names = [\"north.example\"]", "").ends_with("it is somebody else's"));
    assert_eq!(refused("names = [\"WEST.example\"]", ""), "agreed");
    assert!(refused("", "hashes = [\"sha2-256\"]").ends_with("a key of Ed25519 can make"));
}

#[test]
fn addresses_are_lent_as_long_as_there_are_some() {
    let pool = "[pool.clients]\nat = \"east\"\naddresses = [\"10.3.0.1-10.3.0.2\", \"fd03::1\"]\n";
    let asked = |asks: &str, lent: &[&str]| {
        let scenario =
            scenario("pool = \"clients\"", "", &format!("{pool}[ike.site.at.west]\nasks = [{asks}]"));
        let lent = lent.iter().map(|address| address.parse().unwrap()).collect();
        initiate_beside(&scenario, "net", "west", &lent).unwrap()
    };
    let given = |asks: &str, lent: &[&str]| {
        let given = asked(asks, lent).addresses.map_err(|refusal| refusal.other);
        given.map(|given| given.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(given("\"ipv4\"", &[]).unwrap(), ["10.3.0.1"]);
    assert_eq!(given("\"ipv4\", \"ipv6\"", &["10.3.0.1"]).unwrap(), ["10.3.0.2", "fd03::1"]);
    assert_eq!(given("\"10.3.0.2\"", &[]).unwrap(), ["10.3.0.2"]);
    assert_eq!(given("\"ipv6\"", &["fd03::1"]), Err(OtherEnd::Told("INTERNAL_ADDRESS_FAILURE")));
    assert_eq!(given("\"dns\"", &[]), Err(OtherEnd::Told("FAILED_CP_REQUIRED")));
    assert_eq!(
        refused(&asked("\"ipv6\"", &["fd03::1"])),
        "INTERNAL_ADDRESS_FAILURE in IKE_AUTH: east has no address left that west asks for"
    );
    let scenario = scenario("pool = \"clients\"", "", pool);
    let begun = initiate(&scenario, "net", "east").unwrap();
    assert_eq!(refused(&begun), "silence in IKE_SA_INIT: nobody has an address that net is for");
}

#[test]
fn ike_sas_without_children_take_two() {
    let alone = |west: &str, east: &str| {
        let keys =
            |word: &str| if word.is_empty() { String::new() } else { format!("childless = \"{word}\"") };
        let ends = format!("[ike.site.at.west]\n{}\n[ike.site.at.east]\n{}", keys(west), keys(east));
        scenario("", "", &ends)
    };
    let ike = |west, east| initiate_ike(&alone(west, east), "net", "west", &BTreeSet::new()).unwrap().ike;
    assert!(ike("", "").is_ok());
    assert_eq!(ike("refuse", "").unwrap_err().other, OtherEnd::Untouched);
    assert_eq!(ike("", "refuse").unwrap_err().other, OtherEnd::Waits);
    assert!(course(&alone("require", "require")).child.unwrap().is_ok());
    assert_eq!(
        course(&alone("", "require")).child.unwrap().unwrap_err().other,
        OtherEnd::Told("NO_ADDITIONAL_SAS")
    );
}

#[test]
fn patterns_mean_identities_of_their_kind() {
    let means = |pattern: &str, identity: &str| {
        let (pattern, Ok(identity)) =
            (pattern.parse::<IdentityPattern>().unwrap(), identity.parse::<Identity>());
        identities::is_expected(&pattern, &identity)
    };
    assert!(means("west.example", "WEST.example") && !means("west.example", "west@example"));
    assert!(means(".example", "west.example") && !means(".example", ".example"));
    assert!(means("@example.org", "west@example.org") && !means("@example.org", "west.example.org"));
    assert!(means("*,O=Example", "CN=west,O=Example") && !means("*,O=Example", "CN=west,O=Other"));
    assert!(means("192.0.2.0/24", "192.0.2.9") && !means("192.0.2.0/24", "198.51.100.1"));
    assert!(means("%any", "west") && !identities::is_expected(&IdentityPattern::Any, &Identity::Null));
}

use std::time::Duration;

use super::*;
use crate::file::resolve::inside::tests::with_box;
use crate::file::{self, Scenario};

const OUTSIDE: &str = "address = \"203.0.113.9\"\ninside = \"lan\"";

/// What a file with this translator before west comes to, whose end of the IKE configuration is told `west`.
fn read(nat: &str, west: &str) -> Result<Scenario, String> {
    with_box(&format!("[nat.home]\n{nat}"), west)
}

#[test]
fn a_translator_reads_as_written() {
    let text = format!(
        "{OUTSIDE}\nmapping = \"address-dependent\"\nfiltering = \"address-and-port-dependent\"\nports = \"random\"\n\
         pooling = \"arbitrary\"\nhairpinning = \"off\"\nrefresh = \"both\"\ntimeout = \"30s\"\nesp = \"drop\"\n\
         fragments = \"in-order\"\nforwards = [\"500 to 10.0.0.2:4500\"]\ngateway = \"10.0.0.1\""
    );
    let scenario = read(&text, "").unwrap();
    let nat = &scenario.nats[0];
    let behaviour = &nat.behaviour;
    assert_eq!((nat.gateway.to_string().as_str(), nat.inside.as_str()), ("10.0.0.1", "lan"));
    assert_eq!(behaviour.mapping, Dependence::AddressDependent);
    assert_eq!(behaviour.filtering, Dependence::AddressAndPortDependent);
    assert_eq!((behaviour.assignment, behaviour.pooling), (PortAssignment::Random, Pooling::Arbitrary));
    assert_eq!(behaviour.hairpinning, Hairpinning::Off);
    assert_eq!((behaviour.outbound_refresh, behaviour.inbound_refresh), (true, true));
    assert_eq!(behaviour.timers.udp, Duration::from_secs(30));
    assert_eq!((behaviour.other_protocols, behaviour.fragments.held), (OtherProtocols::Drop, 0));
    let forward = behaviour.forwards[0];
    assert_eq!((forward.outside.to_string().as_str(), forward.inside.port()), ("203.0.113.9:500", 4500));
}

#[test]
fn who_is_behind_a_translator_may_come_from_anywhere_and_the_others_are_where_they_are() {
    let scenario = read(OUTSIDE, "").unwrap();
    let remotes = scenario.ikes[0].ends.each_ref().map(|end| end.remote.map(|remote| remote.to_string()));
    assert_eq!(remotes, [Some("198.51.100.1".to_owned()), None]);
    let told = read(OUTSIDE, "remote = \"192.0.2.5\"\nnat = { port = 4500, keepalive = \"off\" }").unwrap();
    let west = &told.ikes[0].ends[0];
    assert_eq!(west.remote.map(|remote| remote.to_string()).as_deref(), Some("192.0.2.5"));
    assert!(west.nat.starts_on_nat_port && west.nat.keepalive.is_none() && west.nat.enabled);
}

#[test]
fn what_is_wrong_is_told() {
    let outside = |more: &str| format!("{OUTSIDE}\n{more}");
    let cases = [
        ("inside = \"lan\"".to_owned(), "has no `address`", "IPv4"),
        ("address = \"203.0.113.9\"".to_owned(), "has no `inside`", "link"),
        ("address = \"203.0.113.9\"\ninside = \"lam\"".to_owned(), "there is no link called `lam`", "lan"),
        ("address = \"2001:db8::1\"\ninside = \"lan\"".to_owned(), "IPv6", "translators are for IPv4"),
        (outside("mapping = \"endpoint\""), "unknown word `endpoint`", "endpoint-independent"),
        (outside("timeout = \"0s\""), "it has to last", ""),
        (outside("forwards = [\"500\"]"), "forwards nothing", "500 to 10.0.0.2:500"),
        (
            outside("forwards = [\"500 to 10.0.0.2:500\", \"500 to 10.0.0.3:500\"]"),
            "203.0.113.9:500",
            "share",
        ),
        (outside("adress = \"203.0.113.9\""), "unknown key `adress`", "address"),
    ];
    for (nat, problem, help) in cases {
        let error = read(&nat, "").unwrap_err();
        assert!(error.contains(problem) && error.contains(help), "{problem}\n{error}");
    }
    for (west, problem) in [
        ("nat = { port = 501 }", "IKE does not begin at port 501"),
        ("remote = \"somewhere\"", "\"somewhere\" is no IP address"),
        ("nat = { keepalive = \"0s\" }", "\"0s\""),
    ] {
        let error = read(OUTSIDE, west).unwrap_err();
        assert!(error.contains(problem), "{problem}\n{error}");
    }
}

#[test]
fn a_translator_stands_between_two_links() {
    let text = r#"title = "A translator at the end"
story = '''
0s expect net up at west, east within 5s
'''
[peer.west]
address = "10.0.0.2"
protects = "10.1.0.0/16"
[peer.east]
address = "198.51.100.1"
protects = "10.2.0.0/16"
[link.lan]
joins = ["west", "home"]
[ike.site]
ends = ["west", "east"]
auth = { psk = "secret" }
[child.net]
of = "site"
[nat.home]
address = "203.0.113.9"
inside = "lan"
"#;
    let error = file::parse("nat.toml", text).unwrap_err().render(false);
    assert!(error.contains("`home` has to stand between two links, one of them `lan`"), "{error}");
}

use super::*;
use crate::file::Scenario;
use crate::file::resolve::inside::tests::with_box;

/// What a file with this filter before west comes to.
fn read(firewall: &str) -> Result<Scenario, String> {
    with_box(&format!("[firewall.home]\n{firewall}"), "")
}

#[test]
fn a_filter_that_is_told_nothing_lets_what_begins_inside_through() {
    let scenario = read("inside = \"lan\"").unwrap();
    let [firewall] = &scenario.firewalls[..] else { panic!("{:?}", scenario.firewalls) };
    assert_eq!((firewall.inside.as_str(), &firewall.policy), ("lan", &Policy::default()));
}

#[test]
fn a_filter_reads_as_written() {
    let scenario = read(
        "inside = \"lan\"\ndrops = [\"esp\", \"ah\", \"esp-in-udp\", \"fragments\", \"icmp-errors\", \"udp/500\"]\n\
         lets-in = [\"udp/4500\", \"icmp\"]\nlets-out = [\"everything\"]\ntimeout = \"30s\"\nflows = 7",
    );
    let policy = &scenario.unwrap().firewalls[0].policy;
    assert!(policy.drop_esp && policy.drop_ah && policy.drop_udp_encapsulated_esp);
    assert!(policy.drop_fragments && policy.drop_icmp_errors && policy.drop_udp_ports.contains(&500));
    assert_eq!((policy.timers.udp.as_secs(), policy.timers.other.as_secs(), policy.states), (30, 30, 7));
    assert_eq!((policy.inbound, policy.outbound), (Verdict::Drop, Verdict::Drop));
    let told: Vec<_> =
        policy.rules.iter().map(|rule| (rule.from, rule.protocol, rule.destination_ports.clone())).collect();
    assert_eq!(
        told,
        [
            (Some(Side::Outside), Some(protocol::UDP), Some(4500..=4500)),
            (Some(Side::Outside), Some(protocol::ICMP), None),
            (Some(Side::Outside), Some(protocol::ICMPV6), None),
            (Some(Side::Inside), None, None),
        ]
    );
}

#[test]
fn what_is_wrong_is_told() {
    for (firewall, problem, help) in [
        ("", "has no `inside`", "link"),
        ("inside = \"lam\"", "there is no link called `lam`", "lan"),
        ("inside = \"lan\"\ndrops = [\"epsp\"]", "`epsp` is nothing that is dropped", "esp"),
        ("inside = \"lan\"\ndrops = [\"udp/70000\"]", "`udp/70000`", "udp/500"),
        ("inside = \"lan\"\nlets-in = [\"esp/50\"]", "`esp/50` is no kind of flow", "udp/500"),
        ("inside = \"lan\"\nlets-in = [\"updp\"]", "`updp`", "udp"),
        ("inside = \"lan\"\ntimeout = \"0s\"", "has to last some time", ""),
        ("inside = \"lan\"\nflows = 0", "1", "1048576"),
        ("inside = \"lan\"\nlet-in = []", "unknown key `let-in`", "lets-in"),
    ] {
        let error = read(firewall).unwrap_err();
        assert!(error.contains(problem) && error.contains(help), "{problem}\n{error}");
    }
}

//! What strongSwan holds, as it tells over VICI, in the form in which a virtual peer tells it.

use std::net::{IpAddr, SocketAddr};

use ipsec::Status;
use ipsec::ikev2::{Nat, Role, Stage};

use super::super::held::{self, HeldChild, HeldIke, child_spi, ike_spi};
use super::super::vici::Section;
use super::algorithms;

/// The state of a daemon from the messages of `list-sas`, one for each IKE SA.
pub(super) fn status(messages: &[Section]) -> Status {
    let told = messages.iter().flat_map(|message| message.sections(""));
    held::status(told.filter_map(|(connection, sa)| ike(connection, sa)).collect())
}

/// Whether the SA pair carries packets in both directions: one that was replaced or deleted stays a while, to receive what is
/// on its way.
fn is_there(child: &Section) -> bool {
    ["INSTALLED", "UPDATING", "REKEYING", "RETRYING"].contains(&child.text("state"))
}

/// What is being destroyed is not there.
fn ike(connection: &str, sa: &Section) -> Option<HeldIke> {
    let role = if sa.text("initiator") == "yes" { Role::Initiator } else { Role::Responder };
    let older = sa.text("version") == "1";
    let stage = match (sa.text("state"), role) {
        ("ESTABLISHED" | "REKEYING", _) => Stage::Established,
        ("DELETING" | "REKEYED", _) if !older => Stage::Deleting,
        ("CREATED" | "CONNECTING", Role::Initiator) => Stage::Init,
        ("CREATED" | "CONNECTING", Role::Responder) => Stage::HalfOpen,
        _ => return None,
    };
    let children = sa.sections("child-sas").filter(|(_, child)| is_there(child));
    Some(HeldIke {
        name: connection.to_owned(),
        older,
        role,
        stage,
        spis: [ike_spi(sa.text("initiator-spi")), ike_spi(sa.text("responder-spi"))],
        local: end(sa, "local")?,
        remote: end(sa, "remote")?,
        suite: algorithms::suite(sa),
        nat: Nat { here: sa.text("nat-local") == "yes", there: sa.text("nat-remote") == "yes" },
        pending: sa.list("tasks-active").len() + sa.list("tasks-queued").len(),
        inside: inside(sa),
        children: children.map(|(_, told)| child(told)).collect(),
    })
}

fn child(told: &Section) -> HeldChild {
    let number = |key: &str| told.text(key).parse().unwrap_or(0);
    HeldChild {
        name: told.text("name").to_owned(),
        inbound: child_spi(told.text("spi-in")),
        outbound: child_spi(told.text("spi-out")),
        suite: algorithms::child_suite(told),
        in_udp: told.text("encap") == "yes",
        came: [number("packets-in"), number("bytes-in")],
        went: [number("packets-out"), number("bytes-out")],
    }
}

/// Where an end of an IKE SA is.
fn end(sa: &Section, side: &str) -> Option<SocketAddr> {
    let address: IpAddr = sa.text(&format!("{side}-host")).parse().ok()?;
    Some(SocketAddr::new(address, sa.text(&format!("{side}-port")).parse().ok()?))
}

/// The addresses that are lent: to the daemon, or by it.
fn inside(sa: &Section) -> Vec<IpAddr> {
    let lent = sa.list("local-vips").iter().chain(sa.list("remote-vips"));
    lent.filter_map(|address| address.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use ipsec::wire::{IkeSpi, Spi};

    use super::*;

    fn child(state: &str) -> Section {
        Section::default()
            .with("name", "net")
            .with("state", state)
            .with("encap", "yes")
            .with("spi-in", "849d2b18")
            .with("spi-out", "fdaa785d")
            .with("encr-alg", "AES_GCM_16")
            .with("encr-keysize", "128")
            .with("packets-in", "7")
    }

    fn told(version: &str, state: &str) -> Section {
        let mut children = Section::default();
        children.add("net-1", child("INSTALLED"));
        children.add("net-2", child("DELETED"));
        let mut sa = Section::default()
            .with("version", version)
            .with("state", state)
            .with("local-host", "192.0.2.1")
            .with("local-port", "4500")
            .with("remote-host", "192.0.2.2")
            .with("remote-port", "4500")
            .with("initiator", "yes")
            .with("initiator-spi", "2b3631b34f5d2b92")
            .with("responder-spi", "d499ee6350ec0af8")
            .with("encr-alg", "AES_GCM_16")
            .with("encr-keysize", "128")
            .with("prf-alg", "PRF_HMAC_SHA2_256")
            .with("dh-group", "CURVE_25519");
        sa.add("child-sas", children);
        let mut message = Section::default();
        message.add("site", sa);
        message
    }

    #[test]
    fn an_established_sa_with_its_pair_is_read() {
        let status = status(&[told("2", "ESTABLISHED")]);
        let [sa] = &status.ike[..] else { panic!("{status:?}") };
        assert_eq!(
            (sa.connection.as_str(), sa.stage, sa.role),
            ("site", Stage::Established, Role::Initiator)
        );
        assert_eq!(sa.spi_i, IkeSpi(0x2b36_31b3_4f5d_2b92));
        assert_eq!(sa.children.len(), 1, "a deleted one is none");
        let [inbound, outbound] = &status.sas[..] else { panic!("{status:?}") };
        assert_eq!((inbound.spi, inbound.packets), (Spi(0x849d_2b18), 7));
        assert_eq!(outbound.spi, Spi(0xfdaa_785d));
        assert!(inbound.outer.is_some_and(|outer| outer.encapsulation.is_some()));
    }

    #[test]
    fn version_1_goes_into_its_own_lists_and_what_is_being_destroyed_nowhere() {
        let both = status(&[told("1", "CONNECTING"), told("2", "DESTROYING")]);
        assert_eq!((both.ike.len(), both.ikev1.ike.len(), both.ikev1.children.len()), (0, 1, 1));
        assert!(!both.ikev1.ike[0].established);
    }
}

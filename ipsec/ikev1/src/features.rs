//! What the ends tell each other in the first two messages, by vendor IDs (RFC 2408 §3.16): the initiator names all that it
//! speaks, the responder what of that it will use.

use ipsec_wire::registry::v1::Vendor;
use ipsec_wire::v1::Payload;

use crate::config::Connection;
use crate::nat::NatTraversal;

/// What the peer can do besides what each one can, and we as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Features {
    /// It answers R-U-THERE (RFC 3706 §5.1).
    pub(crate) dpd: bool,
    /// How it gets through NAT.
    pub(crate) nat: Option<NatTraversal>,
    /// It puts messages together from pieces (MS-IKEE §2.2.3.1).
    pub(crate) fragments: bool,
}

impl Features {
    /// What a connection offers as initiator.
    pub(crate) fn offered(connection: &Connection) -> Vec<Payload> {
        let nat = connection.nat_traversal.iter().map(|form| form.vendor());
        always(connection).chain(nat).map(payload).collect()
    }

    /// What the peer says of itself that this connection has a use for.
    pub(crate) fn of(connection: &Connection, payloads: &[Payload]) -> Self {
        let says = |vendor: Vendor| {
            let is = |payload: &Payload| matches!(payload, Payload::VendorId(octets) if vendor.is(octets));
            payloads.iter().any(is)
        };
        Self {
            dpd: says(Vendor::DPD),
            fragments: connection.fragments.is_some() && says(Vendor::FRAGMENTATION),
            nat: connection.nat_traversal.iter().copied().find(|form| says(form.vendor())),
        }
    }

    /// What a responder answers to an initiator of which it knows this.
    pub(crate) fn answered(&self, connection: &Connection) -> Vec<Payload> {
        let nat = self.nat.map(NatTraversal::vendor);
        always(connection).chain(nat).map(payload).collect()
    }
}

/// What either end says of itself whatever the other one has said.
fn always(connection: &Connection) -> impl Iterator<Item = Vendor> {
    let xauth = connection.xauth.as_ref().map(|_| Vendor::XAUTH);
    let fragments = connection.fragments.map(|_| Vendor::FRAGMENTATION);
    [Some(Vendor::DPD), xauth, fragments].into_iter().flatten()
}

fn payload(vendor: Vendor) -> Payload {
    Payload::VendorId(vendor.octets().to_vec())
}

#[cfg(test)]
mod tests {
    use ipsec_crypto::Secret;

    use super::*;

    fn connection(nat_traversal: &[NatTraversal]) -> Connection {
        let address = [192, 0, 2, 1].into();
        let plain = Connection::new("site", address, address, Secret::from(Vec::new()));
        Connection { nat_traversal: nat_traversal.to_vec(), ..plain }
    }

    #[test]
    fn the_responder_takes_the_first_of_its_own_forms_that_the_initiator_speaks() {
        use NatTraversal::{Draft02, Draft03, Rfc3947};
        let agreed = |initiator: &[NatTraversal], responder: &[NatTraversal]| {
            let initiator = connection(initiator);
            let responder = connection(responder);
            let answer = Features::of(&responder, &Features::offered(&initiator)).answered(&responder);
            Features::of(&initiator, &answer)
        };
        let with = |nat| Features { dpd: true, nat, fragments: false };
        assert_eq!(agreed(&NatTraversal::ALL, &NatTraversal::ALL), with(Some(Rfc3947)));
        assert_eq!(agreed(&NatTraversal::ALL, &[Draft02, Draft03]), with(Some(Draft02)));
        assert_eq!(agreed(&[Draft03], &NatTraversal::ALL), with(Some(Draft03)));
        assert_eq!(agreed(&[Draft03], &[Draft02]), with(None));
        assert_eq!(agreed(&NatTraversal::ALL, &[]), with(None));
    }
}

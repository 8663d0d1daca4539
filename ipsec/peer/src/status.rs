//! The state of a peer as plain data, for people and oracles.

use ipsec_dataplane::SaStatus;
use ipsec_ikev2::IkeSaStatus;

/// What a peer holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// IKE SAs of version 2, with their children.
    pub ike: Vec<IkeSaStatus>,
    /// What version 1 holds.
    pub ikev1: ipsec_ikev1::Status,
    /// ESP SAs, an inbound one and an outbound one for each pair.
    pub sas: Vec<SaStatus>,
    /// IP datagrams that wait for fragments.
    pub incomplete: usize,
}

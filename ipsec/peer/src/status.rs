//! The state of a peer as plain data, for people and oracles.

use ipsec_dataplane::SaStatus;
use ipsec_ikev2::IkeSaStatus;

/// What a peer holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// IKE SAs.
    pub ike: Vec<IkeSaStatus>,
    /// ESP SAs, an inbound one and an outbound one for each pair.
    pub sas: Vec<SaStatus>,
    /// IP datagrams that wait for fragments.
    pub incomplete: usize,
}

//! What the two ends of an IKE SA set right when one member of a cluster takes over from another (RFC 6311).

/// Which counters; where both ends want that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Synchronisation {
    /// Message IDs of IKE (IKEV2_MESSAGE_ID_SYNC_SUPPORTED, §6.1).
    pub message_ids: bool,
    /// Sequence numbers of ESP and AH (IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED, §6.2).
    pub replay_counters: bool,
}

impl Synchronisation {
    /// What both this end and the other one want.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            message_ids: self.message_ids && other.message_ids,
            replay_counters: self.replay_counters && other.replay_counters,
        }
    }
}

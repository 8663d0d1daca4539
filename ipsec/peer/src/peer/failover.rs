//! A peer that is a cluster: the member that is active fails, and a standby member goes on with what it knows (RFC 6311). The SAs of
//! IKEv1 go on as well as they can: their data plane skips sequence numbers, and IKEv1 counts no messages.

use ipsec_ikev2::LEAP;
use ipsec_net::Instant;

use super::Peer;

/// What a standby member knows.
#[derive(Default)]
pub(super) struct Standby {
    ikev2: ipsec_ikev2::Standby,
    dataplane: ipsec_dataplane::Standby,
}

impl Peer {
    pub(super) fn update_standby(&mut self) {
        let (ikev2, dataplane) = (self.ikev2.standby(), self.dataplane.standby());
        self.standby = Some(Box::new(Standby { ikev2, dataplane }));
    }

    /// One that was never told of anything has no IKE SAs. The next standby member is told at once how far this one goes on
    /// (§5.1).
    pub(super) fn fail_over(&mut self, now: Instant) {
        let standby = self.standby.take().unwrap_or_default();
        self.ikev2.take_over(now, &standby.ikev2);
        let skipping = self.ikev2.skipping();
        self.dataplane.take_over(&standby.dataplane, LEAP, |spi| skipping.contains(&spi));
        let connections = &self.config.ikev2.connections;
        let children: Vec<String> =
            connections.iter().flat_map(|connection| &connection.children).map(|c| c.name.clone()).collect();
        self.give_up(&children);
        self.reassembler = ipsec_net::Reassembler::new(ipsec_net::Limits::default());
        self.update_standby();
    }
}

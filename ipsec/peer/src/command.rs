//! What a peer is told to do.

use ipsec_ikev2::Gateway;

/// An order to a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Set up the child of this name, and an IKE SA for it where there is none.
    Initiate {
        /// The child's name.
        child: String,
    },
    /// Set up the children that are configured to start by themselves.
    Start,
    /// Set up an IKE SA of this connection without a child, where there is none.
    InitiateIke {
        /// The connection's name.
        connection: String,
    },
    /// Delete the Child SAs of this name.
    Delete {
        /// The child's name.
        child: String,
    },
    /// Replace the Child SAs of this name by new ones.
    Rekey {
        /// The child's name.
        child: String,
    },
    /// Replace the IKE SAs of this connection by new ones, which inherit their children.
    RekeyIke {
        /// The connection's name.
        connection: String,
    },
    /// Authenticate the peers of this connection anew, in other IKE SAs with the same children.
    Reauthenticate {
        /// The connection's name.
        connection: String,
    },
    /// Forget the IKE SAs of this connection and their children without a word to the peer.
    Forget {
        /// The connection's name.
        connection: String,
    },
    /// Send the initiators of this connection's IKE SAs to another gateway.
    Redirect {
        /// The connection's name.
        connection: String,
        /// The other gateway.
        to: Gateway,
    },
    /// Ask the peers of this connection once more what they tell those who ask.
    AskConfiguration {
        /// The connection's name.
        connection: String,
    },
    /// Delete the IKE SAs of this connection, their children with them.
    Terminate {
        /// The connection's name.
        connection: String,
    },
    /// Ask the peers of this connection whether they are alive.
    Check {
        /// The connection's name.
        connection: String,
    },
    /// Tell the standby member of the cluster how far all SAs have come (RFC 6311 §2).
    UpdateStandby,
    /// Fail, and go on as the standby member, which knows what it was told last (RFC 6311 §5).
    FailOver,
}

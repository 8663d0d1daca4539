//! What is done in a story.

use std::fmt;
use std::net::IpAddr;

/// Something that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// The peer sets up the child, and its IKE SA first if there is none.
    Initiate {
        /// Who.
        peer: String,
        /// The child.
        child: String,
    },
    /// The peer sets up the IKE SA alone, if there is none (RFC 6023).
    InitiateIke {
        /// Who.
        peer: String,
        /// The IKE configuration.
        ike: String,
    },
    /// The peer loses the IKE SA without a word to the other end, but for its ticket (RFC 5723).
    Forget {
        /// Who.
        peer: String,
        /// The IKE configuration.
        ike: String,
    },
    /// The peer sends the other end to another gateway (RFC 5685 §5).
    Redirect {
        /// Who.
        peer: String,
        /// The IKE configuration.
        ike: String,
        /// The other gateway, a peer.
        to: String,
    },
    /// The peer deletes the IKE SA and all its children (RFC 7296 §1.4.1).
    Terminate {
        /// Who.
        peer: String,
        /// The IKE configuration.
        ike: String,
    },
    /// The peer deletes the child's SA pair (RFC 7296 §1.4.1).
    Delete {
        /// Who.
        peer: String,
        /// The child.
        child: String,
    },
    /// The peer replaces the child's SA pair (RFC 7296 §2.8).
    Rekey {
        /// Who.
        peer: String,
        /// The child.
        child: String,
    },
    /// The peer replaces the IKE SA (RFC 7296 §1.3.2).
    RekeyIke {
        /// Who.
        peer: String,
        /// The IKE configuration.
        ike: String,
    },
    /// The peer authenticates anew, in another IKE SA (RFC 7296 §2.8.3).
    Reauthenticate {
        /// Who.
        peer: String,
        /// The IKE configuration.
        ike: String,
    },
    /// The peer asks at once whether the other end is alive (RFC 7296 §2.4).
    Check {
        /// Who.
        peer: String,
        /// The IKE configuration.
        ike: String,
    },
    /// The peer has another outer address, and none of those that it had.
    Move {
        /// Who.
        peer: String,
        /// The address.
        to: IpAddr,
    },
    /// The peer has one outer address more.
    Gain {
        /// Who.
        peer: String,
        /// The address.
        address: IpAddr,
    },
    /// The peer has one outer address less.
    Lose {
        /// Who.
        peer: String,
        /// The address.
        address: IpAddr,
    },
    /// The translator loses its mappings.
    LoseMappings {
        /// Which.
        nat: String,
    },
    /// The packet filter loses the flows that it has let through.
    LoseFlows {
        /// Which.
        firewall: String,
    },
    /// The peer asks once more what it was told with its address (RFC 7296 §2.19).
    AskConfiguration {
        /// Who.
        peer: String,
        /// The IKE configuration.
        ike: String,
    },
    /// The peer loses all that is not configured, and does nothing until it is restarted.
    Crash {
        /// Who.
        peer: String,
    },
    /// The peer begins anew with what is configured.
    Restart {
        /// Who.
        peer: String,
    },
    /// The peer tells the standby member of its cluster how far all SAs have come.
    UpdateStandby {
        /// Who.
        peer: String,
    },
    /// The peer goes on as the standby member of its cluster.
    FailOver {
        /// Who.
        peer: String,
    },
    /// The tester begins to say what is wrong.
    Attack {
        /// Who.
        tester: String,
    },
    /// The tester begins to say and hear what its script has.
    Begin {
        /// Who.
        tester: String,
    },
    /// The traffic begins to flow.
    Start {
        /// Which.
        traffic: String,
    },
    /// The traffic's senders fall silent.
    Stop {
        /// Which.
        traffic: String,
    },
    /// The link carries nothing any more.
    Cut {
        /// Which.
        link: String,
        /// Only what this peer sends; both directions when nothing.
        from: Option<String>,
    },
    /// The link carries packets again, in both directions, with the faults it has.
    Mend {
        /// Which.
        link: String,
    },
    /// The link is whole: not cut, and from now on without any fault but its delay.
    Heal {
        /// Which.
        link: String,
    },
}

/// As a story has it: `west: initiate net`.
impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Initiate { peer, child } => write!(f, "{peer}: initiate {child}"),
            Self::InitiateIke { peer, ike } => write!(f, "{peer}: initiate-ike {ike}"),
            Self::Forget { peer, ike } => write!(f, "{peer}: forget {ike}"),
            Self::Redirect { peer, ike, to } => write!(f, "{peer}: redirect {ike} to {to}"),
            Self::Terminate { peer, ike } => write!(f, "{peer}: terminate {ike}"),
            Self::Delete { peer, child } => write!(f, "{peer}: delete {child}"),
            Self::Rekey { peer, child } => write!(f, "{peer}: rekey {child}"),
            Self::RekeyIke { peer, ike } => write!(f, "{peer}: rekey-ike {ike}"),
            Self::Reauthenticate { peer, ike } => write!(f, "{peer}: reauthenticate {ike}"),
            Self::Check { peer, ike } => write!(f, "{peer}: check {ike}"),
            Self::Move { peer, to } => write!(f, "{peer}: move to {to}"),
            Self::Gain { peer, address } => write!(f, "{peer}: gain {address}"),
            Self::Lose { peer, address } => write!(f, "{peer}: lose {address}"),
            Self::LoseMappings { nat } => write!(f, "{nat}: forget"),
            Self::LoseFlows { firewall } => write!(f, "{firewall}: forget"),
            Self::AskConfiguration { peer, ike } => write!(f, "{peer}: ask-configuration {ike}"),
            Self::Crash { peer } => write!(f, "{peer}: crash"),
            Self::Restart { peer } => write!(f, "{peer}: restart"),
            Self::UpdateStandby { peer } => write!(f, "{peer}: update-standby"),
            Self::FailOver { peer } => write!(f, "{peer}: fail-over"),
            Self::Attack { tester } => write!(f, "{tester}: attack"),
            Self::Begin { tester } => write!(f, "{tester}: begin"),
            Self::Start { traffic } => write!(f, "{traffic}: start"),
            Self::Stop { traffic } => write!(f, "{traffic}: stop"),
            Self::Cut { link, from: None } => write!(f, "{link}: cut"),
            Self::Cut { link, from: Some(peer) } => write!(f, "{link}: cut from {peer}"),
            Self::Mend { link } => write!(f, "{link}: mend"),
            Self::Heal { link } => write!(f, "{link}: heal"),
        }
    }
}

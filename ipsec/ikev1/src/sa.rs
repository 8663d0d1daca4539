//! The record of one ISAKMP SA. Exchanges look at it; `apply` alone changes it.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipsec_auth::{Identity, Proven, XauthUser};
use ipsec_crypto::{Cipher, Prf, Provider};
use ipsec_dataplane::Path;
use ipsec_net::Instant;
use ipsec_wire::IkeSpi;
use ipsec_wire::v1::Attribute;

use crate::config::Connection;
use crate::features::Features;
use crate::keys::{Keys, prf_of};
use crate::negotiate::IkeSuite;

/// Which end of an exchange we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// We began.
    Initiator,
    /// The peer began.
    Responder,
}

/// One ISAKMP SA.
pub(crate) struct IsakmpSa {
    /// The configuration that it runs under.
    pub(crate) connection: Arc<Connection>,
    /// Which end of phase 1 we are.
    pub(crate) role: Role,
    pub(crate) cookie_i: IkeSpi,
    /// 0 while it is unknown.
    pub(crate) cookie_r: IkeSpi,
    /// Where it runs.
    pub(crate) path: Path,
    pub(crate) state: State,
    /// What protects messages, once there are keys.
    pub(crate) crypto: Option<Crypto>,
    /// What the peer can do.
    pub(crate) features: Features,
    /// How long it may be used, as the ends agreed.
    pub(crate) life: Option<Duration>,
    /// What has to come before quick mode, and has not yet come.
    pub(crate) gates: VecDeque<Gate>,
    /// How long that is waited for.
    pub(crate) gates_until: Option<Instant>,
    /// How often we have been asked who uses us.
    pub(crate) user_asked: u32,
    /// Who uses the peer, if it has proven that.
    pub(crate) user: Option<XauthUser>,
    /// What was assigned: to us, or by us.
    pub(crate) inside: Inside,
    /// Whether that is lent by us.
    pub(crate) lends: bool,
}

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Phase 1 is under way.
    Negotiating,
    /// Phase 1 is through.
    Established(PeerIdentity),
    /// Over.
    Closed,
}

/// Who the peer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PeerIdentity {
    /// It has proven that.
    Proven(Proven),
    /// It says so. Its user has to prove who it is (`Gate::User`) before it can be anybody.
    Claimed(Identity),
}

/// What protects the messages of an ISAKMP SA.
pub(crate) struct Crypto {
    pub(crate) suite: IkeSuite,
    pub(crate) keys: Keys,
    pub(crate) cipher: Cipher,
    /// The last block of ciphertext of phase 1, from which the IVs of phase 2 come (RFC 2409 appendix B); before there is one,
    /// the IV of the first encrypted message.
    pub(crate) last_block: Vec<u8>,
}

impl Crypto {
    /// The PRF under SKEYID_a, which authenticates the messages of phase 2.
    pub(crate) fn authenticator(&self, provider: &Provider) -> Prf {
        (provider.prf)(prf_of(self.suite.hash), self.keys.a.as_bytes())
    }

    /// The IV of the first message of an exchange of phase 2.
    pub(crate) fn phase2_iv(&self, message_id: u32) -> Vec<u8> {
        let mut iv = self.suite.hash.digest(&[&self.last_block, &message_id.to_be_bytes()]);
        iv.truncate(self.suite.cipher.block_len());
        iv
    }
}

impl Role {
    /// The other end.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }
}

/// What comes between phase 1 and quick mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// One end proves who uses it (XAUTH).
    User,
    /// One end gets an inside address.
    Configuration,
}

/// What one end has been told of the network behind the other one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Inside {
    /// Its addresses there.
    pub(crate) addresses: Vec<IpAddr>,
    /// What else it is told.
    pub(crate) attributes: Vec<Attribute>,
}

impl IsakmpSa {
    /// Our own cookie.
    pub(crate) fn cookie(&self) -> IkeSpi {
        match self.role {
            Role::Initiator => self.cookie_i,
            Role::Responder => self.cookie_r,
        }
    }

    /// Whether this has to come next.
    pub(crate) fn is_at(&self, gate: Gate) -> bool {
        self.gates.front() == Some(&gate)
    }

    /// Whether quick mode may begin.
    pub(crate) fn is_open(&self) -> bool {
        self.peer().is_some() && self.gates.is_empty()
    }

    /// Who the peer has proven to be.
    pub(crate) fn peer(&self) -> Option<&Proven> {
        match &self.state {
            State::Established(PeerIdentity::Proven(proven)) => Some(proven),
            _ => None,
        }
    }

    /// Whether phase 1 is through.
    pub(crate) fn is_established(&self) -> bool {
        matches!(self.state, State::Established(_))
    }
}

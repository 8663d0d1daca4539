//! The Extensible Authentication Protocol inside IKE_AUTH (RFC 3748, RFC 7296 §2.16, §3.16), as two machines without
//! input and output of their own.
//!
//! ```text
//! initiator: EapPeer                                    responder: EapServer
//!                         <-------   Request Identity (SHOULD NOT in IKEv2, which has IDi)
//! Response Identity       ------->
//!                         <-------   Request of a method
//! Response, or Nak        ------->
//!                         <-------   Success or Failure
//! AUTH with the MSK       ------->
//! ```

mod gtc;
mod md5;
mod mschapv2;
mod packet;
mod peer;
mod server;

use std::collections::BTreeMap;

use ipsec_crypto::{PrfAlgorithm, Provider, Secret};
use ipsec_wire::registry::AuthMethod;
use ipsec_wire::v2::Authentication;
use thiserror::Error;

pub use packet::{BadEapPacket, EapPacket, EapType};
pub use peer::{EapPeer, PeerStep};
pub use server::{EapServer, EapServerConfig, ServerStep};

use crate::{Identity, NotProven, Proven, SignedOctets, prove_psk, verify_psk};

/// A method by which a peer authenticates itself to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EapMethod {
    /// MS-CHAP-V2 (draft-kamath-pppext-eap-mschapv2, RFC 2759): mutual, makes a key.
    MsChapV2,
    /// MD5-Challenge (RFC 3748 §5.4): makes no key.
    Md5Challenge,
    /// Generic Token Card (RFC 3748 §5.6), here the password as it is: makes no key.
    Gtc,
}

impl EapMethod {
    /// All of them, the best first.
    pub const ALL: &'static [Self] = &[Self::MsChapV2, Self::Md5Challenge, Self::Gtc];

    /// The type of its requests and responses.
    #[must_use]
    pub const fn kind(self) -> EapType {
        match self {
            Self::MsChapV2 => EapType::MSCHAPV2,
            Self::Md5Challenge => EapType::MD5_CHALLENGE,
            Self::Gtc => EapType::GTC,
        }
    }

    /// Whether it authenticates both ends and makes a key, as EAP without another proof of the responder needs
    /// (RFC 5998 §4).
    #[must_use]
    pub const fn is_mutual(self) -> bool {
        matches!(self, Self::MsChapV2)
    }

    /// The method that a type means.
    #[must_use]
    pub fn of(kind: EapType) -> Option<Self> {
        Self::ALL.iter().find(|method| method.kind() == kind).copied()
    }
}

/// A password: a text, so that methods can encode it as they want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Password(Secret);

impl Password {
    /// Its octets in UTF-8.
    fn utf8(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Its octets in UTF-16, little-endian.
    fn utf16(&self) -> Secret {
        let text = std::str::from_utf8(self.utf8()).unwrap_or_default();
        Secret::from(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>())
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self(Secret::from(text.as_bytes()))
    }
}

/// The passwords of a server's users, by name.
pub type EapUsers = BTreeMap<String, Password>;

/// A conversation that ended well. Only the machines here make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EapSuccess {
    user: String,
    msk: Option<Secret>,
}

impl EapSuccess {
    /// Who was authenticated by the method, which may be somebody else than IDi says (RFC 7296 §2.16).
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The same as an identity: a mail address or a domain name by its looks.
    #[must_use]
    pub fn identity(&self) -> Identity {
        let Ok(identity) = self.user.parse();
        identity
    }

    /// The master session key, 64 octets (RFC 3748 §7.10), if the method makes one.
    #[must_use]
    pub fn msk(&self) -> Option<&Secret> {
        self.msk.as_ref()
    }

    /// The AUTH payload of either end after the conversation: as with a shared secret that is the MSK, or without one
    /// the sender's `SK_pi` or `SK_pr` (RFC 7296 §2.16).
    #[must_use]
    pub fn prove(&self, provider: &Provider, prf: PrfAlgorithm, octets: &SignedOctets<'_>) -> Authentication {
        let data = prove_psk(provider, prf, self.secret(octets), octets);
        Authentication { method: AuthMethod::SHARED_KEY, data }
    }

    /// Checks that `auth` is the other end's payload after the conversation, and so proves `identity`: for a responder
    /// [`identity`](Self::identity), for an initiator the responder's, that has proven itself by certificate before.
    ///
    /// # Errors
    /// When it is not.
    pub fn verify(
        &self,
        provider: &Provider,
        prf: PrfAlgorithm,
        octets: &SignedOctets<'_>,
        auth: &Authentication,
        identity: Identity,
    ) -> Result<Proven, NotProven> {
        if auth.method != AuthMethod::SHARED_KEY {
            return Err(NotProven::Method { expected: AuthMethod::SHARED_KEY, found: auth.method });
        }
        verify_psk(provider, prf, self.secret(octets), octets, &auth.data, identity)
    }

    fn secret<'a>(&'a self, octets: &SignedOctets<'a>) -> &'a Secret {
        self.msk.as_ref().unwrap_or(octets.sk_p)
    }
}

/// Why a conversation ended badly.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EapFailure {
    /// Server: the peer wants none of the methods that are left.
    #[error("the peer wants {} and is offered none of that", list(.wanted))]
    NoCommonMethod {
        /// What it wants.
        wanted: Vec<EapType>,
    },
    /// Server: the peer does not know the user's password, or there is no such user.
    #[error("{user} does not know the password of a user here")]
    WrongPassword {
        /// Who it says it is.
        user: String,
    },
    /// Peer: the server does not know the password.
    #[error("the server does not know the password: expected its proof after MSCHAPv2")]
    WrongServer,
    /// Peer: the server sent Failure.
    #[error("the server refuses{}", because(.message))]
    Refused {
        /// What it said before, if anything.
        message: Option<String>,
    },
    /// What the other end says is not of the method.
    #[error("{kind}: expected {expected}")]
    Malformed {
        /// The method's type.
        kind: EapType,
        /// What was expected.
        expected: &'static str,
    },
}

/// A packet that changed nothing (RFC 3748 §2.1, §4.1: it is silently discarded).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EapDiscard {
    /// It is none.
    #[error(transparent)]
    Malformed(#[from] BadEapPacket),
    /// It is for the other end.
    #[error("expected {expected}")]
    Direction {
        /// What goes into this direction.
        expected: &'static str,
    },
    /// It is not the next one.
    #[error("expected the identifier {expected}, found {found}")]
    Identifier {
        /// That of the request.
        expected: u8,
        /// That of the packet.
        found: u8,
    },
    /// Its type has no place now.
    #[error("{found} has no place now")]
    Type {
        /// The type found.
        found: EapType,
    },
    /// Peer: a Success before the method is through.
    #[error("Success before the method ended")]
    EarlySuccess,
    /// The conversation is over.
    #[error("the conversation is over")]
    Over,
}

/// Whoever it is may name thousands: so many are shown.
const MOST_NAMED: usize = 4;

fn list(kinds: &[EapType]) -> String {
    let names: Vec<String> = kinds.iter().take(MOST_NAMED).map(ToString::to_string).collect();
    match (kinds, kinds.len().saturating_sub(MOST_NAMED)) {
        ([], _) => "nothing".to_owned(),
        (_, 0) => names.join(" or "),
        (_, more) => format!("{} or {more} others", names.join(" or ")),
    }
}

fn because(message: &Option<String>) -> String {
    message.as_ref().map(|message| format!(": {}", message.escape_default())).unwrap_or_default()
}

/// What a peer's method makes of a request.
struct Answer {
    data: Vec<u8>,
    /// Set once a Success may follow.
    outcome: Option<Outcome>,
    /// What the server said about a failure.
    complaint: Option<String>,
}

impl Answer {
    /// One more answer is to come.
    fn more(data: Vec<u8>) -> Self {
        Self { data, outcome: None, complaint: None }
    }

    /// The last one.
    fn last(data: Vec<u8>, msk: Option<Secret>) -> Self {
        Self { data, outcome: Some(Outcome { msk }), complaint: None }
    }
}

/// What a method gives in the end.
#[derive(Clone, Debug)]
struct Outcome {
    msk: Option<Secret>,
}

/// What a server's method makes of a response.
enum Verdict {
    /// Another request of the method.
    Ask(Vec<u8>),
    /// The user is authenticated.
    Accept { user: String, msk: Option<Secret> },
    /// It is not.
    Reject(EapFailure),
}

/// The user that a response names; without a name, the one who is expected.
fn user_in(name: &[u8], expected: &str) -> String {
    if name.is_empty() { expected.to_owned() } else { String::from_utf8_lossy(name).into_owned() }
}

#[cfg(test)]
mod tests;

//! What is not accepted, sorted by what we do about it.

use ipsec_wire::registry::v1::NotifyType;

use crate::negotiate::{Disagreement, Phase1Suite};

/// What to do with a message that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Drop it; nothing changes.
    Ignore(DropReason),
    /// Tell the peer, and end the exchange; in phase 1 the ISAKMP SA ends with it.
    Close(NotifyType, Failure),
}

/// Why an IKE message was dropped without an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum DropReason {
    /// Not an IKE message.
    #[error("malformed IKE message: {0}")]
    Malformed(String),
    /// Another version of IKE.
    #[error("version {0} is not spoken here")]
    Version(u8),
    /// No ISAKMP SA has these cookies.
    #[error("no ISAKMP SA has these cookies")]
    UnknownCookies,
    /// It came from or went to an address that the ISAKMP SA does not use.
    #[error("the ISAKMP SA does not use these addresses")]
    Address,
    /// No connection is configured for these addresses.
    #[error("no connection is configured for these addresses")]
    NoConnection,
    /// Too many ISAKMP SAs are in negotiation.
    #[error("too many ISAKMP SAs are in negotiation")]
    HalfOpenLimit,
    /// An encrypted message where a clear one is expected, or the other way round.
    #[error("encrypted when it should be clear, or clear when it should be encrypted")]
    Protection,
    /// What decrypts makes no sense: it was encrypted with other keys, or changed on its way.
    #[error("it decrypts to no payloads: the keys of the ends differ, or it was changed on its way")]
    Undecipherable,
    /// The hash is wrong.
    #[error("its hash is wrong")]
    Integrity,
    /// The exchange may not happen in this state of the ISAKMP SA, or is over.
    #[error("the exchange does not fit the state of the ISAKMP SA")]
    State,
    /// It is there already, and there is nothing to say to it.
    #[error("it is there already")]
    Repeated,
    /// An exchange that is not spoken here, such as new group mode.
    #[error("{0} is not spoken here")]
    Exchange(String),
    /// It is encrypted for a certificate that is not ours.
    #[error("it is encrypted for the key of a certificate that is not ours")]
    UnknownKey,
    /// The public value must not be used.
    #[error("the public value must not be used: {0}")]
    PublicValue(String),
    /// A clear notify, which may be forged; it is remembered as a hint where an exchange fails for want of answers.
    #[error("an unprotected {0}, which changes nothing")]
    Unprotected(String),
    /// A piece of a message that does not fit the others, or is not spoken here.
    #[error("a piece of a message: {0}")]
    Fragment(String),
    /// As many exchanges as we remember have been made under the ISAKMP SA.
    #[error("too many exchanges under one ISAKMP SA")]
    Exhausted,
}

impl DropReason {
    /// All names that [`DropReason::name`] gives.
    pub const NAMES: &[&str] = &[
        "ike-malformed",
        "ike-version",
        "ike-unknown-spi",
        "ike-address",
        "ike-no-connection",
        "ike-half-open-limit",
        "ike-protection",
        "ike-undecipherable",
        "ike-integrity",
        "ike-state",
        "ike-repeated",
        "ike-exchange",
        "ike-unknown-key",
        "ike-public-value",
        "ike-unprotected",
        "ike-fragment",
        "ike-exhausted",
    ];

    /// A short stable name for filters and counters.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "ike-malformed",
            Self::Version(_) => "ike-version",
            Self::UnknownCookies => "ike-unknown-spi",
            Self::Address => "ike-address",
            Self::NoConnection => "ike-no-connection",
            Self::HalfOpenLimit => "ike-half-open-limit",
            Self::Protection => "ike-protection",
            Self::Undecipherable => "ike-undecipherable",
            Self::Integrity => "ike-integrity",
            Self::State => "ike-state",
            Self::Repeated => "ike-repeated",
            Self::Exchange(_) => "ike-exchange",
            Self::UnknownKey => "ike-unknown-key",
            Self::PublicValue(_) => "ike-public-value",
            Self::Unprotected(_) => "ike-unprotected",
            Self::Fragment(_) => "ike-fragment",
            Self::Exhausted => "ike-exhausted",
        }
    }
}

/// Why an exchange did not bring what it was for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Failure {
    /// The peer does not answer.
    #[error("the peer does not answer: {0}")]
    Timeout(String),
    /// The peer is not who it says it is, or does not share our key.
    #[error("authentication failed: {0}")]
    Authentication(String),
    /// There is no common proposal.
    #[error("no proposal was chosen: {0}")]
    Proposal(Box<Disagreement>),
    /// There is no configuration for these packets.
    #[error("no common identities of quick mode: {0}")]
    Identities(String),
    /// The key exchange failed.
    #[error("the key exchange failed: {0}")]
    KeyExchange(String),
    /// The peer refused with this notify.
    #[error("the peer refused: {0}")]
    Refused(String),
    /// The user is not believed (XAUTH).
    #[error("XAUTH failed: {0}")]
    User(String),
    /// The peer has no inside address for us.
    #[error("no inside address was assigned")]
    NoInsideAddress,
    /// Nobody knows where the peer is: it may come from anywhere.
    #[error("the peer's address is not known")]
    NoAddress,
    /// What waited for it was ended.
    #[error("it was given up before it was done")]
    Abandoned,
}

impl Failure {
    /// A short stable name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Timeout(_) => "timeout",
            Self::Authentication(_) => "authentication-failed",
            Self::Proposal(_) => "no-proposal-chosen",
            Self::Identities(_) => "ts-unacceptable",
            Self::KeyExchange(_) => "key-exchange",
            Self::Refused(_) => "refused",
            Self::User(_) => "authentication-failed",
            Self::NoInsideAddress => "limit",
            Self::NoAddress => "no-address",
            Self::Abandoned => "abandoned",
        }
    }

    /// What a notify of the peer's means for phase 1, where this was offered and nothing protects it.
    pub(crate) fn told_in_phase1(kind: NotifyType, offered: &[Phase1Suite]) -> Self {
        match Self::told(kind, ", unprotected") {
            Self::Identities(text) => Self::Authentication(text),
            Self::Proposal(why) => Self::Proposal(why.about(offered)),
            other => other,
        }
    }

    /// What a notify of the peer's means for an exchange.
    pub(crate) fn told(kind: NotifyType, what: &str) -> Self {
        let text = format!("the peer said {kind}{what}");
        match kind {
            NotifyType::NO_PROPOSAL_CHOSEN
            | NotifyType::BAD_PROPOSAL_SYNTAX
            | NotifyType::ATTRIBUTES_NOT_SUPPORTED => Self::Proposal(Disagreement::because(text)),
            NotifyType::INVALID_ID_INFORMATION => Self::Identities(text),
            NotifyType::AUTHENTICATION_FAILED
            | NotifyType::INVALID_HASH_INFORMATION
            | NotifyType::INVALID_SIGNATURE
            | NotifyType::INVALID_CERT_ENCODING
            | NotifyType::INVALID_CERTIFICATE
            | NotifyType::INVALID_CERT_AUTHORITY
            | NotifyType::CERT_TYPE_UNSUPPORTED
            | NotifyType::CERTIFICATE_UNAVAILABLE
            | NotifyType::PAYLOAD_MALFORMED => Self::Authentication(text),
            NotifyType::INVALID_KEY_INFORMATION => Self::KeyExchange(text),
            _ => Self::Refused(format!("{kind}{what}")),
        }
    }
}

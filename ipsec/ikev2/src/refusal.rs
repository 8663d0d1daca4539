//! What is not accepted, sorted by what we do about it.

use ipsec_wire::registry::{NotifyType, TransformType, transform_name};
use ipsec_wire::v2::{Notify, Proposal};

use crate::negotiate::Disagreement;

/// What to do with a message that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Drop it; nothing changes.
    Ignore(DropReason),
    /// Answer with this notify; the IKE SA lives on.
    Answer(Notify),
    /// Answer with this notify and close the IKE SA.
    Close(Notify, Failure),
}

/// Why an IKE message was dropped without an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum DropReason {
    /// Not an IKE message.
    #[error("malformed IKE message: {0}")]
    Malformed(String),
    /// Another major version.
    #[error("IKE version {0} is not spoken here")]
    Version(u8),
    /// No IKE SA has these SPIs.
    #[error("no IKE SA has these SPIs")]
    UnknownSpi,
    /// It came from or went to an address that the IKE SA does not use.
    #[error("the IKE SA does not use these addresses")]
    Address,
    /// The response to a repeated request is too long for an address that is not the peer's.
    #[error("the answer is too long for an address where nobody has shown to be")]
    Amplification,
    /// The flags tell of a direction that does not fit the IKE SA.
    #[error("the flags do not fit the IKE SA")]
    Flags,
    /// The message ID lies outside the window (RFC 7296 §2.3).
    #[error("the message ID lies outside the window")]
    OutOfWindow,
    /// The message ID is the last request's, the octets are not.
    #[error("a known message ID with other octets")]
    Differs,
    /// No request waits for this response.
    #[error("no request waits for this response")]
    Unexpected,
    /// The integrity check failed.
    #[error("the integrity check failed")]
    Integrity,
    /// An encrypted message before there are keys, or a clear one after.
    #[error("encrypted when it should be clear, or clear when it should be encrypted")]
    Protection,
    /// The exchange may not happen in this state of the IKE SA.
    #[error("the exchange does not fit the state of the IKE SA")]
    State,
    /// It is not decided yet whether the IKE SA survives that it came for (RFC 7296 §2.8.2); it will come again.
    #[error("both ends rekey the IKE SA, and which one survives is not decided yet")]
    Undecided,
    /// Too many IKE SAs are half open.
    #[error("too many IKE SAs are half open")]
    HalfOpenLimit,
    /// No connection is configured for these addresses.
    #[error("no connection is configured for these addresses")]
    NoConnection,
    /// A REDIRECT that names no gateway, or not with our nonce (RFC 5685 §3).
    #[error("a redirect without a gateway or without our nonce")]
    RedirectNonce,
    /// A piece of a message that is of no use.
    #[error("fragment: {0}")]
    Fragment(#[from] FragmentFault),
    /// A message that is to set message IDs right after a failover, but an old one, or not with our nonce, or with more in it
    /// than may be (RFC 6311 §5.1).
    #[error("no word of the present on message IDs after a failover")]
    Synchronisation,
    /// We have just taken over, and the peer has not answered yet with which message IDs the IKE SA goes on (RFC 6311 §8.1).
    #[error("message IDs are not set right yet after a failover")]
    Unsynchronised,
    /// A clear notify that may be forged and says nothing useful.
    #[error("an unprotected message that changes nothing")]
    Unprotected,
}

impl DropReason {
    /// All names that [`DropReason::name`] gives.
    pub const NAMES: &[&str] = &[
        "ike-malformed",
        "ike-version",
        "ike-unknown-spi",
        "ike-address",
        "ike-amplification",
        "ike-flags",
        "ike-out-of-window",
        "ike-differs",
        "ike-unexpected",
        "ike-integrity",
        "ike-protection",
        "ike-state",
        "ike-undecided",
        "ike-half-open-limit",
        "ike-no-connection",
        "ike-redirect-nonce",
        "ike-fragment-not-agreed",
        "ike-fragment-too-many",
        "ike-fragment-superseded",
        "ike-fragment-repeated",
        "ike-fragment-answered",
        "ike-fragment-timeout",
        "ike-synchronisation",
        "ike-unsynchronised",
        "ike-unprotected",
    ];

    /// A short stable name for filters and counters.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "ike-malformed",
            Self::Version(_) => "ike-version",
            Self::UnknownSpi => "ike-unknown-spi",
            Self::Address => "ike-address",
            Self::Amplification => "ike-amplification",
            Self::Flags => "ike-flags",
            Self::OutOfWindow => "ike-out-of-window",
            Self::Differs => "ike-differs",
            Self::Unexpected => "ike-unexpected",
            Self::Integrity => "ike-integrity",
            Self::Protection => "ike-protection",
            Self::State => "ike-state",
            Self::Undecided => "ike-undecided",
            Self::HalfOpenLimit => "ike-half-open-limit",
            Self::NoConnection => "ike-no-connection",
            Self::RedirectNonce => "ike-redirect-nonce",
            Self::Fragment(fault) => fault.name(),
            Self::Synchronisation => "ike-synchronisation",
            Self::Unsynchronised => "ike-unsynchronised",
            Self::Unprotected => "ike-unprotected",
        }
    }
}

/// Why a piece of a message (RFC 7383) is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum FragmentFault {
    /// The two ends have not told each other that they cut messages.
    #[error("the ends have not agreed on fragmentation")]
    NotAgreed,
    /// The message is said to have more pieces than we keep.
    #[error("of a message in too many pieces")]
    TooMany,
    /// The message was cut in smaller pieces since.
    #[error("of a message that has been cut in smaller pieces since")]
    Superseded,
    /// It is there already.
    #[error("it is there already")]
    Repeated,
    /// The request has been answered, and this is not its first piece, which alone asks for the response again
    /// (RFC 7383 §2.6.1).
    #[error("not the first one of a request that has been answered")]
    Answered,
    /// The rest of its message did not come in time.
    #[error("the rest of its message did not come in time")]
    Timeout,
}

impl FragmentFault {
    fn name(self) -> &'static str {
        match self {
            Self::NotAgreed => "ike-fragment-not-agreed",
            Self::TooMany => "ike-fragment-too-many",
            Self::Superseded => "ike-fragment-superseded",
            Self::Repeated => "ike-fragment-repeated",
            Self::Answered => "ike-fragment-answered",
            Self::Timeout => "ike-fragment-timeout",
        }
    }
}

/// Why a negotiation failed or an SA ended, in the words of RFC 7296 where it has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The peer did not answer.
    #[error("no answer to {0}")]
    Timeout(&'static str),
    /// An identity was not proven.
    #[error("AUTHENTICATION_FAILED: {0}")]
    Authentication(String),
    /// No proposal fits.
    #[error("NO_PROPOSAL_CHOSEN: {0}")]
    Proposal(Box<Disagreement>),
    /// No traffic selector fits; the text shows both sides.
    #[error("TS_UNACCEPTABLE: {0}")]
    Selectors(String),
    /// A message broke the grammar or a rule of the protocol.
    #[error("INVALID_SYNTAX: {0}")]
    Syntax(String),
    /// The peer refused with a notify that has no class of its own here.
    #[error("refused with {0}")]
    Refused(NotifyType),
    /// A key exchange could not be completed.
    #[error("key exchange: {0}")]
    KeyExchange(String),
    /// One end does not do what the other one wants.
    #[error("not supported: {0}")]
    Unsupported(&'static str),
    /// A redirect that is not followed.
    #[error("redirect: {0}")]
    Redirect(String),
    /// The peer may come from anywhere, so that nobody knows where it is.
    #[error("the peer's address is not known")]
    NoAddress,
    /// A limit of ours does not let the peer have what it asks for.
    #[error("limit: {0}")]
    Limit(String),
    /// We were told to give it up.
    #[error("given up on command")]
    Abandoned,
}

impl Failure {
    /// The data of an INVALID_KE_PAYLOAD that asks for a group which we do not offer, or have sent (RFC 7296 §1.3).
    pub(crate) fn group(data: &[u8], offer: &[Proposal]) -> Self {
        let asked = match <[u8; 2]>::try_from(data).map(u16::from_be_bytes) {
            Ok(group) => transform_name(TransformType::KE, group),
            Err(_) => format!("a group in {} octets", data.len()),
        };
        let offer: Vec<String> = offer.iter().map(ToString::to_string).collect();
        Self::KeyExchange(format!("the responder asks for {asked}, offered was {}", offer.join("; ")))
    }

    /// A short stable name for scenarios and counters.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Timeout(_) => "timeout",
            Self::Authentication(_) => "authentication-failed",
            Self::Proposal(_) => "no-proposal-chosen",
            Self::Selectors(_) => "ts-unacceptable",
            Self::Syntax(_) => "invalid-syntax",
            Self::Refused(_) => "refused",
            Self::KeyExchange(_) => "key-exchange",
            Self::Unsupported(_) => "unsupported",
            Self::Redirect(_) => "redirect",
            Self::NoAddress => "no-address",
            Self::Limit(_) => "limit",
            Self::Abandoned => "abandoned",
        }
    }
}

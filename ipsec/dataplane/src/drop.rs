//! Why a packet was dropped. There is no drop without one of these (RFC 4301 §5 calls them auditable events).

use ipsec_net::NotIp;

/// The reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum DropReason {
    /// The first policy that matches says so, or none matches (RFC 4301 §5.1).
    #[error("discarded by policy")]
    Discarded,
    /// The policy wants protection, but there is no SA yet.
    #[error("no SA for a packet that must be protected")]
    NoSa,
    /// The SA's parts do not fit: its key is not as long as its algorithms ask, nothing gives integrity, or its tunnel
    /// joins addresses of different IP versions.
    #[error("the SA's parameters do not fit together")]
    Unusable,
    /// The hop limit is used up (RFC 4301 §5.1.2.1).
    #[error("the hop limit is used up")]
    HopLimit,
    /// All sequence numbers of the SA are used (RFC 4303 §3.3.3).
    #[error("the SA's sequence numbers are used up")]
    SequenceOverflow,
    /// The packet with its new headers is longer than IP allows.
    #[error("too long for an IP packet")]
    TooLong,
    /// It does not fit the path to the other end, and neither it nor what protects it may be cut (RFC 4301 §8.2.1).
    #[error("too long for the path, and not to be fragmented")]
    PathMtu,
    /// A fragment that was to be protected in transport mode (RFC 4303 §3.1.1).
    #[error("a fragment, and transport mode protects only whole packets")]
    TransportFragment,
    /// A fragment of an ESP or AH packet: only whole ones are opened (RFC 4303 §3.4.1, RFC 4302 §3.4.1).
    #[error("a fragment of a protected packet")]
    Fragment,
    /// A later fragment, which does not show its ports, for an SA that is only for some ports and not for fragments
    /// (RFC 4301 §7, RFC 7296 §1.3.1).
    #[error("a later fragment, and the SA is only for packets that show their ports")]
    LaterFragment,
    /// No SA has this SPI.
    #[error("no SA has this SPI")]
    UnknownSpi,
    /// Shorter than its headers, IV, trailer and ICV, or not in whole blocks; or the length of AH is not that of its
    /// algorithm.
    #[error("malformed ESP or AH packet")]
    Malformed,
    /// The sequence number was seen before (RFC 4303 §3.4.3).
    #[error("the sequence number was seen before")]
    Replayed,
    /// The sequence number lies left of the window, or is 0.
    #[error("the sequence number lies left of the replay window")]
    TooOld,
    /// The integrity check failed.
    #[error("the integrity check failed")]
    Integrity,
    /// The padding is not 1, 2, 3, … or longer than the packet (RFC 4303 §2.4).
    #[error("the padding is wrong")]
    Padding,
    /// Next header 59: a packet that only pretends to carry something (RFC 4303 §2.6).
    #[error("a dummy packet")]
    Dummy,
    /// The next header is none that tunnel mode carries.
    #[error("the next header is neither IPv4 nor IPv6")]
    NextHeader,
    /// What was inside is no IP packet of the version that the next header names.
    #[error("no IP packet inside")]
    NotIp,
    /// One SA of a bundle without the other (RFC 4301 §5.2).
    #[error("only one SA of the bundle was applied")]
    Unbundled,
    /// The packet inside is not one that this SA carries (RFC 4301 §5.2 step 5).
    #[error("the packet inside does not match the SA's selectors")]
    Selectors,
    /// The outer header came with congestion experienced over a packet that cannot carry it (RFC 6040 §4.2).
    #[error("congestion experienced on a packet that is not ECN-capable")]
    Congestion,
    /// It came in the clear, but policy says that it must be protected.
    #[error("in the clear, but must be protected")]
    Unprotected,
}

/// What comes out of a tunnel may be no packet; what goes into one can only be too long.
impl From<NotIp> for DropReason {
    fn from(error: NotIp) -> Self {
        match error {
            NotIp::Unbuildable(_) => Self::TooLong,
            NotIp::Version | NotIp::Length { .. } | NotIp::HeaderChecksum => Self::NotIp,
        }
    }
}

impl DropReason {
    /// All of them.
    pub const ALL: [Self; 23] = [
        Self::Discarded,
        Self::NoSa,
        Self::Unusable,
        Self::HopLimit,
        Self::SequenceOverflow,
        Self::TooLong,
        Self::PathMtu,
        Self::TransportFragment,
        Self::Fragment,
        Self::LaterFragment,
        Self::UnknownSpi,
        Self::Malformed,
        Self::Replayed,
        Self::TooOld,
        Self::Integrity,
        Self::Padding,
        Self::Dummy,
        Self::NextHeader,
        Self::NotIp,
        Self::Unbundled,
        Self::Selectors,
        Self::Congestion,
        Self::Unprotected,
    ];

    /// A short stable name for filters and counters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Discarded => "discarded",
            Self::NoSa => "no-sa",
            Self::Unusable => "sa-unusable",
            Self::HopLimit => "hop-limit",
            Self::SequenceOverflow => "sequence-overflow",
            Self::TooLong => "too-long",
            Self::PathMtu => "path-mtu",
            Self::TransportFragment => "transport-fragment",
            Self::Fragment => "sa-fragment",
            Self::LaterFragment => "later-fragment",
            Self::UnknownSpi => "sa-unknown-spi",
            Self::Malformed => "sa-malformed",
            Self::Replayed => "sa-replayed",
            Self::TooOld => "sa-too-old",
            Self::Integrity => "sa-integrity",
            Self::Padding => "esp-padding",
            Self::Dummy => "esp-dummy",
            Self::NextHeader => "sa-next-header",
            Self::NotIp => "sa-not-ip",
            Self::Unbundled => "sa-unbundled",
            Self::Selectors => "sa-selectors",
            Self::Congestion => "sa-congestion",
            Self::Unprotected => "unprotected",
        }
    }
}

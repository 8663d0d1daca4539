//! Why a packet was dropped. There is no drop without one of these (RFC 4301 §5 calls them auditable events).

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
    /// A fragment that was to be protected in transport mode (RFC 4303 §3.1.1).
    #[error("a fragment, and transport mode protects only whole packets")]
    TransportFragment,
    /// A fragment of an ESP packet: only whole ones are opened (RFC 4303 §3.4.1).
    #[error("a fragment of an ESP packet")]
    Fragment,
    /// No SA has this SPI.
    #[error("no SA has this SPI")]
    UnknownSpi,
    /// Shorter than its headers, IV, trailer and ICV, or not in whole blocks.
    #[error("malformed ESP packet")]
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

impl DropReason {
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
            Self::TransportFragment => "transport-fragment",
            Self::Fragment => "esp-fragment",
            Self::UnknownSpi => "esp-unknown-spi",
            Self::Malformed => "esp-malformed",
            Self::Replayed => "esp-replayed",
            Self::TooOld => "esp-too-old",
            Self::Integrity => "esp-integrity",
            Self::Padding => "esp-padding",
            Self::Dummy => "esp-dummy",
            Self::NextHeader => "esp-next-header",
            Self::NotIp => "esp-not-ip",
            Self::Selectors => "esp-selectors",
            Self::Congestion => "esp-congestion",
            Self::Unprotected => "unprotected",
        }
    }
}

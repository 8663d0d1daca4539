//! What testers say, by name.

/// A kind of nonsense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attack {
    /// Octets that mean nothing.
    Noise,
    /// A length field with another value than it should have.
    Lengths,
    /// Payloads that are missing, come twice, in another order, or are unknown.
    Payloads,
    /// Exchanges that do not fit, flags and message IDs of others.
    Exchanges,
    /// Public values and nonces of the edges.
    Degenerate,
    /// Far too many of something.
    Counts,
    /// Fragments that do not fit each other.
    Fragments,
    /// Notifies and deletions of all kinds, with SPIs and data that do not belong there.
    Notifies,
    /// Identities of all types and contents.
    Identities,
    /// Traffic selectors that select nothing, or are none.
    Selectors,
    /// Other versions, payloads of the other version, and a marker where none should be.
    Versions,
    /// What was said before, again.
    Replays,
    /// Bits that flip where the integrity check covers them.
    Flips,
    /// Good first messages, and nothing after them.
    Flood,
    /// Cookies that nobody has made.
    Cookies,
    /// What passes, but from another host's address, ahead of what passes.
    Addresses,
    /// Signatures in AUTH that are none, or not over what they should be.
    Signatures,
    /// Certificates that prove nothing, or somebody else.
    Certificates,
    /// Conversations of EAP that take a wrong turn.
    Eap,
    /// Transactions of XAUTH and the configuration method that make no sense, or come from the wrong end.
    Users,
}

impl Attack {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::Noise,
        Self::Lengths,
        Self::Payloads,
        Self::Exchanges,
        Self::Degenerate,
        Self::Counts,
        Self::Fragments,
        Self::Notifies,
        Self::Identities,
        Self::Selectors,
        Self::Versions,
        Self::Replays,
        Self::Flips,
        Self::Flood,
        Self::Cookies,
        Self::Addresses,
        Self::Signatures,
        Self::Certificates,
        Self::Eap,
        Self::Users,
    ];

    /// Its word in a scenario file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Noise => "noise",
            Self::Lengths => "lengths",
            Self::Payloads => "payloads",
            Self::Exchanges => "exchanges",
            Self::Degenerate => "degenerate",
            Self::Counts => "counts",
            Self::Fragments => "fragments",
            Self::Notifies => "notifies",
            Self::Identities => "identities",
            Self::Selectors => "selectors",
            Self::Versions => "versions",
            Self::Replays => "replays",
            Self::Flips => "flips",
            Self::Flood => "flood",
            Self::Cookies => "cookies",
            Self::Addresses => "addresses",
            Self::Signatures => "signatures",
            Self::Certificates => "certificates",
            Self::Eap => "eap",
            Self::Users => "users",
        }
    }

    /// Whether all that it says in the place of a proof has to be refused.
    #[must_use]
    pub fn proves_nothing(self) -> bool {
        matches!(self, Self::Signatures | Self::Certificates | Self::Eap)
    }
}

/// How far a tester goes in good order first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Nowhere: what it says is its first message, in the clear.
    Stranger,
    /// It has keys, and says it in the place of `IKE_AUTH`, inside SK.
    HalfOpen,
    /// It has proven that it knows the pre-shared key, and says it inside SK.
    Established,
    /// It changes what others say while that passes.
    Passing,
    /// It is the responder: it answers those who believe that they speak to another end.
    Answering,
}

impl Stage {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Stranger, Self::HalfOpen, Self::Established, Self::Passing, Self::Answering];

    /// Its word in a scenario file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::HalfOpen => "half-open",
            Self::Established => "established",
            Self::Passing => "passing",
            Self::Answering => "answering",
        }
    }
}

//! Why negotiations fail, as stories name it.

/// Why a negotiation failed, as `expect failure` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureReason {
    /// An identity was not proven.
    AuthenticationFailed,
    /// No proposal fits both ends.
    NoProposalChosen,
    /// No traffic selector fits both ends.
    TsUnacceptable,
    /// A message broke the grammar or a rule of the protocol.
    InvalidSyntax,
    /// A key exchange could not be completed.
    KeyExchange,
    /// A limit does not let the other end have what it asks for.
    Limit,
    /// The other end refused with a notify that has no class of its own.
    Refused,
    /// The other end did not answer.
    Timeout,
    /// One end does not do what the other one wants.
    Unsupported,
    /// A redirect leads nowhere, or in circles.
    Redirect,
    /// The other end may come from anywhere, so that nobody can begin with it.
    NoAddress,
    /// It was given up on command.
    Abandoned,
}

impl FailureReason {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::AuthenticationFailed,
        Self::NoProposalChosen,
        Self::TsUnacceptable,
        Self::InvalidSyntax,
        Self::KeyExchange,
        Self::Limit,
        Self::Refused,
        Self::Timeout,
        Self::Unsupported,
        Self::Redirect,
        Self::NoAddress,
        Self::Abandoned,
    ];

    /// Its word in a story.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AuthenticationFailed => "authentication-failed",
            Self::NoProposalChosen => "no-proposal-chosen",
            Self::TsUnacceptable => "ts-unacceptable",
            Self::InvalidSyntax => "invalid-syntax",
            Self::KeyExchange => "key-exchange",
            Self::Limit => "limit",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Unsupported => "unsupported",
            Self::Redirect => "redirect",
            Self::NoAddress => "no-address",
            Self::Abandoned => "abandoned",
        }
    }
}

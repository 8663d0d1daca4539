//! What an endpoint waits for.

/// Why an endpoint wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimerReason {
    /// A message is to be sent again, or an exchange given up.
    Retransmission,
    /// The peer has been silent for long, or does not answer.
    Liveness,
    /// NAT is to be reminded of an ISAKMP SA.
    Keepalive,
    /// An ISAKMP SA is to be replaced.
    Rekey,
    /// The lifetime of an ISAKMP SA is over.
    Lifetime,
    /// IPsec SAs that were replaced are to go.
    Retirement,
    /// An exchange that is over no longer answers repeats.
    Forget,
}

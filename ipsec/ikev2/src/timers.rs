//! What an IKE SA waits for. One instant for each reason; the earliest is what the caller is told.

use ipsec_net::Instant;

/// Why an endpoint wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimerReason {
    /// A request is to be sent again or given up.
    Retransmission,
    /// Pieces of a message wait too long for the others.
    Fragments,
    /// The peer has been silent for long.
    Liveness,
    /// NAT is to be reminded of an IKE SA.
    Keepalive,
    /// A half-open IKE SA is to be given up.
    HalfOpen,
    /// An exchange that the peer has put off is to begin again.
    Retry,
    /// An IKE SA is to be replaced.
    Rekey,
    /// The lifetime of an IKE SA is over.
    Lifetime,
    /// The authentication of an IKE SA is to be repeated, or has not been.
    Authentication,
    /// A replaced IKE SA that the peer has not deleted is to go.
    Retirement,
    /// A closed IKE SA no longer answers repeats.
    Forget,
}

/// The timers of one IKE SA, but for those of its requests.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timers {
    pub(crate) liveness: Option<Instant>,
    pub(crate) keepalive: Option<Instant>,
    pub(crate) half_open: Option<Instant>,
    pub(crate) rekey: Option<Instant>,
    pub(crate) lifetime: Option<Instant>,
    pub(crate) authentication: Option<Instant>,
    pub(crate) retirement: Option<Instant>,
    pub(crate) forget: Option<Instant>,
}

impl Timers {
    /// The earliest of them, of `retransmission`, of `retry`, and of `fragments`.
    pub(crate) fn next(
        &self,
        retransmission: Option<Instant>,
        retry: Option<Instant>,
        fragments: Option<Instant>,
    ) -> Option<(Instant, TimerReason)> {
        let all = [
            (retransmission, TimerReason::Retransmission),
            (retry, TimerReason::Retry),
            (fragments, TimerReason::Fragments),
            (self.rekey, TimerReason::Rekey),
            (self.lifetime, TimerReason::Lifetime),
            (self.authentication, TimerReason::Authentication),
            (self.retirement, TimerReason::Retirement),
            (self.liveness, TimerReason::Liveness),
            (self.keepalive, TimerReason::Keepalive),
            (self.half_open, TimerReason::HalfOpen),
            (self.forget, TimerReason::Forget),
        ];
        all.into_iter().filter_map(|(at, reason)| Some((at?, reason))).min()
    }
}

/// Takes a timer whose time has come.
pub(crate) fn take_due(timer: &mut Option<Instant>, now: Instant) -> bool {
    let due = timer.is_some_and(|at| at <= now);
    if due {
        *timer = None;
    }
    due
}

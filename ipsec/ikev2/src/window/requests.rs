//! The requests that we send: one at a time (window size 1, RFC 7296 §2.3), each repeated octet for octet until its
//! response comes or it is given up (§2.1, §2.4).

use std::time::Duration;

use ipsec_net::Instant;

/// How a request is repeated (RFC 7296 §2.4 leaves the numbers to the implementation).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retransmission {
    /// The time from the first transmission to the second.
    pub first: Duration,
    /// Each wait is `factor.0 / factor.1` times the one before.
    pub factor: (u32, u32),
    /// The longest wait.
    pub longest: Duration,
    /// How many times a request is sent, the first included, before it is given up.
    pub transmissions: u32,
}

impl Default for Retransmission {
    /// 1 s, doubled up to 16 s, 8 transmissions: given up after 63 s.
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            factor: (2, 1),
            longest: Duration::from_secs(16),
            transmissions: 8,
        }
    }
}

impl Retransmission {
    /// How long to wait after transmission number `count`, counted from 1.
    #[must_use]
    pub fn wait(&self, count: u32) -> Duration {
        let mut wait = self.first;
        for _ in 1..count {
            if wait >= self.longest {
                break;
            }
            wait = wait * self.factor.0 / self.factor.1.max(1);
        }
        wait.min(self.longest)
    }

    /// How long after its first transmission a request is given up.
    #[must_use]
    pub fn total(&self) -> Duration {
        (1..=self.transmissions.max(1)).map(|count| self.wait(count)).sum()
    }
}

/// What to do when a request's time is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// Send these octets again; `transmission` counts from 1, so the first repeat is 2.
    Resend { octets: Vec<u8>, message_id: u32, transmission: u32 },
    /// The peer does not answer.
    GiveUp,
}

/// The request that waits for its response, and the number of the next one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Requests {
    next: u32,
    open: Option<Open>,
}

#[derive(Clone, Debug)]
struct Open {
    message_id: u32,
    octets: Vec<u8>,
    transmissions: u32,
    deadline: Instant,
}

impl Requests {
    /// The message ID that the next request has to carry.
    pub(crate) fn next_id(&self) -> u32 {
        self.next
    }

    /// Whether a request may be sent now.
    pub(crate) fn is_free(&self) -> bool {
        self.open.is_none()
    }

    /// Keeps a request that is sent now for the first time under [`Requests::next_id`].
    pub(crate) fn sent(&mut self, now: Instant, octets: Vec<u8>, how: &Retransmission) {
        debug_assert!(self.open.is_none(), "the request window holds one request");
        let message_id = self.next;
        self.open = Some(Open { message_id, octets, transmissions: 1, deadline: now + how.wait(1) });
    }

    /// Whether a response with this message ID answers the open request.
    pub(crate) fn awaits(&self, message_id: u32) -> bool {
        self.open.as_ref().is_some_and(|open| open.message_id == message_id)
    }

    /// The octets of the open request.
    pub(crate) fn open_octets(&self) -> &[u8] {
        self.open.as_ref().map_or(&[], |open| &open.octets)
    }

    /// Closes the open request, which was answered; the next one counts one up.
    pub(crate) fn answered(&mut self) {
        if self.open.take().is_some() {
            self.next = self.next.saturating_add(1);
        }
    }

    /// Closes the open request; the next one carries the same message ID again. Only `IKE_SA_INIT` does so, when a
    /// cookie or another group was asked for (RFC 7296 §2.6, §2.7).
    pub(crate) fn repeat_id(&mut self) {
        self.open = None;
    }

    /// When [`Requests::expire`] has something to say next.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.open.as_ref().map(|open| open.deadline)
    }

    /// The verdict on the open request if its time is over.
    pub(crate) fn expire(&mut self, now: Instant, how: &Retransmission) -> Option<Expiry> {
        let open = self.open.as_mut().filter(|open| open.deadline <= now)?;
        if open.transmissions >= how.transmissions {
            self.open = None;
            return Some(Expiry::GiveUp);
        }
        open.transmissions += 1;
        open.deadline = now + how.wait(open.transmissions);
        let (octets, message_id) = (open.octets.clone(), open.message_id);
        Some(Expiry::Resend { octets, message_id, transmission: open.transmissions })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOW: Retransmission = Retransmission {
        first: Duration::from_secs(2),
        factor: (3, 2),
        longest: Duration::from_secs(4),
        transmissions: 4,
    };

    #[test]
    fn waits_grow_by_the_factor_up_to_the_longest() {
        let waits: Vec<u128> = (1..=5).map(|count| HOW.wait(count).as_millis()).collect();
        assert_eq!(waits, [2000, 3000, 4000, 4000, 4000]);
        assert_eq!(HOW.wait(u32::MAX), HOW.longest);
        assert_eq!(HOW.total(), Duration::from_secs(13), "as the next test shows");
    }

    #[test]
    fn a_request_is_repeated_octet_for_octet_and_then_given_up() {
        let mut requests = Requests::default();
        requests.sent(Instant::ZERO, b"request".to_vec(), &HOW);
        let mut seen = Vec::new();
        while let Some(deadline) = requests.deadline() {
            assert_eq!(requests.expire(deadline - Duration::from_nanos(1), &HOW), None);
            seen.push((deadline, requests.expire(deadline, &HOW).unwrap()));
        }
        let resend =
            |transmission| Expiry::Resend { octets: b"request".to_vec(), message_id: 0, transmission };
        let at = |seconds| Instant::ZERO + Duration::from_secs(seconds);
        let expected = [(at(2), resend(2)), (at(5), resend(3)), (at(9), resend(4)), (at(13), Expiry::GiveUp)];
        assert_eq!(seen, expected);
    }

    #[test]
    fn message_ids_count_up_when_answered_and_stay_when_repeated() {
        let mut requests = Requests::default();
        requests.sent(Instant::ZERO, Vec::new(), &HOW);
        assert!(requests.awaits(0) && !requests.awaits(1) && !requests.is_free());
        requests.repeat_id();
        assert_eq!((requests.next_id(), requests.is_free()), (0, true));
        requests.sent(Instant::ZERO, Vec::new(), &HOW);
        requests.answered();
        assert_eq!(requests.next_id(), 1);
        assert!(!requests.awaits(0), "a second response to the same request answers nothing");
    }
}

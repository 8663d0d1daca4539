//! Failover in a cluster (RFC 6311): the standby member that takes over has the IKE SAs of the member that was active, but what it
//! knows of their counters is old. Here is what a standby member knows, what is said of counters in notifies, and by which rules
//! the two ends agree on new ones. The exchange is in [`crate::exchange::failover`].
//!
//! ```text
//! IKE_AUTH        SK { … N(IKEV2_MESSAGE_ID_SYNC_SUPPORTED) N(IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED) }   <------>
//! INFORMATIONAL   SK {N(IKEV2_MESSAGE_ID_SYNC: nonce, M1, P1) N(IPSEC_REPLAY_COUNTER_SYNC: delta)}     ------->
//!    message ID 0                                    <-------   SK {N(IKEV2_MESSAGE_ID_SYNC: nonce, P2, M2)}
//! ```

use std::collections::BTreeMap;

use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{Notify, Payload};
use ipsec_wire::{IkeSpi, Spi};

use crate::config::Synchronisation;
use crate::effect::Effect;
use crate::event::Event;
use crate::message::{find_notify, notifies};
use crate::sa::IkeSa;

/// By how much sequence numbers of ESP and AH skip forward at a failover, at either end: more than any standby member has missed
/// (§5.2).
pub const LEAP: u64 = 1 << 30;

/// By how many message IDs a member that takes over skips forward at least: more requests than it has missed (§5.1).
const MISSED_REQUESTS: u32 = 64;

/// What the standby member of a cluster knows of the IKE SAs of the active one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standby {
    /// The established ones, by our SPI.
    pub(crate) sas: BTreeMap<IkeSpi, Known>,
}

/// What it knows of one of them, besides what never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// The message ID of our next request.
    pub(crate) next_request: u32,
    /// The message ID of the peer's next request.
    pub(crate) next_expected: u32,
    /// The children, by the SPI under which we receive.
    pub(crate) children: Vec<Spi>,
}

/// The content of IKEV2_MESSAGE_ID_SYNC (§6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) nonce: [u8; 4],
    /// The message ID of the sender's next request.
    pub(crate) send: u32,
    /// The message ID that the sender expects in the next request.
    pub(crate) receive: u32,
}

impl Counters {
    /// What a member that takes over proposes, of whose own requests the peer takes so many at once (§5.1: M1 and P1).
    pub(crate) fn proposed(nonce: [u8; 4], known: &Known, window: u32) -> Self {
        let send = known.next_request.saturating_add(MISSED_REQUESTS.max(window));
        Self { nonce, send, receive: known.next_expected }
    }

    /// What these payloads say.
    pub(crate) fn of(payloads: &[Payload]) -> Option<Self> {
        let data = &find_notify(payloads, NotifyType::IKEV2_MESSAGE_ID_SYNC)?.data;
        let (nonce, rest) = data.split_first_chunk()?;
        let (send, receive) = rest.split_first_chunk()?;
        let receive = u32::from_be_bytes(receive.try_into().ok()?);
        Some(Self { nonce: *nonce, send: u32::from_be_bytes(*send), receive })
    }

    pub(crate) fn notify(self) -> Payload {
        let data = [self.nonce, self.send.to_be_bytes(), self.receive.to_be_bytes()].concat();
        Payload::Notify(Notify::new(NotifyType::IKEV2_MESSAGE_ID_SYNC, data))
    }

    /// The answer of a peer whose next request has the message ID `send`, and which has seen all of the member's message IDs
    /// below `receive` (§5.1: P2 and M2).
    pub(crate) fn answered(self, send: u32, receive: u32) -> Self {
        Self { nonce: self.nonce, send: self.receive.max(send), receive: self.send.max(receive) }
    }

    /// The same as the other end sees it.
    pub(crate) fn mirrored(self) -> Self {
        Self { nonce: self.nonce, send: self.receive, receive: self.send }
    }

    /// Whether a response with these answers a request with `proposed`: it has its nonce, and neither counter goes back.
    pub(crate) fn answers(self, proposed: Self) -> bool {
        self.nonce == proposed.nonce && self.receive >= proposed.send && self.send >= proposed.receive
    }
}

/// Whether a request has nothing but what may stand beside IKEV2_MESSAGE_ID_SYNC (§5.1).
pub(crate) fn stands_alone(payloads: &[Payload]) -> bool {
    let allowed = [NotifyType::IKEV2_MESSAGE_ID_SYNC, NotifyType::IPSEC_REPLAY_COUNTER_SYNC];
    notifies(payloads).count() == payloads.len()
        && allowed.iter().all(|kind| notifies(payloads).filter(|notify| notify.kind == *kind).count() <= 1)
        && notifies(payloads).all(|notify| allowed.contains(&notify.kind))
}

/// What a message of `IKE_AUTH` says of a connection that wants this.
pub(crate) fn offered(wanted: Synchronisation) -> Vec<Payload> {
    let kinds = [
        (wanted.message_ids, NotifyType::IKEV2_MESSAGE_ID_SYNC_SUPPORTED),
        (wanted.replay_counters, NotifyType::IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED),
    ];
    let said =
        |(wanted, kind): (bool, NotifyType)| wanted.then(|| Payload::Notify(Notify::new(kind, Vec::new())));
    kinds.into_iter().filter_map(said).collect()
}

/// What the peer's message of `IKE_AUTH` and a connection that wants this have in common.
pub(crate) fn agreed(wanted: Synchronisation, payloads: &[Payload]) -> Synchronisation {
    let says = |kind| find_notify(payloads, kind).is_some();
    wanted.and(Synchronisation {
        message_ids: says(NotifyType::IKEV2_MESSAGE_ID_SYNC_SUPPORTED),
        replay_counters: says(NotifyType::IPSEC_REPLAY_COUNTER_SYNC_SUPPORTED),
    })
}

/// The notify that has the peer skip sequence numbers; nothing where there is no SA, or some have 64-bit numbers and some do not,
/// for which there is no notify (§6.4).
pub(crate) fn skip(sa: &IkeSa) -> Option<Payload> {
    let mut extended = sa.children.iter().map(|child| child.extended_sequence_numbers);
    let first = extended.next()?;
    let data = match (extended.all(|other| other == first), first) {
        (false, _) => return None,
        (true, true) => LEAP.to_be_bytes().to_vec(),
        (true, false) => (LEAP as u32).to_be_bytes().to_vec(),
    };
    Some(Payload::Notify(Notify::new(NotifyType::IPSEC_REPLAY_COUNTER_SYNC, data)))
}

/// What follows from the peer's wish that we skip sequence numbers, where that was agreed (§5.2).
pub(crate) fn skipped(sa: &IkeSa, payloads: &[Payload]) -> Option<[Effect; 2]> {
    let data = &find_notify(payloads, NotifyType::IPSEC_REPLAY_COUNTER_SYNC)?.data;
    let by = match (<[u8; 4]>::try_from(data.as_slice()), <[u8; 8]>::try_from(data.as_slice())) {
        (Ok(octets), _) => u64::from(u32::from_be_bytes(octets)),
        (_, Ok(octets)) => u64::from_be_bytes(octets),
        _ => return None,
    };
    let probe = Effect::Report(Event::Probe("ikev2.failover.skipped"));
    sa.features.synchronises.replay_counters.then_some([probe, Effect::Skip(by)])
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: [u8; 4] = [1, 2, 3, 4];

    fn counters(send: u32, receive: u32) -> Counters {
        Counters { nonce: NONCE, send, receive }
    }

    #[test]
    fn the_answer_has_the_higher_of_both_values_as_in_the_examples_of_appendix_a() {
        let answers = [(0, 5, 5, 0), (2, 3, 4, 5), (2, 5, 2, 4), (4, 4, 5, 5), (5, 5, 4, 4)];
        let answered = answers.map(|(m1, p1, send, receive)| {
            let answer = counters(m1, p1).answered(send, receive);
            assert!(answer.answers(counters(m1, p1)), "{answer:?}");
            (answer.send, answer.receive)
        });
        assert_eq!(answered, [(5, 0), (4, 5), (5, 4), (5, 5), (5, 5)]);
    }

    #[test]
    fn an_answer_with_another_nonce_or_a_lower_value_is_none() {
        let proposed = counters(7, 3);
        assert!(counters(3, 7).answers(proposed));
        assert!(!Counters { nonce: [0; 4], ..counters(3, 7) }.answers(proposed));
        assert!(!counters(2, 7).answers(proposed));
        assert!(!counters(3, 6).answers(proposed));
    }

    #[test]
    fn a_member_skips_what_it_may_have_missed_and_the_window_at_least() {
        let known = Known { next_request: 10, next_expected: 4, children: Vec::new() };
        assert_eq!(Counters::proposed(NONCE, &known, 1), counters(74, 4));
        assert_eq!(Counters::proposed(NONCE, &known, 100), counters(110, 4));
        let last = Known { next_request: u32::MAX, ..known };
        assert_eq!(Counters::proposed(NONCE, &last, 1).send, u32::MAX);
    }

    #[test]
    fn what_is_said_is_read_and_other_lengths_are_not() {
        let payload = counters(0x0102_0304, 9).notify();
        let Payload::Notify(notify) = &payload else { panic!("a notify") };
        assert_eq!(notify.data, [1, 2, 3, 4, 1, 2, 3, 4, 0, 0, 0, 9]);
        assert_eq!(Counters::of(std::slice::from_ref(&payload)), Some(counters(0x0102_0304, 9)));
        for length in [0, 4, 8, 11, 13] {
            let notify = Notify::new(NotifyType::IKEV2_MESSAGE_ID_SYNC, vec![0; length]);
            assert_eq!(Counters::of(&[Payload::Notify(notify)]), None, "{length}");
        }
    }

    #[test]
    fn nothing_else_may_stand_beside_it() {
        let sync = || counters(1, 1).notify();
        let skip = Payload::Notify(Notify::new(NotifyType::IPSEC_REPLAY_COUNTER_SYNC, vec![0; 4]));
        assert!(stands_alone(&[sync()]) && stands_alone(&[sync(), skip.clone()]));
        assert!(!stands_alone(&[sync(), sync()]) && !stands_alone(&[sync(), skip.clone(), skip]));
        assert!(!stands_alone(&[sync(), Payload::Nonce(vec![0; 16])]));
    }

    #[test]
    fn only_what_both_ends_want_is_agreed() {
        let all = Synchronisation { message_ids: true, replay_counters: true };
        let ids = Synchronisation { message_ids: true, replay_counters: false };
        assert_eq!(agreed(all, &offered(ids)), ids);
        assert_eq!(agreed(ids, &offered(all)), ids);
        assert_eq!(agreed(Synchronisation::default(), &offered(all)), Synchronisation::default());
        assert_eq!(offered(Synchronisation::default()), []);
    }
}

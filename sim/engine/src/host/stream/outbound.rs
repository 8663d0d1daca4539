//! The sending half of a stream: what is sent when, and again. It keeps no octets, because the pattern gives
//! them anew.

use ipsec_net::Instant;

use super::super::{Cause, Spread};
use super::congestion::{Advance, Congestion};
use super::sequence;
use super::timer::Timer;

/// How often a segment is sent again before the connection is given up (RFC 9293 §3.8.3), a SYN less often.
const ATTEMPTS: u32 = 15;
const SYN_ATTEMPTS: u32 = 6;
/// No peer may ask for smaller segments than this.
const LEAST_SEGMENT: usize = 48;

#[derive(Clone, Debug)]
pub(super) struct Outbound {
    initial: u32,
    /// How many octets of data there are to send, as far as is known, and whether a FIN follows them.
    supply: u64,
    closing: bool,
    /// The first place that is not acknowledged, the next to send, and the end of all that was ever sent.
    unacknowledged: u64,
    next: u64,
    end: u64,
    /// The peer's window, and by which segment (place and acknowledged place) it was last told.
    window: u64,
    told_by: (u64, u64),
    /// What the peer takes in one segment, and what the path does.
    peer_segment: usize,
    path_segment: usize,
    congestion: Congestion,
    timer: Timer,
    syn_lost: bool,
    /// How often the timer ran out since something was acknowledged.
    attempts: u32,
    /// Whether one octet may be sent whatever the windows say.
    probe: bool,
    /// Why what lies between `next` and `end` is sent again, and why the first unacknowledged segment is, at
    /// once.
    again: Cause,
    at_once: Option<Cause>,
    /// The segment whose round trip is being measured: its end, and when it was sent.
    timed: Option<(u64, Instant)>,
    round_trip: Spread,
    retransmissions: u64,
}

/// A segment to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outgoing {
    pub(super) place: u64,
    /// Octets of data.
    pub(super) length: usize,
    pub(super) syn: bool,
    pub(super) fin: bool,
    /// Whether these are the last octets there are.
    pub(super) push: bool,
    /// Why it is sent again.
    pub(super) again: Option<Cause>,
}

impl Outgoing {
    fn end(&self) -> u64 {
        self.place + self.length as u64 + u64::from(self.syn) + u64::from(self.fin)
    }
}

/// What an acknowledging segment says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Acknowledgment {
    /// The place that the peer expects next.
    pub(super) place: u64,
    /// The peer's window.
    pub(super) window: u64,
    /// The place of the segment itself.
    pub(super) at: u64,
    /// Whether it carries data, SYN or FIN.
    pub(super) occupies: bool,
}

impl Outbound {
    /// Will send a SYN with this number, then `supply` octets, then, if `closing`, a FIN.
    pub(super) fn new(initial: u32, supply: u64, closing: bool) -> Self {
        Self {
            initial,
            // Places beyond this would overflow in sums.
            supply: supply.min(1 << 62),
            closing,
            unacknowledged: 0,
            next: 0,
            end: 0,
            window: 0,
            told_by: (0, 0),
            peer_segment: usize::MAX,
            path_segment: LEAST_SEGMENT,
            congestion: Congestion::new(LEAST_SEGMENT, false),
            timer: Timer::new(),
            syn_lost: false,
            attempts: 0,
            probe: false,
            again: Cause::Timeout,
            at_once: None,
            timed: None,
            round_trip: Spread::default(),
            retransmissions: 0,
        }
    }

    pub(super) fn number(&self, place: u64) -> u32 {
        sequence::number(self.initial, place)
    }

    /// The place that an acknowledgment number means.
    pub(super) fn place(&self, number: u32) -> Option<u64> {
        sequence::place(self.initial, number, self.unacknowledged)
    }

    /// The end of all that was sent.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn is_syn_acknowledged(&self) -> bool {
        self.unacknowledged > 0
    }

    pub(super) fn is_fin_acknowledged(&self) -> bool {
        self.closing && self.unacknowledged > self.data_end()
    }

    /// Octets of data that the peer has acknowledged.
    pub(super) fn acknowledged_octets(&self) -> u64 {
        self.unacknowledged.saturating_sub(1).min(self.supply)
    }

    pub(super) fn retransmissions(&self) -> u64 {
        self.retransmissions
    }

    pub(super) fn round_trip(&self) -> Spread {
        self.round_trip
    }

    /// The data ends with what was sent so far, and a FIN follows.
    pub(super) fn close(&mut self) {
        if !self.closing {
            self.supply = self.supply.min(self.end.saturating_sub(1));
            self.closing = true;
        }
    }

    /// The most data that a segment may carry, in octets.
    pub(super) fn segment_size(&self) -> usize {
        self.peer_segment.max(LEAST_SEGMENT).min(self.path_segment).max(1)
    }

    /// The peer takes no more in one segment.
    pub(super) fn set_peer_segment(&mut self, size: usize) {
        self.peer_segment = size;
    }

    /// The path carries no more in one segment. When that is less than before, all that is under way is sent
    /// again, which is no sign of congestion (RFC 1191 §6.4, RFC 8201 §5.4).
    pub(super) fn set_path_segment(&mut self, size: usize) {
        let before = self.segment_size();
        self.path_segment = size;
        self.congestion.set_segment(self.segment_size());
        if self.segment_size() < before && self.is_syn_acknowledged() && self.unacknowledged < self.end {
            self.congestion.start_over(self.end);
            self.start_over(Cause::PathMtu);
        }
    }

    /// When [`Outbound::expire`] has something to do.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.timer.deadline()
    }

    /// Starts over if the timer has run out (RFC 6298 §5.4 to §5.7); tells whether there is still hope.
    pub(super) fn expire(&mut self, now: Instant) -> bool {
        if self.timer.deadline().is_none_or(|deadline| now < deadline) {
            return true;
        }
        self.attempts += 1;
        if self.attempts > if self.is_syn_acknowledged() { ATTEMPTS } else { SYN_ATTEMPTS } {
            self.timer.stop();
            return false;
        }
        self.syn_lost |= !self.is_syn_acknowledged();
        if self.window > 0 {
            let flight = self.next - self.unacknowledged;
            self.congestion.timeout(self.attempts == 1, flight, self.end);
        }
        self.timer.back_off();
        self.timer.start(now);
        self.probe = true;
        self.start_over(Cause::Timeout);
        true
    }

    fn start_over(&mut self, cause: Cause) {
        self.next = self.unacknowledged;
        (self.again, self.at_once, self.timed) = (cause, None, None);
    }

    /// Takes an acknowledgment of a place up to [`Outbound::end`].
    pub(super) fn acknowledged(&mut self, now: Instant, told: Acknowledgment) {
        let Acknowledgment { place, window, at, occupies } = told;
        self.attempts = 0;
        let before = self.window;
        if place >= self.unacknowledged && self.told_by <= (at, place) {
            (self.window, self.told_by) = (window, (at, place));
        }
        if place > self.unacknowledged {
            self.advance(now, place);
        } else if place == self.unacknowledged && place < self.end && self.window > 0 && before == 0 {
            // The probe found no room.
            self.start_over(Cause::ClosedWindow);
        } else if place == self.unacknowledged
            && place < self.end
            && !occupies
            && window == before
            && window > 0
        {
            let flight = self.next - self.unacknowledged;
            if self.congestion.duplicate(place, flight, self.end) {
                self.at_once = Some(Cause::FastRetransmit);
            }
        }
        if self.unacknowledged == self.end {
            self.timer.stop();
        }
    }

    fn advance(&mut self, now: Instant, place: u64) {
        let acked = place - self.unacknowledged;
        let syn = !self.is_syn_acknowledged();
        self.unacknowledged = place;
        self.next = self.next.max(place);
        if let Some((_, sent)) = self.timed.take_if(|(end, _)| *end <= place) {
            self.timer.measured(now.since(sent));
            self.round_trip.add(now.since(sent));
        }
        let advance = if syn {
            self.congestion = Congestion::new(self.segment_size(), self.syn_lost);
            if self.syn_lost {
                self.timer.after_a_lost_syn();
            }
            Advance::Onward
        } else {
            self.congestion.acknowledged(acked, place, self.next - place)
        };
        self.at_once = (advance != Advance::Onward).then_some(Cause::PartialAcknowledgment);
        if advance != Advance::LaterPartial {
            self.timer.start(now);
        }
    }

    /// The next segment to send now, if there is one.
    pub(super) fn next(&mut self, now: Instant) -> Option<Outgoing> {
        if let Some(cause) = self.at_once.take()
            && let Some(again) = self.segment_at(self.unacknowledged, self.end)
        {
            return Some(self.sent(now, again, cause));
        }
        let open = self.unacknowledged + self.window.min(self.congestion.allowance());
        let limit = if self.probe { open.max(self.unacknowledged + 1) } else { open };
        let Some(segment) = self.segment_at(self.next, limit).filter(|segment| !self.is_silly(segment))
        else {
            self.wait_for_a_window(now);
            return None;
        };
        self.probe = false;
        Some(self.sent(now, segment, self.again))
    }

    fn data_end(&self) -> u64 {
        1 + self.supply
    }

    /// What a segment at `place` would hold, with data and FIN up to `limit`.
    fn segment_at(&self, place: u64, limit: u64) -> Option<Outgoing> {
        let empty = Outgoing { place, length: 0, syn: false, fin: false, push: false, again: None };
        if place == 0 {
            return Some(Outgoing { syn: true, ..empty });
        }
        let room = limit.saturating_sub(place);
        if !self.is_syn_acknowledged() || room == 0 {
            return None;
        }
        let left = self.data_end().saturating_sub(place);
        if left == 0 {
            return (place == self.data_end() && self.closing).then_some(Outgoing { fin: true, ..empty });
        }
        let length = left.min(room).min(self.segment_size() as u64);
        Some(Outgoing { length: length as usize, push: length == left, ..empty })
    }

    /// Short segments are worth sending only when nothing else is under way or nothing follows (RFC 9293
    /// §3.8.6.2.1).
    fn is_silly(&self, segment: &Outgoing) -> bool {
        let short = segment.length > 0 && segment.length < self.segment_size();
        short && !segment.push && self.next > self.unacknowledged
    }

    /// The peer may open its window and the word of it be lost: ask in time (RFC 9293 §3.8.6.1).
    fn wait_for_a_window(&mut self, now: Instant) {
        let idle = self.is_syn_acknowledged() && self.unacknowledged == self.end;
        if idle && self.segment_at(self.next, self.next + 1).is_some() {
            self.timer.start_if_idle(now);
        }
    }

    fn sent(&mut self, now: Instant, mut segment: Outgoing, cause: Cause) -> Outgoing {
        let end = segment.end();
        if segment.place < self.end {
            segment.again = Some(cause);
            self.retransmissions += 1;
            // Which of the two is acknowledged could not be told (RFC 6298 §3).
            self.timed = None;
        } else {
            self.timed.get_or_insert((end, now));
        }
        self.next = self.next.max(end);
        self.end = self.end.max(end);
        self.timer.start_if_idle(now);
        segment
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    fn told(place: u64, window: u64) -> Acknowledgment {
        Acknowledgment { place, window, at: 1, occupies: false }
    }

    /// After the handshake, with segments of 1000 octets.
    fn open(supply: u64, window: u64) -> Outbound {
        let mut outbound = Outbound::new(u32::MAX, supply, true);
        outbound.set_peer_segment(1000);
        outbound.set_path_segment(1460);
        let syn = outbound.next(at(0)).unwrap();
        assert_eq!((syn.syn, syn.place, syn.end()), (true, 0, 1));
        assert_eq!(outbound.next(at(0)), None);
        outbound.acknowledged(at(10), told(1, window));
        outbound
    }

    fn sent(outbound: &mut Outbound, now: Instant) -> Vec<(u64, usize, bool)> {
        std::iter::from_fn(|| outbound.next(now)).map(|s| (s.place, s.length, s.fin)).collect()
    }

    #[test]
    fn the_last_segment_pushes_and_the_fin_follows() {
        let mut outbound = open(2500, 65_535);
        let pushes: Vec<bool> = std::iter::from_fn(|| outbound.next(at(10))).map(|s| s.push).collect();
        assert_eq!(pushes, [false, false, true, false]);
        assert_eq!(outbound.end(), 2502);
        outbound.acknowledged(at(20), told(2501, 65_535));
        assert!(!outbound.is_fin_acknowledged() && outbound.deadline().is_some());
        outbound.acknowledged(at(20), told(2502, 65_535));
        assert!(outbound.is_fin_acknowledged() && outbound.deadline().is_none());
        assert_eq!(outbound.acknowledged_octets(), 2500);
    }

    #[test]
    fn no_more_goes_out_than_the_peers_window_takes() {
        let mut outbound = open(9000, 2500);
        // A short segment is not worth it while others are under way.
        assert_eq!(sent(&mut outbound, at(10)), [(1, 1000, false), (1001, 1000, false)]);
        outbound.acknowledged(at(20), told(1001, 2500));
        assert_eq!(sent(&mut outbound, at(20)), [(2001, 1000, false)]);
        // A segment that is older than what was heard last says nothing of the window.
        outbound.acknowledged(at(21), Acknowledgment { at: 0, ..told(1001, 9000) });
        assert_eq!(sent(&mut outbound, at(21)), []);
    }

    #[test]
    fn a_closed_window_is_probed_until_it_opens() {
        let mut outbound = open(3000, 0);
        assert_eq!(sent(&mut outbound, at(10)), []);
        assert!(outbound.expire(at(1009)));
        assert_eq!(sent(&mut outbound, at(1009)), []);
        for (now, next) in [(1010, 3010), (3010, 7010), (7010, 15_010)] {
            assert_eq!(outbound.deadline(), Some(at(now)));
            assert!(outbound.expire(at(now)));
            assert_eq!(sent(&mut outbound, at(now)), [(1, 1, false)]);
            outbound.acknowledged(at(now), told(1, 0));
            assert_eq!(outbound.deadline(), Some(at(next)));
        }
        outbound.acknowledged(at(8000), told(1, 5000));
        assert_eq!(
            sent(&mut outbound, at(8000)),
            [(1, 1000, false), (1001, 1000, false), (2001, 1000, false), (3001, 0, true)]
        );
    }

    #[test]
    fn a_segment_in_vain_is_given_up_after_fifteen_times() {
        let mut outbound = open(1000, 65_535);
        sent(&mut outbound, at(10));
        for _ in 0..15 {
            let deadline = outbound.deadline().unwrap();
            assert!(outbound.expire(deadline));
            assert_eq!(sent(&mut outbound, deadline), [(1, 1000, false)]);
        }
        let deadline = outbound.deadline().unwrap();
        assert!(!outbound.expire(deadline));
        assert_eq!((outbound.deadline(), outbound.retransmissions()), (None, 15));
    }

    #[test]
    fn what_was_sent_twice_is_not_measured() {
        let mut outbound = open(1000, 65_535);
        assert_eq!(outbound.round_trip().count(), 1);
        sent(&mut outbound, at(10));
        outbound.expire(at(1010));
        sent(&mut outbound, at(1010));
        outbound.acknowledged(at(1020), told(1002, 65_535));
        assert_eq!(outbound.round_trip().count(), 1);
    }

    #[test]
    fn a_smaller_path_segment_sends_all_that_is_under_way_again() {
        let mut outbound = open(3000, 65_535);
        sent(&mut outbound, at(10));
        outbound.set_path_segment(400);
        let again: Vec<_> = std::iter::from_fn(|| outbound.next(at(20))).collect();
        assert!(again.iter().all(|segment| segment.again == Some(Cause::PathMtu) && segment.length <= 400));
        assert_eq!(again.iter().map(|segment| segment.length).sum::<usize>(), 3000);
        outbound.set_path_segment(1460);
        assert_eq!(sent(&mut outbound, at(30)), []);
    }
}

//! IKE and ESP in TCP (RFC 9329): the streams of connections put together, and the messages in them.
//!
//! ```text
//! from the side that connects:  "IKETCP" | length | 0 0 0 0 | IKE | length | ESP | …
//! from the other:                          length | 0 0 0 0 | IKE | length | ESP | …
//! ```
//!
//! The length counts its own two octets. A stream of which octets are missing is given up.

use std::collections::{BTreeMap, VecDeque};

use crate::transport::Course;

/// The streams of connections that carry IKE.
#[derive(Default)]
pub(crate) struct Streams {
    streams: BTreeMap<Course, Stream>,
    /// In the order in which they began.
    order: VecDeque<Course>,
}

#[derive(Default)]
struct Stream {
    /// The sequence number of the octet that comes next.
    next: u32,
    /// Octets in order that make no whole message yet.
    octets: Vec<u8>,
    /// Segments that came too early, by how far they are ahead.
    ahead: BTreeMap<u32, Vec<u8>>,
    /// Whether what begins a stream has been passed.
    is_begun: bool,
}

impl Streams {
    /// Takes a segment and returns the messages that it completes; none where the connection carries something else.
    pub(crate) fn take(
        &mut self,
        course: Course,
        sequence: u32,
        begins: bool,
        payload: &[u8],
    ) -> Vec<Vec<u8>> {
        let reverse = Course { from: course.to, to: course.from };
        if begins && [course.from.port(), course.to.port()].contains(&ipsec_wire::NAT_PORT) {
            self.begin(course, sequence.wrapping_add(1));
            return Vec::new();
        }
        if payload.starts_with(PREFIX) && !self.streams.contains_key(&course) {
            self.begin(course, sequence);
        } else if !payload.is_empty()
            && self.streams.contains_key(&reverse)
            && !self.streams.contains_key(&course)
        {
            // The other half of a connection whose beginning was not captured.
            self.begin(course, sequence);
        }
        let Some(stream) = self.streams.get_mut(&course) else { return Vec::new() };
        stream.segment(sequence, payload);
        match stream.messages() {
            Some(messages) => messages,
            None => {
                self.streams.remove(&course);
                self.order.retain(|known| *known != course);
                Vec::new()
            }
        }
    }

    fn begin(&mut self, course: Course, next: u32) {
        if self.streams.insert(course, Stream { next, ..Stream::default() }).is_none() {
            self.order.push_back(course);
        }
        if self.order.len() > MOST_STREAMS
            && let Some(oldest) = self.order.pop_front()
        {
            self.streams.remove(&oldest);
        }
    }
}

impl Stream {
    fn segment(&mut self, sequence: u32, payload: &[u8]) {
        let ahead = sequence.wrapping_sub(self.next);
        if ahead >= 1 << 31 {
            // Octets that are known, and perhaps some behind them.
            let known = self.next.wrapping_sub(sequence) as usize;
            if let Some(rest) = payload.get(known..) {
                self.append(rest);
            }
        } else if ahead == 0 {
            self.append(payload);
        } else if self.ahead.len() < MOST_AHEAD && !payload.is_empty() {
            self.ahead.insert(sequence, payload.to_vec());
        }
        while let Some((sequence, segment)) = self.reached() {
            let known = self.next.wrapping_sub(sequence) as usize;
            self.append(segment.get(known..).unwrap_or_default());
        }
    }

    /// Takes a segment out that came too early and does so no longer.
    fn reached(&mut self) -> Option<(u32, Vec<u8>)> {
        let next = self.next;
        let sequence = *self.ahead.keys().find(|at| next.wrapping_sub(**at) < 1 << 31)?;
        self.ahead.remove_entry(&sequence)
    }

    fn append(&mut self, octets: &[u8]) {
        self.octets.extend_from_slice(octets);
        self.next = self.next.wrapping_add(u32::try_from(octets.len()).unwrap_or(0));
    }

    /// Takes the whole messages off; nothing where the stream is none of IKE.
    fn messages(&mut self) -> Option<Vec<Vec<u8>>> {
        let mut at = 0;
        if !self.is_begun && !self.octets.is_empty() {
            let length = self.octets.len().min(PREFIX.len());
            if self.octets[..length] == PREFIX[..length] {
                if length < PREFIX.len() {
                    return Some(Vec::new());
                }
                at = PREFIX.len();
            }
            self.is_begun = true;
        }
        let mut messages = Vec::new();
        while let Some(head) = self.octets.get(at..at + 2) {
            let length = usize::from(u16::from_be_bytes([head[0], head[1]]));
            if length < 2 {
                return None;
            }
            let Some(message) = self.octets.get(at + 2..at + length) else { break };
            messages.push(message.to_vec());
            at += length;
        }
        self.octets.drain(..at);
        Some(messages)
    }
}

/// What the side that connects sends first (RFC 9329 §4).
const PREFIX: &[u8] = b"IKETCP";
/// So many halves of connections are followed at a time.
const MOST_STREAMS: usize = 64;
/// So many segments of one may come too early.
const MOST_AHEAD: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn course() -> Course {
        Course { from: ([192, 0, 2, 1], 40000).into(), to: ([198, 51, 100, 1], 4500).into() }
    }

    fn framed(message: &[u8]) -> Vec<u8> {
        [&u16::try_from(message.len() + 2).unwrap().to_be_bytes()[..], message].concat()
    }

    #[test]
    fn messages_are_found_however_the_stream_is_cut_repeated_and_reordered() {
        let stream = [PREFIX, &framed(&[0; 40]), &framed(b"an ESP packet"), &framed(b"another")].concat();
        for size in 1..stream.len() {
            let mut streams = Streams::default();
            let first = u32::MAX - 20;
            streams.take(course(), first.wrapping_sub(1), true, &[]);
            let mut segments: Vec<(u32, &[u8])> = stream
                .chunks(size)
                .enumerate()
                .map(|(index, part)| (first.wrapping_add(u32::try_from(index * size).unwrap()), part))
                .collect();
            let repeated = segments[0];
            segments.push(repeated);
            if segments.len() > 3 {
                segments.swap(1, 2);
            }
            let mut found = Vec::new();
            for (sequence, part) in segments {
                found.extend(streams.take(course(), sequence, false, part));
            }
            assert_eq!(found, [vec![0; 40], b"an ESP packet".to_vec(), b"another".to_vec()], "{size}");
        }
    }

    #[test]
    fn other_connections_carry_nothing_and_a_length_below_two_ends_a_stream() {
        let mut streams = Streams::default();
        let web = Course { from: ([192, 0, 2, 1], 40000).into(), to: ([198, 51, 100, 1], 443).into() };
        assert!(streams.take(web, 1, true, &[]).is_empty());
        assert!(streams.take(web, 2, false, &framed(b"hello")).is_empty());
        streams.take(course(), 0, true, &[]);
        assert!(streams.take(course(), 1, false, &[0, 1, 7]).is_empty());
        assert!(streams.take(course(), 4, false, &framed(b"hello")).is_empty(), "given up");
    }
}

//! Messages in pieces as Cisco and Windows cut them (MS-IKEE §2.2.3.1, §3.3.5): each piece in a message of its own, in the
//! clear; what is cut is the whole message, its encryption included. It is read when all pieces are there.
//!
//! ```text
//! header FRAG(id 7, 1)   ------->
//! header FRAG(id 7, 2)   ------->
//! header FRAG(id 7, 3, last)  -->   the message
//! ```
//!
//! Nothing protects a piece: anybody may send one. So memory is bounded, what comes first stays, and a piece that is wrong
//! costs no more than the message that it claims to be of.

use std::collections::{BTreeMap, VecDeque};

use ipsec_net::IpVersion;
use ipsec_wire::NAT_PORT;
use ipsec_wire::v1::{Flags, Fragment, Header, Message, Payload};

use crate::refusal::DropReason;

/// So many messages may be incomplete under one ISAKMP SA; the oldest one gives way.
const MOST_INCOMPLETE: usize = 4;

/// The longest message that is put together, in octets.
const LONGEST: usize = 32_768;

/// The most pieces of one.
const MOST_PIECES: u8 = 64;

/// The pieces of messages that are not there as a whole, the oldest message first.
#[derive(Debug, Default)]
pub(crate) struct Pieces(VecDeque<Incomplete>);

#[derive(Debug)]
struct Incomplete {
    id: u16,
    pieces: BTreeMap<u8, Vec<u8>>,
    /// The number of the last piece, once that is there.
    last: Option<u8>,
}

impl Pieces {
    /// Takes a piece. The message, if it was the last one that was missing.
    ///
    /// # Errors
    /// When it does not fit those that are there, or there are too many.
    pub(crate) fn add(&mut self, piece: Fragment) -> Result<Option<Vec<u8>>, DropReason> {
        let wrong = |what: String| Err(DropReason::Fragment(what));
        let Fragment { id, number, last, data } = piece;
        if number == 0 || number > MOST_PIECES || data.is_empty() {
            return wrong(format!("piece {number} of {} octets", data.len()));
        }
        let known = self.0.iter().position(|incomplete| incomplete.id == id);
        let index = known.unwrap_or_else(|| {
            if self.0.len() >= MOST_INCOMPLETE {
                self.0.pop_front();
            }
            self.0.push_back(Incomplete { id, pieces: BTreeMap::new(), last: None });
            self.0.len() - 1
        });
        let incomplete = &mut self.0[index];
        let highest = incomplete.pieces.last_key_value().map_or(0, |(number, _)| *number);
        let beyond = incomplete.last.is_some_and(|last| number > last);
        if beyond || last && (number < highest || incomplete.last.is_some_and(|known| known != number)) {
            return wrong(format!("piece {number} does not fit the last one"));
        }
        if let Some(there) = incomplete.pieces.get(&number) {
            let what = if *there == data { "is there already" } else { "is there with other octets" };
            return wrong(format!("piece {number} {what}"));
        }
        let octets: usize = incomplete.pieces.values().map(Vec::len).sum();
        if octets + data.len() > LONGEST {
            self.0.remove(index);
            return wrong(format!("a message of more than {LONGEST} octets"));
        }
        incomplete.pieces.insert(number, data);
        if last {
            incomplete.last = Some(number);
        }
        if incomplete.last != u8::try_from(incomplete.pieces.len()).ok() {
            return Ok(None);
        }
        let whole = self.0.remove(index);
        Ok(whole.map(|whole| whole.pieces.into_values().flatten().collect()))
    }
}

/// The messages that carry a message which is too long for packets of `limit` octets between `ports`; nothing where it is not.
pub(crate) fn cut(
    octets: &[u8],
    id: u16,
    (version, port): (IpVersion, u16),
    limit: usize,
) -> Option<Vec<Vec<u8>>> {
    let ip = if version == IpVersion::V4 { 20 } else { 40 };
    let marker = if port == NAT_PORT { 4 } else { 0 };
    let room = limit.saturating_sub(ip + UDP_HEADER + marker);
    if octets.len() <= room {
        return None;
    }
    let size = room.saturating_sub(Header::LEN + FRAGMENT_HEADER).max(1);
    let header = Header::parse(octets).ok()?;
    // It is no message of an exchange itself, and so has no message ID (MS-IKEE §2.2.3.1).
    let header = Header { message_id: 0, flags: Flags::default(), ..header };
    let count = octets.len().div_ceil(size);
    let pieces = octets.chunks(size).zip(1..=MOST_PIECES).map(|(data, number)| {
        let last = usize::from(number) == count;
        let piece = Fragment { id, number, last, data: data.to_vec() };
        Message { header, payloads: vec![Payload::Fragment(piece)] }.emit()
    });
    (count <= usize::from(MOST_PIECES)).then(|| pieces.collect())
}

/// The length of the UDP header in octets.
const UDP_HEADER: usize = 8;

/// The length of a Fragment payload without its data, the generic header included.
const FRAGMENT_HEADER: usize = 8;

#[cfg(test)]
mod tests;

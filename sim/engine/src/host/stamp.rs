//! The octets of a measured datagram: a number, the time of sending, and a filler by which damage is noticed.
//!
//! ```text
//! 0       4      5                12
//! | number | check | time in ns    | filler …
//! ```
//! All twelve fit into an IPv4 packet of 40 octets, the smallest of the IMIX.

use ipsec_net::Instant;

/// What a measured datagram says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Which one of its flow it is, counted from 0.
    pub number: u32,
    /// When it was sent. After 2^56 ns, or 833 days, the clock stands still.
    pub sent: Instant,
}

impl Stamp {
    /// The least payload of a measured datagram in octets.
    pub const LEN: usize = 12;

    /// Fills a payload; one shorter than [`Stamp::LEN`] gets zeros, which nobody takes for a stamp.
    pub fn write(&self, payload: &mut [u8]) {
        let Some((stamp, filler)) = payload.split_first_chunk_mut::<{ Self::LEN }>() else {
            return payload.fill(0);
        };
        stamp[..4].copy_from_slice(&self.number.to_be_bytes());
        stamp[4..].copy_from_slice(&self.sent.as_nanos().min(LAST).to_be_bytes());
        stamp[4] = check(stamp);
        for (octet, expected) in filler.iter_mut().zip(filling(stamp[4])) {
            *octet = expected;
        }
    }

    /// Reads a payload; nothing when it is too short or any one bit of it was changed.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Self> {
        let (stamp, filler) = payload.split_first_chunk::<{ Self::LEN }>()?;
        if stamp[4] != check(stamp) || !filler.iter().copied().eq(filling(stamp[4]).take(filler.len())) {
            return None;
        }
        let (number, time) = stamp.split_first_chunk::<4>()?;
        let sent = u64::from_be_bytes(time.try_into().ok()?) & LAST;
        Some(Self { number: u32::from_be_bytes(*number), sent: Instant::from_nanos(sent) })
    }
}

const LAST: u64 = (1 << 56) - 1;

/// All octets but the check's own, one upon the other; zeros alone do not pass.
fn check(stamp: &[u8; Stamp::LEN]) -> u8 {
    stamp[..4].iter().chain(&stamp[5..]).fold(0xa5, |check, octet| check ^ octet)
}

fn filling(check: u8) -> impl Iterator<Item = u8> {
    (1..=u8::MAX).cycle().map(move |step| check.wrapping_add(step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_reads_back_from_any_length() {
        let stamp = Stamp { number: 0x0102_0304, sent: Instant::from_nanos(61_300_000_001) };
        for length in [12, 13, 100, 1472] {
            let mut payload = vec![0xee; length];
            stamp.write(&mut payload);
            assert_eq!(Stamp::read(&payload), Some(stamp), "{length}");
        }
        let mut short = [0xee; 11];
        stamp.write(&mut short);
        assert_eq!((short, Stamp::read(&short), Stamp::read(&[0; 12])), ([0; 11], None, None));
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        let mut payload = [0; 600];
        Stamp { number: 77, sent: Instant::from_nanos(u64::MAX) }.write(&mut payload);
        for bit in 0..payload.len() * 8 {
            payload[bit / 8] ^= 0x80 >> (bit % 8);
            assert_eq!(Stamp::read(&payload), None, "bit {bit}");
            payload[bit / 8] ^= 0x80 >> (bit % 8);
        }
        assert_eq!(Stamp::read(&payload).map(|stamp| stamp.sent.as_nanos()), Some(LAST));
    }
}

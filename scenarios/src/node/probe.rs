//! The packets that hosts send: each tells whose it is and which, so that a receiver can check it octet for octet.

/// The octets that every probe begins with. Outside a tunnel nobody must see them.
pub const MAGIC: [u8; 8] = *b"esplprob";

/// What tells one probe from every other in its scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Probe {
    /// The traffic, by its place in the file.
    pub traffic: u8,
    /// The end that sent it: 0 or 1.
    pub side: u8,
    /// Its number, counted from 0 for each end.
    pub number: u32,
}

impl Probe {
    /// A payload of `size` octets, at least 16, that holds the probe and a pattern that follows from it.
    #[must_use]
    pub fn payload(&self, size: usize) -> Vec<u8> {
        let mut payload = Vec::with_capacity(size.max(HEADER_LEN));
        payload.extend(MAGIC);
        self.write(&mut payload);
        payload.resize(size.max(HEADER_LEN), 0);
        for (octets, pattern) in payload[HEADER_LEN..].chunks_mut(PATTERN_LEN).zip(self.pattern()) {
            octets.copy_from_slice(&pattern[..octets.len()]);
        }
        payload
    }

    /// What follows from the number (Knuth's MMIX generator).
    fn pattern(&self) -> impl Iterator<Item = [u8; PATTERN_LEN]> + use<> {
        let next = |pattern: &u64| {
            Some(pattern.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f))
        };
        std::iter::successors(Some(u64::from(self.number)), next).skip(1).map(u64::to_be_bytes)
    }

    /// The probe in a payload, and whether all of the payload is as it was sent.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<(Self, bool)> {
        let head = payload.get(..HEADER_LEN).filter(|head| head[..8] == MAGIC)?;
        let number = u32::from_be_bytes([head[10], head[11], head[12], head[13]]);
        let probe = Self { traffic: head[8], side: head[9], number };
        let mut octets = payload[HEADER_LEN..].chunks(PATTERN_LEN).zip(probe.pattern());
        let is_whole = head[14..] == [0; 2] && octets.all(|(octets, pattern)| pattern.starts_with(octets));
        Some((probe, is_whole))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend([self.traffic, self.side]);
        out.extend(self.number.to_be_bytes());
    }
}

const HEADER_LEN: usize = 16;
/// So many octets of the pattern are made at a time.
const PATTERN_LEN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_reads_back_and_a_changed_one_is_noticed() {
        let probe = Probe { traffic: 3, side: 1, number: 70_000 };
        let mut payload = probe.payload(500);
        assert_eq!(Probe::read(&payload), Some((probe, true)));
        payload[400] ^= 1;
        assert_eq!(Probe::read(&payload), Some((probe, false)));
        assert_eq!(Probe::read(&payload[..15]), None);
        assert_eq!(Probe::read(&[0; 100]), None);
    }
}

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
        payload.extend([0; 2]);
        let mut pattern = self.number.wrapping_mul(0x9e37_79b9) | 1;
        while payload.len() < size {
            pattern = pattern.wrapping_mul(0x0019_660d).wrapping_add(0x3c6e_f35f);
            payload.push((pattern >> 24) as u8);
        }
        payload
    }

    /// The probe in a payload, and whether all of the payload is as it was sent.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<(Self, bool)> {
        let head = payload.get(..HEADER_LEN).filter(|head| head[..8] == MAGIC)?;
        let number = u32::from_be_bytes([head[10], head[11], head[12], head[13]]);
        let probe = Self { traffic: head[8], side: head[9], number };
        Some((probe, probe.payload(payload.len()) == payload))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend([self.traffic, self.side]);
        out.extend(self.number.to_be_bytes());
    }
}

const HEADER_LEN: usize = 16;

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

//! Where random bytes come from: the caller, always.

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

/// A source of random bytes. Nothing in this crate draws them from anywhere else, so a run can be repeated to the
/// byte and a vector can fix a private key. Each function that draws documents how many bytes and what they become.
pub trait Entropy: Send {
    /// Overwrites all of `bytes` with the next bytes of the source.
    fn fill(&mut self, bytes: &mut [u8]);
}

impl<E: Entropy + ?Sized> Entropy for Box<E> {
    fn fill(&mut self, bytes: &mut [u8]) {
        (**self).fill(bytes);
    }
}

/// An [`Entropy`] where a cryptographic crate wants its own kind of source.
pub(crate) struct AsRng<'a>(pub(crate) &'a mut dyn Entropy);

impl TryRng for AsRng<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut word = [0; 4];
        self.0.fill(&mut word);
        Ok(u32::from_le_bytes(word))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut word = [0; 8];
        self.0.fill(&mut word);
        Ok(u64::from_le_bytes(word))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl TryCryptoRng for AsRng<'_> {}

/// A closed list of bytes, for published vectors that fix nonces and private keys. After its end it gives zeros.
#[derive(Debug, Clone)]
pub struct FixedEntropy {
    bytes: Vec<u8>,
    drawn: usize,
}

impl FixedEntropy {
    /// Gives exactly these bytes, in this order.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), drawn: 0 }
    }

    /// How many bytes were asked for so far. More than the list holds means that zeros were given.
    pub fn drawn(&self) -> usize {
        self.drawn
    }
}

impl Entropy for FixedEntropy {
    fn fill(&mut self, bytes: &mut [u8]) {
        let rest = self.bytes.get(self.drawn..).unwrap_or_default();
        let given = rest.len().min(bytes.len());
        let (from_list, beyond) = bytes.split_at_mut(given);
        from_list.copy_from_slice(&rest[..given]);
        beyond.fill(0);
        self.drawn += bytes.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_entropy_gives_its_list_once_and_then_zeros() {
        let mut entropy = FixedEntropy::new([1, 2, 3]);
        let mut first = [0xff; 2];
        let mut second = [0xff; 3];
        entropy.fill(&mut first);
        entropy.fill(&mut second);
        assert_eq!((first, second), ([1, 2], [3, 0, 0]));
        entropy.fill(&mut first);
        assert_eq!((first, entropy.drawn()), ([0, 0], 7));
    }
}

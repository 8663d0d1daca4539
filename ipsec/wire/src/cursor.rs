//! A reader that knows where it is, so that every complaint has an offset.

use crate::Malformed;

/// Reads octets in order; `base` is where they begin in the message.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    octets: &'a [u8],
    base: usize,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(octets: &'a [u8], base: usize) -> Self {
        Self { octets, base, at: 0 }
    }

    /// The offset in the message of the next octet.
    pub(crate) fn offset(&self) -> usize {
        self.base + self.at
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at == self.octets.len()
    }

    /// Takes `count` octets, of something called `what`.
    pub(crate) fn take(&mut self, count: usize, what: &str) -> Result<&'a [u8], Malformed> {
        let left = self.octets.len() - self.at;
        if count > left {
            let text = format!("{what} needs {count} octets, but {left} are left");
            return Err(Malformed::new(self.offset(), text));
        }
        let taken = &self.octets[self.at..self.at + count];
        self.at += count;
        Ok(taken)
    }

    /// Takes what is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        let rest = &self.octets[self.at..];
        self.at = self.octets.len();
        rest
    }

    /// Takes `count` octets as a reader of their own.
    pub(crate) fn nested(&mut self, count: usize, what: &str) -> Result<Self, Malformed> {
        let base = self.offset();
        Ok(Self::new(self.take(count, what)?, base))
    }

    pub(crate) fn u8(&mut self, what: &str) -> Result<u8, Malformed> {
        Ok(self.take(1, what)?[0])
    }

    pub(crate) fn u16(&mut self, what: &str) -> Result<u16, Malformed> {
        self.array(what).map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self, what: &str) -> Result<u32, Malformed> {
        self.array(what).map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self, what: &str) -> Result<u64, Malformed> {
        self.array(what).map(u64::from_be_bytes)
    }

    pub(crate) fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], Malformed> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, what)?);
        Ok(array)
    }
}

#[cfg(test)]
mod tests;

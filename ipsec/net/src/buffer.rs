//! An octet buffer with headroom and tailroom: tunnel headers go in front of a packet, trailers and ICVs behind it,
//! without moving what is already there.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// Octets with room before and behind them.
///
/// [`Buffer::grow_front`] and [`Buffer::grow_back`] are free while the room lasts and copy once when it does not.
#[derive(Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    start: usize,
}

/// With the usual room round the octets, whatever the original has left of it.
impl Clone for Buffer {
    fn clone(&self) -> Self {
        Self::copy_of(self)
    }
}

impl Buffer {
    /// Room kept before the octets of a new buffer: an outer IPv6 header, AH with the longest ICV, UDP, ESP with its
    /// IV, and a fragment header.
    pub const HEADROOM: usize = 128;
    /// Room kept behind the octets of a new buffer: ESP padding, trailer and the longest ICV.
    pub const TAILROOM: usize = 64;

    /// An empty buffer with the usual headroom, and room behind it for `capacity` octets and the usual tailroom.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let mut bytes = Vec::with_capacity(Self::HEADROOM + capacity + Self::TAILROOM);
        bytes.resize(Self::HEADROOM, 0);
        Self { bytes, start: Self::HEADROOM }
    }

    /// A copy of `octets` with the usual room round it.
    #[must_use]
    pub fn copy_of(octets: &[u8]) -> Self {
        let mut buffer = Self::with_capacity(octets.len());
        buffer.bytes.extend_from_slice(octets);
        buffer
    }

    /// Puts `count` octets in front, of unspecified content, and returns them for writing.
    #[inline]
    pub fn grow_front(&mut self, count: usize) -> &mut [u8] {
        if self.start < count {
            let mut moved = Self::with_capacity(self.len() + count);
            moved.start = moved.bytes.len();
            moved.bytes.resize(moved.start + count, 0);
            moved.bytes.extend_from_slice(self);
            *self = moved;
        } else {
            self.start -= count;
        }
        &mut self.bytes[self.start..self.start + count]
    }

    /// Puts `count` zero octets behind and returns them for writing.
    #[inline]
    pub fn grow_back(&mut self, count: usize) -> &mut [u8] {
        let end = self.bytes.len();
        self.bytes.resize(end + count, 0);
        &mut self.bytes[end..]
    }

    /// Takes `count` octets off the front; they become headroom. Takes all of them if there are fewer.
    #[inline]
    pub fn shrink_front(&mut self, count: usize) {
        self.start = (self.start + count).min(self.bytes.len());
    }

    /// Keeps the first `length` octets; does nothing if there are no more than that.
    #[inline]
    pub fn truncate(&mut self, length: usize) {
        self.bytes.truncate(self.start + length);
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..]
    }
}

/// Equal octets are equal, whatever room is round them.
impl PartialEq for Buffer {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Buffer {}

/// Takes the octets as they are, without headroom.
impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, start: 0 }
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({} octets, {} before)", self.len(), self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_within_the_room_moves_nothing() {
        let mut buffer = Buffer::copy_of(b"payload");
        let before = buffer.as_ptr();
        buffer.grow_front(8).copy_from_slice(b"headers:");
        buffer.grow_back(3).copy_from_slice(b"icv");
        assert_eq!(&*buffer, b"headers:payloadicv");
        assert_eq!(buffer[8..].as_ptr(), before);
    }

    #[test]
    fn growing_beyond_the_room_keeps_the_octets() {
        let mut buffer = Buffer::from(b"payload".to_vec());
        buffer.grow_front(200).fill(7);
        assert_eq!(buffer.len(), 207);
        assert_eq!(&buffer[200..], b"payload");
    }

    #[test]
    fn shrinking_gives_the_room_back() {
        let mut buffer = Buffer::copy_of(b"headerpayloadtrailer");
        buffer.truncate(13);
        buffer.shrink_front(6);
        assert_eq!(&*buffer, b"payload");
        buffer.shrink_front(100);
        assert!(buffer.is_empty());
    }
}

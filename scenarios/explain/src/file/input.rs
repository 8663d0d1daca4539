//! A file as a stream of octets of which a bounded part is in memory.

use std::io::{Cursor, Read};
use std::ops::Range;

use flate2::read::MultiGzDecoder;

use super::Unreadable;

/// A file's octets, unpacked, with what has been read ahead.
pub(super) struct Input<R> {
    source: Source<R>,
    buffer: Vec<u8>,
    /// What of the buffer is read and not yet taken.
    filled: Range<usize>,
    /// Where `filled` begins in the unpacked file.
    offset: u64,
}

enum Source<R> {
    Plain(Whole<R>),
    /// In a box for its size.
    Packed(Box<MultiGzDecoder<Whole<R>>>),
}

/// A file, with the octets first that were read to recognise it.
type Whole<R> = std::io::Chain<Cursor<Vec<u8>>, R>;

impl<R: Read> Input<R> {
    pub(super) fn new(mut file: R) -> Result<Self, Unreadable> {
        let mut head = Vec::new();
        let read = file.by_ref().take(GZIP.len() as u64).read_to_end(&mut head);
        read.map_err(|error| Unreadable::io(0, &error))?;
        let is_packed = head == GZIP;
        let whole = Cursor::new(head).chain(file);
        let source = if is_packed {
            Source::Packed(Box::new(MultiGzDecoder::new(whole)))
        } else {
            Source::Plain(whole)
        };
        Ok(Self { source, buffer: vec![0; BUFFER], filled: 0..0, offset: 0 })
    }

    /// Where the next octet stands in the unpacked file.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// What is at hand of the octets that come next.
    pub(super) fn at_hand(&self) -> &[u8] {
        &self.buffer[self.filled.clone()]
    }

    /// Takes `count` octets, which are at hand.
    pub(super) fn take(&mut self, count: usize) -> &[u8] {
        let begin = self.filled.start;
        self.filled.start += count;
        self.offset += count as u64;
        &self.buffer[begin..begin + count]
    }

    /// Brings `count` octets to hand; `false` where the file has fewer.
    pub(super) fn bring(&mut self, count: usize) -> Result<bool, Unreadable> {
        if self.filled.len() >= count {
            return Ok(true);
        }
        self.buffer.copy_within(self.filled.clone(), 0);
        self.filled = 0..self.filled.len();
        if self.buffer.len() < count {
            self.buffer.resize(count, 0);
        }
        while self.filled.len() < count {
            let free = &mut self.buffer[self.filled.end..];
            let read = match &mut self.source {
                Source::Plain(file) => file.read(free),
                Source::Packed(file) => file.read(free),
            };
            match read {
                Ok(0) => return Ok(false),
                Ok(count) => self.filled.end += count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Unreadable::io(self.offset + self.filled.len() as u64, &error)),
            }
        }
        Ok(true)
    }
}

/// How gzip files begin (RFC 1952 §2.3.1).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The octets that are read ahead at a time.
const BUFFER: usize = 256 * 1024;

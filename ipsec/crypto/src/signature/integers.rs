//! Signatures of two integers r and s: side by side in equal lengths (RFC 4754 §7, RFC 2409 §5.1), or as a SEQUENCE in
//! DER (RFC 3279 §2.2.2, §2.2.3).

use pkcs8::der::asn1::UintRef;
use pkcs8::der::{Decode, Encode, EncodeValue, Length, Reader, SliceReader, Writer};
use pkcs8::der::{FixedTag, Tag};

/// r and s of equal lengths.
struct Integers<'a>(UintRef<'a>, UintRef<'a>);

impl FixedTag for Integers<'_> {
    const TAG: Tag = Tag::Sequence;
}

impl EncodeValue for Integers<'_> {
    fn value_len(&self) -> pkcs8::der::Result<Length> {
        self.0.encoded_len()? + self.1.encoded_len()?
    }

    fn encode_value(&self, writer: &mut impl Writer) -> pkcs8::der::Result<()> {
        self.0.encode(writer)?;
        self.1.encode(writer)
    }
}

/// DER of r | s.
pub(super) fn to_der(side_by_side: &[u8]) -> Vec<u8> {
    let (r, s) = side_by_side.split_at(side_by_side.len() / 2);
    let integer =
        |bytes| UintRef::new(bytes).expect("DER can say an integer as short as the order of a group");
    Integers(integer(r), integer(s)).to_der().expect("DER can say two of them")
}

/// r | s of DER, each in `len` bytes. None if it is anything but two integers from 0 on that have the room.
pub(super) fn from_der(der: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut reader = SliceReader::new(der).ok()?;
    let integers: pkcs8::der::Result<[UintRef<'_>; 2]> =
        reader.sequence(|reader| Ok([UintRef::decode(reader)?, UintRef::decode(reader)?]));
    let [r, s] = integers.ok()?;
    reader.finish().ok()?;
    let mut side_by_side = vec![0; 2 * len];
    for (integer, room) in [r, s].iter().zip(side_by_side.chunks_mut(len)) {
        let bytes = integer.as_bytes();
        let start = len.checked_sub(bytes.len())?;
        room[start..].copy_from_slice(bytes);
    }
    Some(side_by_side)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn integers_are_written_without_zeros_before_them_and_with_a_sign() {
        let der = to_der(&[0, 0x7f, 0, 0x80]);
        assert_eq!(der, [0x30, 7, 2, 1, 0x7f, 2, 2, 0, 0x80]);
    }

    #[test]
    fn only_two_integers_in_their_one_spelling_are_read() {
        let good = [0x30, 6, 2, 1, 5, 2, 1, 6];
        assert_eq!(from_der(&good, 2), Some(vec![0, 5, 0, 6]));
        let bad: [&[u8]; 11] = [
            &[],
            &[0x30, 0],
            &[0x30, 3, 2, 1, 5],
            &[0x30, 9, 2, 1, 5, 2, 1, 6, 2, 1, 7],
            &[0x30, 6, 2, 1, 5, 2, 1, 6, 0],
            &[0x30, 0x81, 6, 2, 1, 5, 2, 1, 6],
            &[0x30, 7, 2, 2, 0, 5, 2, 1, 6],
            &[0x30, 6, 2, 1, 0x85, 2, 1, 6],
            &[0x31, 6, 2, 1, 5, 2, 1, 6],
            &[0x30, 6, 2, 1, 5, 4, 1, 6],
            &[0x30, 8, 2, 3, 1, 0, 0, 2, 1, 6],
        ];
        for der in bad {
            assert_eq!(from_der(der, 2), None, "{der:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(side_by_side in prop::collection::vec(any::<u8>(), 64)) {
            prop_assert_eq!(from_der(&to_der(&side_by_side), 32), Some(side_by_side));
        }

        #[test]
        fn any_octets_are_read_or_refused(der in prop::collection::vec(any::<u8>(), 0..80), len in 1usize..70) {
            if let Some(side_by_side) = from_der(&der, len) {
                prop_assert_eq!(to_der(&side_by_side), der);
            }
        }
    }
}

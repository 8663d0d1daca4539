//! Sequence numbers (RFC 9293 §3.4): 32 bits on the wire, here places in a stream that never wrap. The SYN
//! has place 0, the first octet of data place 1.

/// The sequence number of a place, where the SYN has `initial`.
pub(super) fn number(initial: u32, place: u64) -> u32 {
    initial.wrapping_add(place as u32)
}

/// The place nearest to `near` that has this sequence number; nothing where that would be before the SYN.
pub(super) fn place(initial: u32, number: u32, near: u64) -> Option<u64> {
    let ahead = number.wrapping_sub(initial).wrapping_sub(near as u32).cast_signed();
    near.checked_add_signed(i64::from(ahead))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_place_survives_the_wire_within_half_the_numbers(
            initial: u32,
            at in 0u64..1 << 40,
            off in -0x8000_0000i64..0x8000_0000,
        ) {
            match at.checked_add_signed(-off) {
                Some(near) => prop_assert_eq!(place(initial, number(initial, at), near), Some(at)),
                None => prop_assert!(off > 0),
            }
        }
    }

    #[test]
    fn there_is_no_place_before_the_syn() {
        assert_eq!(place(7, 6, 0), None);
        assert_eq!(place(7, 7, 5), Some(0));
        assert_eq!(place(u32::MAX, 0, 0), Some(1));
    }
}

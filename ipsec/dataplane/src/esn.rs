//! Extended sequence numbers (RFC 4303 §2.2.1, appendix A2): a packet carries the lower 32 bits, and the receiver infers
//! the upper ones from where its window stands.

/// The full sequence number of a packet that carries `low`, given the highest number that was authenticated so far and
/// the size of the replay window in packets: of the 2³² numbers from the window's left edge on, the one that ends so.
///
/// Without a window (size 0) the number nearest to the highest one is meant.
#[must_use]
pub fn infer(highest: u64, window: u32, low: u32) -> u64 {
    let window = if window == 0 { WITHOUT_WINDOW } else { window };
    let left_edge = highest.saturating_sub(u64::from(window) - 1);
    let number = (left_edge & !LOW) | u64::from(low);
    // Past the last number of all this turns over to small ones, which are too old for any window.
    if number < left_edge { number.wrapping_add(LOW + 1) } else { number }
}

/// The lower half, which a packet carries.
pub(crate) fn low(sequence: u64) -> u32 {
    (sequence & LOW) as u32
}

/// The upper half, which a packet does not carry.
pub(crate) fn high(sequence: u64) -> [u8; 4] {
    ((sequence >> 32) as u32).to_be_bytes()
}

const LOW: u64 = 0xffff_ffff;
const WITHOUT_WINDOW: u32 = 1 << 31;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_upper_half_turns_over_at_the_edge() {
        assert_eq!(infer(0xffff_fff0, 64, 5), 0x1_0000_0005);
        assert_eq!(infer(0x1_0000_0005, 64, 0xffff_fff0), 0xffff_fff0);
        assert_eq!(infer(0x1_0000_0005, 64, 6), 0x1_0000_0006);
    }

    #[test]
    fn before_the_first_packets_there_is_no_earlier_subspace() {
        assert_eq!(infer(0, 64, 1), 1);
        assert_eq!(infer(3, 64, 0xffff_fff0), 0xffff_fff0);
    }

    #[test]
    fn behind_the_last_number_of_all_comes_none() {
        assert_eq!(infer(u64::MAX, 64, 5), 5);
    }

    #[test]
    fn without_a_window_reordered_packets_keep_their_subspace() {
        assert_eq!(infer(0x1_0000_0005, 0, 3), 0x1_0000_0003);
        assert_eq!(infer(0x1_0000_0005, 0, 0xffff_ff00), 0xffff_ff00);
        assert_eq!(infer(0xffff_fff0, 0, 5), 0x1_0000_0005);
    }

    /// RFC 4303 appendix A2.2, word for word.
    fn as_the_rfc_has_it(highest: u64, window: u32, low: u32) -> u64 {
        let (th, tl) = ((highest >> 32) as u32, (highest & LOW) as u32);
        let bl = tl.wrapping_sub(window).wrapping_add(1);
        let high = if tl >= window - 1 {
            if low >= bl { th } else { th.wrapping_add(1) }
        } else if low >= bl {
            th.wrapping_sub(1)
        } else {
            th
        };
        (u64::from(high) << 32) | u64::from(low)
    }

    fn near_a_turn() -> impl Strategy<Value = u64> {
        (1u64..5, -5000i64..5000).prop_map(|(turn, offset)| (turn << 32).saturating_add_signed(offset))
    }

    proptest! {
        #[test]
        fn the_inference_is_that_of_appendix_a2(
            highest in prop_oneof![4096u64.., near_a_turn()],
            window in 1u32..=4096,
            low in prop_oneof![any::<u32>(), 0u32..5000, (u32::MAX - 5000)..],
        ) {
            prop_assert_eq!(infer(highest, window, low), as_the_rfc_has_it(highest, window, low));
        }

        #[test]
        fn numbers_in_the_window_or_less_than_2_to_the_31_ahead_are_inferred_exactly(
            highest in prop_oneof![0u64..1 << 40, near_a_turn()],
            window in prop::sample::select(vec![32u32, 64, 128, 4096]),
            step in prop_oneof![-4096i64..5000, -4096i64..1 << 31],
        ) {
            let number = highest.saturating_add_signed(step.max(1 - i64::from(window)));
            prop_assert_eq!(infer(highest, window, (number & LOW) as u32), number);
        }
    }
}

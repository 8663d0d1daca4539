//! Extended sequence numbers (RFC 4303 §2.2.1, appendix A2): the packet carries the lower 32 bits, and the receiver
//! infers the upper ones from where its window stands.

/// The full sequence number of a packet that carries `low`, given the highest one that was authenticated so far and
/// the size of the window.
#[must_use]
pub fn infer_high(highest: u64, window: u32, low: u32) -> u64 {
    let (top_high, top_low) = (highest >> 32, highest & LOW);
    let (low, window) = (u64::from(low), u64::from(window.max(1)));
    let high = if top_low >= window - 1 {
        // The window lies within one subspace: what is left of it belongs to the next one.
        if low >= top_low - (window - 1) { top_high } else { top_high + 1 }
    } else {
        // The window reaches back into the subspace before.
        let bottom_low = (top_low + (1 << 32) - (window - 1)) & LOW;
        if low >= bottom_low { top_high.saturating_sub(1) } else { top_high }
    };
    (high << 32) | low
}

const LOW: u64 = 0xffff_ffff;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_upper_half_turns_over_at_the_edge() {
        assert_eq!(infer_high(0xffff_fff0, 64, 5), 0x1_0000_0005);
        assert_eq!(infer_high(0x1_0000_0005, 64, 0xffff_fff0), 0xffff_fff0);
        assert_eq!(infer_high(0x1_0000_0005, 64, 6), 0x1_0000_0006);
        assert_eq!(infer_high(0, 64, 1), 1);
    }

    proptest! {
        #[test]
        fn numbers_within_the_window_or_up_to_2_31_ahead_are_inferred_exactly(
            highest in 0u64..1 << 40,
            window in prop::sample::select(vec![32u32, 64, 128, 4096]),
            step in -4096i64..1 << 31,
        ) {
            let number = highest.saturating_add_signed(step.max(1 - i64::from(window)));
            prop_assert_eq!(infer_high(highest, window, (number & LOW) as u32), number);
        }
    }
}

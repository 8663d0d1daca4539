//! Exponentially distributed durations, in whole numbers: no float decides when a packet is sent.

use std::time::Duration;

use crate::RandomStream;

/// Fractional bits of a logarithm.
const FRACTION: u32 = 58;
/// The natural logarithm of 2, times 2^64.
const LN_2: u128 = 0xb172_17f7_d1cf_79ab;

/// Draws a duration from the exponential distribution with this mean, by inversion: the mean times -ln U,
/// where U is one of 2^64 equally likely numbers in (0, 1].
///
/// Right to the nearest nanosecond or two, as long as the mean is less than a year. At most 44.4 times the
/// mean.
pub fn exponential(stream: &mut RandomStream, mean: Duration) -> Duration {
    let nanos = u128::from(u64::try_from(mean.as_nanos()).unwrap_or(u64::MAX));
    let product = nanos * u128::from(negative_logarithm(stream.next_u64()));
    let rounded = product.saturating_add(1 << (FRACTION - 1)) >> FRACTION;
    Duration::from_nanos(u64::try_from(rounded).unwrap_or(u64::MAX))
}

/// -ln((`draw` + 1) / 2^64), times 2^58; too great by no more than 1.
fn negative_logarithm(draw: u64) -> u64 {
    let Some(number) = draw.checked_add(1) else {
        return 0;
    };
    let binary = (64u128 << FRACTION) - u128::from(binary_logarithm(number));
    ((binary * LN_2) >> 64) as u64
}

/// log2(`number`), times 2^58, rounded down; `number` is not 0.
///
/// Squaring a number in [1, 2) doubles its logarithm: what then reaches 2 yields a one bit, and is halved.
fn binary_logarithm(number: u64) -> u64 {
    let exponent = number.ilog2();
    let mut mantissa = number << (63 - exponent);
    let mut logarithm = u64::from(exponent);
    for _ in 0..FRACTION {
        let square = (u128::from(mantissa) * u128::from(mantissa)) >> 63;
        let reached = (square >> 64) as u64;
        mantissa = (square >> reached) as u64;
        logarithm = logarithm << 1 | reached;
    }
    logarithm
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Streams;

    /// `draw`, and -ln((draw + 1) / 2^64) times 2^58 to the nearest whole number, computed with sixty digits.
    const TABLE: [(u64, u64); 12] = [
        (0, 12_786_308_645_202_655_660),
        (1, 12_586_522_572_621_364_165),
        (2, 12_469_655_211_994_953_478),
        (999, 10_795_283_742_777_661_799),
        (4_294_967_295, 6_393_154_322_601_327_830),
        (6_786_177_901_268_885_273, 288_230_376_151_711_744),
        (9_223_372_036_854_775_807, 199_786_072_581_291_495),
        (9_999_999_999_999_999_999, 176_484_263_177_694_545),
        (18_446_735_277_616_529_407, 137_438_986_240),
        (18_446_744_073_708_503_039, 16_384),
        (u64::MAX - 1, 0),
        (u64::MAX, 0),
    ];

    #[test]
    fn logarithms_are_those_of_the_table() {
        for (draw, expected) in TABLE {
            let found = negative_logarithm(draw);
            assert!(found.abs_diff(expected) <= 2, "{draw}: {found}, not {expected}");
            // A relative error below one in a million, wherever the result is more than 2^-38.
            assert!(found < 1 << 20 || found.abs_diff(expected) < found / 1_000_000, "{draw}");
        }
    }

    #[test]
    fn logarithms_of_powers_of_two_are_whole() {
        for exponent in 0..64u32 {
            assert_eq!(binary_logarithm(1 << exponent), u64::from(exponent) << FRACTION);
        }
    }

    #[test]
    fn a_greater_draw_never_gives_a_longer_time() {
        let mut stream = Streams::new(4).stream(&["test"]);
        for _ in 0..10_000 {
            let (a, b) = (stream.next_u64(), stream.next_u64() >> stream.below(64));
            assert!(negative_logarithm(a.max(b)) <= negative_logarithm(a.min(b)));
        }
    }

    const DRAWS: u64 = 100_000;
    const MEAN: u64 = 1_000_000;

    fn drawn() -> Vec<u64> {
        let mut stream = Streams::new(11).stream(&["exponential"]);
        (0..DRAWS).map(|_| exponential(&mut stream, Duration::from_nanos(MEAN)).as_nanos() as u64).collect()
    }

    #[test]
    fn mean_and_variance_are_those_of_the_distribution() {
        let drawn = drawn();
        let mean = drawn.iter().sum::<u64>() / DRAWS;
        // Five standard errors: the mean's is 1/√n of the mean, the variance's √(8/n) of the variance.
        assert!(mean.abs_diff(MEAN) < MEAN * 16 / 1000, "{mean}");
        let squares: u128 = drawn.iter().map(|nanos| u128::from(nanos.abs_diff(mean)).pow(2)).sum();
        let variance = (squares / u128::from(DRAWS)) as u64;
        assert!(variance.abs_diff(MEAN * MEAN) < MEAN * MEAN * 45 / 1000, "{variance}");
    }

    #[test]
    fn quantiles_are_those_of_the_distribution() {
        let drawn = drawn();
        // -ln(1 - p) in millionths, with p in thousandths.
        for (share, quantile) in
            [(10, 10_050), (100, 105_361), (250, 287_682), (500, 693_147), (900, 2_302_585), (990, 4_605_170)]
        {
            let below = drawn.iter().filter(|nanos| **nanos < quantile * MEAN / 1_000_000).count() as u64;
            let expected = DRAWS / 1000 * share;
            let error = (DRAWS * share * (1000 - share) / 1_000_000).isqrt();
            assert!(below.abs_diff(expected) < 5 * error, "{share}: {below}, not {expected}");
        }
    }

    #[test]
    fn extreme_means_do_not_overflow() {
        let mut stream = Streams::new(1).stream(&["test"]);
        assert_eq!(exponential(&mut stream, Duration::ZERO), Duration::ZERO);
        for _ in 0..1000 {
            assert!(exponential(&mut stream, Duration::MAX) <= Duration::from_nanos(u64::MAX));
        }
    }
}

//! Distributions of durations in whole nanoseconds: no float decides anything.

use std::time::Duration;

use crate::RandomStream;

/// A duration from the exponential distribution with this mean: -ln(u) of a uniform u of 64 bits, so at most 44.4 times
/// the mean. The relative error is below 10^-8.
pub fn exponential(stream: &mut RandomStream, mean: Duration) -> Duration {
    let drawn = stream.next_u64().max(1);
    let bits = (64 << 32) - u128::from(log2(drawn));
    let factor = (bits * LN_2) >> 32;
    from_nanos((mean.as_nanos() * factor) >> 32)
}

/// A number of nanoseconds from the normal distribution with mean 0 and this standard deviation, as the sum of twelve
/// uniform numbers (the Irwin-Hall distribution): never farther out than six deviations.
pub fn normal(stream: &mut RandomStream, deviation: Duration) -> i64 {
    let mut sum: i64 = -(6 << 32);
    for _ in 0..6 {
        let drawn = stream.next_u64();
        sum += (drawn >> 32) as i64 + (drawn & 0xffff_ffff) as i64;
    }
    let deviation = i128::try_from(deviation.as_nanos()).unwrap_or(i128::from(i64::MAX));
    let nanos = (i128::from(sum) * deviation.min(i128::from(i64::MAX))) >> 32;
    nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

/// ln 2 with 32 fractional bits.
const LN_2: u128 = 2_977_044_472;

/// The binary logarithm of a number above 0, with 32 fractional bits.
fn log2(number: u64) -> u64 {
    let whole = number.ilog2();
    // The mantissa, from 1 to 2, with 63 fractional bits; each squaring gives one bit of the logarithm.
    let mut mantissa = u128::from(number << (63 - whole));
    let mut fraction = 0;
    for _ in 0..32 {
        mantissa = (mantissa * mantissa) >> 63;
        fraction <<= 1;
        if mantissa >> 64 != 0 {
            fraction |= 1;
            mantissa >>= 1;
        }
    }
    (u64::from(whole) << 32) | fraction
}

fn from_nanos(nanos: u128) -> Duration {
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Streams;

    const COUNT: u64 = 100_000;

    fn stream() -> RandomStream {
        Streams::new(1).stream(&["distribution"])
    }

    #[test]
    fn the_logarithm_is_right_to_nine_digits() {
        // log2 of 3, 12, 1000 and 2^63 + 1 to ten decimals.
        let known =
            [(3, 1.584_962_500_7), (12, 3.584_962_500_7), (1000, 9.965_784_284_7), ((1 << 63) + 1, 63.0)];
        for (number, expected) in known {
            let got = log2(number) as f64 / f64::from(2u32).powi(32);
            assert!((got - expected).abs() < 1e-9, "log2({number}) = {got}");
        }
        assert!((0..64).all(|bit| log2(1 << bit) == u64::from(bit as u32) << 32));
    }

    #[test]
    fn the_exponential_has_its_mean_its_variance_and_its_quantiles() {
        let (mut stream, mean) = (stream(), 1_000_000.0);
        let mut drawn: Vec<f64> = (0..COUNT)
            .map(|_| exponential(&mut stream, Duration::from_millis(1)).as_nanos() as f64)
            .collect();
        let average = drawn.iter().sum::<f64>() / COUNT as f64;
        let variance = drawn.iter().map(|x| (x - average).powi(2)).sum::<f64>() / COUNT as f64;
        assert!((average / mean - 1.0).abs() < 0.02, "mean {average}");
        assert!((variance / mean.powi(2) - 1.0).abs() < 0.05, "variance {variance}");
        drawn.sort_by(f64::total_cmp);
        for share in [0.5, 0.9, 0.99] {
            let expected = -f64::ln(1.0 - share);
            let quantile = drawn[(share * COUNT as f64) as usize] / mean;
            assert!((quantile / expected - 1.0).abs() < 0.05, "{share}: {quantile}");
        }
    }

    #[test]
    fn the_normal_has_its_mean_its_deviation_and_its_quantiles() {
        let mut stream = stream();
        let mut drawn: Vec<f64> =
            (0..COUNT).map(|_| normal(&mut stream, Duration::from_millis(1)) as f64 / 1e6).collect();
        let average = drawn.iter().sum::<f64>() / COUNT as f64;
        let variance = drawn.iter().map(|x| (x - average).powi(2)).sum::<f64>() / COUNT as f64;
        assert!(average.abs() < 0.02, "mean {average}");
        assert!((variance - 1.0).abs() < 0.03, "variance {variance}");
        drawn.sort_by(f64::total_cmp);
        for (share, expected) in [(0.1587, -1.0), (0.5, 0.0), (0.8413, 1.0), (0.9772, 2.0)] {
            let quantile = drawn[(share * COUNT as f64) as usize];
            assert!((quantile - expected).abs() < 0.05, "{share}: {quantile}");
        }
        assert!(drawn.iter().all(|x| x.abs() <= 6.0));
    }

    #[test]
    fn nothing_and_the_longest_time_are_no_trouble() {
        let mut stream = stream();
        assert_eq!(exponential(&mut stream, Duration::ZERO), Duration::ZERO);
        assert_eq!(normal(&mut stream, Duration::ZERO), 0);
        exponential(&mut stream, Duration::MAX);
        normal(&mut stream, Duration::MAX);
    }
}

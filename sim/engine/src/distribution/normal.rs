//! Normally distributed durations, in whole numbers.

use std::time::Duration;

use crate::RandomStream;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Streams;

    const COUNT: u64 = 100_000;

    fn stream() -> RandomStream {
        Streams::new(1).stream(&["distribution"])
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
        assert_eq!(normal(&mut stream(), Duration::ZERO), 0);
        normal(&mut stream(), Duration::MAX);
    }
}

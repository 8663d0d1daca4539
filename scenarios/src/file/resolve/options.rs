//! Lifetimes of SAs, and what SAs do that most do not.

use std::ops::RangeInclusive;
use std::time::Duration;

use ipsec::dataplane::{DontFragment, LifetimePolicy, Limits, SaOptions, UdpEncapsulation};
use toml::Spanned;

use super::problems::Problems;
use crate::diagnostic::Problem;
use crate::file::nouns::{self, Text};
use crate::file::scenario::Mode;
use crate::quantity;

/// Where ESP in UDP is sent from and to (RFC 3948 §2.1).
const UDP_PORT: u16 = 4500;
/// How often NAT is reminded unless the file says otherwise (RFC 3948 §4).
const KEEPALIVE: Duration = Duration::from_secs(20);
/// What the routers take as a lifetime in seconds, and what is taken where that is wrong: eight hours.
const SECONDS: RangeInclusive<i64> = 180..=86_400;
const DEFAULT_SECONDS: u64 = 28_800;
/// How far soft limits lie before the hard ones, in percent of these, unless the file says otherwise.
const MARGIN: u8 = 10;

/// What else the SAs of this mode do.
pub(super) fn options(noun: Option<&nouns::Options>, mode: Mode, problems: &mut Problems) -> SaOptions {
    let Some(noun) = noun else { return SaOptions::default() };
    if mode == Mode::Transport {
        let of_tunnels = [
            (noun.dscp.as_ref().map(Spanned::span), "dscp"),
            (noun.pad_to.as_ref().map(Spanned::span), "pad-to"),
            (noun.dummies.as_ref().map(Spanned::span), "dummies"),
        ];
        for (span, key) in of_tunnels {
            if let Some(span) = span {
                let problem = Problem::at(span, format!("`{key}` is for tunnel mode"));
                problems.add(problem.help("in transport mode the packet's own header stays"));
            }
        }
    }
    let keepalive = problems.read_or(noun.keepalive.as_ref(), quantity::duration, KEEPALIVE);
    let udp = |_| UdpEncapsulation {
        local_port: UDP_PORT,
        remote_port: UDP_PORT,
        keepalive: (!keepalive.is_zero()).then_some(keepalive),
        original: None,
    };
    if let (None, Some(keepalive)) = (noun.encapsulation, &noun.keepalive) {
        let problem = Problem::at(keepalive.span(), "a keepalive without encapsulation");
        problems.add(problem.help("add `encapsulation = \"udp\"`"));
    }
    SaOptions {
        sequence: problems.read_or(noun.sequence.as_ref(), sequence, 0),
        encapsulation: noun.encapsulation.map(udp),
        dont_fragment: match noun.df {
            None | Some(nouns::DontFragment::Copy) => DontFragment::Copy,
            Some(nouns::DontFragment::Set) => DontFragment::Set,
            Some(nouns::DontFragment::Clear) => DontFragment::Clear,
        },
        dscp: noun.dscp.as_ref().map(|dscp| problems.number_or(Some(dscp), 0..=63, "a DSCP", 0)),
        pad_to: noun.pad_to.as_ref().map(|length| problems.number_or(Some(length), 1..=9000, "a length", 0)),
        dummies: noun.dummies.as_ref().and_then(|wait| problems.read(wait, positive)),
        later_fragments: true,
    }
}

/// A number that was used already: `4294967290`, or `2^32 - 6`, which says better what is meant.
fn sequence(text: &str) -> Result<u64, String> {
    let wrong = || format!("\"{text}\" is no sequence number: write one such as \"1000\" or \"2^32 - 6\"");
    let number = |text: &str| match text.trim().split_once('^') {
        Some((base, exponent)) => {
            let (base, exponent) = (base.trim().parse::<u128>().ok()?, exponent.trim().parse::<u32>().ok()?);
            base.checked_pow(exponent)
        }
        None => text.trim().parse::<u128>().ok(),
    };
    let value = match text.split_once(['-', '+']) {
        None => number(text),
        Some((first, second)) => number(first).zip(number(second)).and_then(|(first, second)| {
            if text.contains('-') { first.checked_sub(second) } else { first.checked_add(second) }
        }),
    };
    value.and_then(|value| u64::try_from(value).ok()).ok_or_else(wrong)
}

/// How long the SAs of a child may be used; for ever when nothing is said.
pub(super) fn lifetime(noun: Option<&nouns::Lifetime>, problems: &mut Problems) -> LifetimePolicy {
    let Some(noun) = noun else { return LifetimePolicy::default() };
    let mut count = |number: Option<&Spanned<i64>>, what| {
        number.map(|number| problems.number_or(Some(number), 1..=i64::MAX, what, u64::MAX))
    };
    let (octets, packets) = (
        count(noun.bytes.as_ref(), "a lifetime in bytes"),
        count(noun.packets.as_ref(), "a lifetime in packets"),
    );
    let time = time(noun.time.as_ref(), noun.seconds.as_ref(), problems);
    let (margin, jitter) = margin(noun.margin.as_ref(), noun.jitter.as_ref(), problems);
    LifetimePolicy {
        hard: Limits { time, octets, packets },
        margin,
        jitter,
        idle: noun.idle.as_ref().and_then(|idle| problems.read(idle, positive)),
    }
}

/// How long the IKE SAs of a configuration last; for ever when nothing is said.
pub(super) fn ike_lifetime(noun: Option<&nouns::IkeLifetime>, problems: &mut Problems) -> LifetimePolicy {
    let Some(noun) = noun else { return LifetimePolicy::default() };
    let time = time(noun.time.as_ref(), noun.seconds.as_ref(), problems);
    let (margin, jitter) = margin(noun.margin.as_ref(), noun.jitter.as_ref(), problems);
    LifetimePolicy { hard: Limits { time, ..Limits::default() }, margin, jitter, idle: None }
}

/// How far the soft limits lie before the hard ones, and how much further they may. What would be due at once is refused:
/// each SA would be replaced as soon as it is there.
fn margin(margin: Option<&Text>, jitter: Option<&Text>, problems: &mut Problems) -> (u8, u8) {
    let parts = (problems.read_or(margin, percent, MARGIN), problems.read_or(jitter, percent, 0));
    if let Some(last) = jitter.or(margin).filter(|_| parts.0.saturating_add(parts.1) >= 100) {
        let problem = Problem::at(last.span(), "SAs would be due for rekeying as soon as they are there");
        problems.add(problem.label("expected `margin` and `jitter` to be less than 100% together"));
    }
    parts
}

/// A lifetime in time: any, or in seconds as the routers take it.
fn time(time: Option<&Text>, seconds: Option<&Spanned<i64>>, problems: &mut Problems) -> Option<Duration> {
    if let (Some(_), Some(seconds)) = (time, seconds) {
        let problem = Problem::at(seconds.span(), "a lifetime is given once");
        problems.add(problem.label("expected either `time` or `seconds`"));
    }
    let seconds = seconds
        .map(|seconds| problems.number_or(Some(seconds), SECONDS, "a lifetime in seconds", DEFAULT_SECONDS));
    time.and_then(|time| problems.read(time, positive)).or(seconds.map(Duration::from_secs))
}

fn positive(text: &str) -> Result<Duration, String> {
    match quantity::duration(text)? {
        Duration::ZERO => Err("expected more than no time".to_owned()),
        duration => Ok(duration),
    }
}

fn percent(text: &str) -> Result<u8, String> {
    let number = text.strip_suffix('%').and_then(|number| number.trim().parse::<u8>().ok());
    number
        .filter(|number| *number <= 100)
        .ok_or_else(|| format!("\"{text}\" is no share in whole percent: write one such as \"10%\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_may_be_written_by_powers() {
        let read = |text| sequence(text).ok();
        assert_eq!(
            [read("0"), read("4294967290"), read("2^32 - 6"), read("2^33+5"), read("2^64 - 1")],
            [Some(0), Some(4_294_967_290), Some(4_294_967_290), Some((1 << 33) + 5), Some(u64::MAX)]
        );
        for text in ["", "-1", "2^64", "5 - 6", "2^", "2^999", "one", "1 - 2 - 3"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_lifetime_in_seconds_has_the_limits_of_the_routers() {
        let read = |seconds: i64, time: Option<&str>| {
            let place = |text: &str| Spanned::new(0..1, text.to_owned());
            let noun = nouns::Lifetime {
                seconds: Some(Spanned::new(0..1, seconds)),
                time: time.map(place),
                ..nouns::Lifetime::default()
            };
            let mut problems = Problems::default();
            let policy = lifetime(Some(&noun), &mut problems);
            problems.none_or(policy.hard.time.map(|time| time.as_secs())).ok()
        };
        for seconds in [180, 28_800, 86_400] {
            assert_eq!(read(seconds, None), Some(Some(seconds as u64)));
        }
        assert!([179, 86_401, 0, -1].iter().all(|seconds| read(*seconds, None).is_none()));
        assert_eq!(read(200, Some("1h")), None, "once is enough");
    }

    #[test]
    fn shares_are_whole_percents() {
        assert_eq!((percent("10%").ok(), percent("100 %").ok()), (Some(10), Some(100)));
        assert!(["10", "101%", "-1%", "1.5%", "%"].iter().all(|text| percent(text).is_err()));
    }
}

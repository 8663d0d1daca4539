//! One world of an exploration: a scenario file that a seed and a number make.
//!
//! Two gateways share a configuration or do not, the weather between them is bad, and both are told to do things, often at
//! once. Then the network heals, and what the reference model says has to come true.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use ipsec_net::format_duration;
use sim::{RandomStream, Streams};

use super::acts::{self, Line};
use super::{configuration, weather};
use crate::file::{self, Scenario};
use crate::model;

/// A generated scenario.
#[derive(Clone, Debug)]
pub struct World {
    /// Which world of the exploration it is. It is also the seed that it is run with.
    pub number: u64,
    /// The text of its file.
    pub text: String,
    /// What that text says.
    pub scenario: Arc<Scenario>,
}

/// What there is between the gateways, and what they can be told to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    pub(super) version: u8,
    /// The first gateway is behind a translator, and so the second one cannot begin.
    pub(super) behind_nat: bool,
    /// The first gateway has a second address to move to (RFC 4555).
    pub(super) moves: bool,
}

impl Kind {
    fn draw(luck: &mut RandomStream) -> Self {
        let version = if luck.below(4) == 0 { 1 } else { 2 };
        let behind_nat = luck.below(4) == 0;
        Self { version, behind_nat, moves: version == 2 && !behind_nat && luck.below(4) == 0 }
    }

    /// The links, each of which has weather of its own.
    pub(super) fn links(self) -> &'static [&'static str] {
        if self.behind_nat { &["lan", "wan"] } else { &["wan"] }
    }
}

impl World {
    /// The world with this number of the exploration with this seed.
    ///
    /// # Panics
    /// When it is no scenario, which is a fault of the generator.
    #[must_use]
    pub fn draw(seed: u64, number: u64) -> Self {
        let streams = Streams::new(seed);
        let name = number.to_string();
        let mut luck = streams.stream(&["explore", &name, "kind"]);
        let kind = Kind::draw(&mut luck);
        let mut nouns = topology(kind, &mut streams.stream(&["explore", &name, "weather"]));
        nouns += &configuration::draw(kind, &mut streams.stream(&["explore", &name, "configuration"]));
        let acts = acts::draw(kind, &mut streams.stream(&["explore", &name, "acts"]));
        let file = |story: &[Line]| text(seed, number, story, &nouns);
        let parsed = |text: &str| match file::parse("explored", text) {
            Ok(scenario) => scenario,
            Err(problems) => {
                panic!("world {number} of seed {seed} is no scenario:\n{}\n{text}", problems.render(false))
            }
        };
        let story = |outlook| file(&[acts.clone(), acts::end(kind, outlook)].concat());
        let text = story(outlook(&parsed(&story(Outlook::Never)), kind.version));
        let scenario = Arc::new(parsed(&text));
        Self { number, text, scenario }
    }
}

/// What the reference model says of the child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outlook {
    /// The first gateway gets it when it asks for it, and either end can replace it.
    Lasts,
    /// Somebody gets it, but the first gateway does not, or what is to replace it fails: that is negotiated on its own, with other
    /// groups (RFC 7296 §1.3.1).
    Passes,
    /// Nobody gets it.
    Never,
}

fn outlook(scenario: &Scenario, version: u8) -> Outlook {
    let begins = |peer| match version {
        1 => model::ikev1::initiate(scenario, "net", peer)
            .is_some_and(|course| course.phase1.is_ok() && matches!(course.phase2, Some(Ok(_)))),
        _ => model::agreement::initiate(scenario, "net", peer)
            .is_some_and(|course| course.ike.is_ok() && matches!(course.child, Some(Ok(_)))),
    };
    let replaces = |peer| match version {
        1 => begins(peer),
        _ => matches!(model::agreement::rekey_child(scenario, "net", peer), Some((_, Ok(_)))),
    };
    if begins("west") && replaces("west") && replaces("east") {
        Outlook::Lasts
    } else if begins("west") || begins("east") {
        Outlook::Passes
    } else {
        Outlook::Never
    }
}

fn text(seed: u64, number: u64, story: &[Line], nouns: &str) -> String {
    let drops = ALLOWED.map(|drop| format!("\"{drop}\"")).join(", ");
    let mut text = format!(
        "title = \"World {number} of the exploration with seed {seed}\"\nseeds = \"{number}..{}\"\nallow = {{ drops = [{drops}] }}\n\nstory = '''\n",
        number + 1
    );
    for (at, sentence) in story {
        let _ = writeln!(text, "{:8} {sentence}", format_duration(Duration::from_millis(*at)));
    }
    text + "'''\n\n" + nouns
}

/// What bad weather and impatient operators account for. What is missing here, such as `ike-no-connection` or `unprotected`,
/// would be somebody's fault.
const ALLOWED: [&str; 42] = [
    "discarded",
    "esp-padding",
    "fragment-refused",
    "fragment-timeout",
    "icmp",
    "ike-address",
    "ike-differs",
    "ike-exchange",
    "ike-flags",
    "ike-fragment",
    "ike-fragment-answered",
    "ike-fragment-not-agreed",
    "ike-fragment-repeated",
    "ike-fragment-superseded",
    "ike-fragment-timeout",
    "ike-fragment-too-many",
    "ike-integrity",
    "ike-malformed",
    "ike-out-of-window",
    "ike-protection",
    "ike-public-value",
    "ike-repeated",
    "ike-state",
    "ike-undecided",
    "ike-undecipherable",
    "ike-unexpected",
    "ike-unknown-key",
    "ike-unknown-spi",
    "ike-unprotected",
    "ike-version",
    "no-address",
    "no-sa",
    "not-for-us",
    "sa-integrity",
    "sa-malformed",
    "sa-replayed",
    "sa-selectors",
    "sa-too-old",
    "sa-unknown-spi",
    "udp-checksum",
    "udp-malformed",
    "udp-port",
];

fn topology(kind: Kind, luck: &mut RandomStream) -> String {
    let (address, elsewhere) = match kind {
        Kind { behind_nat: true, .. } => ("10.0.0.2", String::new()),
        Kind { moves: true, .. } => ("192.0.2.1", "elsewhere = \"192.0.2.77\"\n".to_owned()),
        Kind { .. } => ("192.0.2.1", String::new()),
    };
    let mut nouns = format!(
        "[peer.west]\naddress = \"{address}\"\n{elsewhere}protects = \"10.1.0.0/16\"\n{}\n\
         [peer.east]\naddress = \"198.51.100.1\"\nprotects = \"10.2.0.0/16\"\n{}\n",
        weather::peer(luck),
        weather::peer(luck),
    );
    if kind.behind_nat {
        nouns += &weather::translator(luck);
        nouns += &format!("[link.lan]\njoins = [\"west\", \"home\"]\n{}\n", weather::link(kind, luck));
        nouns += &format!("[link.wan]\njoins = [\"home\", \"east\"]\n{}\n", weather::link(kind, luck));
    } else {
        nouns += &format!("[link.wan]\njoins = [\"west\", \"east\"]\n{}\n", weather::link(kind, luck));
    }
    nouns + "[traffic.talk]\nbetween = [\"10.1.0.10\", \"10.2.0.10\"]\nrate = \"2/s\"\nsize = \"64..1300\"\n"
}

//! The shapes of sentences. The shape that a table row shows to people is the grammar that the reader follows:
//! `CHILD up at PEERS [within TIME]` has words that stand for themselves, slots in capitals, and an end that may be missing.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;
use std::time::Duration;

use ipsec::dataplane::{Limit, Measure};
use ipsec::ikev2::Service;
use ipsec::wire::v2::TrafficSelector;
use ipsec_net::{Instant, Prefix};

use super::names::{Kind, Names};
use super::sentence::{FailureReason, SelectorWord, Selectors};
use super::vocabulary::{drop_reason, probe};
use super::words::{Token, TokenKind};
use crate::diagnostic::{Problem, nearest};
use crate::file::IkeProposal;
use crate::quantity::{self, Ratio};
use crate::service;

/// What the slots of a shape were filled with; those that the shape does not have keep their defaults.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    /// `PEERS`, or the one `PEER`.
    pub(super) peers: Vec<String>,
    /// `CHILD`, `IKE`, `LINK` or `TRAFFIC`.
    pub(super) name: String,
    /// `REASON`
    pub(super) reason: FailureReason,
    /// `DROP`
    pub(super) drop: String,
    /// `LIMIT`
    pub(super) limit: Limit,
    /// `MEASURE`
    pub(super) measure: Measure,
    /// `GATEWAY`, a peer that need have no part in what is named.
    pub(super) gateway: String,
    /// `PROBE`
    pub(super) probe: String,
    /// `TIME`
    pub(super) within: Duration,
    /// `START`
    pub(super) from: Instant,
    /// `END`
    pub(super) to: Instant,
    /// `SHARE`
    pub(super) share: Ratio,
    /// `COUNT`
    pub(super) count: u32,
    /// `CLASS`
    pub(super) class: u8,
    /// `"WORDS"`
    pub(super) words: String,
    /// `ADDRESS`
    pub(super) address: IpAddr,
    /// `OTHER`, a second address.
    pub(super) other: IpAddr,
    /// `PLACE`, an address of the peer's own.
    own: Option<(IpAddr, Range<usize>)>,
    /// `"SELECTORS"`
    pub(super) selectors: Selectors,
    /// `"PROPOSAL"`
    pub(super) proposal: IkeProposal,
    /// Where the peers and the name stand.
    peer_spans: Vec<Range<usize>>,
}

impl Default for Slots {
    fn default() -> Self {
        Self {
            peers: Vec::new(),
            name: String::new(),
            reason: FailureReason::Timeout,
            drop: String::new(),
            limit: Limit::Soft,
            measure: Measure::Time,
            gateway: String::new(),
            probe: String::new(),
            within: Duration::ZERO,
            from: Instant::ZERO,
            to: Instant::ZERO,
            share: Ratio::NEVER,
            count: 0,
            class: 0,
            words: String::new(),
            address: Ipv4Addr::UNSPECIFIED.into(),
            other: Ipv4Addr::UNSPECIFIED.into(),
            own: None,
            selectors: Selectors { local: Vec::new(), remote: Vec::new() },
            proposal: IkeProposal::default(),
            peer_spans: Vec::new(),
        }
    }
}

impl Slots {
    /// The only peer, in shapes that have one.
    pub(super) fn peer(&self) -> String {
        self.peers.first().cloned().unwrap_or_default()
    }

    /// Adds a peer that stood outside the shape, as subjects do.
    pub(super) fn add_peer(&mut self, token: &Token<'_>) {
        self.peers.push(token.text.to_owned());
        self.peer_spans.push(token.span.clone());
    }

    /// The peer's own address, in shapes that have one.
    pub(super) fn place(&self) -> IpAddr {
        self.own.as_ref().map_or(Ipv4Addr::UNSPECIFIED.into(), |(place, _)| *place)
    }

    /// Whether the peers have a part in what is named, and the address.
    ///
    /// # Errors
    /// When one has not.
    pub(super) fn check_parts(&self, names: &Names) -> Result<(), Problem> {
        for (peer, span) in self.peers.iter().zip(&self.peer_spans) {
            if !names.has_end(&self.name, peer) {
                let message = format!("`{peer}` has no part in `{}`", self.name);
                return Err(Problem::at(span.clone(), message));
            }
        }
        let (Some((place, span)), Some(peer)) = (&self.own, self.peers.first()) else { return Ok(()) };
        let known = names.addresses(peer);
        if !known.contains(place) {
            let known: Vec<String> = known.iter().map(ToString::to_string).collect();
            let problem = Problem::at(span.clone(), format!("{place} is no address of `{peer}`"));
            return Err(problem.help(format!("its `address` and `elsewhere` have {}", known.join(", "))));
        }
        Ok(())
    }
}

/// A sentence that does not fit a shape: how far it did, and what would have fitted there.
#[derive(Clone, Debug)]
pub(super) struct Miss {
    /// The number of the word that does not fit; as many as there are words when the line ends too soon.
    pub(super) at: usize,
    /// What the shape has there, for people.
    pub(super) expected: Vec<String>,
    /// The words that would have fitted there.
    pub(super) known: Vec<String>,
    /// What is wrong with the word, when it is of the right kind.
    pub(super) problem: Option<Box<Problem>>,
}

/// Reads `tokens` as `shape` has them.
pub(super) fn fit(shape: &str, tokens: &[Token<'_>], names: &Names) -> Result<Slots, Miss> {
    let mut reader = Reader { tokens, at: 0, names, slots: Slots::default() };
    let (always, end) = shape.split_once(" [").unwrap_or_else(|| match shape.strip_prefix('[') {
        Some(end) => ("", end),
        None => (shape, ""),
    });
    for element in always.split_whitespace() {
        reader.element(element)?;
    }
    let mut optional = end.trim_end_matches(']').split_whitespace();
    if reader.at < tokens.len() {
        for element in optional.by_ref() {
            reader.element(element)?;
        }
    }
    if reader.at < tokens.len() {
        return Err(reader.miss("the end of the line", []));
    }
    Ok(reader.slots)
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    names: &'a Names,
    slots: Slots,
}

impl Reader<'_> {
    fn element(&mut self, element: &str) -> Result<(), Miss> {
        match element {
            "CHILD" => self.slots.name = self.name(Kind::Child)?,
            "IKE" => self.slots.name = self.name(Kind::Ike)?,
            "TRAFFIC" => self.slots.name = self.name(Kind::Traffic)?,
            "TESTER" => self.slots.name = self.name(Kind::Tester)?,
            "PEER" => self.peer()?,
            "GATEWAY" => self.slots.gateway = self.name(Kind::Peer)?,
            "PEERS" => self.peers()?,
            "REASON" => {
                let known = FailureReason::ALL.map(|reason| (reason.name(), reason));
                self.slots.reason = self.one_of("a reason", known)?;
            }
            "SA" => self.slots.name = self.sa()?,
            "DROP" => self.slots.drop = self.value("a drop reason such as sa-replayed", drop_reason)?,
            "LIMIT" => {
                let known = [Limit::Soft, Limit::Hard];
                self.slots.limit = self.one_of("a limit", known.map(|limit| (limit.name(), limit)))?;
            }
            "MEASURE" => {
                let known = Measure::ALL.map(|measure| (measure.name(), measure));
                self.slots.measure = self.one_of("a measure", known)?;
            }
            "PROBE" => self.slots.probe = self.probe()?,
            "TIME" => self.slots.within = self.value("a time such as 20s", quantity::duration)?,
            "START" => self.slots.from = self.instant()?,
            "END" => self.slots.to = self.end()?,
            "SHARE" => self.slots.share = self.value("a share such as 90%", quantity::share)?,
            "COUNT" => self.slots.count = self.value("a number", count)?,
            "ADDRESS" => self.slots.address = self.value("an IP address", address)?,
            "OTHER" => self.slots.other = self.value("an IP address", address)?,
            "PLACE" => {
                let (at, place) = (self.at, self.value("an address of the peer's", address)?);
                self.slots.own = Some((place, self.tokens[at].span.clone()));
            }
            "CLASS" => self.slots.class = self.value("a traffic class", class)?,
            "\"WORDS\"" => self.slots.words = self.in_quotes("words of the sentence", words)?,
            "\"SELECTORS\"" => {
                let expected = "selectors such as \"10.1.0.0/16 === 10.2.0.0/16\"";
                self.slots.selectors = self.in_quotes(expected, selectors)?;
            }
            "\"PROPOSAL\"" => {
                let expected = "algorithms such as \"aes128gcm16-prfsha256-x25519\"";
                self.slots.proposal = self.in_quotes(expected, IkeProposal::parse)?;
            }
            "\"ADDRESS\"" => {
                let expected = "an address such as \"10.3.0.1\"";
                self.slots.address = self.in_quotes(expected, address)?;
            }
            word => {
                let fits = |token: &Token<'_>| token.kind == TokenKind::Word && token.text == word;
                if !self.tokens.get(self.at).is_some_and(fits) {
                    return Err(self.miss(&format!("`{word}`"), [word.to_owned()]));
                }
                self.at += 1;
            }
        }
        Ok(())
    }

    fn miss(&self, expected: &str, known: impl IntoIterator<Item = String>) -> Miss {
        Miss {
            at: self.at,
            expected: vec![expected.to_owned()],
            known: known.into_iter().collect(),
            problem: None,
        }
    }

    fn word(&mut self, expected: &str) -> Result<&Token<'_>, Miss> {
        match self.tokens.get(self.at) {
            Some(token) if token.kind == TokenKind::Word => {
                self.at += 1;
                Ok(token)
            }
            _ => Err(self.miss(expected, [])),
        }
    }

    /// A word that `read` understands.
    fn value<T>(&mut self, expected: &str, read: fn(&str) -> Result<T, String>) -> Result<T, Miss> {
        let token = self.word(expected)?;
        let (text, span) = (token.text, token.span.clone());
        read(text).map_err(|message| self.wrong(expected, Problem::at(span, message)))
    }

    /// The word before is of the right kind, but wrong.
    fn wrong(&self, expected: &str, problem: Problem) -> Miss {
        Miss {
            at: self.at - 1,
            expected: vec![expected.to_owned()],
            known: Vec::new(),
            problem: Some(Box::new(problem)),
        }
    }

    fn name(&mut self, kind: Kind) -> Result<String, Miss> {
        let known =
            |token: &Token<'_>| token.kind == TokenKind::Word && self.names.kind(token.text) == Some(kind);
        match self.tokens.get(self.at).filter(|token| known(token)) {
            Some(token) => {
                self.at += 1;
                Ok(token.text.to_owned())
            }
            None => Err(self.miss(kind.noun(), self.names.of(Some(kind)).map(str::to_owned))),
        }
    }

    fn peer(&mut self) -> Result<(), Miss> {
        let at = self.at;
        self.name(Kind::Peer)?;
        self.slots.add_peer(&self.tokens[at]);
        Ok(())
    }

    fn peers(&mut self) -> Result<(), Miss> {
        self.peer()?;
        while self.tokens.get(self.at).is_some_and(|token| token.kind == TokenKind::Comma) {
            self.at += 1;
            self.peer()?;
        }
        Ok(())
    }

    /// The name of a child or of a manual SA.
    fn sa(&mut self) -> Result<String, Miss> {
        self.name(Kind::Child).or_else(|child| {
            self.name(Kind::Manual).map_err(|mut manual| {
                manual.expected.splice(0..0, child.expected);
                manual.known.extend(child.known);
                manual
            })
        })
    }

    /// One of the words that mean something here.
    fn one_of<T, const N: usize>(&mut self, expected: &str, known: [(&str, T); N]) -> Result<T, Miss> {
        let text = self.word(expected)?.text.to_owned();
        let names = known.each_ref().map(|(name, _)| (*name).to_owned());
        match known.into_iter().find(|(name, _)| *name == text) {
            Some((_, value)) => Ok(value),
            None => {
                self.at -= 1;
                Err(self.miss(expected, names))
            }
        }
    }

    fn probe(&mut self) -> Result<String, Miss> {
        self.value("a probe such as ikev2.cookie.demanded", probe)
    }

    fn instant(&mut self) -> Result<Instant, Miss> {
        Ok(Instant::ZERO + self.value("a time such as 4min10s", quantity::duration)?)
    }

    fn end(&mut self) -> Result<Instant, Miss> {
        let to = self.instant()?;
        if to <= self.slots.from {
            let span = self.tokens[self.at - 1].span.clone();
            let problem = Problem::at(span, format!("nothing lies between {} and {to}", self.slots.from));
            return Err(self.wrong("a later time", problem));
        }
        Ok(to)
    }

    /// A text in quotation marks that `read` understands.
    fn in_quotes<T>(&mut self, expected: &str, read: fn(&str) -> Result<T, String>) -> Result<T, Miss> {
        let Some(token) = self.tokens.get(self.at).filter(|token| token.kind == TokenKind::Quoted) else {
            return Err(self.miss(expected, []));
        };
        self.at += 1;
        read(token.text).map_err(|message| self.wrong(expected, Problem::at(token.span.clone(), message)))
    }
}

impl Miss {
    /// What is wrong with the sentence, of which `tokens` were read; `last` is the place of the last word of its line.
    pub(super) fn into_problem(self, tokens: &[Token<'_>], last: Range<usize>) -> Problem {
        if let Some(problem) = self.problem {
            return *problem;
        }
        let expected = listed(&self.expected);
        let Some(token) = tokens.get(self.at) else {
            return Problem::at(last, "the sentence ends too soon")
                .label(format!("expected {expected} after this"));
        };
        let problem = Problem::at(token.span.clone(), format!("unexpected `{}`", token.text))
            .label(format!("expected {expected}"));
        match nearest(token.text, self.known.iter().map(String::as_str)) {
            Some(known) => problem.help(format!("did you mean `{known}`?")),
            None if self.known.len() > self.expected.len() => {
                problem.help(format!("known here: {}", quoted(&self.known)))
            }
            None => problem,
        }
    }
}

/// `a`, `b or c`, `a, b or c`.
pub(super) fn listed(items: &[String]) -> String {
    match items.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

fn quoted(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn address(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| format!("`{text}` is no IP address"))
}

fn class(text: &str) -> Result<u8, String> {
    text.parse().map_err(|_| format!("`{text}` is no traffic class: write a number up to 255"))
}

fn words(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("there are no words".to_owned()) } else { Ok(text.to_owned()) }
}

fn count(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(format!("`{text}` is no number: write 1 or more")),
    }
}

fn selectors(text: &str) -> Result<Selectors, String> {
    let Some((local, remote)) = text.split_once("===") else {
        return Err("selectors look like \"10.1.0.0/16 === 10.2.0.0/16\": this end's at the left".to_owned());
    };
    Ok(Selectors { local: side(local)?, remote: side(remote)? })
}

fn side(text: &str) -> Result<Vec<SelectorWord>, String> {
    let words: Vec<SelectorWord> = text.split_whitespace().map(selector).collect::<Result<_, String>>()?;
    if words.is_empty() { Err("one side of the selectors is empty".to_owned()) } else { Ok(words) }
}

/// `10.1.0.0/16`, `10.1.0.0/16[udp/53]` or `label:TEXT`.
fn selector(text: &str) -> Result<SelectorWord, String> {
    let word = |means| Ok(SelectorWord { text: text.to_owned(), means });
    if let Some(label) = text.strip_prefix("label:").filter(|label| !label.is_empty()) {
        return word(TrafficSelector::Label(label.as_bytes().to_vec()));
    }
    let (network, packets) = match text.strip_suffix(']').and_then(|text| text.split_once('[')) {
        Some((network, packets)) => (network, service::service(packets)?),
        None => (text, Service::of(None)),
    };
    let prefix: Prefix = network.parse().map_err(|error| format!("{error}"))?;
    word(TrafficSelector::Addresses {
        protocol: packets.protocol.unwrap_or(0),
        ports: (*packets.local_ports.start(), *packets.local_ports.end()),
        first: prefix.range().first(),
        last: prefix.range().last(),
    })
}

//! From the lines of a script to what they mean.

use std::ops::Range;
use std::time::Duration;

use ipsec::wire::registry::{ExchangeType, NotifyType, PayloadType, ProtocolId, TransformType};
use ipsec::wire::v2::{FragmentNumber, TrafficSelector, Transform};
use ipsec_net::Prefix;

use super::shorthand::{PATIENCE, accept, establish, heard, key};
use super::words::{CHANGES, Row, STEPS, notify_names, notify_type, payload_names, payload_type};
use super::{Base, Change, Hear, Item, Level, Pattern, Script, Step, Twist, What};
use crate::diagnostic::{Problem, position, suggestion};
use crate::quantity;
use crate::story::{Token, TokenKind, split};

/// How long silence is listened to.
const SILENCE: Duration = Duration::from_millis(400);

/// Reads the script that fills these octets of the file.
///
/// # Errors
/// All that is wrong with it.
pub(crate) fn read(source: &str, within: Range<usize>) -> Result<Script, Vec<Problem>> {
    let (mut steps, mut problems) = (Vec::new(), Vec::new());
    let mut offset = within.start;
    for line in source.get(within.clone()).unwrap_or_default().split_inclusive('\n') {
        let number = position(source, offset).0;
        let mut part = offset;
        offset += line.len();
        // Several lines can stand in one, and a comment behind them.
        for text in line.split('#').next().unwrap_or_default().split(';') {
            let tokens = split(text, part).map_err(|problem| vec![problem])?;
            part += text.len() + 1;
            if tokens.is_empty() {
                continue;
            }
            match Line::new(&tokens).step() {
                Ok(read) => {
                    let text = text.trim().to_owned();
                    steps.extend(read.into_iter().map(|what| Step {
                        line: number,
                        text: text.clone(),
                        what,
                    }));
                }
                Err(problem) => problems.push(problem),
            }
        }
    }
    if steps.is_empty() && problems.is_empty() {
        let problem = Problem::at(within.start..within.start, "the script is empty");
        problems.push(problem.help("write one line for each message, such as `say init`"));
    }
    if problems.is_empty() { Ok(Script { steps }) } else { Err(problems) }
}

struct Line<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
}

impl<'a> Line<'a> {
    fn new(tokens: &'a [Token<'a>]) -> Self {
        Self { tokens, at: 0 }
    }

    fn step(&mut self) -> Result<Vec<What>, Problem> {
        let steps = match self.word("a step")? {
            "say" => {
                let base = self.one_of(&BASES)?;
                vec![What::Say(base, self.list(Self::change)?)]
            }
            "answer" => vec![What::Answer(self.list(Self::change)?)],
            "repeat" => vec![What::Repeat],
            "ping" => vec![What::Ping(self.list(Self::twist)?)],
            "hear" => vec![What::Hear(self.hear(Level::Must)?)],
            "should" | "may" => {
                let level = if self.tokens[0].text == "should" { Level::Should } else { Level::May };
                self.one_of(&[("hear", ())])?;
                vec![What::Hear(self.hear(level)?)]
            }
            "wait" => vec![What::Wait(self.value("a time such as 1s", quantity::duration)?)],
            "anew" => vec![What::Anew],
            "renew" => vec![What::Renew],
            "key" => key(),
            "establish" => establish(),
            "accept" => accept(),
            "alive" => vec![
                What::Say(Base::Informational, Vec::new()),
                heard(true, ExchangeType::INFORMATIONAL, &[], true),
            ],
            _ => return Err(self.unknown("step", &STEPS.map(first_word))),
        };
        if self.at < self.tokens.len() {
            return Err(self.wrong("the line goes on"));
        }
        Ok(steps)
    }

    /// What stands behind commas.
    fn list<T>(&mut self, read: fn(&mut Self) -> Result<T, Problem>) -> Result<Vec<T>, Problem> {
        let mut all = Vec::new();
        while self.tokens.get(self.at).is_some_and(|token| token.kind == TokenKind::Comma) {
            self.at += 1;
            all.push(read(self)?);
        }
        Ok(all)
    }

    fn change(&mut self) -> Result<Change, Problem> {
        Ok(match self.word("a change")? {
            "proposal" => self.proposal()?,
            "group" => Change::Group(self.number("a group")?),
            "public" => Change::Public(self.octets()?),
            "nonce" => Change::Nonce(self.number("a number of octets")?),
            "selectors" => {
                let of_initiator = self.one_of(&[("i", true), ("r", false)])?;
                let mut selectors = Vec::new();
                while self.peek().is_some() {
                    selectors.push(self.value("a network", selector)?);
                }
                Change::Selectors { of_initiator, selectors }
            }
            "identity" => Change::Identity(self.number("a type of identities")?, self.octets()?),
            "cookie" => Change::Cookie,
            "nat" => Change::Nat,
            "empty" => Change::Empty,
            "notify" => self.notify()?,
            "payload" => {
                let kind = self.payload()?;
                let critical = self.takes("critical");
                Change::Payload { kind, critical, body: self.octets_if_any()? }
            }
            "without" => Change::Without(self.payload()?),
            "twice" => Change::Twice(self.payload()?),
            "reversed" => Change::Reversed,
            "patch" => Change::Patch(self.payload()?, self.number("an offset")?, self.octets()?),
            "cut" => Change::Cut(self.payload()?, self.number("a number of octets")?),
            "critical" => Change::Critical(self.payload()?),
            "reserved" => Change::Reserved(self.payload()?),
            "length" => Change::Length(self.payload()?, self.signed()?),
            "version" => {
                let (major, minor) = self.value("a version such as 3.0", |text| {
                    let (major, minor) = text.split_once('.').ok_or("expected a version such as 3.0")?;
                    let part = |part: &str| part.parse().ok().filter(|part: &u8| *part < 16);
                    part(major).zip(part(minor)).ok_or_else(|| "expected two numbers below 16".to_owned())
                })?;
                Change::Version(major, minor)
            }
            "flags" => Change::Flags(self.number("bits such as 0x20")?),
            "id" => {
                let relative = self.peek().is_some_and(|token| token.text.starts_with(['+', '-']));
                Change::MessageId(self.signed()?, relative)
            }
            "exchange" => Change::Exchange(self.exchange()?),
            "header-length" => Change::HeaderLength(self.signed()?),
            "spi" => {
                let of_initiator = self.one_of(&[("i", true), ("r", false)])?;
                Change::Spi { of_initiator, spi: self.number("an SPI")? }
            }
            "in-clear" => Change::InClear,
            "wrong-icv" => Change::WrongIcv,
            "pad-length" => Change::PadLength(self.number("a pad length")?),
            "trailing" => Change::Trailing(self.number("a number of octets")?),
            "pieces" => self.pieces()?,
            _ => return Err(self.unknown("change", &CHANGES.map(first_word))),
        })
    }

    fn twist(&mut self) -> Result<Twist, Problem> {
        let known = ["sequence", "spi", "wrong-icv", "next", "padding", "pad-length", "ecn", "foreign"];
        Ok(match self.word("what is wrong with the packet")? {
            "sequence" => Twist::Sequence(self.number("a sequence number")?),
            "spi" => Twist::Spi(self.number("an SPI")?),
            "wrong-icv" => Twist::WrongIcv,
            "next" => Twist::NextHeader(self.number("a protocol")?),
            "padding" => Twist::Padding(self.octets()?),
            "pad-length" => Twist::PadLength(self.number("a pad length")?),
            "ecn" => Twist::Ecn(self.number("0 to 3")?),
            "foreign" => Twist::Foreign,
            _ => return Err(self.unknown("twist of a packet", &known)),
        })
    }

    /// `1 IKE 1=20/128 2=5 4=31`
    fn proposal(&mut self) -> Result<Change, Problem> {
        let number = self.number("the number of a proposal")?;
        let protocols = [("IKE", ProtocolId::IKE), ("AH", ProtocolId::AH), ("ESP", ProtocolId::ESP)];
        let protocol = self.one_of(&protocols)?;
        let mut transforms = Vec::new();
        while self.peek().is_some() {
            transforms.push(self.value("a transform such as 1=20/128", |text| {
                let (kind, rest) = text.split_once('=').ok_or("expected a transform such as 1=20/128")?;
                let (id, bits) = rest.split_once('/').map_or((rest, None), |(id, bits)| (id, Some(bits)));
                let number = |text: &str| text.parse::<u16>().map_err(|_| format!("`{text}` is no number"));
                let kind = kind.parse().map_err(|_| format!("`{kind}` is no type of transforms"))?;
                Ok(Transform::new(TransformType(kind), number(id)?, bits.map(number).transpose()?))
            })?);
        }
        Ok(Change::Proposal { number, protocol, transforms })
    }

    fn notify(&mut self) -> Result<Change, Problem> {
        let kind = self.notify_type()?;
        let (mut protocol, mut spi) = (ProtocolId::NONE, Vec::new());
        if let Some((name, octets)) = self.peek().and_then(|token| token.text.split_once('/')) {
            let span = self.tokens[self.at].span.clone();
            protocol = match name {
                "IKE" => ProtocolId::IKE,
                "AH" => ProtocolId::AH,
                "ESP" => ProtocolId::ESP,
                _ => return Err(Problem::at(span, "expected a protocol and an SPI such as ESP/0x00000001")),
            };
            spi = hexadecimal(octets).map_err(|message| Problem::at(span, message))?;
            self.at += 1;
        }
        Ok(Change::Notify { kind, protocol, spi, data: self.octets_if_any()? })
    }

    fn pieces(&mut self) -> Result<Change, Problem> {
        let mut pieces = Vec::new();
        while self.peek().is_some() {
            pieces.push(self.value("a piece such as 1/2", |text| {
                let (number, total) = text.split_once('/').ok_or("expected a piece such as 1/2")?;
                let part = |text: &str| text.parse().map_err(|_| format!("`{text}` is no number"));
                Ok(FragmentNumber { number: part(number)?, total: part(total)? })
            })?);
        }
        Ok(Change::Pieces(pieces))
    }

    fn hear(&mut self, level: Level) -> Result<Hear, Problem> {
        let (mut patterns, mut within) = (Vec::new(), None);
        loop {
            patterns.push(self.pattern()?);
            if self.takes("within") {
                within = Some(self.value("a time such as 1s", quantity::duration)?);
            }
            if !self.takes("or") {
                break;
            }
        }
        let waits = patterns.contains(&Pattern::Nothing);
        let within = within.unwrap_or(if waits { SILENCE } else { PATIENCE });
        Ok(Hear { level, patterns, within })
    }

    fn pattern(&mut self) -> Result<Pattern, Problem> {
        match self.peek().map(|token| token.text) {
            Some("nothing") => {
                self.at += 1;
                return Ok(Pattern::Nothing);
            }
            Some("same") => {
                self.at += 1;
                return Ok(Pattern::Same);
            }
            Some("pong") => {
                self.at += 1;
                let ecn = if self.takes("ecn") { Some(self.number("0 to 3")?) } else { None };
                return Ok(Pattern::Pong(ecn));
            }
            _ => {}
        }
        let exchange = self.exchange()?;
        let response =
            if self.takes("request") { Some(false) } else { self.takes("response").then_some(true) };
        let port = if self.takes("at") { Some(self.number("a port")?) } else { None };
        let (mut with, mut without, mut only) = (Vec::new(), Vec::new(), false);
        if self.takes("with") {
            only = self.takes("nothing");
            if !only {
                only = self.takes("only");
                with = self.items()?;
            }
        }
        if self.takes("without") {
            without = self.items()?;
        }
        Ok(Pattern::Message { exchange, response, port, with, without, only })
    }

    fn items(&mut self) -> Result<Vec<Item>, Problem> {
        let mut items = Vec::new();
        while let Some(token) = self.peek().filter(|token| !["or", "within", "without"].contains(&token.text))
        {
            if let Some((side, network)) = token.text.split_once('=')
                && let Some(of_initiator) =
                    [("TSi", true), ("TSr", false)].iter().find(|(name, _)| *name == side)
            {
                let wrong = |message| Problem::at(token.span.clone(), message);
                let selectors = network.split('+').map(selector).collect::<Result<_, _>>().map_err(wrong)?;
                items.push(Item::Selectors { of_initiator: of_initiator.1, selectors });
                self.at += 1;
                continue;
            }
            let (name, data) =
                token.text.split_once('=').map_or((token.text, None), |(name, data)| (name, Some(data)));
            let wrong = |message: String| Problem::at(token.span.clone(), message);
            let data = data.map(hexadecimal).transpose().map_err(wrong)?;
            items.push(match (name, payload_type(name), notify_type(name)) {
                ("error", ..) => Item::Error,
                (_, Some(kind), _) if data.is_none() => Item::Payload(kind),
                (_, _, Some(kind)) => Item::Notify(kind, data),
                _ => {
                    let problem =
                        Problem::at(token.span.clone(), format!("`{name}` is no payload and no notify"));
                    return Err(match suggestion(name, payload_names().chain(notify_names())) {
                        Some(help) => problem.help(help),
                        None => problem,
                    });
                }
            });
            self.at += 1;
        }
        if items.is_empty() { Err(self.wrong("expected a payload or a notify")) } else { Ok(items) }
    }

    fn exchange(&mut self) -> Result<ExchangeType, Problem> {
        let known = (0..=u8::MAX).map(ExchangeType);
        self.named("exchange", known, ExchangeType::name, ExchangeType)
    }

    fn payload(&mut self) -> Result<PayloadType, Problem> {
        self.named("payload", (1..=u8::MAX).map(PayloadType), PayloadType::name, PayloadType)
    }

    fn notify_type(&mut self) -> Result<NotifyType, Problem> {
        self.named("notify", NotifyType::ALL.iter().copied(), NotifyType::name, NotifyType)
    }

    /// What a registry calls so, or the number of it.
    fn named<T: Copy, N: std::str::FromStr>(
        &mut self,
        what: &str,
        known: impl Iterator<Item = T> + Clone,
        name: fn(T) -> Option<&'static str>,
        number: fn(N) -> T,
    ) -> Result<T, Problem> {
        let text = self.word(what)?;
        if let Some(found) = known.clone().find(|known| name(*known) == Some(text)) {
            return Ok(found);
        }
        text.parse().map(number).map_err(|_| {
            let names: Vec<&str> = known.filter_map(name).collect();
            self.unknown(what, &names)
        })
    }

    fn peek(&self) -> Option<&'a Token<'a>> {
        self.tokens.get(self.at).filter(|token| token.kind == TokenKind::Word)
    }

    fn takes(&mut self, word: &str) -> bool {
        let is_there = self.peek().is_some_and(|token| token.text == word);
        self.at += usize::from(is_there);
        is_there
    }

    fn word(&mut self, expected: &str) -> Result<&'a str, Problem> {
        let token = self.peek().ok_or_else(|| self.wrong(&format!("expected {expected}")))?;
        self.at += 1;
        Ok(token.text)
    }

    fn one_of<T: Copy>(&mut self, known: &[(&str, T)]) -> Result<T, Problem> {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let word = self.word(&format!("one of {}", names.join(", ")))?;
        let found = known.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
        found.ok_or_else(|| self.unknown("word", &names))
    }

    fn value<T>(
        &mut self,
        expected: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, Problem> {
        let text = self.word(expected)?;
        read(text).map_err(|message| Problem::at(self.tokens[self.at - 1].span.clone(), message))
    }

    /// A number, in hexadecimal digits behind `0x`.
    fn number<T: TryFrom<u64>>(&mut self, expected: &str) -> Result<T, Problem> {
        self.value(expected, |text| {
            let number = match text.strip_prefix("0x") {
                Some(digits) => u64::from_str_radix(digits, 16).ok(),
                None => text.parse().ok(),
            };
            number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| format!("expected {expected}"))
        })
    }

    fn signed<T: std::str::FromStr>(&mut self) -> Result<T, Problem> {
        let expected = "a number such as +4";
        self.value(expected, |text| text.parse().map_err(|_| format!("expected {expected}")))
    }

    fn octets(&mut self) -> Result<Vec<u8>, Problem> {
        self.value("octets such as 0x0102", hexadecimal)
    }

    fn octets_if_any(&mut self) -> Result<Vec<u8>, Problem> {
        if self.peek().is_some() { self.octets() } else { Ok(Vec::new()) }
    }

    /// Something wrong with the word that comes.
    fn wrong(&self, message: &str) -> Problem {
        let end = self.tokens.last().map_or(0, |token| token.span.end);
        let span = self.tokens.get(self.at).map_or(end..end, |token| token.span.clone());
        Problem::at(span, message)
    }

    /// The word before is none of those.
    fn unknown(&self, what: &str, known: &[&str]) -> Problem {
        let token = &self.tokens[self.at - 1];
        let problem = Problem::at(token.span.clone(), format!("unknown {what} `{}`", token.text));
        match suggestion(token.text, known.iter().copied()) {
            Some(help) => problem.help(help),
            None => problem.help(format!("expected one of {}", known.join(", "))),
        }
    }
}

const BASES: [(&str, Base); 9] = [
    ("init", Base::Init),
    ("auth", Base::Auth),
    ("child", Base::Child),
    ("rekey-child", Base::RekeyChild),
    ("rekey-ike", Base::RekeyIke),
    ("informational", Base::Informational),
    ("delete-ike", Base::DeleteIke),
    ("delete-child", Base::DeleteChild),
    ("delete-old", Base::DeleteOld),
];

fn first_word(row: Row) -> &'static str {
    row.shape.split([' ', ',']).next().unwrap_or_default()
}

/// All packets of a network, or of a range such as `10.1.0.1-10.1.0.9`.
fn selector(text: &str) -> Result<TrafficSelector, String> {
    let wrong = || "expected a network such as 10.1.0.0/16".to_owned();
    let (first, last) = match text.split_once('-') {
        Some((first, last)) => (first.parse().ok(), last.parse().ok()),
        None => {
            let range = text.parse::<Prefix>().map_err(|_| wrong())?.range();
            (Some(range.first()), Some(range.last()))
        }
    };
    let (first, last) = first.zip(last).ok_or_else(wrong)?;
    Ok(TrafficSelector::any(first, last))
}

/// Octets behind `0x`.
fn hexadecimal(text: &str) -> Result<Vec<u8>, String> {
    let wrong = || "expected octets such as 0x0102".to_owned();
    let digits = text
        .strip_prefix("0x")
        .filter(|digits| digits.len() % 2 == 0 && digits.is_ascii())
        .ok_or_else(wrong)?;
    let octet = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).map_err(|_| wrong());
    (0..digits.len()).step_by(2).map(octet).collect()
}

#[cfg(test)]
mod tests;

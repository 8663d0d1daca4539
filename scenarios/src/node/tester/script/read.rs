//! From the lines of a script to what they mean.

use std::ops::Range;
use std::time::Duration;

use ipsec::wire::registry::{ExchangeType, NotifyType, PayloadType, ProtocolId, TransformType};
use ipsec::wire::v2::{FragmentNumber, TrafficSelector, Transform};
use ipsec_net::Prefix;

use super::{Base, Change, Hear, Item, Level, Pattern, Script, Step, Twist, What};
use crate::diagnostic::{Problem, position, suggestion};
use crate::quantity;
use crate::story::{Token, TokenKind, split};

/// A word of the language of scripts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// How it is written; what stands in capitals is to be filled in.
    pub(crate) shape: &'static str,
    /// What it means.
    pub(crate) meaning: &'static str,
}

const fn row(shape: &'static str, meaning: &'static str) -> Row {
    Row { shape, meaning }
}

/// What a line can be.
pub(crate) const STEPS: [Row; 14] = [
    row(
        "say MESSAGE, CHANGES",
        "A request, as it should be but for the changes: `init`, `auth`, `child`, `rekey-child`, `rekey-ike`, \
         `informational`, `delete-ike`, `delete-child`, or `delete-old` for the pair that was replaced.",
    ),
    row("answer, CHANGES", "The response to the request that was heard last."),
    row("repeat", "The octets that were sent last, once more."),
    row(
        "ping, TWISTS",
        "A packet inside the tunnel, from one end of the first traffic to the other, that is answered there.",
    ),
    row(
        "hear PATTERN or PATTERN within TIME",
        "The next message fits one of the patterns. Repeats of what was heard are passed over; a request is said again until \
         something is heard.",
    ),
    row("should hear PATTERN", "The same; if something else is heard, that is a warning."),
    row("may hear PATTERN", "The same; if something else is heard, the ladder says so."),
    row("wait TIME", "Nothing for so long."),
    row("anew", "Leaves the IKE SA as it is, and begins another one."),
    row("renew", "Goes on under the IKE SA that `rekey-ike` has made."),
    row("key", "`say init`, and the answer to it."),
    row("establish", "`key`, `say auth`, and the answer to that."),
    row("accept", "Hears both first requests of somebody else, and answers them."),
    row("alive", "`say informational`, and an empty answer."),
];

/// What can be otherwise in a message, and in a packet.
pub(crate) const CHANGES: [Row; 34] = [
    row(
        "proposal NUMBER PROTOCOL TYPE=ID/BITS …",
        "A proposal in the place of those that would be there; a second one goes behind it.",
    ),
    row("group NUMBER", "The group of KE; the public value stays."),
    row("public 0xOCTETS", "The public value of KE."),
    row("nonce COUNT", "A nonce of so many octets."),
    row(
        "selectors i NETWORKS, selectors r NETWORKS",
        "Traffic selectors: those of the initiator, of the responder.",
    ),
    row("identity TYPE 0xOCTETS", "Another identity, which AUTH is over."),
    row("cookie", "The cookie that was heard, in front."),
    row("empty", "None of the payloads that would be there."),
    row("nat", "A hash that says that the source is behind NAT."),
    row("notify TYPE PROTOCOL/0xSPI 0xOCTETS", "A notify, by name or number; SPI and data may be left out."),
    row("payload TYPE critical 0xOCTETS", "A payload of any type, with the critical bit or without."),
    row("without PAYLOAD", "A payload less."),
    row("twice PAYLOAD", "A payload once more."),
    row("reversed", "The payloads in the opposite order."),
    row(
        "patch PAYLOAD OFFSET 0xOCTETS",
        "Other octets in a payload's body; behind its end they make it longer.",
    ),
    row("cut PAYLOAD COUNT", "A payload's body of no more than so many octets."),
    row("critical PAYLOAD", "The critical bit of a payload that everybody knows."),
    row("reserved PAYLOAD", "All reserved bits of a payload's header."),
    row("length PAYLOAD +COUNT", "A payload's length field, more (or with `-` less) than it is."),
    row("version MAJOR.MINOR", "The version in the header."),
    row(
        "flags 0xBITS",
        "Bits of the header's flags that are turned over: 0x08 initiator, 0x10 version, 0x20 response.",
    ),
    row(
        "id +COUNT",
        "A message ID that is more (or with `-` less) than it should be, or without a sign this one.",
    ),
    row("exchange NUMBER", "Another exchange type, by name or number."),
    row("header-length +COUNT", "The header's length field, more or less than it is."),
    row("spi i 0xSPI, spi r 0xSPI", "The initiator's SPI, the responder's."),
    row("in-clear", "Without SK around it."),
    row("wrong-icv", "An ICV with a wrong bit."),
    row("pad-length COUNT", "What the pad length says."),
    row("trailing COUNT", "Octets behind the end."),
    row(
        "pieces NUMBER/TOTAL …",
        "In pieces with these numbers, the same one for each number that comes twice.",
    ),
    row("sequence NUMBER", "Of a packet: its sequence number."),
    row("next NUMBER", "Of a packet: the next header."),
    row("padding 0xOCTETS", "Of a packet: the padding."),
    row("ecn NUMBER, foreign", "Of a packet: the ECN of the outer header; a source that no selector has."),
];

/// How long a message is waited for, and silence listened to.
const PATIENCE: Duration = Duration::from_secs(3);
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
        self.named("notify", NOTIFIES.into_iter().flatten().map(NotifyType), NotifyType::name, NotifyType)
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

/// The numbers of notifies that have names.
const NOTIFIES: [std::ops::RangeInclusive<u16>; 2] = [1..=63, 16_384..=16_511];

fn first_word(row: Row) -> &'static str {
    row.shape.split([' ', ',']).next().unwrap_or_default()
}

fn payload_names() -> impl Iterator<Item = &'static str> + Clone {
    (1..=u8::MAX).filter_map(|number| PayloadType(number).name())
}

fn payload_type(name: &str) -> Option<PayloadType> {
    (1..=u8::MAX).map(PayloadType).find(|kind| kind.name() == Some(name))
}

fn notify_names() -> impl Iterator<Item = &'static str> + Clone {
    NOTIFIES.into_iter().flatten().filter_map(|number| NotifyType(number).name())
}

fn notify_type(name: &str) -> Option<NotifyType> {
    NOTIFIES.into_iter().flatten().map(NotifyType).find(|kind| kind.name() == Some(name))
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

fn heard(response: bool, exchange: ExchangeType, with: &[PayloadType], only: bool) -> What {
    let with = with.iter().copied().map(Item::Payload).collect();
    let pattern =
        Pattern::Message { exchange, response: Some(response), port: None, with, without: Vec::new(), only };
    What::Hear(Hear { level: Level::Must, patterns: vec![pattern], within: PATIENCE })
}

fn key() -> Vec<What> {
    let answer = [PayloadType::SA, PayloadType::KE, PayloadType::NONCE];
    vec![What::Say(Base::Init, Vec::new()), heard(true, ExchangeType::IKE_SA_INIT, &answer, false)]
}

fn establish() -> Vec<What> {
    let answer =
        [PayloadType::ID_R, PayloadType::AUTH, PayloadType::SA, PayloadType::TS_I, PayloadType::TS_R];
    let auth = [What::Say(Base::Auth, Vec::new()), heard(true, ExchangeType::IKE_AUTH, &answer, false)];
    key().into_iter().chain(auth).collect()
}

fn accept() -> Vec<What> {
    let init = [PayloadType::SA, PayloadType::KE, PayloadType::NONCE];
    let auth = [PayloadType::ID_I, PayloadType::AUTH, PayloadType::SA, PayloadType::TS_I, PayloadType::TS_R];
    vec![
        heard(false, ExchangeType::IKE_SA_INIT, &init, false),
        What::Answer(Vec::new()),
        heard(false, ExchangeType::IKE_AUTH, &auth, false),
        What::Answer(Vec::new()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let problems = read(text, 0..text.len()).unwrap_err();
        let text = crate::diagnostic::Diagnostics::new("script", text, problems).render(false);
        text.lines()
            .filter(|line| line.contains('×') || line.contains("help"))
            .map(|line| line.trim().to_owned())
            .collect()
    }

    #[test]
    fn shorthands_are_several_steps() {
        let text = "establish   # all of it\nalive\n";
        let script = read(text, 0..text.len()).unwrap();
        assert_eq!(script.steps.len(), 6);
        assert_eq!(script.steps[5].line, 2);
        assert_eq!(script.steps[5].text, "alive");
    }

    #[test]
    fn changes_are_read_with_what_belongs_to_them() {
        let text = "say auth, notify REKEY_SA ESP/0x01020304 0xff, length SA -4, id +7, pieces 1/2 2/2\n";
        let script = read(text, 0..text.len()).unwrap();
        let What::Say(Base::Auth, changes) = &script.steps[0].what else { panic!("{script:?}") };
        let notify = Change::Notify {
            kind: NotifyType::REKEY_SA,
            protocol: ProtocolId::ESP,
            spi: vec![1, 2, 3, 4],
            data: vec![0xff],
        };
        let piece = |number| FragmentNumber { number, total: 2 };
        let wanted = [
            notify,
            Change::Length(PayloadType::SA, -4),
            Change::MessageId(7, true),
            Change::Pieces(vec![piece(1), piece(2)]),
        ];
        assert_eq!(changes[..], wanted);
    }

    #[test]
    fn a_wrong_word_is_told_with_the_nearest_one() {
        let told = problems(
            "say init, groop 14\nheer nothing\nhear IKE_AUTH with AUHT\nsay aut\nhear IKE_AUTH nothing\nsay auth, public 0x1\n",
        );
        insta::assert_snapshot!(told.join("\n"));
    }

    #[test]
    fn each_step_and_change_of_the_tables_is_known() {
        for row in STEPS {
            let text = first_word(row);
            let told = read(text, 0..text.len());
            let unknown = told.err().is_some_and(|problems| format!("{problems:?}").contains("unknown step"));
            assert!(!unknown, "{text}");
        }
        for row in CHANGES {
            for change in row.shape.split(", ") {
                let word = change.split(' ').next().unwrap();
                let known = ["say init", "ping"].iter().any(|step| {
                    let text = format!("{step}, {word}");
                    let told = read(&text, 0..text.len());
                    !told.err().is_some_and(|problems| format!("{problems:?}").contains("unknown"))
                });
                assert!(known, "{word}");
            }
        }
    }
}

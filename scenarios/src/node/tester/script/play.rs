//! Who plays a script: on the path between two peers, in the name of one of them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipsec::auth::Identity;
use ipsec::crypto::{Provider, Secret};
use ipsec::ikev2::{IKE_PORT, NAT_PORT};
use ipsec::wire::registry::{ExchangeType, NotifyType, PayloadType, ProtocolId};
use ipsec::wire::v2::{self, Message, Payload, TrafficSelector};
use ipsec::wire::{Header, IkeSpi};
use ipsec_net::icmp::{Echo, EchoKind};
use ipsec_net::{Instant, IpPacket, icmp, protocol, udp};
use sim::{Port, RandomStream, Step};

use super::super::{Luck, datagram};
use super::heard::{Heard, Pieces};
use super::message::{Pen, Written, spi_of};
use super::sa::Sa;
use super::{Base, Change, Hear, Level, Pattern, Script, Twist, What, esp};
use crate::node::{Note, Probe};

/// In whose name a script is played, and what that one knows.
#[derive(Clone, Debug)]
pub struct Voice {
    /// In whose name it speaks.
    pub posing_as: IpAddr,
    /// To whom.
    pub against: IpAddr,
    /// What both prove themselves with.
    pub secret: Secret,
    /// Who it says it is.
    pub identity: Identity,
    /// The networks of the first child: at its own side, and at the other.
    pub selectors: [Vec<TrafficSelector>; 2],
    /// The first traffic between both sides, if there is one.
    pub ping: Option<Pinged>,
}

impl Voice {
    /// Where IKE begins.
    fn ends(&self) -> (SocketAddr, SocketAddr) {
        (SocketAddr::new(self.posing_as, IKE_PORT), SocketAddr::new(self.against, IKE_PORT))
    }
}

/// Hosts between which pings go.
#[derive(Clone, Copy, Debug)]
pub struct Pinged {
    /// The traffic, by its place in the file.
    pub traffic: u8,
    /// The end of it that stands at the tester's side.
    pub side: u8,
    /// The host there.
    pub from: IpAddr,
    /// The other one, which answers.
    pub to: IpAddr,
}

/// What somebody who plays a script tells of it.
#[derive(Clone, Debug)]
pub enum Told {
    /// It says something.
    Says(String),
    /// It hears something.
    Hears(String),
    /// It does not hear what it should hear, which is no failure.
    Less {
        /// The line.
        expected: String,
        /// What instead.
        happened: String,
        /// Whether that is worth a warning.
        warns: bool,
    },
    /// It does not hear what it has to hear.
    Wrong {
        /// The line.
        expected: String,
        /// What instead.
        happened: String,
    },
    /// It has come to its end.
    Done,
}

/// Who plays a script.
pub struct Scripted {
    voice: Voice,
    script: Script,
    provider: &'static Provider,
    luck: Luck,
    routes: BTreeMap<IpAddr, Port>,
    /// The next step; none before it begins.
    at: Option<usize>,
    deadline: Option<Instant>,
    /// When a request is said again that nothing has answered.
    resend: Option<Instant>,
    heard: VecDeque<Heard>,
    /// Messages that were heard, and pieces of one.
    known: BTreeSet<Vec<u8>>,
    pieces: Pieces,
    sa: Sa,
    /// What was said last, and the header of the last request.
    said: Vec<IpPacket>,
    asked: Option<Header>,
    pings: u32,
    identification: u16,
    out: VecDeque<Step<Note>>,
}

impl Scripted {
    /// One that lets everything pass until it begins.
    #[must_use]
    pub fn new(voice: Voice, script: Script, provider: &'static Provider, luck: RandomStream) -> Self {
        let mut luck = Luck(luck);
        let (here, there) = voice.ends();
        let sa = Sa::new(provider, &mut luck, here, there);
        Self {
            voice,
            script,
            provider,
            luck,
            routes: BTreeMap::new(),
            at: None,
            deadline: None,
            resend: None,
            heard: VecDeque::new(),
            known: BTreeSet::new(),
            pieces: Pieces::default(),
            sa,
            said: Vec::new(),
            asked: None,
            pings: 0,
            identification: 0,
            out: VecDeque::new(),
        }
    }

    /// Tells the way to an address.
    pub fn route(&mut self, destination: IpAddr, port: Port) {
        self.routes.entry(destination).or_insert(port);
    }

    /// Begins.
    pub fn begin(&mut self, now: Instant) {
        self.at = Some(0);
        self.go_on(now);
    }

    pub(in super::super::super) fn handle(&mut self, now: Instant, packet: IpPacket) {
        let is_for_it = packet.source() == self.voice.against && packet.destination() == self.voice.posing_as;
        if self.at.is_none() || !is_for_it {
            return self.send(packet);
        }
        if let Some(heard) = self.hear(&packet) {
            self.heard.push_back(heard);
        }
        self.go_on(now);
    }

    pub(in super::super::super) fn wake(&mut self, now: Instant) {
        if self.resend.is_some_and(|resend| resend <= now) {
            self.resend = Some(now + AGAIN);
            self.utter("the same request again".to_owned());
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.go_on(now);
        }
    }

    pub(in super::super::super) fn poll(&mut self, _now: Instant) -> Step<Note> {
        self.out
            .pop_front()
            .unwrap_or(Step::Idle { until: [self.deadline, self.resend].into_iter().flatten().min() })
    }

    fn send(&mut self, packet: IpPacket) {
        self.out.push_back(match self.routes.get(&packet.destination()) {
            Some(port) => Step::Send { port: *port, packet },
            None => Step::Note(Note::NoHost),
        });
    }

    fn tell(&mut self, told: Told) {
        self.out.push_back(Step::Note(Note::Script(told)));
    }

    /// Takes steps until one has to wait.
    fn go_on(&mut self, now: Instant) {
        while let Some(step) = self.at.and_then(|at| self.script.steps.get(at)).cloned() {
            let goes_on = match &step.what {
                What::Say(base, changes) => {
                    self.say(*base, changes);
                    true
                }
                What::Answer(changes) => self.answer(changes),
                What::Repeat => {
                    self.utter("once more what it said last".to_owned());
                    true
                }
                What::Ping(twists) => self.ping(twists),
                What::Renew => self.sa.renew(),
                What::Anew => {
                    let (here, there) = self.voice.ends();
                    self.sa = Sa::new(self.provider, &mut self.luck, here, there);
                    true
                }
                What::Wait(time) => self.waited(now + *time, now),
                What::Hear(hear) => match self.listen(hear, now) {
                    None => false,
                    Some(Ok(())) => true,
                    Some(Err(happened)) => self.misses(hear.level, (step.line, &step.text), happened),
                },
            };
            if !goes_on && self.deadline.is_none() && !matches!(step.what, What::Hear(_)) {
                let happened = "nothing has come that this could go on from".to_owned();
                self.misses(Level::Must, (step.line, &step.text), happened);
            }
            if !goes_on {
                let waits = matches!(&step.what, What::Hear(hear) if hear.is_awaited());
                let asks = self.deadline.is_some() && self.at_request() && waits;
                self.resend = self.resend.or(asks.then_some(now + AGAIN)).filter(|_| asks);
                return;
            }
            (self.deadline, self.resend) = (None, None);
            self.at = self.at.map(|at| at + 1);
            if self.at == Some(self.script.steps.len()) {
                return self.leave();
            }
        }
    }

    /// Whether the step before is a request as it should be sent, so that it is sent again until it is answered.
    fn at_request(&self) -> bool {
        let before = self.at.and_then(|at| self.script.steps.get(at.checked_sub(1)?));
        before.is_some_and(|step| matches!(step.what, What::Say(..)))
    }

    /// Ends in good order.
    fn leave(&mut self) {
        if self.sa.is_up {
            self.say(Base::DeleteIke, &[]);
        }
        if self.sa.renew() {
            self.say(Base::DeleteIke, &[]);
        }
        self.tell(Told::Done);
    }

    fn waited(&mut self, until: Instant, now: Instant) -> bool {
        let deadline = *self.deadline.get_or_insert(until);
        deadline <= now
    }

    /// Whether what has to be heard is; nothing as long as that is not known.
    fn listen(&mut self, hear: &Hear, now: Instant) -> Option<Result<(), String>> {
        let is_over = self.waited(now + hear.within, now);
        while let Some(heard) = self.heard.pop_front() {
            if heard.repeats() && !hear.patterns.contains(&Pattern::Same) {
                continue;
            }
            if let Some(wrong) = heard.wrong() {
                return Some(Err(format!("it hears {heard}, which is wrong: {wrong}")));
            }
            if hear.patterns.iter().any(|pattern| heard.fits(pattern)) {
                return Some(Ok(()));
            }
            return Some(Err(format!("it hears {heard}")));
        }
        match is_over {
            false => None,
            true if hear.patterns.contains(&Pattern::Nothing) => Some(Ok(())),
            true => Some(Err("it hears nothing".to_owned())),
        }
    }

    /// Something else was heard than a line has; tells whether the script goes on.
    fn misses(&mut self, level: Level, (line, text): (usize, &str), happened: String) -> bool {
        let expected = format!("line {line}: {text}");
        if level == Level::Must {
            self.at = Some(usize::MAX);
            self.deadline = None;
            self.tell(Told::Wrong { expected, happened });
            return false;
        }
        self.tell(Told::Less { expected, happened, warns: level == Level::Should });
        true
    }

    fn say(&mut self, base: Base, changes: &[Change]) {
        let mut pen = Pen { voice: &self.voice, provider: self.provider, luck: &mut self.luck };
        let written = pen.request(&mut self.sa, base, changes);
        self.asked = Some(written.header);
        self.sa.deleting = (base == Base::DeleteIke).then_some(written.header.message_id);
        self.speak(written, "request");
    }

    fn answer(&mut self, changes: &[Change]) -> bool {
        let mut pen = Pen { voice: &self.voice, provider: self.provider, luck: &mut self.luck };
        let Some(written) = pen.answer(&mut self.sa, changes) else { return false };
        self.speak(written, "response");
        true
    }

    fn speak(&mut self, written: Written, direction: &str) {
        let Written { datagrams, header } = written;
        let (here, there) = (self.sa.here, self.sa.there);
        let marker: &[u8] = if here.port() == NAT_PORT { &[0; 4] } else { &[] };
        self.said.clear();
        for octets in datagrams {
            self.identification = self.identification.wrapping_add(1);
            self.said.extend(datagram((here, there), &[marker, &octets].concat(), self.identification));
        }
        self.utter(format!("{} {direction} {}", header.exchange, header.message_id));
    }

    /// Sends what is to be said.
    fn utter(&mut self, text: String) {
        self.tell(Told::Says(text));
        for packet in self.said.clone() {
            self.send(packet);
        }
    }

    fn ping(&mut self, twists: &[Twist]) -> bool {
        let (Some(ping), Some(tunnel)) = (self.voice.ping, self.sa.tunnels.last_mut()) else { return false };
        let probe = Probe { traffic: ping.traffic, side: ping.side, number: self.pings };
        let sequence = (self.pings & 0xffff) as u16;
        self.pings += 1;
        let from = if twists.contains(&Twist::Foreign) { FOREIGN } else { ping.from };
        let echo = Echo { identifier: u16::from(ping.traffic), sequence };
        let Some(inner) = icmp::echo_request(from, ping.to, echo, &probe.payload(PING)) else { return false };
        let octets = tunnel.seal(&inner, twists);
        let ecn = twists.iter().find_map(|twist| match twist {
            Twist::Ecn(ecn) => Some(*ecn),
            _ => None,
        });
        let ends = (self.sa.here, self.sa.there);
        self.said = esp::outer(&octets, ends, ecn.unwrap_or(0)).into_iter().collect();
        self.out.push_back(Step::Note(Note::Sent(probe)));
        self.utter("ping".to_owned());
        true
    }

    /// What a packet for the tester says.
    fn hear(&mut self, packet: &IpPacket) -> Option<Heard> {
        if packet.protocol() == protocol::ESP {
            return self.hear_esp(packet.payload());
        }
        let datagram = udp::read(packet).ok()?;
        let course = (datagram.destination, datagram.source);
        let heard = match (datagram.destination.port(), datagram.payload) {
            (IKE_PORT, octets) | (NAT_PORT, [0, 0, 0, 0, octets @ ..]) => self.hear_ike(octets, course)?,
            (NAT_PORT, octets) => return self.hear_esp(octets),
            _ => return None,
        };
        self.tell(Told::Hears(heard.to_string()));
        Some(heard)
    }

    fn hear_esp(&mut self, octets: &[u8]) -> Option<Heard> {
        // A reminder for NAT says nothing (RFC 3948 §2.3).
        let is_known = octets.len() > 1 && !self.sa.tunnels.is_empty();
        let inner = is_known.then(|| self.sa.tunnels.iter().find_map(|tunnel| tunnel.open(octets)))?;
        let heard = match inner.as_ref().map(|inner| (inner, icmp::read_echo(inner))) {
            Some((inner, Some((EchoKind::Reply, ..)))) => Heard::Pong(inner.traffic_class() & 3),
            _ => Heard::Packet,
        };
        self.tell(Told::Hears(heard.to_string()));
        Some(heard)
    }

    fn hear_ike(&mut self, octets: &[u8], course: (SocketAddr, SocketAddr)) -> Option<Heard> {
        let header = Header::parse(octets).ok()?;
        let repeats = !self.known.insert(octets.to_vec());
        let payloads = match (header.next_payload, &self.sa.channel) {
            (PayloadType::SK, Some(channel)) => channel.open(octets).map(|(_, all)| all),
            (PayloadType::SKF, Some(channel)) => {
                let whole = self.pieces.add(&header, channel.open_piece(octets)?);
                whole.map(|(first, chain)| v2::parse_chain(first, &chain, 0).ok())?
            }
            _ => Message::parse(octets).ok().map(|message| message.payloads),
        };
        let mut wrong = self.unfit(&header, octets);
        if let Some(payloads) = &payloads
            && !repeats
        {
            wrong = wrong.or_else(|| self.unproven(&header, payloads));
            self.learn(&header, payloads, octets, course);
        }
        Some(Heard::Message { header, payloads, port: course.0.port(), repeats, wrong })
    }

    /// What is wrong about a message, whatever it says (RFC 7296 §2.2, §2.6, §3.1).
    fn unfit(&self, header: &Header, octets: &[u8]) -> Option<String> {
        if header.version.major != 2 {
            return Some(format!("its major version is {}", header.version.major));
        }
        if usize::try_from(header.length) != Ok(octets.len()) {
            return Some(format!("its length says {} octets, and there are {}", header.length, octets.len()));
        }
        let begins = !header.flags.response && header.spi_r == IkeSpi(0);
        if begins {
            return (!header.flags.initiator).then(|| "a first request is from an initiator".to_owned());
        }
        if header.flags.response {
            let asked = self.asked.as_ref()?;
            if header.message_id != asked.message_id {
                return Some(format!("it answers {}, not {}", header.message_id, asked.message_id));
            }
            if header.spi_i != asked.spi_i || asked.spi_r != IkeSpi(0) && header.spi_r != asked.spi_r {
                return Some("its SPIs are others than those of the request".to_owned());
            }
            let turned = header.flags.initiator == asked.flags.initiator;
            return turned.then(|| "its initiator bit is that of the request".to_owned());
        }
        let is_protected = matches!(header.next_payload, PayloadType::SK | PayloadType::SKF);
        let turned = header.flags.initiator == self.sa.is_initiator;
        (is_protected && turned).then(|| "its initiator bit is that of this end".to_owned())
    }

    /// Whether a proof that a message brings is none.
    fn unproven(&self, header: &Header, payloads: &[Payload]) -> Option<String> {
        let id = payloads.iter().find_map(|payload| match payload {
            Payload::IdI(id) if !self.sa.is_initiator => Some(id),
            Payload::IdR(id) if self.sa.is_initiator => Some(id),
            _ => None,
        })?;
        let auth = payloads.iter().find_map(|payload| match payload {
            Payload::Auth(auth) if header.exchange == ExchangeType::IKE_AUTH => Some(auth),
            _ => None,
        })?;
        let right = self.sa.proof(self.provider, &self.voice.secret, false, id);
        (auth.data != right).then(|| "its AUTH proves nothing".to_owned())
    }

    /// What a message brings.
    fn learn(
        &mut self,
        header: &Header,
        payloads: &[Payload],
        octets: &[u8],
        (here, there): (SocketAddr, SocketAddr),
    ) {
        if !header.flags.response {
            (self.sa.here, self.sa.there) = (here, there);
            if payloads
                .iter()
                .any(|one| matches!(one, Payload::Delete(deleted) if deleted.protocol == ProtocolId::IKE))
            {
                self.sa.is_up = false;
            }
            if header.exchange == ExchangeType::IKE_SA_INIT && !self.sa.is_up {
                self.begun_by_other(header, payloads, octets);
            }
            self.sa.request = Some((*header, payloads.to_vec()));
            return;
        }
        let is_protected = matches!(header.next_payload, PayloadType::SK | PayloadType::SKF);
        if header.message_id == self.sa.next_request && is_protected {
            self.sa.next_request += 1;
            self.sa.is_up &= self.sa.deleting != Some(header.message_id);
        }
        match header.exchange {
            ExchangeType::IKE_SA_INIT => self.answered_init(header, payloads, octets),
            ExchangeType::IKE_AUTH | ExchangeType::CREATE_CHILD_SA => self.answered_child(header, payloads),
            _ => {}
        }
    }

    /// Somebody else begins an IKE SA.
    fn begun_by_other(&mut self, header: &Header, payloads: &[Payload], octets: &[u8]) {
        let sa = &mut self.sa;
        sa.is_initiator = false;
        sa.spis[1] = header.spi_i;
        sa.first_messages[1] = octets.to_vec();
        for payload in payloads {
            match payload {
                Payload::Ke(ke) => sa.theirs = Some(ke.public().to_vec()),
                Payload::Nonce(nonce) => sa.nonces[1].clone_from(nonce),
                _ => {}
            }
        }
    }

    /// The answer to the first request: a cookie, or what makes keys.
    fn answered_init(&mut self, header: &Header, payloads: &[Payload], octets: &[u8]) {
        let (mut public, mut nonce, mut hashes) = (None, None, Vec::new());
        for payload in payloads {
            match payload {
                Payload::Ke(ke) => public = Some(ke.public().to_vec()),
                Payload::Nonce(octets) => nonce = Some(octets.clone()),
                Payload::Notify(notify) if notify.kind == NotifyType::COOKIE => {
                    self.sa.cookie = Some(notify.data.clone());
                }
                Payload::Notify(notify) if NAT_HASHES.contains(&notify.kind) => {
                    hashes.push((notify.kind, notify.data.clone()));
                }
                _ => {}
            }
        }
        let (Some(public), Some(nonce)) = (public, nonce) else { return };
        self.sa.spis[1] = header.spi_r;
        self.sa.nonces[1] = nonce;
        self.sa.first_messages[1] = octets.to_vec();
        self.sa.key(self.provider, &public);
        self.sa.next_request = 1;
        let fits = |kind, end| {
            let right = self.sa.nat_hash(end);
            let mut there = hashes.iter().filter(|(of, _)| *of == kind).peekable();
            there.peek().is_none() || there.any(|(_, hash)| *hash == right)
        };
        if !fits(NAT_HASHES[0], self.sa.there) || !fits(NAT_HASHES[1], self.sa.here) {
            self.sa.here.set_port(NAT_PORT);
            self.sa.there.set_port(NAT_PORT);
        }
    }

    /// The answer to a request for a child, or for another IKE SA.
    fn answered_child(&mut self, header: &Header, payloads: &[Payload]) {
        let (mut offered, mut nonce, mut public) = (None, None, None);
        for payload in payloads {
            match payload {
                Payload::Sa(sa) => offered = sa.proposals.first(),
                Payload::Nonce(octets) => nonce = Some(octets.clone()),
                Payload::Ke(ke) => public = Some(ke.public()),
                Payload::Auth(_) => self.sa.is_up = true,
                _ => {}
            }
        }
        let Some(offered) = offered else { return };
        if offered.protocol == ProtocolId::IKE {
            let spi = offered.spi.as_slice().try_into().map(u64::from_be_bytes);
            if let (Ok(spi), Some(nonce), Some(public)) = (spi, nonce, public) {
                self.sa.succeeded(self.provider, IkeSpi(spi), &nonce, public);
            }
            return;
        }
        let theirs = match header.exchange {
            ExchangeType::IKE_AUTH => Some(self.sa.nonces[1].clone()),
            _ => nonce,
        };
        if let (Some((own, asked)), Some(theirs)) = (self.sa.asked.take(), theirs) {
            self.sa.take_child(own, spi_of(offered), [asked, theirs]);
            self.sa.child(self.provider, true);
        }
    }
}

const NAT_HASHES: [NotifyType; 2] =
    [NotifyType::NAT_DETECTION_SOURCE_IP, NotifyType::NAT_DETECTION_DESTINATION_IP];

/// The source of a packet that no selector has (RFC 5737).
const FOREIGN: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9));

/// After this time without an answer a request is said again.
const AGAIN: Duration = Duration::from_millis(500);

/// Octets of payload in a ping.
const PING: usize = 64;

impl sim::Note for Told {
    fn write(&self, out: &mut Vec<u8>) {
        let (number, texts): (u8, [&str; 2]) = match self {
            Self::Says(text) => (0, [text, ""]),
            Self::Hears(text) => (1, [text, ""]),
            Self::Less { expected, happened, warns } => (2 + u8::from(*warns), [expected, happened]),
            Self::Wrong { expected, happened } => (4, [expected, happened]),
            Self::Done => (5, ["", ""]),
        };
        out.push(number);
        texts.iter().for_each(|text| out.extend_from_slice(text.as_bytes()));
    }
}

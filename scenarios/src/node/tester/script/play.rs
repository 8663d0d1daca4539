//! Who plays a script: on the path between two peers, in the name of one of them.

mod learn;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipsec::auth::Identity;
use ipsec::crypto::{Provider, Secret};
use ipsec::ikev2::{IKE_PORT, NAT_PORT};
use ipsec::wire::Header;
use ipsec::wire::v2::TrafficSelector;
use ipsec_net::icmp::Echo;
use ipsec_net::{Instant, IpPacket, icmp};
use sim::{Port, RandomStream, Step};

use super::super::{Luck, datagram};
use super::heard::{Heard, Pieces};
use super::message::{Pen, Written};
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
        // The other end may have gone elsewhere.
        if self.at.is_none() || packet.destination() != self.voice.posing_as {
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
}

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

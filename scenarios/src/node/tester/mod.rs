//! A tester: stands on the path between two peers, passes their packets on, and speaks to one of them in the other's name,
//! right or wrong. It is made of codecs and algorithms alone; nothing in the protocol code knows of it.
//!
//! ```text
//! west  <------->  mallory  <------->  east
//!                     |  IKE_SA_INIT    |
//!                     |---------------->|    from west's address, with SPIs of its own
//!                     |<----------------|    kept here: west never sees it
//!                     |  nonsense in SK |
//!                     |---------------->|
//! ```

mod answering;
mod attack;
mod channel;
mod crafted;
mod forged;
mod loose;
mod older;
mod passing;
pub(crate) mod script;

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipsec::auth::x509::laboratory::Authority;
use ipsec::auth::{Authenticate, Credential, Identity, Prove};
use ipsec::crypto::Provider;
use ipsec::ikev2::IKE_PORT;
use ipsec::wire::registry::ExchangeType;
use ipsec::wire::{Header, IkeSpi, v1};
use ipsec_net::{Buffer, Instant, IpHeader, IpPacket, fragment, udp};
use sim::{Port, RandomStream, Step};

use answering::Answering;
pub use attack::{Attack, Stage};
pub(crate) use loose::is_own;
use loose::{Loose, Step as Next};
use older::Older;
pub use older::Phase1;
pub(crate) use older::{count as older_cases, is_own_sa};
use passing::Passing;

use super::Note;

/// What a tester is to do.
#[derive(Clone, Debug)]
pub struct Orders {
    /// What it says.
    pub attack: Attack,
    /// How far it goes in good order before it says that.
    pub stage: Stage,
    /// In whose name it speaks.
    pub posing_as: IpAddr,
    /// To whom.
    pub against: IpAddr,
    /// What the one in whose name it speaks proves itself with, and how the other one has to.
    pub prove: Prove,
    /// How the other one has to prove itself to that one.
    pub accept: Authenticate,
    /// Who has issued the certificate that it proves itself with, if it does so, with the private key.
    pub authority: Option<Box<Authority>>,
    /// Who it says it is.
    pub identity: Identity,
    /// How it begins in version 1; it speaks version 2 when nothing.
    pub older: Option<Phase1>,
    /// The host whose address it gives what passes, in the attack that does so.
    pub victim: Option<IpAddr>,
    /// How many times, each with an IKE SA of its own.
    pub count: u32,
    /// How long it waits between two times, unless it waits for others.
    pub every: Duration,
}

impl Orders {
    /// What it signs with, if signatures are what it proves by.
    fn credential(&self) -> Option<&Credential> {
        match &self.prove {
            Prove::Signature { credentials, .. } => credentials.first(),
            _ => None,
        }
    }
}

/// An IKE SA of either version.
enum Begun {
    Newer(Box<Loose>),
    Older(Box<Older>),
}

impl Begun {
    fn receive(&mut self, octets: &[u8], provider: &'static Provider, luck: &mut Luck) -> Next {
        match self {
            Self::Newer(loose) => loose.receive(octets, provider, luck),
            Self::Older(older) => older.receive(octets, provider, luck),
        }
    }

    fn spi(&self) -> IkeSpi {
        match self {
            Self::Newer(loose) => loose.spi(),
            Self::Older(older) => older.spi(),
        }
    }

    /// What the case is called, if it is one.
    fn name(&self) -> Option<&'static str> {
        match self {
            Self::Newer(loose) => loose.name(),
            Self::Older(older) => older.name(),
        }
    }
}

/// A tester.
pub struct Tester {
    orders: Orders,
    provider: &'static Provider,
    luck: Luck,
    /// Where packets leave, by their destination.
    routes: BTreeMap<IpAddr, Port>,
    /// How many times there were, how many are left, and when the next is due.
    turn: u32,
    left: u32,
    next: Option<Instant>,
    /// The IKE SAs that it has begun, by its own SPI.
    begun: BTreeMap<IkeSpi, Begun>,
    /// Those that others have begun, by its own SPI, and their first messages with it.
    answering: BTreeMap<IkeSpi, Answering>,
    first_messages: VecDeque<(Vec<u8>, IkeSpi)>,
    passing: Passing,
    /// The cookies of the ISAKMP SA whose messages have passed last.
    seen: Option<(IkeSpi, IkeSpi)>,
    identification: u16,
    /// What the cases are called that come next.
    says: VecDeque<&'static str>,
    out: VecDeque<IpPacket>,
}

/// Longer packets leave in fragments.
const MTU: usize = 1500;

/// So many IKE SAs are kept at once; older ones are forgotten, and what comes for them is lost.
const MOST_BEGUN: usize = 64;

impl Tester {
    /// One that keeps quiet.
    #[must_use]
    pub fn new(orders: Orders, provider: &'static Provider, luck: RandomStream) -> Self {
        Self {
            orders,
            provider,
            luck: Luck(luck),
            routes: BTreeMap::new(),
            turn: 0,
            left: 0,
            next: None,
            begun: BTreeMap::new(),
            answering: BTreeMap::new(),
            first_messages: VecDeque::new(),
            passing: Passing::default(),
            seen: None,
            identification: 0,
            says: VecDeque::new(),
            out: VecDeque::new(),
        }
    }

    /// Tells the way to an address.
    pub fn route(&mut self, destination: IpAddr, port: Port) {
        self.routes.entry(destination).or_insert(port);
    }

    /// Begins the attack.
    pub fn begin(&mut self, now: Instant) {
        self.left = self.orders.count;
        self.next = Some(now);
    }

    pub(super) fn handle(&mut self, now: Instant, packet: IpPacket) {
        if let Some(victim) = self.orders.victim {
            self.divert(now, victim, &packet);
            return self.out.push_back(packet);
        }
        if let Some(octets) = ike(&packet) {
            let is_answer = packet.source() == self.orders.against;
            if let Ok(header) = Header::parse(octets)
                && is_answer
                && is_own(header.spi_i)
            {
                if let Some(begun) = self.begun.get_mut(&header.spi_i) {
                    let next = begun.receive(octets, self.provider, &mut self.luck);
                    self.go_on(header.spi_i, next);
                }
                return;
            }
            if self.orders.stage == Stage::Answering && packet.source() == self.orders.against {
                match self.answer(octets) {
                    Some(answer) => return self.speak(&answer.into_iter().collect::<Vec<_>>()),
                    None => return self.out.push_back(packet),
                }
            }
            if self.orders.stage == Stage::Passing
                && self.next.is_some_and(|next| next <= now)
                && self.left > 0
            {
                self.left -= 1;
                self.next = Some(now + self.orders.every);
                let changed = self.passing.change(self.orders.attack, octets, &mut self.luck);
                let (source, destination) = (packet.source(), packet.destination());
                changed.iter().for_each(|octets| self.say(source, destination, IKE_PORT, octets));
            }
            self.passing.remember(octets);
            self.seen = cookies(octets).or(self.seen);
        }
        self.out.push_back(packet);
    }

    /// The answer to a message that is not to pass, if there is one; nothing at all if it is to pass.
    fn answer(&mut self, octets: &[u8]) -> Option<Option<Vec<u8>>> {
        let header = Header::parse(octets).ok()?;
        let known = self.first_messages.iter().find(|(first, _)| first == octets).map(|(_, spi)| *spi);
        if let Some(answering) = self.answering.get_mut(&known.unwrap_or(header.spi_r)) {
            return Some(answering.receive(octets, self.provider, &mut self.luck));
        }
        if is_own(header.spi_r) {
            return Some(None);
        }
        let is_first = header.exchange == ExchangeType::IKE_SA_INIT && header.spi_r == IkeSpi(0);
        if !is_first || self.left == 0 || self.next.is_none() {
            return None;
        }
        let (turn, orders) = (self.turn, &self.orders);
        let (answering, answer) = Answering::begin(orders, turn, octets, self.provider, &mut self.luck)?;
        self.turn += 1;
        self.left -= 1;
        self.says.extend(answering.name());
        self.first_messages.push_back((octets.to_vec(), answering.spi()));
        self.answering.insert(answering.spi(), answering);
        if self.first_messages.len() > MOST_BEGUN
            && let Some((_, spi)) = self.first_messages.pop_front()
        {
            self.answering.remove(&spi);
        }
        Some(Some(answer))
    }

    /// Sends messages in the name of the one that it poses as.
    fn speak(&mut self, messages: &[Vec<u8>]) {
        let (source, destination) = (self.orders.posing_as, self.orders.against);
        messages.iter().for_each(|octets| self.say(source, destination, IKE_PORT, octets));
    }

    /// Sends an IKE message that passes to the other end from the victim's address first.
    fn divert(&mut self, now: Instant, victim: IpAddr, packet: &IpPacket) {
        let due = self.left > 0 && self.next.is_some_and(|next| next <= now);
        let Some(datagram) =
            udp::read(packet).ok().filter(|_| due && packet.destination() == self.orders.against)
        else {
            return;
        };
        if datagram.payload.len() <= 4
            || datagram.source.port() != IKE_PORT && datagram.payload[..4] != [0; 4]
        {
            return;
        }
        self.left -= 1;
        self.next = Some(now + self.orders.every);
        let header = IpHeader::new(victim, packet.destination(), 0);
        let source = SocketAddr::new(victim, datagram.source.port());
        let copy = udp::build(source, datagram.destination, Buffer::copy_of(datagram.payload), &header);
        self.out.extend(copy);
    }

    pub(super) fn wake(&mut self, now: Instant) {
        while self.begins() && self.left > 0 && self.next.is_some_and(|next| next <= now) {
            self.left -= 1;
            self.next = Some(now + self.orders.every);
            self.strike();
        }
    }

    /// Whether it begins to speak by itself.
    fn begins(&self) -> bool {
        !matches!(self.orders.stage, Stage::Passing | Stage::Answering)
    }

    pub(super) fn poll(&mut self, _now: Instant) -> Step<Note> {
        if let Some(name) = self.says.pop_front() {
            return Step::Note(Note::Says(name));
        }
        if let Some(packet) = self.out.pop_front() {
            return match self.routes.get(&packet.destination()) {
                Some(port) => Step::Send { port: *port, packet },
                None => Step::Note(Note::NoHost),
            };
        }
        let waits = self.begins() && self.left > 0;
        Step::Idle { until: self.next.filter(|_| waits) }
    }

    /// One time: what needs no IKE SA is said at once, for all else one is begun.
    fn strike(&mut self) {
        let (begun, first) = match self.orders.older {
            None => {
                let (loose, first) = Loose::begin(&self.orders, self.turn, self.provider, &mut self.luck);
                (Begun::Newer(Box::new(loose)), first)
            }
            Some(phase1) => {
                let told = (self.turn, self.seen);
                let (older, first) = Older::begin(&self.orders, phase1, told, self.provider, &mut self.luck);
                (Begun::Older(Box::new(older)), first)
            }
        };
        self.turn += 1;
        self.says.extend(begun.name());
        let spi = begun.spi();
        if self.orders.stage != Stage::Stranger {
            self.begun.insert(spi, begun);
            if self.begun.len() > MOST_BEGUN {
                self.begun.pop_first();
            }
        }
        self.go_on(spi, first);
    }

    fn go_on(&mut self, spi: IkeSpi, next: Next) {
        let (source, destination) = (self.orders.posing_as, self.orders.against);
        let Next { datagrams, over } = next;
        for (port, octets) in datagrams {
            self.say(source, destination, port, &octets);
        }
        if over {
            self.begun.remove(&spi);
        }
    }

    fn say(&mut self, source: IpAddr, destination: IpAddr, port: u16, octets: &[u8]) {
        self.identification = self.identification.wrapping_add(1);
        let ends = (SocketAddr::new(source, IKE_PORT), SocketAddr::new(destination, port));
        self.out.extend(datagram(ends, octets, self.identification));
    }
}

/// A datagram, in fragments where it is long; what no datagram holds is not said.
fn datagram((from, to): (SocketAddr, SocketAddr), octets: &[u8], identification: u16) -> Vec<IpPacket> {
    let header = IpHeader { identification, ..IpHeader::new(from.ip(), to.ip(), 0) };
    match udp::build(from, to, Buffer::copy_of(octets), &header) {
        Ok(packet) if packet.len() <= MTU => vec![packet],
        Ok(packet) => fragment(packet, MTU, u32::from(identification)).unwrap_or_default(),
        Err(_) => Vec::new(),
    }
}

fn ike(packet: &IpPacket) -> Option<&[u8]> {
    let datagram = udp::read(packet).ok()?;
    (datagram.destination.port() == IKE_PORT).then_some(datagram.payload)
}

/// The cookies of a message of version 1 that has both.
fn cookies(octets: &[u8]) -> Option<(IkeSpi, IkeSpi)> {
    let header = v1::Header::parse(octets).ok().filter(|header| header.version.major == 1)?;
    (header.spi_r != IkeSpi(0)).then_some((header.spi_i, header.spi_r))
}

/// A tester's luck.
struct Luck(RandomStream);

impl Luck {
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.0.below(bound.max(1) as u64)).unwrap_or_default()
    }

    fn pick<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }

    fn octets(&mut self, length: usize) -> Vec<u8> {
        let mut octets = vec![0; length];
        self.0.fill(&mut octets);
        octets
    }
}

impl ipsec::crypto::Entropy for Luck {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }
}

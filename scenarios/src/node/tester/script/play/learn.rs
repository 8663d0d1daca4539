//! What a scripted tester makes of what it hears: whether that is as it has to be, and what it goes on with.

use std::net::SocketAddr;

use ipsec::ikev2::{IKE_PORT, NAT_PORT};
use ipsec::wire::registry::{ExchangeType, NotifyType, PayloadType, ProtocolId};
use ipsec::wire::v2::{self, Message, Payload};
use ipsec::wire::{Header, IkeSpi};
use ipsec_net::icmp::EchoKind;
use ipsec_net::{IpPacket, icmp, protocol, udp};

use super::super::heard::Heard;
use super::super::message::spi_of;
use super::{Scripted, Told};

const NAT_HASHES: [NotifyType; 2] =
    [NotifyType::NAT_DETECTION_SOURCE_IP, NotifyType::NAT_DETECTION_DESTINATION_IP];

impl Scripted {
    /// What a packet for the tester says.
    pub(super) fn hear(&mut self, packet: &IpPacket) -> Option<Heard> {
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
        if is_protected {
            self.sa.answered(header.message_id);
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

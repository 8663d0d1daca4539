//! What is said about SAs that are not there: to those who still use them, and by those who have lost them (RFC 7296 §1.5,
//! §2.21.4, RFC 6290).
//!
//! ```text
//! peer                                   restarted endpoint
//! INFORMATIONAL request  SK {…}  ------->
//!                                <-------   N(INVALID_IKE_SPI) N(QUICK_CRASH_DETECTION), in the clear
//! ```

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use ipsec_net::Instant;
use ipsec_wire::registry::{ExchangeType, NotifyType, PayloadType};
use ipsec_wire::v2::{Notify, Payload};
use ipsec_wire::{Flags, Header, IKE_PORT, IkeSpi, Spi, Version};

use super::Endpoint;
use crate::event::Event;
use crate::exchange::notice::Notice;
use crate::message::Envelope;
use crate::output::Output;
use crate::refusal::DropReason;
use crate::sa::Role;
use crate::session::Session;

/// The SPIs of children that have gone of late: packets under them may still be on their way.
#[derive(Debug, Default)]
pub(super) struct Departed(BTreeMap<Spi, Instant>);

/// How long packets may be on their way.
const ON_THEIR_WAY: Duration = Duration::from_secs(120);

/// So many SPIs are remembered.
const MOST_DEPARTED: usize = 4_096;

impl Departed {
    /// Notes that a child has gone.
    pub(super) fn note(&mut self, now: Instant, spi: Spi) {
        if self.0.len() >= MOST_DEPARTED {
            self.0.retain(|_, at| now.since(*at) < ON_THEIR_WAY);
        }
        if self.0.len() < MOST_DEPARTED {
            self.0.insert(spi, now);
        }
    }

    fn has(&self, now: Instant, spi: Spi) -> bool {
        self.0.get(&spi).is_some_and(|at| now.since(*at) < ON_THEIR_WAY)
    }
}

impl Endpoint {
    /// A packet of the data plane has come from `source` to `here` under an SPI that is not there; where it came in UDP, between these
    /// `ports`. Where there is an IKE SA with its sender, that is told in it; where there is none, in the clear, as a hint, to the
    /// port that the packet came from (RFC 7296 §1.5).
    pub fn unknown_spi(
        &mut self,
        now: Instant,
        (source, here): (IpAddr, IpAddr),
        ports: Option<(u16, u16)>,
        spi: Spi,
    ) {
        if self.departed.has(now, spi) {
            return;
        }
        let with = self.sessions.with_address(source);
        if let Some(known) = with.iter().copied().find(|known| self.is_current(*known)) {
            self.with(now, known, |session, cx, out| session.unknown_spi(spi, cx, out));
            return;
        }
        let configured = self.connections.between(here, source).next().is_some();
        if !with.is_empty() || !configured || !self.limiter.allows(now) {
            return;
        }
        let notify = Notify::new(NotifyType::INVALID_SPI, spi.0.to_be_bytes().to_vec());
        let envelope = Envelope {
            spi_i: IkeSpi(0),
            spi_r: IkeSpi(0),
            exchange: ExchangeType::INFORMATIONAL,
            sender: Role::Initiator,
            response: false,
            message_id: 0,
        };
        let (from, to) = ports.unwrap_or((IKE_PORT, IKE_PORT));
        self.out.push_back(Output::Event(Event::Probe("ikev2.invalid-spi.sent")));
        self.out.push_back(Output::Datagram {
            source: SocketAddr::new(here, to),
            destination: SocketAddr::new(source, from),
            octets: envelope.clear(&[Payload::Notify(notify)]),
        });
    }

    /// A packet has come out of the child that receives under this SPI, which is not for it; it begins with `head`. The peer is
    /// told, seldom enough (RFC 4301 §5.2, RFC 7296 §3.10.1).
    pub fn invalid_selectors(&mut self, now: Instant, spi: Spi, head: &[u8]) {
        if let Some(known) = self.sessions.with_child(spi) {
            self.with(now, known, |session, cx, out| session.invalid_selectors(spi, head, cx, out));
        }
    }

    fn is_current(&self, spi: IkeSpi) -> bool {
        self.sessions.get(&spi).is_some_and(|session| session.sa.is_current())
    }

    /// A message for an IKE SA that is not there. A request that is protected is told so, with the token of the IKE SA if we
    /// make any; nothing else is answered.
    pub(super) fn unknown_sa(
        &mut self,
        now: Instant,
        from: SocketAddr,
        to: SocketAddr,
        header: &Header,
    ) -> Result<(), DropReason> {
        if is_hint(header) {
            self.out.push_back(Output::Event(Event::Probe("ikev2.invalid-spi.received")));
            for known in self.sessions.with_address(from.ip()) {
                self.with(now, known, Session::hint);
            }
            return Ok(());
        }
        let protected = [PayloadType::SK, PayloadType::SKF].contains(&header.next_payload);
        let configured = self.connections.between(to.ip(), from.ip()).next().is_some();
        let asks = protected && !header.flags.response && header.exchange != ExchangeType::IKE_SA_INIT;
        if !asks || !configured || !self.limiter.allows(now) {
            return Err(DropReason::UnknownSpi);
        }
        self.out.push_back(Output::Event(Event::Probe("ikev2.invalid-ike-spi.sent")));
        let mut payloads = vec![Payload::Notify(Notify::new(NotifyType::INVALID_IKE_SPI, Vec::new()))];
        payloads.extend(self.tokens.notify(header.spi_i, header.spi_r));
        self.answer_statelessly(from, to, header, &payloads);
        Ok(())
    }

    /// Tells the peer of an IKE SA its token, once they are sure of each other (RFC 6290 §4.3).
    pub(super) fn announce(&mut self, now: Instant, spi: IkeSpi) {
        let Some(session) = self.sessions.get_mut(&spi) else { return };
        if session.announced || !session.sa.is_current() {
            return;
        }
        session.announced = true;
        if let Some(token) = self.tokens.notify(session.sa.spi_i, session.sa.spi_r) {
            let notice = Notice::new(vec![token], "ikev2.token.told");
            self.with(now, spi, |session, cx, out| session.begin(Box::new(notice), cx, out));
        }
    }
}

/// Whether a message is the hint of somebody who does not know an SPI: it belongs to no IKE SA, and is never answered.
fn is_hint(header: &Header) -> bool {
    let nobody = (IkeSpi(0), IkeSpi(0)) == (header.spi_i, header.spi_r);
    let flags = Flags { initiator: true, response: false, version: header.flags.version };
    nobody
        && header.exchange == ExchangeType::INFORMATIONAL
        && header.next_payload == PayloadType::NOTIFY
        && (header.flags, header.version.major) == (flags, Version::V2.major)
}

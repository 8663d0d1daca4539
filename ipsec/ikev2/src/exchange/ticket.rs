//! How tickets come to a client (RFC 5723 §4.1, §4.2): it asks in `IKE_AUTH`, and later where it was put off or where the IKE
//! SA has been rekeyed, which makes the ticket before worthless.
//!
//! ```text
//! SK {… N(TICKET_REQUEST)}   ------->
//!                            <-------   SK {… N(TICKET_LT_OPAQUE: lifetime, ticket) | N(TICKET_ACK) | N(TICKET_NACK)}
//! ```

use std::time::Duration;

use ipsec_auth::Identity;
use ipsec_wire::registry::{ExchangeType, NotifyType};
use ipsec_wire::v2::{Notify, Payload};

use super::{Exchange, Next};
use crate::config::Connection;
use crate::context::Context;
use crate::effect::Effect;
use crate::event::Event;
use crate::message::{Opened, find_notify};
use crate::refusal::Refusal;
use crate::sa::IkeSa;
use crate::ticket::{Resumable, Ticket};

/// The notify that asks for a ticket, if the connection wants them.
pub(super) fn request(connection: &Connection) -> Option<Payload> {
    connection.resumes.then(|| said(NotifyType::TICKET_REQUEST))
}

/// Asks for a ticket on an established IKE SA.
pub(crate) struct TicketRequest;

impl Exchange for TicketRequest {
    fn describe(&self) -> &'static str {
        "request for a ticket"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::INFORMATIONAL
    }

    fn request(&mut self, sa: &IkeSa, _cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let payload = request(&sa.connection).filter(|_| sa.is_current() && sa.begun_here)?;
        Some((vec![payload], Vec::new()))
    }

    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Next, Refusal> {
        let peer = sa.peer().cloned();
        let kept = peer.and_then(|peer| received(sa, &peer, message, cx));
        Ok(Next::Done(kept.into_iter().collect()))
    }
}

/// The ticket in a response, if there is one.
pub(super) fn received(
    sa: &IkeSa,
    peer: &Identity,
    message: &Opened<'_>,
    cx: &Context<'_>,
) -> Option<Effect> {
    let notify =
        find_notify(&message.payloads, NotifyType::TICKET_LT_OPAQUE).filter(|_| sa.connection.resumes)?;
    let (seconds, octets) = notify.data.split_first_chunk()?;
    let lifetime = Duration::from_secs(u64::from(u32::from_be_bytes(*seconds)));
    let crypto = sa.crypto.as_ref()?;
    let state = Resumable {
        suite: crypto.suite,
        sk_d: crypto.keys().d.clone(),
        id_i: sa.connection.local_id.clone(),
        id_r: peer.clone(),
        spis: (sa.spi_i, sa.spi_r),
    };
    let (octets, until, gateway) = (octets.to_vec(), cx.now + lifetime, sa.path.remote.ip());
    Some(Effect::KeepTicket(Box::new(Ticket { octets, until, gateway, state })))
}

/// Whether the gateway has put us off: a ticket comes if it is asked for once more.
pub(super) fn is_put_off(message: &Opened<'_>) -> bool {
    find_notify(&message.payloads, NotifyType::TICKET_ACK).is_some()
}

/// The gateway's answer to a request for a ticket; `at_first` if that stands in `IKE_AUTH`.
pub(super) fn answer(
    sa: &IkeSa,
    connection: &Connection,
    client: &Identity,
    message: &Opened<'_>,
    at_first: bool,
    cx: &mut Context<'_>,
) -> Option<(Payload, Effect)> {
    find_notify(&message.payloads, NotifyType::TICKET_REQUEST)?;
    let refused = || (said(NotifyType::TICKET_NACK), Effect::Report(Event::Probe("ikev2.ticket.refused")));
    let (Some(tickets), Some(crypto)) = (cx.tickets, &sa.crypto) else {
        return Some(refused());
    };
    if at_first && !tickets.policy.at_once {
        return Some((said(NotifyType::TICKET_ACK), Effect::Report(Event::Probe("ikev2.ticket.put-off"))));
    }
    let lasting = [connection.authentication_lifetime, connection.lifetime.hard.time];
    let limits = lasting.into_iter().flatten().chain([tickets.policy.lifetime]);
    let lifetime = Duration::from_secs(limits.min().unwrap_or_default().as_secs());
    let state = Resumable {
        suite: crypto.suite,
        sk_d: crypto.keys().d.clone(),
        id_i: client.clone(),
        id_r: connection.local_id.clone(),
        spis: (sa.spi_i, sa.spi_r),
    };
    let granted = tickets.grant(cx.provider, cx.entropy, &state, cx.now + lifetime);
    Some(granted.map_or_else(refused, |ticket| {
        let seconds = u32::try_from(lifetime.as_secs()).unwrap_or(u32::MAX).to_be_bytes();
        let data = [seconds.as_slice(), &ticket].concat();
        let payload = Payload::Notify(Notify::new(NotifyType::TICKET_LT_OPAQUE, data));
        (payload, Effect::Report(Event::Probe("ikev2.ticket.granted")))
    }))
}

fn said(kind: NotifyType) -> Payload {
    Payload::Notify(Notify::new(kind, Vec::new()))
}

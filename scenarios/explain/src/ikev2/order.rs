//! Message IDs, repeats and windows (RFC 7296 §2.1 to §2.3): what of an IKE SA's messages went by, and what may follow.

use ipsec_wire::registry::{ExchangeType, NotifyType, PayloadType};
use ipsec_wire::v2::Payload;

use super::sa::Stage;
use super::{Asks, Exchange, Incoming, MOST_PARTS, Part, Sa, Shown, content, keyed};
use crate::rules::Rule;
use crate::teller::Teller;
use crate::told::{IkeSummary, Kind, Message};

/// Whether a message went by before, octet for octet; then it is told as what it is.
pub(super) fn repeat(sa: &mut Sa, incoming: &Incoming<'_>, teller: &mut Teller<'_>) -> bool {
    let side = &sa.sides[incoming.asker()];
    let Some(exchange) = side.exchanges.get(&incoming.header.message_id) else { return false };
    let Some(part) = exchange.parts.iter().find(|part| part.digest == incoming.digest) else { return false };
    sa.summary.repeats += 1;
    teller.message(Message {
        frame: teller.frame,
        at_nanos: teller.at,
        from: incoming.course.from,
        to: incoming.course.to,
        kind: Kind::Ike,
        conversation: Some(sa.summary.number),
        label: part.label.clone(),
        tree: String::new(),
        remarks: vec![format!("repeats frame {}", part.frame)],
    });
    true
}

/// Judges the place of a message among the others.
pub(super) fn check(sa: &mut Sa, incoming: &Incoming<'_>, shown: &Shown, teller: &mut Teller<'_>) {
    let (id, who) = (incoming.header.message_id, incoming.course.from.ip());
    let payloads: &[Payload] = match shown {
        Shown::Payloads { payloads, .. } => payloads,
        _ => &[],
    };
    if is_synchronisation(sa, incoming, payloads) {
        sa.sides.iter_mut().for_each(|side| {
            side.highest = None;
            side.exchanges = crate::seen::Recent::new(1);
        });
        sa.is_whole = false;
        return;
    }
    let is_whole = sa.is_whole;
    let side = &mut sa.sides[incoming.asker()];
    let is_notice =
        !matches!(shown, Shown::Payloads { is_protected: true, .. } | Shown::Piece | Shown::Sealed)
            && !incoming.is_first();
    if let Some(exchange) = side.exchanges.get(&id) {
        if exchange.kind != incoming.header.exchange && !is_notice {
            let what = format!("{} under the message ID of {}", incoming.header.exchange, exchange.kind);
            let rule = if incoming.header.flags.response { Rule::UNASKED } else { Rule::REPEAT_REQUEST };
            teller.broke(who, rule, what);
        } else if incoming.header.flags.response {
            let decides = content::has(payloads, PayloadType::SA);
            let other = exchange.parts.iter().any(|part| {
                part.is_response
                    && part.fragment == incoming.fragment
                    && (!incoming.is_first() || part.decides && decides)
            });
            if other && !is_notice {
                teller.broke(who, Rule::REPEAT_RESPONSE, format!("a second response to request {id}"));
            }
        } else if !exchange.may_change {
            let same = |part: &&Part| !part.is_response && part.fragment == incoming.fragment;
            if let Some(part) = exchange.parts.iter().find(same) {
                let what = format!("message ID {id} was used in frame {} with other content", part.frame);
                teller.broke(who, Rule::REPEAT_REQUEST, what);
            }
        }
        return;
    }
    if incoming.header.flags.response {
        if is_whole && !is_notice && side.highest.is_none_or(|highest| id > highest) {
            teller.broke(who, Rule::UNASKED, format!("nobody asked for response {id}"));
        }
        return;
    }
    if is_notice {
        return;
    }
    let next = side.highest.map_or(0, |highest| highest.saturating_add(1));
    if is_whole && id >= next.saturating_add(side.window) {
        // The requests between may have gone another way, and so may the responses that they waited for.
        sa.is_whole = false;
        side.exchanges.iter_mut().for_each(|(_, exchange)| exchange.is_answered = true);
        teller.broke(who, Rule::MESSAGE_ID, format!("request {id}, expected {next}"));
        return;
    }
    let waiting = side.exchanges.iter().filter(|(_, exchange)| !exchange.is_answered).map(|(id, _)| *id);
    let oldest = waiting.filter(|oldest| *oldest < id).min();
    if let Some(oldest) = oldest.filter(|oldest| id - oldest >= side.window) {
        let what = format!("request {id} while {oldest} has no response; the window is {}", side.window);
        teller.broke(who, Rule::WINDOW, what);
    }
}

/// Whether the ends of a cluster agree on message IDs anew (RFC 6311 §5), in an exchange with the message ID zero.
fn is_synchronisation(sa: &Sa, incoming: &Incoming<'_>, payloads: &[Payload]) -> bool {
    let is_told = content::notifies(payloads).any(|notify| notify.kind == NotifyType::IKEV2_MESSAGE_ID_SYNC);
    let may_be = payloads.is_empty() && sa.keyed.is_empty() && sa.stage == Stage::Established;
    incoming.header.exchange == ExchangeType::INFORMATIONAL
        && incoming.header.message_id == 0
        && (is_told || may_be && sa.sides[incoming.asker()].highest.is_some_and(|highest| highest > 0))
}

/// Remembers a message, and returns what its request asks.
pub(super) fn record(
    sa: &mut Sa,
    incoming: &Incoming<'_>,
    payloads: &[Payload],
    (label, frame, complete): (String, u64, bool),
) -> Asks {
    let id = incoming.header.message_id;
    let is_response = incoming.header.flags.response;
    let side = &mut sa.sides[incoming.asker()];
    if side.exchanges.get(&id).is_none() {
        if is_response {
            return Asks::default();
        }
        let exchange = Exchange {
            kind: incoming.header.exchange,
            parts: Vec::new(),
            asks: Asks::default(),
            is_answered: false,
            may_change: false,
        };
        side.exchanges.add(id, exchange);
        side.highest = Some(side.highest.map_or(id, |highest| highest.max(id)));
    }
    let Some(exchange) = side.exchanges.get_mut(&id) else { return Asks::default() };
    if exchange.parts.len() < MOST_PARTS {
        exchange.parts.push(Part {
            is_response,
            fragment: incoming.fragment,
            digest: incoming.digest,
            frame,
            label,
            decides: content::has(payloads, PayloadType::SA),
        });
    }
    if is_response {
        let is_notice = exchange.kind != incoming.header.exchange;
        exchange.is_answered |= complete && !is_notice;
        exchange.may_change |= incoming.is_first() && !content::has(payloads, PayloadType::SA);
        return exchange.asks.clone();
    }
    if complete {
        exchange.asks = asks(payloads);
    }
    if incoming.is_first() {
        // What is asked once more is answered once more.
        exchange.is_answered = false;
    }
    exchange.asks.clone()
}

fn asks(payloads: &[Payload]) -> Asks {
    let rekeys = content::notifies(payloads)
        .find(|notify| notify.kind == NotifyType::REKEY_SA)
        .and_then(|notify| <[u8; 4]>::try_from(notify.spi.as_slice()).ok())
        .map(u32::from_be_bytes);
    Asks {
        offered: content::association(payloads).cloned(),
        rekeys,
        nonce: keyed::nonce(payloads).map(<[u8]>::to_vec),
        public: keyed::public(payloads).map(<[u8]>::to_vec),
    }
}

/// What became of an IKE SA, with what it still waits for.
pub(super) fn summary(sa: &Sa) -> IkeSummary {
    let mut summary = sa.summary.clone();
    [summary.initiator, summary.responder] = sa.ends;
    for (side, end) in sa.sides.iter().zip(["initiator", "responder"]) {
        let open = side.exchanges.iter().find(|(_, exchange)| !exchange.is_answered);
        if let Some((id, exchange)) = open.filter(|_| sa.stage != Stage::Ended) {
            summary.outcome += &format!("; no response to {} request {id} of the {end}", exchange.kind);
        }
    }
    summary
}

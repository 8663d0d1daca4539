//! The exchanges of MOBIKE (RFC 4555 §3.5–§3.9), all of them INFORMATIONAL. The original initiator decides where the SAs run; the
//! original responder goes where an authentic update comes from, and lets its Child SAs follow once the other end has shown that
//! it can be reached there.
//!
//! ```text
//! SK {N(UPDATE_SA_ADDRESSES) N(NAT_DETECTION_*_IP) N(COOKIE2)}   ------->
//!                                                     <-------   SK {N(NAT_DETECTION_*_IP) N(COOKIE2)}
//!                                                     <-------   SK {N(COOKIE2)}      are you there?
//! SK {N(COOKIE2)}                                     ------->
//! ```

use std::net::IpAddr;

use ipsec_wire::registry::{ExchangeType, NotifyType};
use ipsec_wire::v2::{Notify, Payload};

use super::delete::DeleteIke;
use super::{Answer, Company, Exchange, Next};
use crate::config::Routability;
use crate::context::Context;
use crate::effect::Effect;
use crate::event::{Cause, Event};
use crate::message::{Opened, find_notify};
use crate::mobility::{self, Learnt, Mobility};
use crate::nat::{self, Course};
use crate::path::{Nat, Path};
use crate::refusal::{Failure, Refusal};
use crate::sa::IkeSa;

/// Tells the original responder that the SAs run elsewhere (§3.5).
#[derive(Default)]
pub(crate) struct UpdateAddresses {
    cookie: Vec<u8>,
    /// The move that it tells of.
    moves: u32,
    /// How often in a row the peer has refused.
    refusals: u32,
}

/// After so many refusals in a row there is no way.
const MOST_REFUSALS: u32 = 8;

impl Exchange for UpdateAddresses {
    fn describe(&self) -> &'static str {
        "update of addresses"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::INFORMATIONAL
    }

    /// Nothing where the peer was told already.
    fn request(&mut self, sa: &IkeSa, cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let mobility = sa.mobility.as_ref().filter(|mobility| mobility.sent != mobility.moves)?;
        if !sa.is_established() || sa.waits {
            return None;
        }
        self.moves = mobility.moves;
        self.cookie = cookie(cx);
        let mut payloads = vec![notify(NotifyType::UPDATE_SA_ADDRESSES, Vec::new())];
        payloads.extend(detection(sa, &sa.path));
        payloads.extend(match mobility.listing {
            true => mobility::list(sa, cx.addresses),
            false => mobility::no_nats(sa).into_iter().collect(),
        });
        payloads.push(notify(NotifyType::COOKIE2, self.cookie.clone()));
        Some((payloads, vec![Effect::Learn(Learnt::Sent(self.moves))]))
    }

    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Next, Refusal> {
        if !returns(&self.cookie, message) {
            return Ok(Next::Done(wrong_cookie()));
        }
        let Some(mobility) = sa.mobility.as_ref().filter(|mobility| mobility.moves == self.moves) else {
            // It has moved since: another update follows.
            return Ok(Next::Done(vec![met("ikev2.mobike.outdated")]));
        };
        for kind in [NotifyType::UNEXPECTED_NAT_DETECTED, NotifyType::UNACCEPTABLE_ADDRESSES] {
            if find_notify(&message.payloads, kind).is_some() {
                return Ok(self.refused(sa, mobility, kind, cx.addresses));
            }
        }
        let learnt = [Learnt::Confirmed(self.moves), Learnt::Listing(false)];
        let learnt = learnt.into_iter().chain(seen(&message.payloads));
        let mut effects: Vec<Effect> = learnt.map(Effect::Learn).collect();
        effects.push(met("ikev2.mobike.updated"));
        let nat = found(sa, message).unwrap_or(sa.path.nat);
        if nat != sa.path.nat || mobility.children.is_some() {
            effects.push(Effect::Move(Path { nat, ..sa.path }));
        }
        Ok(Next::Done(effects))
    }

    fn company(&self) -> Company {
        Company::Any
    }

    /// It is about the path of this IKE SA, even where another one replaces it: the peer may not know that one yet.
    fn retires(&self) -> bool {
        true
    }
}

impl UpdateAddresses {
    /// Another way where the addresses do not please the peer; the same again where somebody has changed them, who may not
    /// do so each time (§3.9).
    fn refused(&self, sa: &IkeSa, mobility: &Mobility, kind: NotifyType, own: &[IpAddr]) -> Next {
        let refusals = self.refusals + 1;
        let other = mobility::next(own, &sa.path, &mobility.others);
        let (probe, path) = match kind {
            NotifyType::UNACCEPTABLE_ADDRESSES => ("ikev2.mobike.unacceptable", other),
            _ => {
                let same = Some(sa.path).filter(|_| refusals <= MOST_REFUSALS / 2);
                ("ikev2.mobike.unexpected-nat", same.or(other))
            }
        };
        match path.filter(|_| refusals < MOST_REFUSALS) {
            Some(path) => {
                let again = Self { refusals, ..Self::default() };
                Next::Then(Box::new(again), vec![met(probe), Effect::Depart(path)])
            }
            None => {
                let end = DeleteIke { cause: Cause::Failed(Failure::Refused(kind)) };
                Next::Then(Box::new(end), vec![met(probe)])
            }
        }
    }
}

/// Tells the peer which addresses we have (§3.6).
#[derive(Default)]
pub(crate) struct ListAddresses {
    refusals: u32,
}

impl Exchange for ListAddresses {
    fn describe(&self) -> &'static str {
        "list of addresses"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::INFORMATIONAL
    }

    /// Nothing where an update has told them meanwhile.
    fn request(&mut self, sa: &IkeSa, cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let listing = sa.mobility.as_ref().is_some_and(|mobility| mobility.listing);
        let probe = vec![met("ikev2.mobike.listed")];
        (listing && sa.is_established() && !sa.waits).then(|| (mobility::list(sa, cx.addresses), probe))
    }

    fn response(&mut self, _: &IkeSa, message: &Opened<'_>, _: &mut Context<'_>) -> Result<Next, Refusal> {
        let refusals = self.refusals + 1;
        let refused = find_notify(&message.payloads, NotifyType::UNEXPECTED_NAT_DETECTED).is_some();
        if refused && refusals < MOST_REFUSALS {
            return Ok(Next::Then(Box::new(Self { refusals }), vec![met("ikev2.mobike.unexpected-nat")]));
        }
        Ok(Next::Done(vec![Effect::Learn(Learnt::Listing(false))]))
    }

    fn company(&self) -> Company {
        Company::Any
    }

    /// It is about the path of this IKE SA, even where another one replaces it: the peer may not know that one yet.
    fn retires(&self) -> bool {
        true
    }
}

/// Asks whether the peer can be reached where the IKE SA runs (§3.7).
pub(crate) struct RoutabilityCheck {
    cookie: Vec<u8>,
    /// Where it is asked.
    path: Option<Path>,
    /// The children are there already.
    after: bool,
}

impl RoutabilityCheck {
    /// After the children have gone there, or before.
    pub(crate) fn new(after: bool) -> Self {
        Self { cookie: Vec::new(), path: None, after }
    }
}

impl Exchange for RoutabilityCheck {
    fn describe(&self) -> &'static str {
        "return routability check"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::INFORMATIONAL
    }

    /// Nothing where the children are there meanwhile.
    fn request(&mut self, sa: &IkeSa, cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let mobility = sa.mobility.as_ref().filter(|_| sa.is_established())?;
        if !self.after && mobility.children.is_none() {
            return None;
        }
        self.cookie = cookie(cx);
        self.path = Some(sa.path);
        Some((vec![notify(NotifyType::COOKIE2, self.cookie.clone())], vec![met("ikev2.mobike.asked")]))
    }

    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, _: &mut Context<'_>) -> Result<Next, Refusal> {
        if !returns(&self.cookie, message) {
            return Ok(Next::Done(wrong_cookie()));
        }
        if !self.path.is_some_and(|path| path.joins_same(&sa.path)) {
            // It was sent to several addresses, and nobody knows at which one it has arrived.
            return Ok(Next::Then(
                Box::new(Self::new(self.after)),
                vec![met("ikev2.mobike.asked-elsewhere")],
            ));
        }
        let mut effects = vec![met("ikev2.mobike.routable")];
        if sa.mobility.as_ref().is_some_and(|mobility| mobility.children.is_some()) {
            effects.push(Effect::Move(sa.path));
        }
        Ok(Next::Done(effects))
    }

    fn company(&self) -> Company {
        Company::Any
    }
}

/// What an INFORMATIONAL request of the peer's says of addresses, and the answer to that.
pub(crate) fn answer(sa: &IkeSa, message: &Opened<'_>, cx: &Context<'_>) -> Answer {
    let mut answer = Answer { payloads: Vec::new(), effects: Vec::new() };
    let Some(mobility) = &sa.mobility else { return answer };
    // Whoever asks this way is answered, whatever else is understood (§3.7).
    let cookie = find_notify(&message.payloads, NotifyType::COOKIE2);
    let cookie = cookie.filter(|cookie| (8..=64).contains(&cookie.data.len())).cloned();
    answer.payloads.extend(cookie.map(Payload::Notify));
    let says = |kind| find_notify(&message.payloads, kind).is_some();
    let (updates, told) =
        (!sa.begun_here && says(NotifyType::UPDATE_SA_ADDRESSES), mobility::told(&message.payloads));
    if (updates || told.is_some()) && mobility::meets_forbidden_nat(message) {
        answer.payloads.push(notify(NotifyType::UNEXPECTED_NAT_DETECTED, Vec::new()));
        answer.effects.push(met("ikev2.mobike.nat-forbidden"));
        return answer;
    }
    let id = message.header.message_id;
    if let Some(others) = told {
        match mobility.is_latest_list(id) {
            true => answer.effects.extend(learn(sa, message, others, cx.addresses)),
            false => answer.effects.push(met("ikev2.mobike.older")),
        }
    }
    if updates && mobility.is_latest_update(id) {
        if let Err(refusal) = update(sa, mobility, message, &mut answer.effects) {
            answer.payloads.push(refusal);
            return answer;
        }
    } else if updates {
        answer.effects.push(met("ikev2.mobike.older"));
    }
    if says(NotifyType::NAT_DETECTION_SOURCE_IP) && says(NotifyType::NAT_DETECTION_DESTINATION_IP) {
        answer.payloads.extend(detection(sa, &message.came));
    }
    answer
}

/// The peer's list of addresses. The original initiator leaves one that is not there any more.
fn learn(sa: &IkeSa, message: &Opened<'_>, mut others: Vec<IpAddr>, own: &[IpAddr]) -> Vec<Effect> {
    let from = message.came.remote.ip();
    if !others.contains(&from) {
        others.push(from);
    }
    let gone = !others.contains(&sa.path.remote.ip());
    let away = mobility::best(own, &sa.path, &others, !gone).filter(|_| gone && sa.begun_here);
    let learnt = Learnt::Others(others, message.header.message_id);
    let mut effects = vec![met("ikev2.mobike.told"), Effect::Learn(learnt)];
    effects.extend(away.map(Effect::Depart));
    effects
}

/// The original initiator is elsewhere, or says why it may not be.
fn update(
    sa: &IkeSa,
    mobility: &Mobility,
    message: &Opened<'_>,
    effects: &mut Vec<Effect>,
) -> Result<(), Payload> {
    let from = message.came.remote.ip();
    let roams = &sa.connection.roams;
    let allowed = roams.is_empty() || roams.iter().any(|range| range.contains(from));
    if !allowed || !mobility::is_of_one_host(&from) {
        effects.push(met("ikev2.mobike.refused"));
        return Err(notify(NotifyType::UNACCEPTABLE_ADDRESSES, Vec::new()));
    }
    let path = Path { nat: found(sa, message).unwrap_or(sa.path.nat), ..message.came };
    effects.push(Effect::Learn(Learnt::Updated(message.header.message_id)));
    let children = mobility.children.unwrap_or(sa.path);
    if path == sa.path && mobility.children.is_none() {
        return Ok(());
    }
    match sa.connection.routability {
        // Where its packets have been answered all the time, or nobody wants to know.
        _ if path.joins_same(&children) => effects.push(Effect::Move(path)),
        Routability::Unchecked => effects.push(Effect::Move(path)),
        Routability::CheckedAfter => {
            effects.push(Effect::Move(path));
            effects.push(Effect::Queue(Box::new(RoutabilityCheck::new(true))));
        }
        Routability::CheckedBefore => {
            effects.push(Effect::Relocate(path));
            effects.push(Effect::Queue(Box::new(RoutabilityCheck::new(false))));
        }
    }
    Ok(())
}

/// What a liveness check of the original initiator says besides: the answer shows whether it is seen where it was (§3.8).
pub(crate) fn asks_for_mapping(sa: &IkeSa) -> Vec<Payload> {
    match sa.mobility.is_some() && sa.begun_here {
        true => detection(sa, &sa.path),
        false => Vec::new(),
    }
}

/// What follows where the peer sees us elsewhere than before.
pub(crate) fn mapping_changed(sa: &IkeSa, message: &Opened<'_>) -> Vec<Effect> {
    let Some(mobility) = sa.mobility.as_ref().filter(|_| sa.begun_here) else { return Vec::new() };
    // Behind NAT we do not know where that is before an update was answered: one more of them does no harm.
    let expected = match sa.path.nat.here {
        true => mobility.seen.clone(),
        false => nat::hash((sa.spi_i, sa.spi_r), sa.path.local),
    };
    let hash = find_notify(&message.payloads, NotifyType::NAT_DETECTION_DESTINATION_IP);
    match hash.filter(|hash| hash.data != expected) {
        Some(_) => vec![met("ikev2.mobike.mapping-changed"), Effect::Depart(sa.path)],
        None => Vec::new(),
    }
}

fn seen(payloads: &[Payload]) -> Option<Learnt> {
    let hash = find_notify(payloads, NotifyType::NAT_DETECTION_DESTINATION_IP)?;
    Some(Learnt::Seen(hash.data.clone()))
}

/// What we say of a message of ours on this path, if both ends get through NAT.
fn detection(sa: &IkeSa, path: &Path) -> Vec<Payload> {
    let course = Course { source: path.local, destination: path.remote };
    match sa.features.nat_traversal {
        true => nat::detection(&sa.connection, (sa.spi_i, sa.spi_r), course),
        false => Vec::new(),
    }
}

/// What a message of the peer's says of NAT.
fn found(sa: &IkeSa, message: &Opened<'_>) -> Option<Nat> {
    let course = Course { source: message.came.remote, destination: message.came.local };
    let nat = nat::found(&message.payloads, (sa.spi_i, sa.spi_r), course);
    nat.filter(|_| sa.connection.nat_traversal)
}

/// 16 octets that nobody can guess (§4.2.5).
fn cookie(cx: &mut Context<'_>) -> Vec<u8> {
    let mut cookie = vec![0; 16];
    cx.entropy.fill(&mut cookie);
    cookie
}

/// Whether the response brings back what the request had.
fn returns(cookie: &[u8], message: &Opened<'_>) -> bool {
    find_notify(&message.payloads, NotifyType::COOKIE2).is_some_and(|notify| notify.data == cookie)
}

/// The IKE SA ends (§3.7).
fn wrong_cookie() -> Vec<Effect> {
    let why = "a response without the COOKIE2 of its request (RFC 4555 §3.7)".to_owned();
    vec![met("ikev2.mobike.wrong-cookie"), Effect::Close(Cause::Failed(Failure::Syntax(why)))]
}

fn met(probe: &'static str) -> Effect {
    Effect::Report(Event::Probe(probe))
}

fn notify(kind: NotifyType, data: Vec<u8>) -> Payload {
    Payload::Notify(Notify::new(kind, data))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ipsec_crypto::Secret;
    use ipsec_net::Instant;
    use ipsec_wire::registry::PayloadType;
    use ipsec_wire::{Flags, Header, IkeSpi, Version};

    use super::*;
    use crate::config::Connection;
    use crate::context::Nowhere;
    use crate::sa::{Ends, Role};

    #[test]
    fn a_response_without_the_octets_of_its_request_ends_the_ike_sa() {
        let [local, remote] = [[192, 0, 2, 1], [198, 51, 100, 1]].map(IpAddr::from);
        let path = Path::new((local, 4500).into(), (remote, 4500).into());
        let ends = Ends { path, spi_i: IkeSpi(1), spi_r: IkeSpi(2) };
        let connection = Connection::new("site", local, remote, Secret::from(Vec::new()));
        let sa = IkeSa::new(Role::Initiator, Arc::new(connection), ends, Instant::ZERO);
        let header = Header {
            spi_i: sa.spi_i,
            spi_r: sa.spi_r,
            next_payload: PayloadType::NONE,
            version: Version::V2,
            exchange: ExchangeType::INFORMATIONAL,
            flags: Flags { initiator: false, response: true, version: false },
            message_id: 2,
            length: 28,
        };
        let mut nowhere = Nowhere::new([]);
        let mut closes = |payloads| {
            let message = Opened {
                header,
                payloads,
                octets: &[],
                pieces: (1, 0),
                came: path,
                request: &[],
                content: Vec::new(),
            };
            let mut check = RoutabilityCheck { cookie: vec![7; 16], path: Some(path), after: true };
            match check.response(&sa, &message, &mut nowhere.context()) {
                Ok(Next::Done(effects)) => effects.iter().any(|effect| matches!(effect, Effect::Close(_))),
                _ => panic!("something else follows"),
            }
        };
        let returned = |data| vec![notify(NotifyType::COOKIE2, data)];
        assert!(!closes(returned(vec![7; 16])));
        for wrong in [returned(vec![8; 16]), returned(vec![7; 15]), returned(Vec::new()), Vec::new()] {
            assert!(closes(wrong));
        }
    }

    #[test]
    fn each_request_has_sixteen_octets_that_are_drawn_for_it() {
        let luck: Vec<u8> = (0..32).collect();
        let mut nowhere = Nowhere::new(luck.clone());
        let cookies = [(); 2].map(|()| cookie(&mut nowhere.context()));
        assert_eq!(cookies.concat(), luck);
    }
}

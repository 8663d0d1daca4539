//! `IKE_SA_INIT` (RFC 7296 §1.2, §2.6, §2.7): suites, nonces and a key exchange, in the clear.
//!
//! ```text
//! initiator                                responder
//! SAi1 KEi Ni                 ------->
//!                             <-------     N(COOKIE), or N(INVALID_KE_PAYLOAD), or
//! N(COOKIE) SAi1 KEi Ni       ------->
//!                             <-------     SAr1 KEr Nr
//! ```

use ipsec_crypto::{Initiator, KeyExchangeAlgorithm, Secret};
use ipsec_wire::IkeSpi;
use ipsec_wire::registry::{ExchangeType, NotifyType};
use ipsec_wire::v2::{KeyExchange, Notify, Payload, Proposal, SecurityAssociation};

use super::child::Wish;
use super::intermediate::{self, Additional};
use super::{Exchange, Next, redirect};
use crate::config::{ChildConfig, Childless, Connection, FullTranscript, PpkMethod};
use crate::context::Context;
use crate::defence::{Puzzle, solve};
use crate::effect::{Effect, Keyed};
use crate::event::Event;
use crate::features::{self, Features};
use crate::keys::{self, Keys, Shared};
use crate::message::{Opened, find_notify, notifies};
use crate::nat::{self, Course};
use crate::negotiate::{self, Disagreement, IkeProposal, IkeSuite};
use crate::path::Nat;
use crate::refusal::{DropReason, Failure, Refusal};
use crate::sa::{IkeSa, Transcript};

/// The initiator's half.
pub(crate) struct InitExchange {
    /// The child that `IKE_AUTH` is to set up, if any.
    child: Option<Wish>,
    offer: Vec<Proposal>,
    nonce: Vec<u8>,
    group: u16,
    /// Made for the current group; consumed by the response.
    key_exchange: Option<Initiator>,
    cookie: Option<Vec<u8>>,
    /// The keys that solve the puzzle which came with the cookie.
    solution: Option<Vec<u8>>,
    begun_anew: u32,
}

/// There would be nothing to ask for.
pub(super) fn nobody_there(child: &ChildConfig) -> Failure {
    Failure::Selectors(format!("{} is for addresses that are lent, and none of them is", child.name))
}

/// The responder cannot be asked for an IKE SA alone.
pub(super) const NOT_CHILDLESS: Failure = Failure::Unsupported(
    "the responder does not announce that it takes an IKE SA without a child (RFC 6023)",
);

/// The responder takes one authentication exchange, where there are to be several.
const NOT_MULTIPLE: Failure = Failure::Unsupported(
    "the responder does not announce that it takes several authentication exchanges (RFC 4739)",
);

/// All that we would offer needs an exchange that we do not speak.
const NOT_INTERMEDIATE: Failure = Failure::Unsupported(
    "each proposal has additional key exchanges, which need IKE_INTERMEDIATE (RFC 9370 §2.2.1), and the connection is \
     configured not to speak that",
);

/// How often a responder may send us back to the beginning: once for a cookie, once for a group, and once more for a
/// cookie that grew stale.
const MOST_RESTARTS: u32 = 3;

impl InitExchange {
    pub(crate) fn new(
        connection: &Connection,
        child: Option<Wish>,
        cx: &mut Context<'_>,
    ) -> Result<Self, Failure> {
        if child.is_none() && connection.childless == Childless::Refuse {
            let what = "the connection is configured to refuse IKE SAs without a child (RFC 6023)";
            return Err(Failure::Unsupported(what));
        }
        let meant = child.as_ref().and_then(|wish| connection.children.iter().find(|c| c.name == wish.child));
        if let Some(config) = meant.filter(|config| config.with_assigned(connection, &[]).carries_nothing()) {
            return Err(nobody_there(config));
        }
        let usable = connection.usable(connection.intermediate);
        if usable.is_empty() && !connection.proposals.is_empty() {
            return Err(NOT_INTERMEDIATE);
        }
        let offer = negotiate::ike_offer(&usable, None);
        let first = usable.first().and_then(|proposal| proposal.key_exchange.first());
        let algorithm = *first.ok_or(Failure::KeyExchange("no group is configured".to_owned()))?;
        let group = negotiate::key_exchange_id(algorithm)
            .ok_or_else(|| Failure::KeyExchange(format!("{} has no number in IKEv2", algorithm.name())))?;
        let key_exchange = Some((cx.provider.initiate)(algorithm, cx.entropy));
        let nonce = cx.nonce();
        Ok(Self { child, offer, nonce, group, key_exchange, cookie: None, solution: None, begun_anew: 0 })
    }

    /// Takes a demand for a cookie, with a puzzle perhaps, or for another group; nothing when the message is neither.
    fn restart(
        &mut self,
        sa: &IkeSa,
        message: &Opened<'_>,
        cx: &mut Context<'_>,
    ) -> Option<Result<Next, Refusal>> {
        let begin_again = |this: &mut Self| {
            this.begun_anew += 1;
            if this.begun_anew > MOST_RESTARTS {
                let failure = Failure::KeyExchange("the responder keeps asking to begin again".to_owned());
                return Next::Done(vec![Effect::Fail(failure)]);
            }
            Next::Again
        };
        if let Some(cookie) = find_notify(&message.payloads, NotifyType::COOKIE) {
            if !(1..=64).contains(&cookie.data.len()) {
                return Some(Err(Refusal::Ignore(DropReason::Unprotected)));
            }
            // A demand that has been met, come twice.
            if self.cookie.as_ref() == Some(&cookie.data) {
                return Some(Err(Refusal::Ignore(DropReason::Unexpected)));
            }
            let puzzle = find_notify(&message.payloads, NotifyType::PUZZLE).and_then(Puzzle::of);
            // One that is too hard, or of an algorithm that we did not offer, is left unsolved (RFC 8019 §7.1.2).
            let puzzle = puzzle.filter(|puzzle| negotiate::offers_prf(&self.offer, puzzle.prf));
            self.solution =
                puzzle.and_then(|puzzle| solve(puzzle, &cookie.data, sa.connection.hardest_puzzle));
            self.cookie = Some(cookie.data.clone());
            return Some(Ok(begin_again(self)));
        }
        // Without the cookie there is nothing to solve it for (RFC 8019 §7.1.2).
        let alone = |notify: &Notify| notify.kind == NotifyType::PUZZLE;
        if notifies(&message.payloads).any(alone) && Fields::of(message).is_none() {
            return Some(Err(Refusal::Ignore(DropReason::Unprotected)));
        }
        let notify = find_notify(&message.payloads, NotifyType::INVALID_KE_PAYLOAD)?;
        let group = <[u8; 2]>::try_from(notify.data.as_slice()).map(u16::from_be_bytes).ok();
        // A group that we did not offer, or the one that we sent, is an attack or an error (RFC 7296 §1.3).
        let algorithm = group.filter(|group| *group != self.group && self.offers(*group));
        let Some((group, algorithm)) = algorithm.and_then(|g| Some((g, negotiate::key_exchange(g)?))) else {
            return Some(Err(Refusal::Ignore(DropReason::Unprotected)));
        };
        self.group = group;
        self.key_exchange = Some((cx.provider.initiate)(algorithm, cx.entropy));
        Some(Ok(begin_again(self)))
    }

    fn offers(&self, group: u16) -> bool {
        self.offer.iter().any(|proposal| negotiate::offers_group(proposal, group))
    }
}

impl Exchange for InitExchange {
    fn describe(&self) -> &'static str {
        "IKE_SA_INIT"
    }

    fn kind(&self) -> ExchangeType {
        ExchangeType::IKE_SA_INIT
    }

    fn request(&mut self, sa: &IkeSa, _cx: &mut Context<'_>) -> Option<(Vec<Payload>, Vec<Effect>)> {
        let public = self.key_exchange.as_ref()?.public().to_vec();
        let mut payloads = Vec::new();
        if let Some(cookie) = &self.cookie {
            payloads.push(Payload::Notify(Notify::new(NotifyType::COOKIE, cookie.clone())));
        }
        payloads.extend(self.solution.clone().map(Payload::PuzzleSolution));
        payloads.push(Payload::Sa(SecurityAssociation { proposals: self.offer.clone() }));
        payloads.push(Payload::Ke(KeyExchange::new(self.group, public)));
        payloads.push(Payload::Nonce(self.nonce.clone()));
        let course = Course { source: sa.path.local, destination: sa.path.remote };
        payloads.extend(nat::detection(&sa.connection, (sa.spi_i, IkeSpi(0)), course));
        payloads.extend(features::offered(&sa.connection));
        payloads.extend(sa.redirected_from.map(redirect::notify_from));
        Some((payloads, Vec::new()))
    }

    fn response(&mut self, sa: &IkeSa, message: &Opened<'_>, cx: &mut Context<'_>) -> Result<Next, Refusal> {
        if let Some(redirect) = redirect::in_init(sa, &self.nonce, message) {
            return redirect.map(|to| Next::Done(vec![Effect::Redirect(to)]));
        }
        if let Some(restart) = self.restart(sa, message, cx) {
            return restart;
        }
        if let Some(failure) = refused(message, &self.offer) {
            return Ok(Next::Done(vec![Effect::Fail(failure)]));
        }
        let fields = Fields::of(message).ok_or(Refusal::Ignore(DropReason::Unprotected))?;
        let fail = |failure| Ok(Next::Done(vec![Effect::Fail(failure)]));
        let chosen = match negotiate::check_choice(&self.offer, fields.proposals) {
            Ok(chosen) => chosen,
            Err(what) => return fail(Failure::Syntax(format!("IKE_SA_INIT response: {what}"))),
        };
        let Some(suite) = negotiate::IkeSuite::of(&chosen) else {
            return fail(Failure::Syntax("IKE_SA_INIT response: the choice is incomplete".to_owned()));
        };
        if fields.group != self.group || Some(suite.key_exchange) != negotiate::key_exchange(self.group) {
            return fail(Failure::Syntax("IKE_SA_INIT response: another group than we sent".to_owned()));
        }
        let Some(key_exchange) = self.key_exchange.take() else {
            return Err(Refusal::Ignore(DropReason::Unexpected));
        };
        let secret = match key_exchange.finish(fields.public) {
            Ok(secret) => secret,
            Err(error) => return fail(Failure::KeyExchange(error.to_string())),
        };
        let spi_r = message.header.spi_r;
        let shared = Shared { nonce_i: &self.nonce, nonce_r: fields.nonce, spi_i: sa.spi_i, spi_r };
        let keys = match derive(cx, &suite, &shared, &secret) {
            Ok(keys) => keys,
            Err(failure) => return fail(failure),
        };
        let features = Features::of(&message.payloads);
        let to_come: Vec<KeyExchangeAlgorithm> = suite.additional.into_iter().flatten().collect();
        if let Err(failure) = check_features(&sa.connection, &features, self.child.is_none(), &to_come) {
            return fail(failure);
        }
        let transcript = Transcript {
            request: message.request.to_vec(),
            response: message.octets.to_vec(),
            nonce_i: self.nonce.clone(),
            nonce_r: fields.nonce.to_vec(),
            int_auth: Vec::new(),
            to_come: to_come.clone(),
            has_ppk: false,
            full: Default::default(),
        };
        let ppk = features.ppk_int && sa.connection.allows_ppk(PpkMethod::Intermediate);
        let course = Course { source: sa.path.remote, destination: sa.path.local };
        let nat =
            nat::found(&message.payloads, (sa.spi_i, spi_r), course).filter(|_| sa.connection.nat_traversal);
        let keyed = Keyed { spi_r, suite, keys, transcript, features, resumption: None, nat };
        let next = intermediate::next(sa, Additional { to_come, ppk, child: self.child.take() }, cx);
        Ok(Next::Then(next, vec![Effect::Keyed(Box::new(keyed))]))
    }
}

/// Whether the responder can do what is to follow.
fn check_features(
    connection: &Connection,
    features: &Features,
    childless: bool,
    to_come: &[KeyExchangeAlgorithm],
) -> Result<(), Failure> {
    if childless && !features.childless {
        return Err(NOT_CHILDLESS);
    }
    if !connection.further.is_empty() && !features.multiple_auth {
        return Err(NOT_MULTIPLE);
    }
    if !to_come.is_empty() && !features.intermediate {
        let text = "the responder chose additional key exchanges and does not speak IKE_INTERMEDIATE";
        return Err(Failure::Syntax(text.to_owned()));
    }
    if connection.full_transcript == FullTranscript::Require && !features.full_transcript {
        let text = "the responder does not prove the whole of IKE_SA_INIT, which is required";
        return Err(Failure::Authentication(text.to_owned()));
    }
    if connection.requires_ppk() && !features.ppk && !features.ppk_int {
        let text = "the responder uses no post-quantum preshared key, which is required";
        return Err(Failure::Authentication(text.to_owned()));
    }
    Ok(())
}

/// What the responder made of a request.
pub(crate) enum InitAnswer {
    /// A response that leaves no trace here: a demand for a cookie or another group, or a refusal.
    Stateless(Vec<Payload>, Vec<Event>),
    /// A new IKE SA. The transcript's response is filled in once it is built.
    New { payloads: Vec<Payload>, keyed: Box<Keyed> },
}

/// The responder's half, once the endpoint has dealt with cookies.
///
/// # Errors
/// When the message is to be dropped.
pub(crate) fn respond(
    connections: &[&Connection],
    message: &Opened<'_>,
    course: Course,
    spi_r: IkeSpi,
    cx: &mut Context<'_>,
) -> Result<InitAnswer, Refusal> {
    let malformed =
        || Refusal::Ignore(DropReason::Malformed("IKE_SA_INIT without SA, KE and nonce".to_owned()));
    let fields = Fields::of(message).ok_or_else(malformed)?;
    if let Some(answer) = redirect::instead(connections, fields.nonce, message) {
        return Ok(answer);
    }
    let features = Features::of(&message.payloads);
    // Additional key exchanges need IKE_INTERMEDIATE (RFC 9370 §2.2.1).
    let additional = features::speaks_intermediate(connections, &features);
    let usable: Vec<IkeProposal> = connections.iter().flat_map(|c| c.usable(additional)).collect();
    let configured = negotiate::ike_offer(&usable, None);
    let refuse = |kind, data, event: Option<Event>| {
        let notify = Payload::Notify(Notify::new(kind, data));
        Ok(InitAnswer::Stateless(vec![notify], event.into_iter().collect()))
    };
    let failed = |failure| {
        let connection = connections.first().map_or_else(String::new, |c| c.name.clone());
        Some(Event::IkeFailed { connection, failure, retries: false })
    };
    let chosen = match negotiate::select(&configured, fields.proposals) {
        Ok(chosen) => chosen,
        Err(why) => {
            let hindered = !additional && connections.iter().any(|c| c.usable(false) != c.proposals);
            let without = if hindered { "without IKE_INTERMEDIATE, " } else { "" };
            let failure = Failure::Proposal(why.preceded(without));
            return refuse(NotifyType::NO_PROPOSAL_CHOSEN, Vec::new(), failed(failure));
        }
    };
    let suite = negotiate::IkeSuite::of(&chosen).ok_or_else(malformed)?;
    let group = negotiate::key_exchange_id(suite.key_exchange).ok_or_else(malformed)?;
    if group != fields.group {
        let probe = Some(Event::Probe("ikev2.invalid-ke.sent"));
        return refuse(NotifyType::INVALID_KE_PAYLOAD, group.to_be_bytes().to_vec(), probe);
    }
    let (public, secret) = match respond_to(suite.key_exchange, fields.public, cx) {
        Ok(both) => both,
        // INVALID_SYNTAX is said only in encrypted messages (RFC 7296 §3.10.1).
        Err(failure) => return Err(Refusal::Ignore(DropReason::Malformed(failure.to_string()))),
    };
    let nonce = cx.nonce();
    let spi_i = message.header.spi_i;
    let shared = Shared { nonce_i: fields.nonce, nonce_r: &nonce, spi_i, spi_r };
    let keys = derive(cx, &suite, &shared, &secret).map_err(|_| malformed())?;
    let mut payloads = vec![
        Payload::Sa(SecurityAssociation { proposals: vec![chosen] }),
        Payload::Ke(KeyExchange::new(group, public)),
        Payload::Nonce(nonce.clone()),
    ];
    let nat = nat_detection(connections, message, course, spi_r, &mut payloads);
    payloads.extend(features::answered(connections, &features));
    let transcript = Transcript {
        request: message.octets.to_vec(),
        response: Vec::new(),
        nonce_i: fields.nonce.to_vec(),
        nonce_r: nonce,
        int_auth: Vec::new(),
        to_come: suite.additional.into_iter().flatten().collect(),
        has_ppk: false,
        full: Default::default(),
    };
    Ok(InitAnswer::New {
        payloads,
        keyed: Box::new(Keyed { spi_r, suite, keys, transcript, features, resumption: None, nat }),
    })
}

/// What the request says of NAT, and what the response does. Which of the connections is meant is not known yet; the first
/// one speaks for all.
pub(super) fn nat_detection(
    connections: &[&Connection],
    message: &Opened<'_>,
    course: Course,
    spi_r: IkeSpi,
    payloads: &mut Vec<Payload>,
) -> Option<Nat> {
    let spi_i = message.header.spi_i;
    let connection = connections.first().filter(|connection| connection.nat_traversal)?;
    let nat = nat::found(&message.payloads, (spi_i, IkeSpi(0)), course)?;
    let back = Course { source: course.destination, destination: course.source };
    payloads.extend(nat::detection(connection, (spi_i, spi_r), back));
    Some(nat)
}

/// The three payloads that both messages of the exchange have, and those that replace an IKE SA.
pub(super) struct Fields<'a> {
    pub(super) proposals: &'a [Proposal],
    pub(super) group: u16,
    pub(super) public: &'a [u8],
    pub(super) nonce: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn of(message: &'a Opened<'_>) -> Option<Self> {
        let (mut proposals, mut key_exchange, mut nonce) = (None, None, None);
        for payload in &message.payloads {
            match payload {
                Payload::Sa(sa) => proposals = Some(sa.proposals.as_slice()),
                Payload::Ke(ke) => key_exchange = Some(ke),
                Payload::Nonce(octets) => nonce = Some(octets.as_slice()),
                _ => {}
            }
        }
        let key_exchange = key_exchange?;
        Some(Self {
            proposals: proposals?,
            group: key_exchange.group(),
            public: key_exchange.public(),
            nonce: nonce.filter(|nonce| (16..=256).contains(&nonce.len()))?,
        })
    }
}

/// What an error notify of the responder means, if there is one.
fn refused(message: &Opened<'_>, offer: &[Proposal]) -> Option<Failure> {
    let error = message.payloads.iter().find_map(|payload| match payload {
        Payload::Notify(notify) if notify.kind.is_error() => Some(notify),
        _ => None,
    })?;
    Some(match error.kind {
        NotifyType::NO_PROPOSAL_CHOSEN => Failure::Proposal(Disagreement::told(offer)),
        other => Failure::Refused(other),
    })
}

pub(super) fn respond_to(
    algorithm: KeyExchangeAlgorithm,
    public: &[u8],
    cx: &mut Context<'_>,
) -> Result<(Vec<u8>, Secret), Failure> {
    (cx.provider.respond)(algorithm, public, cx.entropy)
        .map_err(|error| Failure::KeyExchange(error.to_string()))
}

fn derive(cx: &Context<'_>, suite: &IkeSuite, shared: &Shared<'_>, secret: &Secret) -> Result<Keys, Failure> {
    let skeyseed = keys::skeyseed(cx.provider, suite.prf, shared, secret);
    keys::ike_keys(cx.provider, suite, &skeyseed, shared)
        .map_err(|error| Failure::KeyExchange(error.to_string()))
}

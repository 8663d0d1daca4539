//! Which version of IKE an end speaks, and whether what it is told has a meaning there.

use ipsec::auth::Identity;
use ipsec::ikev1::{Mode, NatTraversal, Xauth};
use ipsec::wire::v2::ConfigValue;
use toml::Spanned;

use super::auth::words;
use super::problems::Problems;
use crate::diagnostic::Problem;
use crate::file::nouns::{self, NatForm};
use crate::file::read::{Document, Named};
use crate::file::scenario::{ChildEnd, Demand, Ike, IkeEnd, Method, Proof, shared_key};
use crate::file::version1;

/// What an ISAKMP SA offers that is not told what to offer.
pub(super) const OFFER: &str = "aes128-sha256-modp2048";

/// The mode of an end that speaks version 1; nothing for version 2.
pub(super) fn older(noun: &nouns::Ike, own: Option<&nouns::IkeEnd>, problems: &mut Problems) -> Option<Mode> {
    let version = own.and_then(|own| own.version.as_ref()).or(noun.version.as_ref());
    let mode = own.and_then(|own| own.mode.as_ref()).or(noun.mode.as_ref());
    match version.map(|version| *version.get_ref()) {
        Some(1) => return Some(mode.map_or(Mode::Main, |mode| (*mode.get_ref()).into())),
        None | Some(2) => {}
        Some(other) => {
            let message = format!("IKE version {other} is not spoken here");
            let span = version.map_or(0..0, toml::Spanned::span);
            problems.add(Problem::at(span, message).label("expected 1 or 2"));
        }
    }
    if let Some(mode) = mode {
        let problem = Problem::at(mode.span(), "IKE version 2 has no modes");
        problems.add(problem.help("`mode` goes with `version = 1`"));
    }
    None
}

/// How an end speaks NAT traversal in version 1, best first: in all forms unless the file says otherwise.
pub(super) fn nat_forms(
    told: Option<&Spanned<Vec<Spanned<NatForm>>>>,
    older: bool,
    problems: &mut Problems,
) -> Vec<NatTraversal> {
    let Some(told) = told else { return NatTraversal::ALL.to_vec() };
    if !older {
        let problem = Problem::at(told.span(), "IKE version 2 knows NAT traversal in one form");
        problems.add(problem.help("`forms` goes with `version = 1`"));
    }
    if told.get_ref().is_empty() {
        let problem = Problem::at(told.span(), "the forms are empty").label("expected one or more forms");
        problems.add(problem.help("write `traversal = false` where NAT is not to be looked for"));
    }
    told.get_ref().iter().map(|form| (*form.get_ref()).into()).collect()
}

/// The methods of version 1, best first, if the file says which.
pub(super) fn methods(
    noun: &nouns::Ike,
    own: Option<&nouns::IkeEnd>,
    problems: &mut Problems,
) -> Option<Vec<Method>> {
    let list = own.and_then(|own| own.methods.as_ref()).or(noun.methods.as_ref())?;
    if list.get_ref().is_empty() {
        problems.add(Problem::at(list.span(), "no methods").label("expected one or more methods"));
    }
    Some(words(list, "a method of version 1", &METHODS, problems))
}

const METHODS: [(&str, Method); 5] = [
    ("rsa-signatures", Method::RsaSignatures),
    ("dsa-signatures", Method::DsaSignatures),
    ("ecdsa-signatures", Method::EcdsaSignatures),
    ("rsa-encryption", Method::RsaEncryption),
    ("revised-rsa-encryption", Method::RevisedRsaEncryption),
];

/// Tells of what an end that speaks version 1 is told and has no meaning there.
pub(super) fn check(named: &Named<nouns::Ike>, end: &IkeEnd, problems: &mut Problems) {
    if end.older.is_none() {
        return check_newer(named, end, problems);
    }
    let noun = &named.noun;
    let own = noun.at.iter().find(|(peer, _)| *peer.get_ref() == end.peer).map(|(_, own)| own);
    let is_told = |both: bool, get: fn(&nouns::IkeEnd) -> bool| both || own.is_some_and(get);
    let told = [
        ("hashes", is_told(noun.hashes.is_some(), |own| own.hashes.is_some())),
        ("announce-methods", is_told(noun.announce_methods.is_some(), |own| own.announce_methods.is_some())),
        ("childless", is_told(noun.childless.is_some(), |own| own.childless.is_some())),
        ("unique", is_told(noun.unique.is_some(), |own| own.unique.is_some())),
        ("reauthentication", is_told(noun.reauthentication.is_some(), |own| own.reauthentication.is_some())),
        (
            "authentication-lifetime",
            is_told(noun.authentication_lifetime.is_some(), |own| own.authentication_lifetime.is_some()),
        ),
        ("on-loss", is_told(noun.on_loss.is_some(), |own| own.on_loss.is_some())),
        (
            "follows-redirects",
            is_told(noun.follows_redirects.is_some(), |own| own.follows_redirects.is_some()),
        ),
        ("intermediate", is_told(noun.intermediate.is_some(), |own| own.intermediate.is_some())),
        ("resumes", is_told(noun.resumes.is_some(), |own| own.resumes.is_some())),
        ("ppk", is_told(noun.ppk.is_some(), |own| own.ppk.is_some())),
        (
            "downgrade-prevention",
            is_told(noun.downgrade_prevention.is_some(), |own| own.downgrade_prevention.is_some()),
        ),
        ("selector-notices", noun.selector_notices.is_some()),
        ("most-children", noun.most_children.is_some()),
        ("window", is_told(noun.window.is_some(), |own| own.window.is_some())),
        ("mobike", is_told(noun.mobike.is_some(), |own| own.mobike.is_some())),
        ("roams", is_told(noun.roams.is_some(), |own| own.roams.is_some())),
        ("routability", is_told(noun.routability.is_some(), |own| own.routability.is_some())),
        ("redirect", is_told(false, |own| own.redirect.is_some())),
    ];
    meaningless(&named.name, &end.peer, &told, problems);
    check_proofs(named, end, problems);
    if end.fragments.as_ref().is_some_and(|sizes| sizes.len() > 1) {
        let problem = Problem::at(named.name.span(), "version 1 cuts messages to one size");
        problems.add(problem.help("write `fragments = [1280]`"));
    }
    let wishes = end.asks.iter().filter(|asked| asked.value != ConfigValue::Empty);
    let config = wishes.map(|asked| format!("version 1 asks without a wish here, and not for {asked}"));
    let unknown = end.asks.iter().filter_map(|asked| version1::class(asked.kind).err());
    for wrong in config.chain(unknown) {
        problems.add(Problem::at(named.name.span(), wrong));
    }
    for wrong in end.offer.iter().filter_map(|proposal| version1::ike_suites(proposal).err()) {
        let problem = Problem::at(named.name.span(), wrong);
        problems.add(problem.help("a proposal of version 1 is such as `aes128-sha1-modp1024`"));
    }
}

/// Tells of pools that ends of both versions lend from: each version keeps its own books.
pub(super) fn check_pools(document: &Document, ikes: &[Ike], problems: &mut Problems) {
    let lent_by = |older: bool, pool: &str| {
        let mut ends = ikes.iter().flat_map(|ike| &ike.ends).filter(|end| end.older.is_some() == older);
        ends.any(|end| end.assigns.iter().any(|own| own == pool))
    };
    for named in document.pools.iter().filter(|named| lent_by(true, named.name())) {
        if lent_by(false, named.name()) {
            let message = format!("`{}` is lent from by both versions of IKE", named.name());
            problems.add(Problem::at(named.name.span(), message).help("give each version a pool of its own"));
        }
    }
}

/// Tells of what only version 1 has.
fn check_newer(named: &Named<nouns::Ike>, end: &IkeEnd, problems: &mut Problems) {
    let told = [("methods", end.methods.is_some()), ("knows", end.knows.is_some())];
    for (key, _) in told.iter().filter(|(_, is_told)| *is_told) {
        let message = format!("`{key}` has no meaning in version 2 of IKE, which `{}` speaks", end.peer);
        let problem = Problem::at(named.name.span(), message);
        problems.add(problem.help("there each end proves itself in its own way, as `auth` and `accept` say"));
    }
}

/// Both ends prove themselves alike in version 1.
fn check_proofs(named: &Named<nouns::Ike>, end: &IkeEnd, problems: &mut Problems) {
    let told = &end.authentication;
    let is_only = told.further.is_empty() && told.further_demands.is_empty();
    let alike = match (&told.proof, &told.demand) {
        (Proof::Psk(own), Demand::Psk(other)) => shared_key(own) == shared_key(other),
        (Proof::Certificate(_), Demand::Certificate { .. }) => true,
        (Proof::Null, Demand::Certificate { .. }) => matches!(end.xauth, Some(Xauth::Client { .. })),
        (Proof::Certificate(_), Demand::Null) => matches!(end.xauth, Some(Xauth::Server { .. })),
        _ => false,
    };
    if !is_only || !alike {
        let message =
            format!("`{}` speaks version 1 of IKE, where both ends prove themselves alike", end.peer);
        let problem = Problem::at(named.name.span(), message);
        problems.add(problem.help(
            "write `auth = { psk = \"…\" }` or `auth = { certificate = \"…\" }`; with `xauth` the client's end may have \
             `auth = { null = true }`, for its user proves who it is",
        ));
    }
    if alike && end.authentication.identity == Identity::Null {
        let message = format!("`{}` does not say who it is, and version 1 of IKE wants that said", end.peer);
        let problem = Problem::at(named.name.span(), message);
        problems.add(problem.help("write such as `identity = \"group@example.org\"`"));
    }
    if matches!(told.proof, Proof::Psk(_)) && end.methods.is_some() {
        let message = format!("`methods` is for certificates, and `{}` has a shared key", end.peer);
        problems.add(Problem::at(named.name.span(), message));
    }
}

/// Tells of keys that are told to a peer that speaks version 1, where they mean nothing.
fn meaningless(name: &nouns::Text, peer: &str, told: &[(&str, bool)], problems: &mut Problems) {
    for (key, _) in told.iter().filter(|(_, is_told)| *is_told) {
        let message = format!("`{key}` has no meaning in version 1 of IKE, which `{peer}` speaks");
        problems.add(Problem::at(name.span(), message));
    }
}

/// Tells of a child that quick mode cannot set up, at an end that speaks version 1.
pub(super) fn check_child(
    named: &Named<nouns::Child>,
    end: &ChildEnd,
    ike: &IkeEnd,
    problems: &mut Problems,
) {
    if ike.older.is_none() {
        if end.offer.iter().any(|proposal| proposal.bundle) {
            let message = format!("`{}` speaks version 2 of IKE, which has no bundles", end.peer);
            problems.add(Problem::at(named.name.span(), message).help("`bundle` goes with `version = 1`"));
        }
        return;
    }
    let noun = &named.noun;
    let own = noun.at.iter().find(|(peer, _)| *peer.get_ref() == end.peer).map(|(_, own)| own);
    let is_told = |both: bool, get: fn(&nouns::ChildEnd) -> bool| both || own.is_some_and(get);
    let told = [
        ("padding", is_told(noun.padding.is_some(), |own| own.padding.is_some())),
        ("later-fragments", is_told(noun.later_fragments.is_some(), |own| own.later_fragments.is_some())),
        ("attempts", is_told(noun.attempts.is_some(), |own| own.attempts.is_some())),
        ("on-close", is_told(noun.on_close.is_some(), |own| own.on_close.is_some())),
    ];
    meaningless(&named.name, &end.peer, &told, problems);
    let wrong = [version1::child_suites(&end.offer).err(), version1::sides(end).err()];
    for wrong in wrong.into_iter().flatten() {
        problems.add(Problem::at(named.name.span(), wrong));
    }
}

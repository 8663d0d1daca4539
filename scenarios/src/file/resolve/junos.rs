//! Proposals and policies of JUNOS, put into the words of IKE configurations and children: one table of values for each
//! statement. Where an end has a `policy`, that is what it offers, how, and for how long.
//!
//! ```toml
//! [ike-proposal.old]                              [ipsec-proposal.old]
//! authentication-method    = "pre-shared-keys"    protocol                 = "esp"
//! dh-group                 = "group2"             authentication-algorithm = "hmac-sha1-96"
//! authentication-algorithm = "sha1"               encryption-algorithm     = "3des-cbc"
//! encryption-algorithm     = "3des-cbc"           lifetime-seconds         = 28800
//!
//! [ike-policy.old]                                [ipsec-policy.old]
//! proposals      = ["old"]                        proposals               = ["old"]
//! pre-shared-key = { ascii-text = "secret" }      perfect-forward-secrecy = { keys = "group2" }
//!
//! [ike.site]                                      [child.net]
//! policy = "old"                                  policy = "old"
//! ```

use std::ops::{Range, RangeInclusive};

use toml::Spanned;

use super::problems::Problems;
use crate::diagnostic::{Problem, suggestion};
use crate::file::nouns::{self, Auth, Text};
use crate::file::read::{Document, Named};

/// The values of a statement, and our word for each.
type Table = [(&'static str, &'static str)];

const GROUPS: &Table = &[
    ("group1", "modp768"),
    ("group2", "modp1024"),
    ("group5", "modp1536"),
    ("group14", "modp2048"),
    ("group15", "modp3072"),
    ("group16", "modp4096"),
    ("group19", "ecp256"),
    ("group20", "ecp384"),
    ("group24", "modp2048s256"),
];
const HASHES: &Table = &[("md5", "md5"), ("sha1", "sha1"), ("sha-256", "sha256")];
const INTEGRITY: &Table = &[("hmac-md5-96", "md5"), ("hmac-sha1-96", "sha1"), ("hmac-sha-256-128", "sha256")];
const CIPHERS: &Table = &[
    ("des-cbc", "des"),
    ("3des-cbc", "3des"),
    ("aes-128-cbc", "aes128"),
    ("aes-192-cbc", "aes192"),
    ("aes-256-cbc", "aes256"),
];
/// The methods, and what `auth` has for each.
const METHODS: &Table =
    &[("pre-shared-keys", "psk"), ("rsa-signatures", "certificate"), ("dsa-signatures", "certificate")];
const PROTOCOLS: &Table = &[("esp", "esp"), ("ah", "ah"), ("bundle", "bundle")];

/// The lifetimes that a proposal may have, in seconds.
const LIFETIMES: RangeInclusive<i64> = 180..=86_400;
/// Those of a proposal that has none.
const IKE_LIFETIME: i64 = 3_600;
const IPSEC_LIFETIME: i64 = 28_800;
/// The sizes that a replay window may have, in packets.
const WINDOWS: [i64; 2] = [32, 64];

/// Fills in what policies say.
///
/// # Errors
/// Everything that is wrong with proposals, policies and what refers to them.
pub(in crate::file) fn apply(document: &mut Document) -> Result<(), Vec<Problem>> {
    let mut problems = Problems::default();
    let mut ikes = std::mem::take(&mut document.ikes);
    let mut children = std::mem::take(&mut document.children);
    let ike_policies = policies(
        "ike-policy",
        &document.ike_policies,
        |named, problems| ike_policy(named, document, problems),
        &mut problems,
    );
    let ipsec_policies = policies(
        "ipsec-policy",
        &document.ipsec_policies,
        |named, problems| ipsec_policy(named, document, problems),
        &mut problems,
    );
    for ike in &mut ikes {
        let noun = &mut ike.noun;
        let told = [
            ("offer", noun.offer.is_some()),
            ("mode", noun.mode.is_some()),
            ("lifetime", noun.lifetime.is_some()),
        ];
        if let Some(policy) = found(noun.policy.as_ref(), &told, &ike_policies, &mut problems) {
            (noun.version, noun.mode, noun.offer) = policy.of_ike();
            noun.auth = policy.auth(noun.auth.take(), &mut problems);
            noun.lifetime = Some(policy.lifetime());
        }
        for end in noun.at.values_mut() {
            let told = [("offer", end.offer.is_some()), ("mode", end.mode.is_some())];
            if let Some(policy) = found(end.policy.as_ref(), &told, &ike_policies, &mut problems) {
                (end.version, end.mode, end.offer) = policy.of_ike();
                end.auth = policy.auth(end.auth.take(), &mut problems);
                let known = noun.lifetime.as_ref().and_then(|known| known.seconds.as_ref());
                // The shorter life is the one that both ends keep to.
                if known.is_none_or(|known| policy.life < *known.get_ref()) {
                    noun.lifetime = Some(policy.lifetime());
                }
            }
        }
    }
    for child in &mut children {
        let noun = &mut child.noun;
        let told = [("offer", noun.offer.is_some()), ("lifetime", noun.lifetime.is_some())];
        if let Some(policy) = found(noun.policy.as_ref(), &told, &ipsec_policies, &mut problems) {
            (noun.offer, noun.lifetime) = policy.of_child();
            check_window(noun.replay.as_ref(), &mut problems);
        }
        for end in noun.at.values_mut() {
            let told = [("offer", end.offer.is_some()), ("lifetime", end.lifetime.is_some())];
            if let Some(policy) = found(end.policy.as_ref(), &told, &ipsec_policies, &mut problems) {
                (end.offer, end.lifetime) = policy.of_child();
                check_window(end.replay.as_ref(), &mut problems);
            }
        }
    }
    (document.ikes, document.children) = (ikes, children);
    problems.none_or(())
}

/// A policy in our words.
struct Policy {
    name: String,
    kind: &'static str,
    /// Where it stands.
    place: Range<usize>,
    offer: Vec<String>,
    life: i64,
    mode: Option<Spanned<nouns::PhaseOne>>,
    /// What proves who an end is, and the shared key if it is that.
    method: &'static str,
    key: Option<Text>,
}

type OfIke = (Option<Spanned<i64>>, Option<Spanned<nouns::PhaseOne>>, Option<Spanned<Vec<Text>>>);

impl Policy {
    fn of_ike(&self) -> OfIke {
        let main = || Spanned::new(self.place.clone(), nouns::PhaseOne::Main);
        let mode = self.mode.as_ref().map_or_else(main, |mode| Spanned::new(mode.span(), *mode.get_ref()));
        (Some(Spanned::new(self.place.clone(), 1)), Some(mode), Some(self.offered()))
    }

    fn of_child(&self) -> (Option<Spanned<Vec<Text>>>, Option<nouns::Lifetime>) {
        let seconds = Some(Spanned::new(self.place.clone(), self.life));
        (Some(self.offered()), Some(nouns::Lifetime { seconds, ..Default::default() }))
    }

    fn offered(&self) -> Spanned<Vec<Text>> {
        let words = self.offer.iter().map(|text| Spanned::new(self.place.clone(), text.clone()));
        Spanned::new(self.place.clone(), words.collect())
    }

    fn lifetime(&self) -> nouns::IkeLifetime {
        let seconds = Some(Spanned::new(self.place.clone(), self.life));
        nouns::IkeLifetime { seconds, ..Default::default() }
    }

    /// The proof of an end with this policy, which has `own`.
    fn auth(&self, own: Option<Auth>, problems: &mut Problems) -> Option<Auth> {
        match (&self.key, own) {
            (Some(key), None) => Some(Auth::Psk(Spanned::new(key.span(), key.get_ref().clone()))),
            (None, Some(own)) => Some(own),
            (Some(key), Some(_)) => {
                problems.add(Problem::at(
                    key.span(),
                    "the shared key is that of the policy, and `auth` has another proof",
                ));
                None
            }
            (None, None) => {
                let message = format!("[{}.{}] proves by {}", self.kind, self.name, self.method);
                let problem = Problem::at(self.place.clone(), message);
                problems.add(problem.label("expected `auth` with that where the policy is used"));
                None
            }
        }
    }
}

fn policies<T>(
    kind: &'static str,
    nouns: &[Named<T>],
    read: impl Fn(&Named<T>, &mut Problems) -> Option<Policy>,
    problems: &mut Problems,
) -> Vec<Policy> {
    nouns.iter().filter_map(|named| read(named, problems).map(|policy| Policy { kind, ..policy })).collect()
}

/// The policy that is referred to, where nothing else is told that it says.
fn found<'a>(
    policy: Option<&Text>,
    told: &[(&str, bool)],
    known: &'a [Policy],
    problems: &mut Problems,
) -> Option<&'a Policy> {
    let policy = policy?;
    if let Some((key, _)) = told.iter().find(|(_, is_told)| *is_told) {
        problems.add(Problem::at(policy.span(), format!("`{key}` is what the policy says")));
    }
    let found = known.iter().find(|known| known.name == *policy.get_ref());
    if found.is_none() {
        let message = format!("there is no policy called `{}`", policy.get_ref());
        let problem = Problem::at(policy.span(), message);
        problems.add(match suggestion(policy.get_ref(), known.iter().map(|known| known.name.as_str())) {
            Some(help) => problem.help(help),
            None => problem,
        });
    }
    found
}

fn ike_policy(
    named: &Named<nouns::JunosIkePolicy>,
    document: &Document,
    problems: &mut Problems,
) -> Option<Policy> {
    let place = ("ike-policy", &named.name);
    let (mut offer, mut lives, mut methods) = (Vec::new(), Vec::new(), Vec::new());
    for proposal in proposals(place, named.noun.proposals.as_ref(), &document.ike_proposals, problems)? {
        let (own, noun) = (("ike-proposal", &proposal.name), &proposal.noun);
        let word = |key, told: &Option<Text>, table, problems: &mut Problems| {
            word(own, key, told.as_ref(), table, problems)
        };
        let method = word("authentication-method", &noun.authentication_method, METHODS, problems);
        let cipher = word("encryption-algorithm", &noun.encryption_algorithm, CIPHERS, problems);
        let hash = word("authentication-algorithm", &noun.authentication_algorithm, HASHES, problems);
        let group = word("dh-group", &noun.dh_group, GROUPS, problems);
        lives.push(life(noun.lifetime_seconds.as_ref(), IKE_LIFETIME, problems));
        methods.push(method?);
        offer.push(format!("{}-{}-{}", cipher?, hash?, group?));
    }
    let method = same(place, &methods, "authentication-method", problems)?;
    let life = same(place, &lives, "lifetime-seconds", problems)?;
    let key = match (&named.noun.pre_shared_key, method) {
        (Some(key), "psk") => Some(shared_key(key, problems)?),
        (Some(key), _) => {
            problems
                .add(Problem::at(key.span(), "the proposals of this policy have no use for a shared key"));
            return None;
        }
        (None, "psk") => {
            problems.missing(place.0, place.1, "pre-shared-key", "`ascii-text` or `hexadecimal`");
            return None;
        }
        (None, _) => None,
    };
    let mode = named.noun.mode.as_ref().map(|mode| Spanned::new(mode.span(), *mode.get_ref()));
    let (name, place) = (named.name().to_owned(), named.name.span());
    Some(Policy { name, kind: "ike-policy", place, offer, life, mode, method, key })
}

fn ipsec_policy(
    named: &Named<nouns::JunosIpsecPolicy>,
    document: &Document,
    problems: &mut Problems,
) -> Option<Policy> {
    let place = ("ipsec-policy", &named.name);
    let secrecy = named.noun.perfect_forward_secrecy.as_ref().map(Spanned::get_ref);
    let group = match secrecy {
        Some(secrecy) => format!("-{}", word(place, "keys", secrecy.keys.as_ref(), GROUPS, problems)?),
        None => String::new(),
    };
    let (mut offer, mut lives) = (Vec::new(), Vec::new());
    for proposal in proposals(place, named.noun.proposals.as_ref(), &document.ipsec_proposals, problems)? {
        let (own, noun) = (("ipsec-proposal", &proposal.name), &proposal.noun);
        let protocol = word(own, "protocol", noun.protocol.as_ref(), PROTOCOLS, problems);
        let integrity = noun.authentication_algorithm.as_ref();
        let integrity = word(own, "authentication-algorithm", integrity, INTEGRITY, problems);
        lives.push(life(noun.lifetime_seconds.as_ref(), IPSEC_LIFETIME, problems));
        let protocol = protocol?;
        let protection = match (protocol, &noun.encryption_algorithm) {
            ("ah", Some(cipher)) => {
                problems
                    .add(Problem::at(cipher.span(), "AH encrypts nothing").label("expected none with `ah`"));
                return None;
            }
            ("ah", None) => format!("ah-{}", integrity?),
            (_, cipher) => {
                let cipher = word(own, "encryption-algorithm", cipher.as_ref(), CIPHERS, problems)?;
                let bundle = if protocol == "bundle" { "bundle-" } else { "" };
                format!("{bundle}{cipher}-{}", integrity?)
            }
        };
        offer.push(format!("{protection}{group}"));
    }
    let life = same(place, &lives, "lifetime-seconds", problems)?;
    let (name, place) = (named.name().to_owned(), named.name.span());
    Some(Policy { name, kind: "ipsec-policy", place, offer, life, mode: None, method: "psk", key: None })
}

/// The proposals of a policy, in its order.
fn proposals<'a, T>(
    (kind, owner): (&str, &Text),
    names: Option<&Spanned<Vec<Text>>>,
    known: &'a [Named<T>],
    problems: &mut Problems,
) -> Option<Vec<&'a Named<T>>> {
    let Some(names) = names.filter(|names| !names.get_ref().is_empty()) else {
        problems.missing(kind, owner, "proposals", "one proposal or more, best first");
        return None;
    };
    let mut all = Vec::new();
    for name in names.get_ref() {
        match known.iter().find(|known| known.name() == name.get_ref()) {
            Some(found) => all.push(found),
            None => {
                let problem =
                    Problem::at(name.span(), format!("there is no proposal called `{}`", name.get_ref()));
                problems.add(match suggestion(name.get_ref(), known.iter().map(Named::name)) {
                    Some(help) => problem.help(help),
                    None => problem,
                });
                return None;
            }
        }
    }
    Some(all)
}

/// Our word for a value of a statement.
fn word(
    (kind, owner): (&str, &Text),
    key: &str,
    value: Option<&Text>,
    table: &'static Table,
    problems: &mut Problems,
) -> Option<&'static str> {
    let known = table.iter().map(|(name, _)| *name);
    let Some(value) = value else {
        problems.missing(kind, owner, key, &known.collect::<Vec<_>>().join(", "));
        return None;
    };
    let found = table.iter().find(|(name, _)| name == value.get_ref()).map(|(_, word)| *word);
    if found.is_none() {
        let problem = Problem::at(value.span(), format!("unknown `{key}`: `{}`", value.get_ref()));
        problems.add(match suggestion(value.get_ref(), known) {
            Some(help) => problem.help(help),
            None => problem,
        });
    }
    found
}

fn life(seconds: Option<&Spanned<i64>>, default: i64, problems: &mut Problems) -> i64 {
    problems.number_or(seconds, LIFETIMES, "a lifetime in seconds", default)
}

/// What all proposals of a policy have, for it is said once for them all.
fn same<T: Copy + PartialEq>(
    (kind, owner): (&str, &Text),
    values: &[T],
    key: &str,
    problems: &mut Problems,
) -> Option<T> {
    let first = *values.first()?;
    if values.iter().all(|value| *value == first) {
        return Some(first);
    }
    let message = format!("the proposals of [{kind}.{}] differ in `{key}`", owner.get_ref());
    problems.add(Problem::at(owner.span(), message).label("expected one for all of them"));
    None
}

/// A shared key, which is kept as text.
fn shared_key(key: &Spanned<nouns::SharedKey>, problems: &mut Problems) -> Option<Text> {
    let (text, value) = match (&key.get_ref().ascii_text, &key.get_ref().hexadecimal) {
        (Some(text), None) => (text, Some(text.get_ref().clone())),
        (None, Some(text)) => {
            let octets = problems.read(text, super::manual::hexadecimal)?;
            (text, String::from_utf8(octets).ok())
        }
        _ => {
            let problem = Problem::at(key.span(), "a key is given once");
            problems.add(problem.label("expected either `ascii-text` or `hexadecimal`"));
            return None;
        }
    };
    match value.filter(|value| !value.is_empty() && value.is_ascii()) {
        Some(value) => Some(Spanned::new(text.span(), value)),
        None => {
            let problem = Problem::at(
                text.span(),
                "a shared key has one octet or more, and each is an ASCII character",
            );
            problems.add(problem);
            None
        }
    }
}

fn check_window(window: Option<&Spanned<i64>>, problems: &mut Problems) {
    if let Some(window) = window.filter(|window| !WINDOWS.contains(window.get_ref())) {
        let message = format!("no replay window has {} packets where a policy is used", window.get_ref());
        problems.add(Problem::at(window.span(), message).label("expected 32 or 64"));
    }
}

#[cfg(test)]
mod tests;

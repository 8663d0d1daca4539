//! How the ends of an IKE configuration prove who they are: what an end is told, or else both; and what each wants of the
//! other, which unless it is told otherwise is what the other does.

use std::collections::BTreeMap;

use ipsec::auth::eap::EapMethod;
use ipsec::auth::x509::Revocation;
use ipsec::auth::{Identity, IdentityPattern, SignatureHash};
use toml::Spanned;

use super::pki::{self, key_type};
use super::problems::Problems;
use crate::diagnostic::{Problem, suggestion};
use crate::file::nouns::{self, Accept, Auth, Text};
use crate::file::read::{Document, Named};
use crate::file::scenario::{Authentication, Demand, Peer, Proof, shared_key};

/// What both ends say of themselves.
pub(super) struct Proofs {
    of: [(Proof, Identity); 2],
    /// In the authentication exchanges behind the first one.
    further: [Vec<(Identity, Proof)>; 2],
}

/// How each of `ends` proves who it is, unless one does not say so.
pub(super) fn proofs(
    named: &Named<nouns::Ike>,
    ends: [&str; 2],
    document: &Document,
    peers: &[Peer],
    problems: &mut Problems,
) -> Option<Proofs> {
    let [first, second] = ends.map(|end| said(named, end, document, peers, problems));
    let further = ends.map(|end| further(named, end, document, peers, problems));
    Some(Proofs { of: [first?, second?], further })
}

fn own<'a>(named: &'a Named<nouns::Ike>, end: &str) -> Option<&'a nouns::IkeEnd> {
    named.noun.at.iter().find(|(peer, _)| peer.get_ref() == end).map(|(_, own)| own)
}

fn said(
    named: &Named<nouns::Ike>,
    end: &str,
    document: &Document,
    peers: &[Peer],
    problems: &mut Problems,
) -> Option<(Proof, Identity)> {
    let own = own(named, end);
    let Some(auth) = own.and_then(|own| own.auth.as_ref()).or(named.noun.auth.as_ref()) else {
        let problem = Problem::at(
            named.name.span(),
            format!("[ike.{}] does not say how `{end}` proves who it is", named.name()),
        );
        problems.add(problem.label("expected `auth = { psk = \"…\" }`"));
        return None;
    };
    let proof = proof(named, auth, document, problems)?;
    let identity = identity(&proof, own.and_then(|own| own.identity.as_ref()), end, peers)?;
    Some((proof, identity))
}

/// Who an end is that proves itself so: who the file says, or what goes without saying.
fn identity(proof: &Proof, said: Option<&Text>, end: &str, peers: &[Peer]) -> Option<Identity> {
    let Ok(identity) = match (proof, said) {
        (_, Some(text)) => text.get_ref().parse(),
        (Proof::Null, None) => Ok(Identity::Null),
        (Proof::Eap { user, .. }, None) => user.parse(),
        _ => peers.iter().find(|peer| peer.name == end)?.identity.parse(),
    };
    Some(identity)
}

/// What an end proves behind its first proof.
fn further(
    named: &Named<nouns::Ike>,
    end: &str,
    document: &Document,
    peers: &[Peer],
    problems: &mut Problems,
) -> Vec<(Identity, Proof)> {
    let own = own(named, end).and_then(|own| own.further.as_ref());
    let further = own.into_iter().flatten().filter_map(|noun| {
        let proof = proof(named, &noun.auth, document, problems)?;
        if let Auth::EapOnly(flag) = &noun.auth {
            let problem = Problem::at(flag.span(), "EAP alone is no further proof");
            problems.add(problem.label("expected a proof of its own, such as `{ certificate = \"…\" }`"));
        }
        Some((identity(&proof, noun.identity.as_ref(), end, peers)?, proof))
    });
    further.collect()
}

fn proof(
    named: &Named<nouns::Ike>,
    auth: &Auth,
    document: &Document,
    problems: &mut Problems,
) -> Option<Proof> {
    Some(match auth {
        Auth::Psk(psk) => Proof::Psk(secret(psk, "the pre-shared key", problems)),
        Auth::Certificate(names) => {
            for name in &names.0 {
                pki::refers(name, "certificate", &document.certificates, problems);
            }
            Proof::Certificate(names.0.iter().map(|name| name.get_ref().clone()).collect())
        }
        Auth::Eap(noun) => {
            let Some((user, password)) = noun.user.as_ref().zip(noun.password.as_ref()) else {
                let message = format!("[ike.{}] proves by EAP without a user and a password", named.name());
                let problem = Problem::at(named.name.span(), message);
                problems.add(problem.label("expected `auth = { eap = { user = \"…\", password = \"…\" } }`"));
                return None;
            };
            Proof::Eap {
                user: secret(user, "the user", problems),
                password: password.get_ref().clone(),
                methods: methods(noun.methods.as_ref(), problems),
            }
        }
        Auth::EapOnly(flag) => {
            is_true("eap-only", flag, problems);
            Proof::EapOnly
        }
        Auth::RawKey(text) => Proof::RawKey(problems.read(text, key_type)?),
        Auth::Null(flag) => {
            is_true("null", flag, problems);
            Proof::Null
        }
    })
}

impl Proofs {
    /// What the end `side` of `ends` is told, and whom it expects.
    pub(super) fn end(
        &self,
        named: &Named<nouns::Ike>,
        (ends, side): ([&str; 2], usize),
        document: &Document,
        problems: &mut Problems,
    ) -> Option<(Authentication, IdentityPattern)> {
        let own = own(named, ends[side]);
        let ((proof, identity), (theirs, other)) = (&self.of[side], &self.of[1 - side]);
        let demand = match own.and_then(|own| own.accept.as_ref()) {
            Some(accept) => demand(accept, ends, document, problems),
            None => fitting(proof, theirs, ends[1 - side], document),
        };
        let said_otherwise = || self::own(named, ends[1 - side]).is_some_and(|own| own.identity.is_some());
        let expects = match own.and_then(|own| own.expects.as_ref()) {
            Some(text) => {
                problems.read(text, |text| text.parse::<IdentityPattern>().map_err(|why| why.to_string()))?
            }
            // The user whom EAP brings is somebody else than was said before.
            None if matches!(theirs, Proof::Eap { .. }) && said_otherwise() => IdentityPattern::Any,
            None => IdentityPattern::Exactly(other.clone()),
        };
        let hashes = own.and_then(|own| own.hashes.as_ref()).or(named.noun.hashes.as_ref());
        let hashes = hashes.map(|list| words(list, "a hash function", &HASHES, problems));
        let announces = own.and_then(|own| own.announce_methods).or(named.noun.announce_methods);
        let announces_methods = announces.unwrap_or(false);
        let further_demands = self.further_demands(own, (ends, side), document, problems);
        let (identity, proof, further) = (identity.clone(), proof.clone(), self.further[side].clone());
        let told =
            Authentication { identity, proof, demand, further, further_demands, hashes, announces_methods };
        Some((told, expects))
    }

    /// What an end wants of the other one's further proofs: what it is told, or what the other end does.
    fn further_demands(
        &self,
        own: Option<&nouns::IkeEnd>,
        (ends, side): ([&str; 2], usize),
        document: &Document,
        problems: &mut Problems,
    ) -> Vec<(IdentityPattern, Demand)> {
        let Some(told) = own.and_then(|own| own.accept_further.as_ref()) else {
            let theirs = self.further[1 - side].iter();
            let fitting = theirs.map(|(identity, proof)| {
                let demand = fitting(proof, proof, ends[1 - side], document);
                (IdentityPattern::Exactly(identity.clone()), demand)
            });
            return fitting.collect();
        };
        let read = |text: &str| text.parse::<IdentityPattern>().map_err(|why| why.to_string());
        let demands = told.iter().filter_map(|noun| {
            let expects = noun.expects.as_ref().map(|text| problems.read(text, read));
            let demand = demand(&noun.accept, ends, document, problems);
            Some((expects.unwrap_or(Some(IdentityPattern::Any))?, demand))
        });
        demands.collect()
    }
}

/// What an end wants of another that proves itself like this.
fn fitting(proof: &Proof, theirs: &Proof, other: &str, document: &Document) -> Demand {
    match (proof, theirs) {
        (Proof::Psk(psk), Proof::Psk(_)) | (_, Proof::Psk(psk)) => Demand::Psk(psk.clone()),
        (_, Proof::Certificate(_)) => Demand::Certificate {
            authorities: pki::roots(document),
            revocation: Revocation::WhereKnown,
            ocsp: None,
            any_name: false,
        },
        (_, Proof::Eap { user, password, methods }) => Demand::Eap {
            users: BTreeMap::from([(user.clone(), password.clone())]),
            methods: methods.clone(),
            asks_identity: false,
            notice: None,
        },
        (_, Proof::EapOnly) => Demand::EapOnly,
        (_, Proof::RawKey(_)) => Demand::RawKey(other.to_owned()),
        (_, Proof::Null) => Demand::Null,
    }
}

fn demand(accept: &Accept, ends: [&str; 2], document: &Document, problems: &mut Problems) -> Demand {
    match accept {
        Accept::Psk(psk) => Demand::Psk(secret(psk, "the pre-shared key", problems)),
        Accept::Certificate(noun) => {
            let named = noun.authorities.as_ref().map(|list| {
                for name in list.get_ref() {
                    pki::refers(name, "authority", &document.authorities, problems);
                }
                list.get_ref().iter().map(|name| name.get_ref().clone()).collect()
            });
            let responders = noun.responders.as_ref().map(|list| {
                for name in list.get_ref() {
                    pki::refers(name, "certificate", &document.certificates, problems);
                }
                if !noun.ocsp {
                    let problem = Problem::at(list.span(), "`responders` are trusted for what is asked for");
                    problems.add(problem.label("expected `ocsp = true` beside it"));
                }
                list.get_ref().iter().map(|name| name.get_ref().clone()).collect()
            });
            Demand::Certificate {
                ocsp: noun.ocsp.then(|| responders.unwrap_or_default()),
                authorities: named.unwrap_or_else(|| pki::roots(document)),
                revocation: noun.revocation.map_or(Revocation::WhereKnown, Into::into),
                any_name: noun.any_name,
            }
        }
        Accept::Eap(noun) => {
            let users = noun.users.iter();
            Demand::Eap {
                users: users.map(|(user, word)| (user.get_ref().clone(), word.get_ref().clone())).collect(),
                methods: methods(noun.methods.as_ref(), problems),
                asks_identity: noun.asks_identity,
                notice: noun.notice.as_ref().map(|text| text.get_ref().clone()),
            }
        }
        Accept::EapOnly(flag) => {
            is_true("eap-only", flag, problems);
            Demand::EapOnly
        }
        Accept::RawKey(peer) => {
            if !ends.contains(&peer.get_ref().as_str()) {
                let message = format!("`{}` is at no end of this configuration", peer.get_ref());
                let label = format!("expected `{}` or `{}`", ends[0], ends[1]);
                problems.add(Problem::at(peer.span(), message).label(label));
            }
            Demand::RawKey(peer.get_ref().clone())
        }
        Accept::Null(flag) => {
            is_true("null", flag, problems);
            Demand::Null
        }
    }
}

fn secret(text: &Text, what: &str, problems: &mut Problems) -> String {
    if text.get_ref().is_empty() {
        problems.add(Problem::at(text.span(), format!("{what} is empty")));
    }
    if shared_key(text.get_ref()).is_none() {
        let problem =
            Problem::at(text.span(), format!("{what} has something else than pairs of hexadecimal digits"));
        problems.add(problem.label("expected two digits for each octet behind `0x`"));
    }
    text.get_ref().clone()
}

fn is_true(key: &str, flag: &Spanned<bool>, problems: &mut Problems) {
    if !flag.get_ref() {
        let problem = Problem::at(flag.span(), format!("`{key} = false` says nothing"));
        problems.add(problem.label(format!("expected `{key} = true`, or another way")));
    }
}

const METHODS: [(&str, EapMethod); 3] =
    [("mschapv2", EapMethod::MsChapV2), ("md5", EapMethod::Md5Challenge), ("gtc", EapMethod::Gtc)];

const HASHES: [(&str, SignatureHash); 5] = [
    ("sha1", SignatureHash::Sha1),
    ("sha2-256", SignatureHash::Sha2_256),
    ("sha2-384", SignatureHash::Sha2_384),
    ("sha2-512", SignatureHash::Sha2_512),
    ("identity", SignatureHash::Identity),
];

/// MSCHAPv2 unless something else is said.
fn methods(list: Option<&Spanned<Vec<Text>>>, problems: &mut Problems) -> Vec<EapMethod> {
    list.map_or_else(|| vec![EapMethod::MsChapV2], |list| words(list, "a method of EAP", &METHODS, problems))
}

/// What the words of a list mean.
pub(super) fn words<T: Copy>(
    list: &Spanned<Vec<Text>>,
    what: &str,
    known: &[(&str, T)],
    problems: &mut Problems,
) -> Vec<T> {
    list.get_ref().iter().filter_map(|text| problems.read(text, |text| word(text, what, known))).collect()
}

/// What a word means.
pub(super) fn word<T: Copy>(text: &str, what: &str, known: &[(&str, T)]) -> Result<T, String> {
    let found = known.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
    found.ok_or_else(|| {
        let help = suggestion(text, known.iter().map(|(word, _)| *word)).unwrap_or_default();
        format!("\"{text}\" is not {what}: {help}")
    })
}

impl From<nouns::Revocation> for Revocation {
    fn from(noun: nouns::Revocation) -> Self {
        match noun {
            nouns::Revocation::WhereKnown => Self::WhereKnown,
            nouns::Revocation::Required => Self::Required,
        }
    }
}

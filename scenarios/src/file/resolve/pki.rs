//! The laboratory's authorities and certificates. An authority is issued by one that stands above it in the file.

use std::time::Duration;

use ipsec::auth::Identity;
use ipsec::auth::x509::laboratory::Usage;
use ipsec::crypto::KeyType;

use super::auth::word;
use super::problems::Problems;
use crate::diagnostic::{Problem, suggestion};
use crate::file::nouns::{self, Text};
use crate::file::read::{Document, Named};
use crate::file::scenario::{Authority, Certificate, Ike, List, Ocsp, OcspWord, Proof, Validity};
use crate::quantity;

/// The types of key that can be asked for.
const KEYS: [(&str, KeyType); 7] = [
    ("ecdsa-p256", KeyType::P256),
    ("ecdsa-p384", KeyType::P384),
    ("ecdsa-p521", KeyType::P521),
    ("rsa-2048", KeyType::Rsa),
    ("dsa-1024", KeyType::Dsa),
    ("ed25519", KeyType::Ed25519),
    ("ed448", KeyType::Ed448),
];

/// The type of key that a word means.
pub(super) fn key_type(text: &str) -> Result<KeyType, String> {
    word(text, "a type of key", &KEYS)
}

/// Whether one of `nouns`, of this kind, has this name.
pub(super) fn refers<T>(name: &Text, kind: &str, nouns: &[Named<T>], problems: &mut Problems) -> bool {
    let known = nouns.iter().any(|noun| noun.name() == name.get_ref());
    if !known {
        let problem = Problem::at(name.span(), format!("there is no {kind} called `{}`", name.get_ref()));
        problems.add(match suggestion(name.get_ref(), nouns.iter().map(Named::name)) {
            Some(help) => problem.help(help),
            None => problem.label(format!("expected the name of a table `[{kind}.NAME]`")),
        });
    }
    known
}

/// The authorities that nobody has issued.
pub(super) fn roots(document: &Document) -> Vec<String> {
    let roots = document.authorities.iter().filter(|authority| authority.noun.issuer.is_none());
    roots.map(|root| root.name().to_owned()).collect()
}

/// The authorities, each behind its issuer.
pub(super) fn authorities(document: &Document, problems: &mut Problems) -> Vec<Authority> {
    let all = &document.authorities;
    let authority = |(place, named): (usize, &Named<nouns::Authority>)| {
        let noun = &named.noun;
        if let Some(issuer) = &noun.issuer {
            refers(issuer, "authority", &all[..place], problems);
        }
        Authority {
            name: named.name().to_owned(),
            issuer: noun.issuer.as_ref().map(|issuer| issuer.get_ref().clone()),
            key: problems.read_or(noun.key.as_ref(), key_type, KeyType::P256),
            subject: subject(noun.subject.as_ref(), named.name(), problems),
            path_length: noun
                .path_length
                .as_ref()
                .map(|length| problems.number_or(Some(length), 0..=255, "a path length", 0)),
            validity: validity(noun.from.as_ref(), noun.until.as_ref(), problems),
            revoked: noun.revoked,
            list: problems.read_or(noun.list.as_ref(), list, List::Until(None)),
        }
    };
    all.iter().enumerate().map(authority).collect()
}

/// The certificates. One without names of its own has those of the ends that prove themselves with it.
pub(super) fn certificates(document: &Document, ikes: &[Ike], problems: &mut Problems) -> Vec<Certificate> {
    let certificate = |named: &Named<nouns::Certificate>| {
        let noun = &named.noun;
        let issuer = match (&noun.issuer, document.authorities.as_slice()) {
            (Some(issuer), authorities) => {
                refers(issuer, "authority", authorities, problems).then(|| issuer.get_ref().clone())
            }
            (None, [only]) => Some(only.name().to_owned()),
            (None, _) => {
                problems.missing("certificate", &named.name, "issuer", "the name of an authority");
                None
            }
        };
        let names = match &noun.names {
            Some(names) => names.0.iter().map(|name| identity(name.get_ref())).collect(),
            None => users(named.name(), ikes),
        };
        Some(Certificate {
            name: named.name().to_owned(),
            issuer: issuer?,
            key: problems.read_or(noun.key.as_ref(), key_type, KeyType::P256),
            subject: subject(noun.subject.as_ref(), named.name(), problems),
            names,
            usage: noun.usage.map_or(Usage::Signatures, Into::into),
            validity: validity(noun.from.as_ref(), noun.until.as_ref(), problems),
            revoked: noun.revoked,
            chain: noun.chain.unwrap_or(true),
            ocsp: noun.ocsp.as_ref().map(|ocsp| self::ocsp(ocsp, document, noun.revoked, problems)),
        })
    };
    document.certificates.iter().filter_map(certificate).collect()
}

/// What a responder says; of a revoked certificate that, unless it is told otherwise.
fn ocsp(noun: &nouns::Ocsp, document: &Document, is_revoked: bool, problems: &mut Problems) -> Ocsp {
    if let Some(responder) = &noun.responder {
        refers(responder, "certificate", &document.certificates, problems);
    }
    let says = match noun.says {
        Some(nouns::OcspWord::Good) => OcspWord::Good,
        Some(nouns::OcspWord::Revoked) => OcspWord::Revoked,
        Some(nouns::OcspWord::Unknown) => OcspWord::Unknown,
        None if is_revoked => OcspWord::Revoked,
        None => OcspWord::Good,
    };
    Ocsp {
        says,
        responder: noun.responder.as_ref().map(|responder| responder.get_ref().clone()),
        validity: validity(noun.from.as_ref(), noun.until.as_ref(), problems),
    }
}

fn identity(text: &str) -> Identity {
    let Ok(identity) = text.parse();
    identity
}

/// Who says to be somebody and proves it with this certificate; a distinguished name is no alternative one.
fn users(certificate: &str, ikes: &[Ike]) -> Vec<Identity> {
    let ends = ikes.iter().flat_map(|ike| &ike.ends).map(|end| &end.authentication);
    let proofs = ends.flat_map(|own| {
        let further = own.further.iter().map(|(identity, proof)| (identity, proof));
        std::iter::once((&own.identity, &own.proof)).chain(further)
    });
    let own = proofs.filter(
        |(_, proof)| matches!(proof, Proof::Certificate(names) if names.iter().any(|name| name == certificate)),
    );
    let own = own.map(|(identity, _)| identity.clone());
    let mut users: Vec<Identity> = own.filter(|identity| !matches!(identity, Identity::Dn(_))).collect();
    users.sort();
    users.dedup();
    users
}

fn subject(text: Option<&Text>, name: &str, problems: &mut Problems) -> String {
    let read = |text: &str| match identity(text) {
        Identity::Dn(_) => Ok(text.to_owned()),
        _ => Err(format!("\"{text}\" is no distinguished name: write one such as \"CN={name},O=Example\"")),
    };
    problems.read_or(text, read, format!("CN={name},O=Esplanade"))
}

fn validity(from: Option<&Text>, until: Option<&Text>, problems: &mut Problems) -> Validity {
    let mut moment = |text: Option<&Text>| text.and_then(|text| problems.read(text, seconds));
    let validity = Validity { from: moment(from), until: moment(until) };
    if let (Some(text), Validity { from: Some(first), until: Some(last) }) = (until, validity)
        && last < first
    {
        problems.add(Problem::at(text.span(), "it ends before it begins"));
    }
    validity
}

/// A moment as certificates have it.
fn seconds(text: &str) -> Result<Duration, String> {
    match quantity::duration(text)? {
        moment if moment.subsec_nanos() != 0 => Err(format!("\"{text}\" is no whole number of seconds")),
        moment => Ok(moment),
    }
}

fn list(text: &str) -> Result<List, String> {
    if text == "none" {
        return Ok(List::None);
    }
    seconds(text).map(|until| List::Until(Some(until))).map_err(|_| {
        format!("\"{text}\" is no end of a revocation list: write \"none\" or a time such as \"10min\"")
    })
}

impl From<nouns::Usage> for Usage {
    fn from(noun: nouns::Usage) -> Self {
        match noun {
            nouns::Usage::Signature => Self::Signatures,
            nouns::Usage::Encipherment => Self::Encipherment,
            nouns::Usage::Ocsp => Self::OcspSigning,
        }
    }
}

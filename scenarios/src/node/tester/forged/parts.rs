//! A certificate in its parts (RFC 5280 §4.1), to be put together again by whoever has a key.

use ipsec::crypto::{SignatureAlgorithm, Signer};

use super::der::{self, BOOLEAN, OCTET_STRING, OID, SEQUENCE, SET, UTC_TIME, UTF8_STRING, element};
use super::sign;

/// The elements of a certificate, each whole.
#[derive(Clone)]
pub(in super::super) struct Parts {
    pub(in super::super) version: Vec<u8>,
    pub(in super::super) serial: Vec<u8>,
    pub(in super::super) algorithm: Vec<u8>,
    pub(in super::super) issuer: Vec<u8>,
    pub(in super::super) validity: Vec<u8>,
    pub(in super::super) subject: Vec<u8>,
    pub(in super::super) spki: Vec<u8>,
    pub(in super::super) extensions: Vec<Vec<u8>>,
}

pub(in super::super) const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
pub(in super::super) const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 17];
pub(in super::super) const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
pub(in super::super) const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
pub(in super::super) const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
const KEY_IDENTIFIERS: [&[u8]; 2] = [&[0x55, 0x1d, 14], &[0x55, 0x1d, 35]];

impl Parts {
    /// Takes a certificate of version 3 apart; what is not there is of no octets.
    pub(in super::super) fn of(certificate: &[u8]) -> Self {
        let whole = der::elements(der::content(certificate));
        let signed = whole.first().map(|signed| der::elements(der::content(signed))).unwrap_or_default();
        let part = |place: usize| signed.get(place).map(|part| part.to_vec()).unwrap_or_default();
        let extensions = part(7);
        let list = der::elements(der::content(der::content(&extensions)));
        Self {
            version: part(0),
            serial: part(1),
            algorithm: part(2),
            issuer: part(3),
            validity: part(4),
            subject: part(5),
            spki: part(6),
            extensions: list.into_iter().map(<[u8]>::to_vec).collect(),
        }
    }

    /// What is signed.
    pub(in super::super) fn signed(&self) -> Vec<u8> {
        let extensions = match self.extensions.as_slice() {
            [] => Vec::new(),
            list => element(0xa3, &[&element(SEQUENCE, &[&list.concat()])]),
        };
        let Self { version, serial, algorithm, issuer, validity, subject, spki, .. } = self;
        element(SEQUENCE, &[version, serial, algorithm, issuer, validity, subject, spki, &extensions])
    }

    /// The certificate, signed with this key.
    pub(in super::super) fn issue(&self, signer: &Signer) -> Vec<u8> {
        let algorithm = SignatureAlgorithm::from_identifier(&self.algorithm);
        let signed = self.signed();
        let value = algorithm.map(|algorithm| sign(signer, algorithm, &signed)).unwrap_or_default();
        element(SEQUENCE, &[&signed, &self.algorithm, &der::bits(&value)])
    }

    /// The same from the issuer of this name, whose key signs by this algorithm; it names no key identifier.
    pub(in super::super) fn below(&self, issuer: &[u8], algorithm: SignatureAlgorithm) -> Self {
        let mut below = self.clone();
        below.issuer = issuer.to_vec();
        below.algorithm = algorithm.identifier().unwrap_or_default().to_vec();
        KEY_IDENTIFIERS.iter().for_each(|oid| below.remove(oid));
        below
    }

    /// Takes an extension away.
    pub(in super::super) fn remove(&mut self, oid: &[u8]) {
        let wanted = element(OID, &[oid]);
        self.extensions.retain(|extension| !der::content(extension).starts_with(&wanted));
    }

    /// Gives an extension this value.
    pub(in super::super) fn set(&mut self, extension: (&[u8], &[u8])) {
        self.remove(extension.0);
        self.extensions.push(self::extension(extension.0, true, extension.1));
    }
}

pub(in super::super) fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { element(BOOLEAN, &[&[0xff]]) } else { Vec::new() };
    element(SEQUENCE, &[&element(OID, &[oid]), &critical, &element(OCTET_STRING, &[value])])
}

/// A distinguished name of one common name.
pub(in super::super) fn common_name(text: &str) -> Vec<u8> {
    let attribute = [element(OID, &[&[0x55, 4, 3]]), element(UTF8_STRING, &[text.as_bytes()])].concat();
    element(SEQUENCE, &[&element(SET, &[&element(SEQUENCE, &[&attribute])])])
}

/// Alternative names of this form.
pub(in super::super) fn names(tag: u8, names: &[&[u8]]) -> Vec<u8> {
    let names: Vec<Vec<u8>> = names.iter().map(|name| element(tag, &[name])).collect();
    element(SEQUENCE, &[&names.concat()])
}

/// From the first date to the second.
pub(in super::super) fn validity(from: &str, until: &str) -> Vec<u8> {
    let [from, until] = [from, until].map(|date| element(UTC_TIME, &[date.as_bytes()]));
    element(SEQUENCE, &[&from, &until])
}

/// cA, and the most authorities below if there is a limit.
pub(in super::super) fn basic(is_authority: bool, path_length: Option<u8>) -> Vec<u8> {
    let is_authority = if is_authority { element(BOOLEAN, &[&[0xff]]) } else { Vec::new() };
    let length = path_length.map(|length| der::number(&[length])).unwrap_or_default();
    element(SEQUENCE, &[&is_authority, &length])
}

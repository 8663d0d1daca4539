//! A laboratory's authorities and certificates, made once, and connections that authenticate with them.

#![expect(clippy::unwrap_used, reason = "what cannot be is a failed test")]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use ipsec_auth::x509::laboratory::{Authority, Usage, Wish};
use ipsec_auth::x509::{Purpose, TrustStore};
use ipsec_auth::{Certified, Credential, Identity, IdentityPattern};
use ipsec_crypto::KeyType;
use ipsec_ikev1::{Authentication, Connection, Encryption, Method, Signatures};

use crate::world::Counted;

/// The year 2026.
const VALID: (u64, u64) = (1_767_225_600, 1_798_761_599);

const NAMES: [&str; 2] = ["west.example", "east.example"];

/// One root, and for each end one certificate of each type of key.
pub(crate) struct Pki {
    pub(crate) root: Authority,
    pub(crate) stranger: Authority,
    certificates: BTreeMap<(usize, KeyType), Credential>,
    /// Keys to encrypt for, two of each end.
    ciphering: BTreeMap<(usize, u8), Credential>,
}

pub(crate) static PKI: LazyLock<Pki> = LazyLock::new(|| {
    let entropy = &mut Counted::new(99);
    let mut root = |subject| Authority::root(&wish(subject, &[], KeyType::P256, VALID), entropy).unwrap();
    let (root, stranger) = (root("CN=Root"), root("CN=Stranger"));
    let mut pki = Pki { root, stranger, certificates: BTreeMap::new(), ciphering: BTreeMap::new() };
    for end in [0, 1] {
        for key_type in [KeyType::Rsa, KeyType::Dsa, KeyType::P256, KeyType::P384, KeyType::P521] {
            pki.certificates.insert((end, key_type), pki.issue(&pki.root, end, key_type, VALID));
        }
        for number in [0, 1] {
            let (names, seed) = ([identity(end)], 150 + 2 * end as u8 + number);
            let wish = wish("CN=end", &names, KeyType::Rsa, VALID);
            let made = pki.root.issue_for(&wish, Usage::Encipherment, &mut Counted::new(seed)).unwrap();
            pki.ciphering.insert((end, number), made);
        }
    }
    pki
});

pub(crate) fn wish<'a>(
    subject: &'a str,
    names: &'a [Identity],
    key_type: KeyType,
    validity: (u64, u64),
) -> Wish<'a> {
    Wish { subject, names, key_type, validity }
}

pub(crate) fn identity(end: usize) -> Identity {
    Identity::Fqdn(NAMES[end].to_owned())
}

impl Pki {
    /// A certificate of an end.
    pub(crate) fn issue(
        &self,
        authority: &Authority,
        end: usize,
        key_type: KeyType,
        validity: (u64, u64),
    ) -> Credential {
        let names = [identity(end)];
        let seed = 100 + end as u8 * 10 + KeyType::ALL.iter().position(|one| *one == key_type).unwrap() as u8;
        authority.issue(&wish("CN=end", &names, key_type, validity), &mut Counted::new(seed)).unwrap()
    }

    pub(crate) fn ciphering(&self, end: usize, number: u8) -> Credential {
        self.ciphering[&(end, number)].clone()
    }

    pub(crate) fn credential(&self, end: usize, key_type: KeyType) -> Credential {
        self.certificates[&(end, key_type)].clone()
    }
}

/// Whose certificates count.
pub(crate) fn trust(authority: &Authority) -> Certified {
    let anchors = vec![authority.certificate().clone()];
    Certified { trust: Arc::new(TrustStore { anchors, ..TrustStore::default() }), binds_identity: true }
}

/// Each end signs with keys of these types, the preferred one first, and trusts the root.
pub(crate) fn signs(end: usize, connection: &mut Connection, key_types: &[KeyType]) {
    let credentials: Vec<Credential> = key_types.iter().map(|key| PKI.credential(end, *key)).collect();
    let methods = key_types.iter().filter_map(|key| Method::of_signatures(*key)).collect();
    let signatures = Signatures { methods, credentials, peers: trust(&PKI.root) };
    connection.authentication = vec![Authentication::Signatures(signatures)];
    introduces(end, connection);
}

/// The ends say their names.
pub(crate) fn introduces(end: usize, connection: &mut Connection) {
    connection.local_id = identity(end);
    connection.remote_id = IdentityPattern::Exactly(identity(1 - end));
}

/// What an end signs with, and whom it believes.
pub(crate) fn signatures(connection: &mut Connection) -> &mut Signatures {
    match connection.authentication.first_mut() {
        Some(Authentication::Signatures(signatures)) => signatures,
        _ => panic!("the ends do not sign"),
    }
}

/// Each end encrypts by this method for the other one's key, which it knows.
pub(crate) fn encrypts(end: usize, connection: &mut Connection, method: Method) {
    let anchors = vec![PKI.root.certificate().clone()];
    let trust = TrustStore { anchors, purpose: Purpose::Encipherment, ..TrustStore::default() };
    let encryption = Encryption {
        methods: vec![method],
        credentials: vec![PKI.ciphering(end, 0)],
        known: vec![PKI.ciphering(1 - end, 0).chain],
        peers: Certified { trust: Arc::new(trust), binds_identity: true },
        shows_certificate: false,
    };
    connection.authentication = vec![Authentication::Encryption(encryption)];
    introduces(end, connection);
}

/// What an end decrypts with, and for whom it encrypts.
pub(crate) fn encryption(connection: &mut Connection) -> &mut Encryption {
    match connection.authentication.first_mut() {
        Some(Authentication::Encryption(encryption)) => encryption,
        _ => panic!("the ends do not encrypt"),
    }
}

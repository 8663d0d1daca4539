//! The keys, certificates and revocation lists of a scenario, made from the seed of its run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ipsec::auth::eap::{EapServerConfig, Password};
use ipsec::auth::x509::laboratory::{Authority, CannotIssue, Wish};
use ipsec::auth::x509::{self, CertificateStatus, Crl, Purpose, TrustStore};
use ipsec::auth::{Authenticate, Credential, PeerEntry, Prove, preferred_algorithms};
use ipsec::crypto::{KeyType, Secret, SignatureAlgorithm, Signer};
use ipsec::ikev2::Further;
use sim::Streams;

use super::Stream;
use crate::file::{self, Demand, List, OcspWord, Proof, Scenario, Validity, shared_key};

/// How far certificates and lists reach into the past and the future unless a scenario says otherwise.
const YEAR: u64 = 365 * 86_400;

/// What a scenario's peers prove themselves with.
#[derive(Default)]
pub(super) struct Pki {
    /// The date of the run's beginning, in seconds since 1970 in UTC.
    epoch: u64,
    authorities: BTreeMap<String, Authority>,
    credentials: BTreeMap<String, Credential>,
    lists: Vec<Crl>,
    /// Raw keys by IKE configuration and peer, one of each type that it proves itself with.
    raw: BTreeMap<(String, String), Vec<Signer>>,
}

impl Pki {
    /// Everything that the scenario names, each from a stream of its own.
    ///
    /// # Errors
    /// The name of what cannot be made, and why.
    pub(super) fn new(scenario: &Scenario, streams: &Streams) -> Result<Self, (String, CannotIssue)> {
        let mut pki = Self { epoch: scenario.epoch, ..Self::default() };
        for authority in &scenario.authorities {
            pki.found(authority, streams).map_err(|why| (authority.name.clone(), why))?;
        }
        for certificate in &scenario.certificates {
            pki.issue(certificate, streams).map_err(|why| (certificate.name.clone(), why))?;
        }
        for certificate in &scenario.certificates {
            pki.vouch(certificate).map_err(|why| (certificate.name.clone(), why))?;
        }
        for authority in &scenario.authorities {
            pki.publish(authority).map_err(|why| (authority.name.clone(), why))?;
        }
        for ike in &scenario.ikes {
            for end in &ike.ends {
                let own = pki.raw.entry((ike.name.clone(), end.peer.clone())).or_default();
                let mut stream = Stream(streams.stream(&["pki", "raw-key", &ike.name, &end.peer]));
                let further = end.authentication.further.iter().map(|(_, proof)| proof);
                for proof in std::iter::once(&end.authentication.proof).chain(further) {
                    if let Proof::RawKey(key_type) = *proof
                        && own.iter().all(|signer| signer.key_type() != key_type)
                    {
                        own.push(Signer::generate(key_type, &mut stream));
                    }
                }
            }
        }
        Ok(pki)
    }

    /// The first and the last second, since 1970.
    fn dates(&self, validity: Validity) -> (u64, u64) {
        let after = |moment: Duration| self.epoch + moment.as_secs();
        (validity.from.map_or(self.epoch - YEAR, after), validity.until.map_or(self.epoch + YEAR, after))
    }

    fn found(&mut self, noun: &file::Authority, streams: &Streams) -> Result<(), CannotIssue> {
        let entropy = &mut Stream(streams.stream(&["pki", "authority", &noun.name]));
        let validity = self.dates(noun.validity);
        let wish = Wish { subject: &noun.subject, names: &[], key_type: noun.key, validity };
        let issuer = noun.issuer.as_ref().and_then(|issuer| self.authorities.get_mut(issuer));
        let authority = match issuer {
            Some(issuer) => {
                let authority = issuer.subordinate(&wish, noun.path_length, entropy)?;
                if noun.revoked {
                    issuer.revoke(authority.certificate(), self.epoch)?;
                }
                authority
            }
            None => Authority::root(&wish, entropy)?,
        };
        self.authorities.insert(noun.name.clone(), authority);
        Ok(())
    }

    fn issue(&mut self, noun: &file::Certificate, streams: &Streams) -> Result<(), CannotIssue> {
        let entropy = &mut Stream(streams.stream(&["pki", "certificate", &noun.name]));
        let validity = self.dates(noun.validity);
        let wish = Wish { subject: &noun.subject, names: &noun.names, key_type: noun.key, validity };
        let Some(issuer) = self.authorities.get_mut(&noun.issuer) else {
            return Ok(());
        };
        let mut credential = issuer.issue_for(&wish, noun.usage, entropy)?;
        if let (true, Some(own)) = (noun.revoked, credential.chain.first()) {
            issuer.revoke(own, self.epoch)?;
        }
        if !noun.chain {
            credential.chain.truncate(1);
        }
        self.credentials.insert(noun.name.clone(), credential);
        Ok(())
    }

    /// Fetches what an OCSP responder says of a certificate.
    fn vouch(&mut self, noun: &file::Certificate) -> Result<(), CannotIssue> {
        let (Some(ocsp), Some(issuer)) = (&noun.ocsp, self.authorities.get(&noun.issuer)) else {
            return Ok(());
        };
        let status = match ocsp.says {
            OcspWord::Good => CertificateStatus::Good,
            OcspWord::Revoked => CertificateStatus::Revoked { since: self.epoch },
            OcspWord::Unknown => CertificateStatus::Unknown,
        };
        let delegate = ocsp.responder.as_ref().and_then(|name| self.credentials.get(name));
        let own = self.credentials.get(&noun.name).and_then(|credential| credential.chain.first());
        let Some(own) = own else { return Ok(()) };
        let response = issuer.ocsp(own, status, self.dates(ocsp.validity), delegate)?;
        if let Some(credential) = self.credentials.get_mut(&noun.name) {
            credential.status = Some(response);
        }
        Ok(())
    }

    fn publish(&mut self, noun: &file::Authority) -> Result<(), CannotIssue> {
        let List::Until(until) = noun.list else { return Ok(()) };
        let (from, until) = self.dates(Validity { from: None, until });
        if let Some(authority) = self.authorities.get_mut(&noun.name) {
            self.lists.push(authority.crl(from, until)?);
        }
        Ok(())
    }

    /// A certificate with its key and the chain above it.
    pub(super) fn credential(&self, name: &str) -> Option<&Credential> {
        self.credentials.get(name)
    }

    /// The certificate of an authority.
    pub(super) fn authority(&self, name: &str) -> Option<&x509::Certificate> {
        self.authorities.get(name).map(Authority::certificate)
    }

    /// The revocation lists that authorities publish.
    pub(super) fn lists(&self) -> &[Crl] {
        &self.lists
    }

    /// Who has issued the certificate that a proof begins with.
    pub(super) fn issuer(&self, scenario: &Scenario, proof: &Proof) -> Option<&Authority> {
        let Proof::Certificate(names) = proof else { return None };
        let certificate =
            scenario.certificates.iter().find(|certificate| names.first() == Some(&certificate.name));
        self.authorities.get(&certificate?.issuer)
    }

    /// What the end of an IKE configuration proves and wants behind the first proofs.
    pub(super) fn further(&self, ike: &str, end: &file::IkeEnd) -> Further {
        let told = &end.authentication;
        let ours = told.further.iter();
        let theirs = told.further_demands.iter();
        Further {
            ours: ours.map(|(id, proof)| (id.clone(), self.prove(ike, end, proof))).collect(),
            theirs: theirs
                .map(|(peers, demand)| PeerEntry {
                    connection: ike.to_owned(),
                    peers: peers.clone(),
                    authenticate: self.authenticate(ike, end, demand),
                    selectors: None,
                })
                .collect(),
        }
    }

    /// The certificates of these names, or else of this proof, each with its issuers behind it.
    pub(super) fn chains(&self, names: Option<&[String]>, proof: &Proof) -> Vec<Vec<x509::Certificate>> {
        let names = match (names, proof) {
            (Some(names), _) => names,
            (None, Proof::Certificate(names)) => names.as_slice(),
            _ => return Vec::new(),
        };
        let credentials = names.iter().filter_map(|name| self.credentials.get(name));
        credentials.map(|credential| credential.chain.clone()).collect()
    }

    /// How the end of an IKE configuration proves who it is.
    pub(super) fn prove(&self, ike: &str, end: &file::IkeEnd, proof: &Proof) -> Prove {
        match proof {
            Proof::Psk(psk) => Prove::SharedKey(Secret::from(shared_key(psk).unwrap_or_default())),
            Proof::Certificate(names) => Prove::Signature {
                credentials: names.iter().filter_map(|name| self.credentials.get(name)).cloned().collect(),
                algorithms: algorithms(),
            },
            Proof::Eap { user, password, methods } => Prove::Eap {
                user: user.clone(),
                password: Password::from(password.as_str()),
                methods: methods.clone(),
            },
            Proof::EapOnly => Prove::EapOnly,
            Proof::RawKey(key_type) => {
                let own = self.raw.get(&(ike.to_owned(), end.peer.clone()));
                match own.into_iter().flatten().find(|signer| signer.key_type() == *key_type) {
                    Some(signer) => Prove::RawKey { signer: signer.clone(), algorithms: algorithms() },
                    None => Prove::Signature { credentials: Vec::new(), algorithms: algorithms() },
                }
            }
            Proof::Null => Prove::Null,
        }
    }

    /// The certificates themselves that have these names.
    fn own_certificates(&self, names: &[String]) -> Vec<x509::Certificate> {
        let credentials = names.iter().filter_map(|name| self.credentials.get(name));
        credentials.filter_map(|credential| credential.chain.first()).cloned().collect()
    }

    /// How the end of an IKE configuration wants the other one to prove who it is.
    pub(super) fn authenticate(&self, ike: &str, end: &file::IkeEnd, demand: &Demand) -> Authenticate {
        match demand {
            Demand::Psk(psk) => Authenticate::SharedKey(Secret::from(shared_key(psk).unwrap_or_default())),
            Demand::Certificate { authorities, revocation, ocsp, any_name } => {
                let anchors = authorities.iter().filter_map(|name| self.authorities.get(name));
                let trust = TrustStore {
                    anchors: anchors.map(|anchor| anchor.certificate().clone()).collect(),
                    authorities: Vec::new(),
                    crls: self.lists.clone(),
                    revocation: *revocation,
                    ocsp: ocsp.as_ref().map(|names| self.own_certificates(names)),
                    purpose: Purpose::Signatures,
                };
                Authenticate::Signature {
                    trust: Arc::new(trust),
                    algorithms: algorithms(),
                    binds_identity: !any_name,
                }
            }
            Demand::Eap { users, methods, asks_identity, notice } => {
                let users = users.iter().map(|(user, word)| (user.clone(), Password::from(word.as_str())));
                Authenticate::Eap(EapServerConfig {
                    name: end.peer.clone(),
                    methods: methods.clone(),
                    users: Arc::new(users.collect()),
                    asks_identity: *asks_identity,
                    notice: notice.clone(),
                })
            }
            Demand::EapOnly => Authenticate::EapOnly,
            Demand::RawKey(peer) => {
                let keys = self.raw.get(&(ike.to_owned(), peer.clone()));
                let keys = keys.into_iter().flatten().map(Signer::verifier).collect();
                Authenticate::RawKey { keys, algorithms: algorithms() }
            }
            Demand::Null => Authenticate::Null,
        }
    }
}

/// What RFC 8247 §4.2 recommends, for keys of each type.
fn algorithms() -> Vec<SignatureAlgorithm> {
    KeyType::ALL.iter().flat_map(|key_type| preferred_algorithms(*key_type)).copied().collect()
}

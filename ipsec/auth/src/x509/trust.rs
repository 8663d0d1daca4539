//! Whom this end trusts to issue certificates, and the search for a path to one of them.

use ipsec_crypto::Verifier;

use super::name::same;
use super::ocsp::{self, Word};
use super::validate::Circumstances;
use super::{Certificate, Crl, Defect, OcspResponse, Untrusted, validate};

/// The longest path that is tried, in certificates without the anchor.
const LONGEST: usize = 8;
/// How many certificates a search may take up before it ends: certificates that issue one another would keep it busy.
const MOST_STEPS: usize = 64;

/// What must be known about revocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Revocation {
    /// A certificate is good unless a list at hand revokes it.
    #[default]
    WhereKnown,
    /// Every certificate below an anchor needs a current list of its issuer, or a current OCSP response.
    Required,
}

/// What the key of a peer's certificate has to be for, where the certificate says what it is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// To sign with (RFC 4945 §5.1.3.2).
    #[default]
    Signatures,
    /// To encrypt for, as two methods of IKEv1 do (RFC 2409 §5.2, §5.3; keyEncipherment of RFC 5280 §4.2.1.3).
    Encipherment,
}

/// Trust anchors, further certificates of authorities, and revocation lists.
#[derive(Clone, Debug, Default)]
pub struct TrustStore {
    /// Whose word counts, in the form of certificates (RFC 5280 §6.1.1 (d)). One may be a peer's own.
    pub anchors: Vec<Certificate>,
    /// Authorities that are only believed when a path leads to an anchor.
    pub authorities: Vec<Certificate>,
    /// Revocation lists of any of them.
    pub crls: Vec<Crl>,
    /// How much must be known about revocation.
    pub revocation: Revocation,
    /// Whether peers are asked for OCSP responses (RFC 4806), and who may sign these besides the issuers and whom they have
    /// certified for it: case (b) of RFC 4806 §3.1.
    pub ocsp: Option<Vec<Certificate>>,
    /// What the peers' keys have to be for.
    pub purpose: Purpose,
}

/// A certificate to which a valid path leads.
#[derive(Clone, Debug)]
pub struct Trusted<'a> {
    /// From the one that the anchor issued to the peer's own.
    path: Vec<&'a Certificate>,
    anchor: &'a Certificate,
    verifier: Verifier,
}

impl<'a> Trusted<'a> {
    /// The certificate itself.
    #[must_use]
    pub fn certificate(&self) -> &'a Certificate {
        self.path.last().copied().unwrap_or(self.anchor)
    }

    /// From the certificate that the anchor issued to the peer's own; empty if the peer's own is the anchor.
    #[must_use]
    pub fn path(&self) -> &[&'a Certificate] {
        &self.path
    }

    /// The trust anchor that the path leads to.
    #[must_use]
    pub fn anchor(&self) -> &'a Certificate {
        self.anchor
    }

    /// The public key of the certificate.
    #[must_use]
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }
}

impl TrustStore {
    /// Searches a valid path from an anchor to `certificate` through the store's authorities and `others`, which the
    /// peer sent, at the instant `now` in seconds since 1970.
    ///
    /// # Errors
    /// If there is none; what is said is wrong with the first path that reached an anchor, or else where the first one
    /// ended.
    pub fn validate<'a>(
        &'a self,
        certificate: &'a Certificate,
        others: &'a [Certificate],
        now: u64,
    ) -> Result<Trusted<'a>, Untrusted> {
        self.validate_with(certificate, others, &[], now)
    }

    /// The same with what OCSP responders say.
    ///
    /// # Errors
    /// As [`validate`](Self::validate) has them.
    pub fn validate_with<'a>(
        &'a self,
        certificate: &'a Certificate,
        others: &'a [Certificate],
        responses: &'a [OcspResponse],
        now: u64,
    ) -> Result<Trusted<'a>, Untrusted> {
        let circumstances = Circumstances { store: self, responses, now };
        let mut search = Search { circumstances, others, steps: 0, invalid: None, dead_end: None };
        let mut path = vec![certificate];
        let anchor = match self.anchors.iter().find(|anchor| *anchor == certificate) {
            Some(anchor) => {
                path.clear();
                validate::path(&circumstances, anchor, &[]).map(|()| anchor)
            }
            None => search.extend(&mut path).ok_or_else(|| search.why(certificate)),
        }?;
        path.reverse();
        let verifier = certificate
            .verifier()
            .map_err(|why| Untrusted { subject: certificate.subject(), defect: Defect::Key(why) })?;
        Ok(Trusted { path, anchor, verifier })
    }

    /// RFC 5280 §6.3.3: a list at hand that revokes the certificate counts even when it is out of date, and so does an OCSP
    /// response.
    pub(super) fn is_not_revoked(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
        circumstances: &Circumstances<'_>,
    ) -> Result<(), Defect> {
        let now = circumstances.now;
        let word = ocsp::consult(certificate, issuer, circumstances)?;
        let mut is_known = matches!(word, Word::Good);
        let mut why = match word {
            Word::Useless(why) => why,
            Word::None | Word::Good => format!("there is no CRL of {}", issuer.subject()),
        };
        for crl in self.crls.iter().filter(|crl| crl.is_about(certificate)) {
            if let Err(defect) = crl.check(issuer) {
                why = defect.to_string();
                continue;
            }
            let (this_update, next_update) = crl.updates();
            if now < this_update {
                "the CRL is of the future".clone_into(&mut why);
                continue;
            }
            if let Some(since) = crl.revoked_since(certificate.serial()) {
                return Err(Defect::Revoked { since });
            }
            match next_update {
                Some(next) if now > next => "the CRL is out of date".clone_into(&mut why),
                _ => is_known = true,
            }
        }
        if is_known || self.revocation == Revocation::WhereKnown {
            return Ok(());
        }
        Err(Defect::RevocationUnknown { why })
    }
}

/// A search in depth, from the peer's certificate up to an anchor.
struct Search<'a> {
    circumstances: Circumstances<'a>,
    others: &'a [Certificate],
    steps: usize,
    /// What is wrong with the first path that reached an anchor.
    invalid: Option<Untrusted>,
    /// Where the first path ended that reached none.
    dead_end: Option<Untrusted>,
}

impl<'a> Search<'a> {
    /// Extends `path`, whose last certificate still has no issuer, to a valid one; leaves it as it was if it cannot.
    fn extend(&mut self, path: &mut Vec<&'a Certificate>) -> Option<&'a Certificate> {
        let (circumstances, others) = (self.circumstances, self.others);
        let store = circumstances.store;
        let lowest = *path.last()?;
        let mut has_issuer = false;
        for anchor in store.anchors.iter().filter(|anchor| may_issue(anchor, lowest)) {
            has_issuer = true;
            self.step()?;
            let downwards: Vec<&Certificate> = path.iter().rev().copied().collect();
            match validate::path(&circumstances, anchor, &downwards) {
                Ok(()) => return Some(anchor),
                Err(why) => self.invalid.get_or_insert(why),
            };
        }
        for authority in
            store.authorities.iter().chain(others).filter(|authority| may_issue(authority, lowest))
        {
            if path.contains(&authority) {
                continue;
            }
            has_issuer = true;
            if path.len() == LONGEST {
                continue;
            }
            self.step()?;
            path.push(authority);
            if let Some(anchor) = self.extend(path) {
                return Some(anchor);
            }
            path.pop();
        }
        if !has_issuer {
            let defect = Defect::NoIssuer { issuer: lowest.issuer() };
            self.dead_end.get_or_insert(Untrusted { subject: lowest.subject(), defect });
        }
        None
    }

    fn step(&mut self) -> Option<()> {
        self.steps += 1;
        (self.steps <= MOST_STEPS).then_some(())
    }

    fn why(self, certificate: &Certificate) -> Untrusted {
        self.invalid.or(self.dead_end).unwrap_or_else(|| Untrusted {
            subject: certificate.subject(),
            defect: Defect::NoPath { limit: LONGEST },
        })
    }
}

/// Whether the names and the key identifiers, where there are both, say that one issued the other.
fn may_issue(issuer: &Certificate, certificate: &Certificate) -> bool {
    let ids =
        issuer.extensions().subject_key_id.as_ref().zip(certificate.extensions().authority_key_id.as_ref());
    same(issuer.subject_name(), certificate.issuer_name())
        && ids.is_none_or(|(issuer, named)| issuer == named)
}

#[cfg(test)]
mod tests {
    use ipsec_crypto::KeyType;

    use super::*;
    use crate::seeded::Seeded;
    use crate::x509::laboratory::{Authority, Draft, Wish};

    #[test]
    fn certificates_that_issue_one_another_end_the_search() {
        let wish = |subject| Wish { subject, names: &[], key_type: KeyType::Ed25519, validity: (0, 9) };
        let entropy = &mut Seeded::new(1);
        let root = Authority::root(&wish("CN=Root"), entropy).unwrap();
        let ring = Authority::root(&wish("CN=Ring"), entropy).unwrap();
        let mut make = |subject| {
            let spki = ring.certificate().spki().to_vec();
            ring.sign(&Draft::new(&wish(subject), spki, Vec::new(), entropy).unwrap()).unwrap()
        };
        let others: Vec<Certificate> = (0..12).map(|_| make("CN=Ring")).collect();
        let west = make("CN=west");
        let store = TrustStore { anchors: vec![root.certificate().clone()], ..TrustStore::default() };
        let circumstances = Circumstances { store: &store, responses: &[], now: 1 };
        let mut search = Search { circumstances, others: &others, steps: 0, invalid: None, dead_end: None };
        assert!(search.extend(&mut vec![&west]).is_none());
        // Each level learns of the end by one more step.
        assert!((MOST_STEPS..=MOST_STEPS + LONGEST).contains(&search.steps), "{}", search.steps);
        let refused = store.validate(&west, &others, 1).unwrap_err();
        assert_eq!(refused.defect, Defect::NoPath { limit: LONGEST });
    }
}

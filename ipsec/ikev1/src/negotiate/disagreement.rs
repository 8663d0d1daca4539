//! Why two ends agree on no algorithms, with what each of them would take as far as it is known here.

use std::fmt;

use ipsec_wire::registry::v1::Phase1Attribute;

use super::Phase1Suite;

/// Why no proposal was chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Disagreement {
    /// What there is to say besides offers.
    pub why: String,
    /// The attribute of which the closest transforms have nothing in common, by its name.
    pub kind: Option<String>,
    /// What the initiator offers.
    pub offered: Vec<String>,
    /// What the responder takes; empty at an initiator that is refused.
    pub configured: Vec<String>,
}

impl Disagreement {
    /// One that is not about offers.
    pub(crate) fn because(why: impl Into<String>) -> Box<Self> {
        Box::new(Self { why: why.into(), ..Self::default() })
    }

    /// One of these offers.
    pub(crate) fn between(kind: Option<String>, offered: Vec<String>, configured: Vec<String>) -> Box<Self> {
        Box::new(Self { why: String::new(), kind, offered, configured })
    }

    /// The same where we have offered this.
    pub(crate) fn about(self, offered: &[Phase1Suite]) -> Box<Self> {
        Box::new(Self { offered: offered.iter().map(ToString::to_string).collect(), ..self })
    }
}

/// `group description: offered aes128-sha1-modp768 by shared-key, configured …`.
impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.why.is_empty() {
            return f.write_str(&self.why);
        }
        if let Some(kind) = &self.kind {
            write!(f, "{kind}: ")?;
        }
        write!(f, "offered {}, configured {}", list(&self.offered), list(&self.configured))
    }
}

/// The first attribute that keeps the closest two transforms apart.
pub(super) fn apart(offered: &[Phase1Suite], configured: &[Phase1Suite]) -> Option<String> {
    let differing = |one: &Phase1Suite, other: &Phase1Suite| {
        let (a, b) = (one.suite, other.suite);
        let attributes = [
            (Phase1Attribute::AUTH_METHOD, (one.method, one.client) != (other.method, other.client)),
            (Phase1Attribute::ENCRYPTION, a.cipher != b.cipher),
            (Phase1Attribute::KEY_LENGTH, a.cipher == b.cipher && a.key_len != b.key_len),
            (Phase1Attribute::HASH, a.hash != b.hash),
            (Phase1Attribute::GROUP, a.group != b.group),
        ];
        attributes.into_iter().filter(|(_, differs)| *differs).map(|(kind, _)| kind).collect::<Vec<_>>()
    };
    let pairs = offered.iter().flat_map(|one| configured.iter().map(move |other| differing(one, other)));
    pairs.min_by_key(Vec::len)?.first().map(ToString::to_string)
}

/// `a or b`; `nothing`.
fn list(texts: &[String]) -> String {
    if texts.is_empty() { "nothing".to_owned() } else { texts.join(" or ") }
}

#[cfg(test)]
mod tests {
    use ipsec_crypto::{CipherAlgorithm, HashAlgorithm, KeyExchangeAlgorithm};

    use super::*;
    use crate::negotiate::{IkeSuite, Method};

    #[test]
    fn what_keeps_the_closest_transforms_apart_is_named() {
        let suite = IkeSuite {
            cipher: CipherAlgorithm::AesCbc,
            key_len: 16,
            hash: HashAlgorithm::Sha1,
            group: KeyExchangeAlgorithm::Modp2048,
        };
        let one = |suite, method| Phase1Suite { suite, method, client: None };
        let psk = one(suite, Method::SharedKey);
        let kind = |offered: &[Phase1Suite]| apart(offered, &[psk]);
        let said = |name: &str| Some(name.to_owned());
        assert_eq!(kind(&[one(suite, Method::RsaSignatures)]), said("authentication method"));
        assert_eq!(kind(&[one(IkeSuite { key_len: 32, ..suite }, Method::SharedKey)]), said("key length"));
        let far = IkeSuite {
            cipher: CipherAlgorithm::TripleDesCbc,
            key_len: 24,
            hash: HashAlgorithm::Md5,
            ..suite
        };
        let near = IkeSuite { group: KeyExchangeAlgorithm::Modp1024, ..suite };
        assert_eq!(kind(&[one(far, Method::SharedKey)]), said("encryption algorithm"));
        assert_eq!(
            kind(&[one(far, Method::SharedKey), one(near, Method::SharedKey)]),
            said("group description")
        );
        assert_eq!(kind(&[]), None);
    }
}

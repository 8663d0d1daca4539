//! Why two ends agree on no algorithms (RFC 7296 §2.7), with what each of them would take as far as it is known here.

use std::fmt;

use ipsec_wire::registry::TransformType;
use ipsec_wire::v2::Proposal;

/// Why no proposal was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// What kept the ends apart, in a sentence without the offers.
    pub why: String,
    /// The transform type of which they have nothing in common; an initiator that is refused is not told.
    pub kind: Option<TransformType>,
    /// What the initiator offers.
    pub offered: Vec<Proposal>,
    /// What the responder takes; empty at an initiator that is refused.
    pub configured: Vec<Proposal>,
}

impl Disagreement {
    /// One that is not about offers.
    pub(crate) fn because(why: impl Into<String>) -> Box<Self> {
        Box::new(Self { why: why.into(), kind: None, offered: Vec::new(), configured: Vec::new() })
    }

    /// What an initiator knows of it.
    pub(crate) fn told(offer: &[Proposal]) -> Box<Self> {
        Box::new(Self { offered: offer.to_vec(), ..*Self::because("the responder accepts none of ours") })
    }

    /// The same with something said before it.
    pub(crate) fn preceded(self, by: &str) -> Box<Self> {
        Box::new(Self { why: format!("{by}{}", self.why), ..self })
    }
}

/// `key exchange: offered ECP_256, configured CURVE25519 (offer: …; configuration: …)`.
impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all =
            |proposals: &[Proposal]| proposals.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let (why, offered, configured) = (&self.why, all(&self.offered), all(&self.configured));
        match (offered.is_empty(), configured.is_empty()) {
            (true, true) => f.write_str(why),
            (false, true) => write!(f, "{why}: {offered}"),
            (true, false) => write!(f, "{why} (configuration: {configured})"),
            (false, false) => write!(f, "{why} (offer: {offered}; configuration: {configured})"),
        }
    }
}

//! What one end of an IKE configuration does against quantum computers: additional key exchanges, post-quantum preshared
//! keys, and proofs of all that was negotiated.

use ipsec::crypto::Secret;
use ipsec::ikev2::{FullTranscript, Ppk, PpkConfig, PpkMethod};

use super::problems::Problems;
use crate::diagnostic::Problem;
use crate::file::nouns::{self, Mixing};
use crate::file::scenario::Quantum;

/// What the end with these keys of its own is told.
pub(super) fn quantum(both: &nouns::Ike, own: Option<&nouns::IkeEnd>, problems: &mut Problems) -> Quantum {
    let prevention = own.and_then(|own| own.downgrade_prevention).or(both.downgrade_prevention);
    Quantum {
        intermediate: own.and_then(|own| own.intermediate).or(both.intermediate).unwrap_or(true),
        ppk: own.and_then(|own| own.ppk.as_ref()).or(both.ppk.as_ref()).and_then(|noun| ppk(noun, problems)),
        full_transcript: prevention.map_or(FullTranscript::Off, FullTranscript::from),
    }
}

fn ppk(noun: &nouns::Ppk, problems: &mut Problems) -> Option<PpkConfig> {
    let ([id, secret], of) = ([&noun.id, &noun.secret], ["an identifier", "a key"]);
    for (text, what) in [id, secret].into_iter().zip(of) {
        if text.get_ref().is_empty() {
            let problem = Problem::at(text.span(), format!("the post-quantum preshared key needs {what}"));
            problems.add(problem.label("expected some text"));
            return None;
        }
    }
    let methods = match noun.mixed {
        None => vec![PpkMethod::Intermediate, PpkMethod::Auth],
        Some(Mixing::Auth) => vec![PpkMethod::Auth],
        Some(Mixing::Intermediate) => vec![PpkMethod::Intermediate],
    };
    let key = |text: &str| text.as_bytes().to_vec();
    Some(PpkConfig {
        keys: vec![Ppk { id: key(id.get_ref()), secret: Secret::from(key(secret.get_ref())) }],
        required: noun.required,
        methods,
    })
}

//! Which payloads may stand in which message (RFC 2409 §5): what must be there, and what else may be.

use ipsec_wire::registry::v1::PayloadType as Type;
use ipsec_wire::v1::Payload;

use crate::refusal::{DropReason, Refusal};

/// One message of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The first two messages of main mode.
    MainSa,
    /// The third and the fourth.
    MainKe,
    /// The fifth and the sixth.
    MainId,
    /// The first message of aggressive mode.
    AggressiveOffer,
    /// The second.
    AggressiveAnswer,
    /// The third.
    AggressiveProof,
    /// The first two messages of quick mode.
    Quick,
    /// The third.
    QuickProof,
    /// A message of an informational exchange under an ISAKMP SA.
    Informational,
}

/// The payload that has to come first, others that have to be there once, and those that may be there, with how many.
struct Row {
    first: Type,
    once: &'static [Type],
    optional: &'static [(Type, usize)],
}

/// More payloads of one type than this are never meant well.
const MANY: usize = 32;

const fn row(form: Form) -> Row {
    match form {
        Form::MainSa => Row { first: Type::SA, once: &[], optional: &[] },
        Form::MainKe => Row { first: Type::KE, once: &[Type::NONCE], optional: &[] },
        Form::MainId => Row { first: Type::ID, once: &[Type::HASH], optional: &[] },
        Form::AggressiveOffer => {
            Row { first: Type::SA, once: &[Type::KE, Type::NONCE, Type::ID], optional: &[] }
        }
        Form::AggressiveAnswer => {
            Row { first: Type::SA, once: &[Type::KE, Type::NONCE, Type::ID, Type::HASH], optional: &[] }
        }
        Form::AggressiveProof | Form::QuickProof => Row { first: Type::HASH, once: &[], optional: &[] },
        Form::Quick => Row {
            first: Type::HASH,
            once: &[Type::SA, Type::NONCE],
            optional: &[(Type::KE, 1), (Type::ID, 2)],
        },
        Form::Informational => Row { first: Type::HASH, once: &[], optional: &[(Type::DELETE, MANY)] },
    }
}

/// Checks the payloads of a message. Those of other types, known or not, are passed over, but not without end.
pub(crate) fn check(form: Form, payloads: &[Payload]) -> Result<(), Refusal> {
    let wrong = |what: String| Err(Refusal::Ignore(DropReason::Malformed(what)));
    let Row { first, once, optional } = row(form);
    if payloads.first().map(Payload::kind) != Some(first) {
        return wrong(format!("{form:?}: a {first} payload has to come first"));
    }
    let count = |kind: Type| payloads.iter().filter(|payload| payload.kind() == kind).count();
    if let Some(kind) = once.iter().find(|kind| count(**kind) != 1) {
        return wrong(format!("{form:?}: {} {kind} payloads, expected one", count(*kind)));
    }
    let most = |kind: Type| {
        let listed = optional.iter().find(|(listed, _)| *listed == kind).map(|(_, most)| *most);
        listed.unwrap_or(if kind == first { 1 } else { MANY })
    };
    match payloads.iter().map(Payload::kind).find(|kind| count(*kind) > most(*kind)) {
        Some(kind) => wrong(format!("{form:?}: too many {kind} payloads")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use ipsec_wire::v1::{Identification, SecurityAssociation, Subject};

    use super::*;

    fn payloads(text: &str) -> Vec<Payload> {
        let one = |word: &str| match word {
            "SA" => Payload::Sa(SecurityAssociation::new(Vec::new())),
            "KE" => Payload::Ke(vec![1]),
            "Nonce" => Payload::Nonce(vec![1]),
            "ID" => Payload::Id(Identification::of(Subject::Address([192, 0, 2, 1].into()))),
            "HASH" => Payload::Hash(vec![1]),
            _ => Payload::VendorId(vec![1]),
        };
        text.split(' ').map(one).collect()
    }

    #[test]
    fn messages_have_what_the_rfc_draws_and_perhaps_vendor_ids() {
        let cases = [
            (Form::MainSa, "SA V V", true),
            (Form::MainSa, "V SA", false),
            (Form::MainSa, "SA SA", false),
            (Form::MainKe, "KE Nonce V", true),
            (Form::MainKe, "KE", false),
            (Form::MainKe, "KE Nonce Nonce", false),
            (Form::MainId, "ID HASH", true),
            (Form::MainId, "HASH ID", false),
            (Form::AggressiveOffer, "SA KE Nonce ID V", true),
            (Form::AggressiveOffer, "SA KE Nonce", false),
            (Form::AggressiveAnswer, "SA KE Nonce ID HASH", true),
            (Form::AggressiveAnswer, "SA KE Nonce ID", false),
            (Form::AggressiveProof, "HASH", true),
            (Form::Quick, "HASH SA Nonce", true),
            (Form::Quick, "HASH SA Nonce KE ID ID", true),
            (Form::Quick, "HASH SA Nonce KE ID ID ID", false),
            (Form::Quick, "SA HASH Nonce", false),
            (Form::QuickProof, "HASH HASH", false),
        ];
        for (form, text, holds) in cases {
            assert_eq!(check(form, &payloads(text)).is_ok(), holds, "{form:?} {text}");
        }
        let flood = vec!["V"; MANY + 1].join(" ");
        assert!(check(Form::MainSa, &payloads(&format!("SA {flood}"))).is_err());
    }
}

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
    /// The same with encryption for the peer's key.
    MainSealed,
    /// The fifth and the sixth.
    MainId(Means),
    /// The same where the ends have said who they are.
    MainProof,
    /// The first message of aggressive mode.
    AggressiveOffer,
    /// The second.
    AggressiveAnswer(Means),
    /// The third.
    AggressiveProof(Means),
    /// The first two messages of quick mode.
    Quick,
    /// The third.
    QuickProof,
    /// A message of an informational exchange under an ISAKMP SA.
    Informational,
    /// The first message of new group mode.
    NewGroup,
    /// A message of a transaction exchange.
    Transaction,
}

/// What proves in phase 1 who an end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    /// HASH_I or HASH_R.
    Hash,
    /// A signature over it.
    Signature,
}

/// The payload that has to come first if one has to, others that have to be there once, and those that may be there, with how
/// many.
struct Row {
    first: Option<Type>,
    once: &'static [Type],
    optional: &'static [(Type, usize)],
}

/// More payloads of one type than this are never meant well.
const MANY: usize = 32;

const fn row(form: Form) -> Row {
    match form {
        Form::MainSa => Row { first: Some(Type::SA), once: &[], optional: &[] },
        Form::MainKe => Row { first: Some(Type::KE), once: &[Type::NONCE], optional: &[] },
        Form::MainSealed => {
            Row { first: None, once: &[Type::KE, Type::NONCE, Type::ID], optional: &[(Type::HASH, 1)] }
        }
        Form::MainId(Means::Hash) => Row { first: Some(Type::ID), once: &[Type::HASH], optional: &[] },
        Form::MainId(Means::Signature) => Row { first: Some(Type::ID), once: &[Type::SIG], optional: &[] },
        Form::AggressiveOffer => {
            Row { first: Some(Type::SA), once: &[Type::KE, Type::NONCE, Type::ID], optional: &[] }
        }
        Form::AggressiveAnswer(Means::Hash) => {
            Row { first: Some(Type::SA), once: &[Type::KE, Type::NONCE, Type::ID, Type::HASH], optional: &[] }
        }
        Form::AggressiveAnswer(Means::Signature) => {
            Row { first: Some(Type::SA), once: &[Type::KE, Type::NONCE, Type::ID, Type::SIG], optional: &[] }
        }
        Form::AggressiveProof(Means::Signature) => Row { first: None, once: &[Type::SIG], optional: &[] },
        Form::AggressiveProof(Means::Hash) => Row { first: None, once: &[Type::HASH], optional: &[] },
        Form::MainProof | Form::QuickProof => Row { first: Some(Type::HASH), once: &[], optional: &[] },
        Form::Quick => Row {
            first: Some(Type::HASH),
            once: &[Type::SA, Type::NONCE],
            optional: &[(Type::KE, 1), (Type::ID, 2)],
        },
        Form::Transaction => Row { first: Some(Type::HASH), once: &[Type::ATTRIBUTES], optional: &[] },
        Form::Informational => Row { first: Some(Type::HASH), once: &[], optional: OF_OTHERS },
        Form::NewGroup => Row { first: Some(Type::HASH), once: &[Type::SA], optional: &[(Type::NONCE, 0)] },
    }
}

/// Payloads of which the first messages of other exchanges are made. The hash of a first message does not cover which exchange it
/// begins, so that its payloads have to tell.
const OF_OTHERS: &[(Type, usize)] = &[(Type::SA, 0), (Type::NONCE, 0), (Type::ATTRIBUTES, 0)];

/// Checks the payloads of a message. Those of other types, known or not, are passed over, but not without end.
pub(crate) fn check(form: Form, payloads: &[Payload]) -> Result<(), Refusal> {
    let wrong = |what: String| Err(Refusal::Ignore(DropReason::Malformed(what)));
    let Row { first, once, optional } = row(form);
    if let Some(first) = first.filter(|first| payloads.first().map(Payload::kind) != Some(*first)) {
        return wrong(format!("{form:?}: a {first} payload has to come first"));
    }
    let count = |kind: Type| payloads.iter().filter(|payload| payload.kind() == kind).count();
    if let Some(kind) = once.iter().find(|kind| count(**kind) != 1) {
        return wrong(format!("{form:?}: {} {kind} payloads, expected one", count(*kind)));
    }
    let most = |kind: Type| {
        let listed = optional.iter().find(|(listed, _)| *listed == kind).map(|(_, most)| *most);
        listed.unwrap_or(if Some(kind) == first { 1 } else { MANY })
    };
    match payloads.iter().map(Payload::kind).find(|kind| count(*kind) > most(*kind)) {
        Some(kind) => wrong(format!("{form:?}: too many {kind} payloads")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use ipsec_wire::Spi;
    use ipsec_wire::registry::v1::{CertEncoding, ConfigType, ProtocolId};
    use ipsec_wire::v1::{Certificate, Configuration, Delete, Identification, SecurityAssociation, Subject};

    use super::*;

    fn payloads(text: &str) -> Vec<Payload> {
        let one = |word: &str| match word {
            "SA" => Payload::Sa(SecurityAssociation::new(Vec::new())),
            "KE" => Payload::Ke(vec![1]),
            "Nonce" => Payload::Nonce(vec![1]),
            "ID" => Payload::Id(Identification::of(Subject::Address([192, 0, 2, 1].into()))),
            "HASH" => Payload::Hash(vec![1]),
            "ATTR" => Payload::Configuration(Configuration {
                kind: ConfigType::REQUEST,
                identifier: 1,
                attributes: Vec::new(),
            }),
            "D" => Payload::Delete(Delete::ipsec(ProtocolId::ESP, [Spi(256)])),
            "SIG" => Payload::Sig(vec![1]),
            "CERT" => Payload::Cert(Certificate { encoding: CertEncoding::CRL, data: Vec::new() }),
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
            (Form::MainSealed, "HASH KE ID Nonce", true),
            (Form::MainSealed, "Nonce KE ID CERT", true),
            (Form::MainSealed, "HASH HASH KE ID Nonce", false),
            (Form::MainSealed, "KE Nonce", false),
            (Form::MainProof, "HASH", true),
            (Form::MainProof, "ID HASH", false),
            (Form::MainId(Means::Hash), "ID HASH", true),
            (Form::MainId(Means::Hash), "HASH ID", false),
            (Form::MainId(Means::Hash), "ID SIG", false),
            (Form::MainId(Means::Signature), "ID CERT CERT SIG V", true),
            (Form::MainId(Means::Signature), "ID CERT HASH", false),
            (Form::MainId(Means::Signature), "ID SIG SIG", false),
            (Form::AggressiveOffer, "SA KE Nonce ID V", true),
            (Form::AggressiveOffer, "SA KE Nonce", false),
            (Form::AggressiveAnswer(Means::Hash), "SA KE Nonce ID HASH", true),
            (Form::AggressiveAnswer(Means::Hash), "SA KE Nonce ID", false),
            (Form::AggressiveAnswer(Means::Signature), "SA KE Nonce ID CERT SIG", true),
            (Form::AggressiveAnswer(Means::Signature), "SA KE Nonce ID CERT HASH", false),
            (Form::AggressiveProof(Means::Hash), "HASH", true),
            (Form::AggressiveProof(Means::Hash), "V V HASH", true),
            (Form::AggressiveProof(Means::Hash), "V V", false),
            (Form::AggressiveProof(Means::Signature), "CERT SIG", true),
            (Form::AggressiveProof(Means::Signature), "SIG CERT", true),
            (Form::AggressiveProof(Means::Signature), "CERT HASH", false),
            (Form::Quick, "HASH SA Nonce", true),
            (Form::Quick, "HASH SA Nonce KE ID ID", true),
            (Form::Quick, "HASH SA Nonce KE ID ID ID", false),
            (Form::Quick, "SA HASH Nonce", false),
            (Form::QuickProof, "HASH HASH", false),
            (Form::Informational, "HASH D", true),
            (Form::Informational, "HASH V V", true),
            (Form::Informational, "D HASH", false),
            (Form::Informational, "HASH SA Nonce", false),
            (Form::Informational, "HASH ATTR", false),
            (Form::NewGroup, "HASH SA", true),
            (Form::NewGroup, "HASH SA Nonce", false),
            (Form::NewGroup, "HASH D", false),
            (Form::Transaction, "HASH ATTR", true),
            (Form::Transaction, "HASH ATTR ATTR", false),
            (Form::Transaction, "ATTR HASH", false),
        ];
        for (form, text, holds) in cases {
            assert_eq!(check(form, &payloads(text)).is_ok(), holds, "{form:?} {text}");
        }
        let flood = vec!["V"; MANY + 1].join(" ");
        assert!(check(Form::MainSa, &payloads(&format!("SA {flood}"))).is_err());
    }
}

//! Messages for people: in one line, as the RFC's ladders write them, and as a tree.

use std::fmt::Write as _;

use super::shown;
use crate::registry::v1::{NotifyType, Vendor};
use crate::v1::{
    Delete, Header, Identification, Notify, Payload, SecurityAssociation, Situation, Subject, Transform,
};

/// `quick mode* 5d3e9c11 [HASH SA Nonce ID ID]`; the asterisk tells that the payloads are encrypted on their way.
#[must_use]
pub fn describe(header: &Header, payloads: &[Payload]) -> String {
    let encrypted = if header.flags.encryption { "*" } else { "" };
    let names: Vec<String> = payloads.iter().map(name).collect();
    format!("{}{encrypted} {:08x} [{}]", header.exchange, header.message_id, names.join(" "))
}

/// One line a payload, indented lines for what it holds.
#[must_use]
pub fn tree(header: &Header, payloads: &[Payload]) -> String {
    let mut text = describe(header, payloads);
    let _ = write!(text, "\n  cookies {} {}", header.spi_i, header.spi_r);
    for payload in payloads {
        let _ = write!(text, "\n  {}", name(payload));
        for line in details(payload) {
            let _ = write!(text, "\n    {line}");
        }
    }
    text.push('\n');
    text
}

fn name(payload: &Payload) -> String {
    match payload {
        Payload::Notify(notify) => format!("N({})", notify.kind),
        Payload::Configuration(configuration) => format!("ATTR({})", configuration.kind),
        other => other.kind().to_string(),
    }
}

fn details(payload: &Payload) -> Vec<String> {
    match payload {
        Payload::Sa(sa) => association(sa),
        Payload::Ke(octets)
        | Payload::Hash(octets)
        | Payload::Sig(octets)
        | Payload::Nonce(octets)
        | Payload::NatD(octets)
        | Payload::NatDDraft(octets)
        | Payload::Unknown { body: octets, .. } => vec![format!("{} octets", octets.len())],
        Payload::Id(id) => vec![identity(id)],
        Payload::Cert(cert) => vec![format!("{}, {} octets", cert.encoding, cert.data.len())],
        Payload::CertReq(request) => {
            vec![format!("{}, {} octets", request.encoding, request.authority.len())]
        }
        Payload::Notify(notify) => notification(notify),
        Payload::Delete(delete) => vec![deletion(delete)],
        Payload::VendorId(octets) => vec![Vendor::says(octets)],
        Payload::Configuration(configuration) => {
            let identifier = format!("identifier {}", configuration.identifier);
            let attributes = configuration.attributes.iter().map(shown::configuration);
            std::iter::once(identifier).chain(attributes).collect()
        }
        Payload::NatOa(address) | Payload::NatOaDraft(address) => vec![address.to_string()],
        Payload::Fragment(fragment) => {
            let last = if fragment.last { ", the last" } else { "" };
            let (id, number) = (fragment.id, fragment.number);
            vec![format!("number {number}{last} of message {id}, {} octets", fragment.data.len())]
        }
    }
}

fn association(sa: &SecurityAssociation) -> Vec<String> {
    let mut lines = match &sa.situation {
        Situation::IdentityOnly => Vec::new(),
        Situation::Labeled(labels) => vec![format!("labels of domain {}", labels.domain)],
        Situation::Unknown(octets) => vec![format!("{}, a situation of {} octets", sa.doi, octets.len())],
    };
    for proposal in &sa.proposals {
        lines.push(format!("proposal {}: {}{}", proposal.number, proposal.protocol, spi(&proposal.spi)));
        let transform =
            |t: &Transform| format!("  transform {}: {}", t.number, shown::transform(proposal.protocol, t));
        lines.extend(proposal.transforms.iter().map(transform));
    }
    lines
}

fn identity(id: &Identification) -> String {
    let mut text = match id.subject() {
        Some(Subject::Address(address)) => format!("{} {address}", id.kind),
        Some(Subject::Subnet { address, mask }) => format!("{} {address}/{mask}", id.kind),
        Some(Subject::Range { first, last }) => format!("{} {first}-{last}", id.kind),
        None => format!("{} {}", id.kind, id.data.escape_ascii()),
    };
    if (id.protocol, id.port) != (0, 0) {
        let _ = write!(text, "[{}/{}]", id.protocol, id.port);
    }
    text
}

fn notification(notify: &Notify) -> Vec<String> {
    let mut lines = vec![format!("{}{}", notify.protocol, spi(&notify.spi))];
    match (notify.kind, notify.number(), notify.responder_lifetime()) {
        (NotifyType::R_U_THERE | NotifyType::R_U_THERE_ACK, Some(sequence), _) => {
            lines.push(format!("sequence number {sequence}"));
        }
        (NotifyType::REPLAY_STATUS, Some(0), _) => lines.push("replay detection disabled".to_owned()),
        (NotifyType::REPLAY_STATUS, Some(1), _) => lines.push("replay detection enabled".to_owned()),
        (NotifyType::RESPONDER_LIFETIME, _, Ok(attributes)) => lines.extend(shown::lifetimes(&attributes)),
        _ if notify.data.is_empty() => {}
        _ => lines.push(format!("{} octets of data", notify.data.len())),
    }
    lines
}

fn deletion(delete: &Delete) -> String {
    delete.spis().fold(delete.protocol.to_string(), |text, octets| text + &spi(octets))
}

fn spi(octets: &[u8]) -> String {
    if octets.is_empty() {
        return String::new();
    }
    octets.iter().fold(", SPI ".to_owned(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

#[cfg(test)]
mod tests;

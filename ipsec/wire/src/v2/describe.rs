//! Messages for people: in one line, as the RFC's ladders write them, and as a tree.

use std::fmt::Write as _;

use crate::Header;
use crate::registry::v1::Vendor;
use crate::v2::Payload;

/// `IKE_SA_INIT request 0 [SA KE Nonce N(COOKIE)]`.
#[must_use]
pub fn describe(header: &Header, payloads: &[Payload]) -> String {
    let direction = if header.flags.response { "response" } else { "request" };
    let names: Vec<String> = payloads.iter().map(name).collect();
    format!("{} {direction} {} [{}]", header.exchange, header.message_id, names.join(" "))
}

/// One line a payload, indented lines for what it holds.
#[must_use]
pub fn tree(header: &Header, payloads: &[Payload]) -> String {
    let mut text = describe(header, payloads);
    let _ = write!(text, "\n  SPIs {} {}", header.spi_i, header.spi_r);
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
        other => other.kind().to_string(),
    }
}

fn details(payload: &Payload) -> Vec<String> {
    match payload {
        Payload::Sa(sa) => {
            let line = |p: &crate::v2::Proposal| format!("proposal {}: {p}{}", p.number, spi(&p.spi));
            sa.proposals.iter().map(line).collect()
        }
        Payload::Ke(ke) => {
            let group = crate::registry::KeyExchange(ke.group());
            vec![format!("{group}, {} octets", ke.public().len())]
        }
        Payload::IdI(id) | Payload::IdR(id) => vec![format!("{} {}", id.kind(), id.data().escape_ascii())],
        Payload::Cert(cert) => vec![format!("{}, {} octets", cert.encoding, cert.data.len())],
        Payload::CertReq(request) => {
            vec![format!("{}, {} octets", request.encoding, request.authorities.len())]
        }
        Payload::Auth(auth) => vec![format!("{}, {} octets", auth.method, auth.data.len())],
        Payload::Eap(packet) => vec![format!("{}, {} octets", eap_code(packet), packet.len())],
        Payload::Nonce(octets) | Payload::PuzzleSolution(octets) => vec![format!("{} octets", octets.len())],
        // Both versions name the same products by the same octets.
        Payload::VendorId(octets) => vec![Vendor::says(octets)],
        Payload::Notify(notify) if notify.data.is_empty() && notify.spi.is_empty() => Vec::new(),
        Payload::Notify(notify) => vec![format!("{} octets of data{}", notify.data.len(), spi(&notify.spi))],
        Payload::Delete(delete) => {
            let spis: Vec<String> = delete.child_spis().iter().map(ToString::to_string).collect();
            vec![format!("{} {}", delete.protocol, spis.join(" ")).trim_end().to_owned()]
        }
        Payload::TsI(list) | Payload::TsR(list) => list.iter().map(ToString::to_string).collect(),
        Payload::Cp(configuration) => {
            let attributes = configuration.attributes.iter().map(ToString::to_string);
            std::iter::once(configuration.kind.to_string()).chain(attributes).collect()
        }
        Payload::Unknown { critical, body, .. } => {
            let critical = if *critical { ", critical" } else { "" };
            vec![format!("{} octets{critical}", body.len())]
        }
    }
}

/// What an EAP packet is by its first octet (RFC 3748 §4).
fn eap_code(packet: &[u8]) -> &'static str {
    match packet.first() {
        Some(1) => "Request",
        Some(2) => "Response",
        Some(3) => "Success",
        Some(4) => "Failure",
        _ => "no EAP packet",
    }
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

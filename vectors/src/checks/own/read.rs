//! The little of IKEv2's format that the calculation needs (RFC 7296 §3, RFC 7383 §2.5), read without `ipsec-wire`.

pub(super) const SA_INIT: u8 = 34;
pub(super) const AUTH: u8 = 35;
pub(super) const CREATE_CHILD_SA: u8 = 36;
pub(super) const SESSION_RESUME: u8 = 38;
pub(super) const INTERMEDIATE: u8 = 43;
pub(super) const FOLLOWUP_KE: u8 = 44;

pub(super) const KE: u8 = 34;
pub(super) const NONCE: u8 = 40;
const NOTIFY: u8 = 41;
const SK: u8 = 46;
const SKF: u8 = 53;

pub(super) const PPK_IDENTITY: u16 = 16436;
pub(super) const NO_PPK_AUTH: u16 = 16437;
pub(super) const PPK_IDENTITY_KEY: u16 = 16446;

/// A message's header.
pub(super) struct Head {
    pub(super) octets: [u8; 28],
    /// The initiator's, then the responder's.
    pub(super) spis: [u8; 16],
    pub(super) exchange: u8,
    pub(super) by_initiator: bool,
    pub(super) response: bool,
    pub(super) message_id: u32,
}

impl Head {
    pub(super) fn of(message: &[u8]) -> Result<Self, String> {
        let octets: &[u8; 28] = message.first_chunk().ok_or("no header")?;
        let mut spis = [0; 16];
        spis.copy_from_slice(&octets[..16]);
        let [.., i, j, k, l, _, _, _, _] = *octets;
        Ok(Self {
            octets: *octets,
            spis,
            exchange: octets[18],
            by_initiator: octets[19] & 0x08 != 0,
            response: octets[19] & 0x20 != 0,
            message_id: u32::from_be_bytes([i, j, k, l]),
        })
    }

    /// Name, direction and message ID.
    #[cfg(test)]
    pub(super) fn described(&self) -> String {
        let name = match self.exchange {
            SA_INIT => "IKE_SA_INIT",
            AUTH => "IKE_AUTH",
            CREATE_CHILD_SA => "CREATE_CHILD_SA",
            37 => "INFORMATIONAL",
            SESSION_RESUME => "IKE_SESSION_RESUME",
            INTERMEDIATE => "IKE_INTERMEDIATE",
            FOLLOWUP_KE => "IKE_FOLLOWUP_KE",
            _ => "unknown exchange",
        };
        format!("{name} {} {}", if self.response { "response" } else { "request" }, self.message_id)
    }
}

/// A payload: its type, and what follows its generic header.
pub(super) type Payload<'a> = (u8, &'a [u8]);

/// The payloads of a chain of which the first has this type.
pub(super) fn chain(first: u8, octets: &[u8]) -> Result<Vec<Payload<'_>>, String> {
    let (mut kind, mut rest, mut payloads) = (first, octets, Vec::new());
    while kind != 0 {
        let [next, _, high, low, ..] = *rest else { return Err("a payload without a header".to_owned()) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let (payload, after) = rest.split_at_checked(length).ok_or("a payload that is cut off")?;
        payloads.push((kind, payload.get(4..).ok_or("a payload shorter than its header")?));
        (kind, rest) = (next, after);
    }
    Ok(payloads)
}

/// The payloads of a message in the clear.
pub(super) fn clear(message: &[u8]) -> Result<Vec<Payload<'_>>, String> {
    chain(Head::of(message)?.octets[16], &message[28..])
}

/// An SK or SKF payload, which is the last of its message.
pub(super) struct Sealed<'a> {
    /// All that is authenticated and not encrypted.
    pub(super) before: &'a [u8],
    /// IV, encrypted octets and ICV.
    pub(super) rest: &'a [u8],
    /// The type of the first payload inside.
    pub(super) first: u8,
}

pub(super) fn sealed(message: &[u8]) -> Result<Sealed<'_>, String> {
    let skips = match Head::of(message)?.octets[16] {
        SK => 32,
        // The number of the piece and how many there are.
        SKF => 36,
        other => return Err(format!("payload {other} where SK or SKF should be")),
    };
    let (before, rest) = message.split_at_checked(skips).ok_or("a message that is cut off")?;
    Ok(Sealed { before, rest, first: before[28] })
}

/// The first payload of a type.
pub(super) fn find<'a>(payloads: &[Payload<'a>], kind: u8) -> Result<&'a [u8], String> {
    let found = payloads.iter().find(|payload| payload.0 == kind).map(|payload| payload.1);
    found.ok_or_else(|| format!("there is no payload {kind}"))
}

/// The data of the first notify of a type that is about no SA.
pub(super) fn notify<'a>(payloads: &[Payload<'a>], kind: u16) -> Option<&'a [u8]> {
    let of_kind = |payload: &Payload<'a>| {
        let [_, 0, high, low, data @ ..] = payload.1 else { return None };
        (payload.0 == NOTIFY && u16::from_be_bytes([*high, *low]) == kind).then_some(data)
    };
    payloads.iter().find_map(of_kind)
}

/// The protocol and the SPI of the first proposal of an SA payload (RFC 7296 §3.3.1).
pub(super) fn proposal(body: &[u8]) -> Result<(u8, &[u8]), String> {
    let [_, _, _, _, _, protocol, spi_size, _, rest @ ..] = body else {
        return Err("an SA payload without a proposal".to_owned());
    };
    let spi = rest.get(..usize::from(*spi_size)).ok_or("a proposal that is cut off")?;
    Ok((*protocol, spi))
}

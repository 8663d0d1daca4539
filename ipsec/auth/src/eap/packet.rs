//! EAP packets as they stand in an EAP payload (RFC 3748 §4, RFC 7296 §3.16).

use std::fmt;

use thiserror::Error;

/// The type of a request or response (RFC 3748 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EapType(pub u8);

impl EapType {
    /// Who are you?
    pub const IDENTITY: Self = Self(1);
    /// A message to people.
    pub const NOTIFICATION: Self = Self(2);
    /// Another method, please; only in responses.
    pub const NAK: Self = Self(3);
    /// MD5-Challenge.
    pub const MD5_CHALLENGE: Self = Self(4);
    /// Generic Token Card.
    pub const GTC: Self = Self(6);
    /// Microsoft's MS-CHAP-V2.
    pub const MSCHAPV2: Self = Self(26);
}

impl fmt::Display for EapType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match *self {
            Self::IDENTITY => "Identity",
            Self::NOTIFICATION => "Notification",
            Self::NAK => "Nak",
            Self::MD5_CHALLENGE => "MD5-Challenge",
            Self::GTC => "GTC",
            Self::MSCHAPV2 => "MSCHAPv2",
            Self(number) => return write!(f, "EAP type {number}"),
        })
    }
}

/// An EAP packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EapPacket {
    /// From the server, code 1.
    Request {
        /// Ties the response to it.
        identifier: u8,
        /// What is asked.
        kind: EapType,
        /// What the type makes of it.
        data: Vec<u8>,
    },
    /// From the peer, code 2.
    Response {
        /// That of the request.
        identifier: u8,
        /// What is answered.
        kind: EapType,
        /// What the type makes of it.
        data: Vec<u8>,
    },
    /// From the server, code 3: the peer is believed.
    Success {
        /// That of the last response.
        identifier: u8,
    },
    /// From the server, code 4: it is not.
    Failure {
        /// That of the last response.
        identifier: u8,
    },
}

/// Octets that are no EAP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadEapPacket {
    /// Shorter than its header.
    #[error("expected an EAP packet of at least {expected} octets, found {found}")]
    Short {
        /// The least length of this code.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// The length in it is not its own: the payload has nothing else (RFC 7296 §3.16).
    #[error("the length in the EAP packet is {said}, expected {found}")]
    Length {
        /// What the field says.
        said: usize,
        /// The octets there are.
        found: usize,
    },
    /// A code that does not exist.
    #[error("expected the code of an EAP request, response, success or failure, found {found}")]
    Code {
        /// The code found.
        found: u8,
    },
}

const HEADER_LEN: usize = 4;

impl EapPacket {
    /// Reads the packet that fills an EAP payload.
    ///
    /// # Errors
    /// If it is none, or does not fill it.
    pub fn parse(octets: &[u8]) -> Result<Self, BadEapPacket> {
        let found = octets.len();
        let [code, identifier, length @ ..] =
            *octets.first_chunk::<HEADER_LEN>().ok_or(BadEapPacket::Short { expected: HEADER_LEN, found })?;
        let said = usize::from(u16::from_be_bytes(length));
        let length = Err(BadEapPacket::Length { said, found });
        match (code, &octets[HEADER_LEN..]) {
            (1..=4, _) if said != found => length,
            (1, [kind, data @ ..]) => {
                Ok(Self::Request { identifier, kind: EapType(*kind), data: data.to_vec() })
            }
            (2, [kind, data @ ..]) => {
                Ok(Self::Response { identifier, kind: EapType(*kind), data: data.to_vec() })
            }
            (1 | 2, []) => Err(BadEapPacket::Short { expected: HEADER_LEN + 1, found }),
            (3, []) => Ok(Self::Success { identifier }),
            (4, []) => Ok(Self::Failure { identifier }),
            (3 | 4, _) => Err(BadEapPacket::Length { said, found: HEADER_LEN }),
            _ => Err(BadEapPacket::Code { found: code }),
        }
    }

    /// The octets of the packet; data beyond what its length can say is cut.
    #[must_use]
    pub fn emit(&self) -> Vec<u8> {
        let (code, identifier, content) = match self {
            Self::Request { identifier, kind, data } => {
                (1, identifier, [&[kind.0], data.as_slice()].concat())
            }
            Self::Response { identifier, kind, data } => {
                (2, identifier, [&[kind.0], data.as_slice()].concat())
            }
            Self::Success { identifier } => (3, identifier, Vec::new()),
            Self::Failure { identifier } => (4, identifier, Vec::new()),
        };
        let length = u16::try_from(HEADER_LEN + content.len()).unwrap_or(u16::MAX);
        let mut octets = vec![code, *identifier];
        octets.extend(length.to_be_bytes());
        octets.extend(content);
        octets.truncate(usize::from(length));
        octets
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn packets_have_the_octets_of_rfc_3748() {
        let kind = EapType::IDENTITY;
        let packets = [
            (
                EapPacket::Request { identifier: 7, kind, data: b"hi".to_vec() },
                &[1, 7, 0, 7, 1, b'h', b'i'][..],
            ),
            (EapPacket::Response { identifier: 7, kind: EapType::NAK, data: vec![26] }, &[2, 7, 0, 6, 3, 26]),
            (EapPacket::Success { identifier: 8 }, &[3, 8, 0, 4]),
            (EapPacket::Failure { identifier: 9 }, &[4, 9, 0, 4]),
        ];
        for (packet, octets) in packets {
            assert_eq!(packet.emit(), octets);
            assert_eq!(EapPacket::parse(octets), Ok(packet));
        }
    }

    #[test]
    fn what_is_no_packet_is_named() {
        let refused = |octets: &[u8]| EapPacket::parse(octets).unwrap_err().to_string();
        assert_eq!(refused(&[1, 7, 0]), "expected an EAP packet of at least 4 octets, found 3");
        assert_eq!(refused(&[1, 7, 0, 4]), "expected an EAP packet of at least 5 octets, found 4");
        assert_eq!(refused(&[1, 7, 0, 6, 1]), "the length in the EAP packet is 6, expected 5");
        assert_eq!(refused(&[3, 7, 0, 5, 1]), "the length in the EAP packet is 5, expected 4");
        assert_eq!(
            refused(&[5, 7, 0, 4]),
            "expected the code of an EAP request, response, success or failure, found 5"
        );
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_again(octets in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(packet) = EapPacket::parse(&octets) {
                prop_assert_eq!(packet.emit(), octets);
            }
        }

        #[test]
        fn what_is_written_is_read_again(identifier: u8, kind: u8, data: Vec<u8>) {
            let packet = EapPacket::Request { identifier, kind: EapType(kind), data };
            prop_assert_eq!(EapPacket::parse(&packet.emit()), Ok(packet));
        }
    }
}

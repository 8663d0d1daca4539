//! The messages of EAP-MSCHAPv2: `OpCode | MS-CHAPv2-ID | MS-Length | content`, where the answers to Success and Failure
//! are their OpCode alone (draft-kamath-pppext-eap-mschapv2 §2).

use std::fmt::Write;

use ipsec_crypto::Secret;

use super::computation::{CHALLENGE_LEN, RESPONSE_LEN};
use super::malformed;
use crate::eap::EapFailure;

const CHALLENGE: u8 = 1;
const RESPONSE: u8 = 2;
const SUCCESS: u8 = 3;
const FAILURE: u8 = 4;

const HEADER_LEN: usize = 4;
/// Peer's challenge, reserved octets, NT response, flags.
const RESPONSE_VALUE_LEN: usize = CHALLENGE_LEN + 8 + RESPONSE_LEN + 1;

/// A message with a header.
pub(super) enum Message {
    Challenge { id: u8, challenge: [u8; CHALLENGE_LEN] },
    Response { id: u8, challenge: [u8; CHALLENGE_LEN], response: [u8; RESPONSE_LEN], name: Vec<u8> },
    Success { text: String },
    Failure { text: String },
}

impl Message {
    pub(super) fn parse(data: &[u8]) -> Result<Self, EapFailure> {
        let header = data.split_first_chunk::<HEADER_LEN>();
        let (&[code, id, high, low], content) = header.ok_or_else(|| malformed("a header of 4 octets"))?;
        if usize::from(u16::from_be_bytes([high, low])) != data.len() {
            return Err(malformed("an MS-Length that is the length of the message"));
        }
        let text = || String::from_utf8_lossy(content).into_owned();
        match code {
            CHALLENGE => match content.split_first() {
                Some((&16, rest)) => rest
                    .first_chunk()
                    .map(|challenge| Self::Challenge { id, challenge: *challenge })
                    .ok_or_else(|| malformed("a challenge of 16 octets")),
                _ => Err(malformed("a challenge of 16 octets")),
            },
            RESPONSE => Self::response(id, content)
                .ok_or_else(|| malformed("a response of 49 octets with reserved octets of zero")),
            SUCCESS => Ok(Self::Success { text: text() }),
            FAILURE => Ok(Self::Failure { text: text() }),
            _ => Err(malformed("a Challenge, a Response, Success or Failure")),
        }
    }

    fn response(id: u8, content: &[u8]) -> Option<Self> {
        let (&size, rest) = content.split_first()?;
        let (value, name) = rest.split_at_checked(RESPONSE_VALUE_LEN)?;
        let (challenge, value) = value.split_first_chunk()?;
        let (reserved, value) = value.split_first_chunk::<8>()?;
        let (response, _) = value.split_first_chunk()?;
        let fits = usize::from(size) == RESPONSE_VALUE_LEN && *reserved == [0; 8];
        let (challenge, response, name) = (*challenge, *response, name.to_vec());
        fits.then_some(Self::Response { id, challenge, response, name })
    }
}

/// A Challenge from a server of this name.
pub(super) fn write_challenge(id: u8, challenge: &[u8; CHALLENGE_LEN], server: &str) -> Vec<u8> {
    message(CHALLENGE, id, &[&[CHALLENGE_LEN as u8], challenge, server.as_bytes()])
}

/// A Response with the peer's challenge.
pub(super) fn write_response(
    id: u8,
    challenge: &[u8; CHALLENGE_LEN],
    response: &[u8; RESPONSE_LEN],
    user: &str,
) -> Vec<u8> {
    let size = [RESPONSE_VALUE_LEN as u8];
    message(RESPONSE, id, &[&size, challenge, &[0; 8], response, &[0], user.as_bytes()])
}

fn message(code: u8, id: u8, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let length = u16::try_from(HEADER_LEN + content.len()).unwrap_or(u16::MAX).to_be_bytes();
    [&[code, id], &length[..], &content].concat()
}

/// The answer to Success, or to Failure.
pub(super) fn ack(success: bool) -> [u8; 1] {
    [if success { SUCCESS } else { FAILURE }]
}

/// `S=<40 digits> M=<text>` (RFC 2759 §5).
pub(super) fn write_success(id: u8, proof: &[u8]) -> Vec<u8> {
    let text = format!("S={} M=Welcome", digits(proof));
    message(SUCCESS, id, &[text.as_bytes()])
}

/// The 20 octets behind `S=`.
pub(super) fn read_success(text: &str) -> Option<Secret> {
    let digits = text.strip_prefix("S=")?.as_bytes().get(..40)?;
    let octet = |pair: &[u8]| {
        let digits =
            std::str::from_utf8(pair).ok().filter(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()));
        digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())
    };
    digits.chunks_exact(2).map(octet).collect::<Option<Vec<u8>>>().map(Secret::from)
}

/// ERROR_AUTHENTICATION_FAILURE without a retry (RFC 2759 §6).
pub(super) fn write_failure(id: u8, challenge: &[u8; CHALLENGE_LEN]) -> Vec<u8> {
    let text = format!("E=691 R=0 C={} V=3 M=Authentication failure", digits(challenge));
    message(FAILURE, id, &[text.as_bytes()])
}

/// What a Failure says to people: its error and its message.
pub(super) fn read_failure(text: &str) -> String {
    let error = text.split(' ').find_map(|field| field.strip_prefix("E=")).unwrap_or("unknown");
    let name = match error {
        "646" => "restricted logon hours",
        "647" => "account disabled",
        "648" => "password expired",
        "649" => "no dial-in permission",
        "691" => "authentication failure",
        "709" => "error changing password",
        _ => "unknown error",
    };
    let message = text.split_once("M=").map_or("", |(_, message)| message);
    format!("error {error} ({name}) {message}").trim_end().to_owned()
}

fn digits(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut digits, octet| {
        let _ = write!(digits, "{octet:02X}");
        digits
    })
}

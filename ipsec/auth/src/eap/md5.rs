//! MD5-Challenge (RFC 3748 §5.4, RFC 1994 §4.1): `Value-Size | Value | Name`, where the response's value is
//! `MD5(identifier | password | challenge)`.

use ipsec_crypto::{Entropy, HashAlgorithm, Secret};

use super::{Answer, EapFailure, EapType, EapUsers, Password, Verdict, user_in};

const LEN: usize = 16;

/// The value and the name of a request or response.
fn parse(data: &[u8]) -> Result<(&[u8], &[u8]), EapFailure> {
    let expected = "a value with its size before it";
    let malformed = EapFailure::Malformed { kind: EapType::MD5_CHALLENGE, expected };
    let (size, rest) = data.split_first().ok_or_else(|| malformed.clone())?;
    rest.split_at_checked(usize::from(*size)).filter(|(value, _)| !value.is_empty()).ok_or(malformed)
}

fn emit(value: &[u8], name: &str) -> Vec<u8> {
    [&[u8::try_from(value.len()).unwrap_or(u8::MAX)], value, name.as_bytes()].concat()
}

fn value(identifier: u8, password: &Password, challenge: &[u8]) -> Secret {
    Secret::from(HashAlgorithm::Md5.digest(&[&[identifier], password.utf8(), challenge]))
}

/// The peer's answer to a request.
pub(super) fn answer(
    identifier: u8,
    data: &[u8],
    user: &str,
    password: &Password,
) -> Result<Answer, EapFailure> {
    let (challenge, _) = parse(data)?;
    Ok(Answer::last(emit(value(identifier, password, challenge).as_bytes(), user), None))
}

/// The server's half.
#[derive(Clone, Debug)]
pub(super) struct Server {
    challenge: [u8; LEN],
}

impl Server {
    /// Draws 16 octets: the challenge.
    pub(super) fn new(entropy: &mut dyn Entropy) -> Self {
        let mut challenge = [0; LEN];
        entropy.fill(&mut challenge);
        Self { challenge }
    }

    pub(super) fn request(&self, server: &str) -> Vec<u8> {
        emit(&self.challenge, server)
    }

    pub(super) fn response(
        &self,
        identifier: u8,
        data: &[u8],
        expected_user: &str,
        users: &EapUsers,
    ) -> Result<Verdict, EapFailure> {
        let (found, name) = parse(data)?;
        let user = user_in(name, expected_user);
        let expected = users.get(&user).map(|password| value(identifier, password, &self.challenge));
        Ok(match expected {
            Some(expected) if expected == Secret::from(found) => Verdict::Accept { user, msk: None },
            _ => Verdict::Reject(EapFailure::WrongPassword { user }),
        })
    }
}

//! Generic Token Card (RFC 3748 §5.6): the request is a prompt, the response here the password itself.

use ipsec_crypto::Secret;

use super::{Answer, EapFailure, EapType, EapUsers, Password, Verdict};

const PROMPT: &[u8] = b"Password: ";

/// The peer's answer to a request.
pub(super) fn answer(password: &Password) -> Answer {
    Answer::last(password.utf8().to_vec(), None)
}

/// The server's request.
pub(super) fn request() -> Vec<u8> {
    PROMPT.to_vec()
}

/// What the server makes of a response.
pub(super) fn response(data: &[u8], user: &str, users: &EapUsers) -> Result<Verdict, EapFailure> {
    if data.is_empty() {
        return Err(EapFailure::Malformed { kind: EapType::GTC, expected: "a token of at least one octet" });
    }
    let user = user.to_owned();
    let is_known = users.get(&user).is_some_and(|password| password.0 == Secret::from(data));
    Ok(if is_known {
        Verdict::Accept { user, msk: None }
    } else {
        Verdict::Reject(EapFailure::WrongPassword { user })
    })
}

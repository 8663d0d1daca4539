//! What MS-CHAP-V2 computes (RFC 2759 §8), and the keys that MPPE and EAP make of it (RFC 3079 §3).

use ipsec_crypto::{HashAlgorithm, Secret, des_encrypt_block, md4};

use crate::eap::Password;

/// The length of either challenge in octets.
pub(super) const CHALLENGE_LEN: usize = 16;
/// The length of the NT response in octets.
pub(super) const RESPONSE_LEN: usize = 24;

/// The challenges, and the user's name without a domain before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Challenges<'a> {
    pub(super) authenticator: &'a [u8; CHALLENGE_LEN],
    pub(super) peer: &'a [u8; CHALLENGE_LEN],
    pub(super) user: &'a str,
}

impl Challenges<'_> {
    /// ChallengeHash (RFC 2759 §8.2).
    pub(super) fn hash(&self) -> [u8; 8] {
        let user = self.user.rsplit('\\').next().unwrap_or(self.user);
        let digest = HashAlgorithm::Sha1.digest(&[self.peer, self.authenticator, user.as_bytes()]);
        std::array::from_fn(|index| digest[index])
    }
}

/// NtPasswordHash (RFC 2759 §8.3).
pub(super) fn password_hash(password: &Password) -> [u8; 16] {
    md4(&[password.utf16().as_bytes()])
}

/// GenerateNTResponse (RFC 2759 §8.1).
pub(super) fn nt_response(challenges: &Challenges<'_>, password_hash: &[u8; 16]) -> [u8; RESPONSE_LEN] {
    let clear = challenges.hash();
    let mut padded = [0; 21];
    padded[..16].copy_from_slice(password_hash);
    let (keys, _) = padded.as_chunks::<7>();
    let mut response = [0; RESPONSE_LEN];
    for (key, block) in keys.iter().zip(response.chunks_exact_mut(8)) {
        block.copy_from_slice(&des_encrypt_block(*key, clear));
    }
    response
}

/// GenerateAuthenticatorResponse (RFC 2759 §8.7), without `S=` and not in hexadecimal digits.
pub(super) fn authenticator_response(
    challenges: &Challenges<'_>,
    password_hash: &[u8; 16],
    nt_response: &[u8; RESPONSE_LEN],
) -> Vec<u8> {
    let sha1 = HashAlgorithm::Sha1;
    let digest =
        sha1.digest(&[&md4(&[password_hash]), nt_response, b"Magic server to client signing constant"]);
    sha1.digest(&[&digest, &challenges.hash(), b"Pad to make it do more than one iteration"])
}

/// The key that the server receives with, that which it sends with (RFC 3079 §3.3), and zeros: 64 octets.
pub(super) fn msk(password_hash: &[u8; 16], nt_response: &[u8; RESPONSE_LEN]) -> Secret {
    let sha1 = HashAlgorithm::Sha1;
    let master = sha1.digest(&[&md4(&[password_hash]), nt_response, b"This is the MPPE Master Key"]);
    let start_key = |magic: &[u8]| sha1.digest(&[&master[..16], &[0; 40], magic, &[0xf2; 40]]);
    let mut msk = Vec::with_capacity(64);
    msk.extend_from_slice(&start_key(CLIENT_SENDS)[..16]);
    msk.extend_from_slice(&start_key(SERVER_SENDS)[..16]);
    msk.resize(64, 0);
    Secret::from(msk)
}

const CLIENT_SENDS: &[u8] =
    b"On the client side, this is the send key; on the server side, it is the receive key.";
const SERVER_SENDS: &[u8] =
    b"On the client side, this is the receive key; on the server side, it is the send key.";

#[cfg(test)]
mod tests {
    use super::*;

    fn array<const N: usize>(digits: &str) -> [u8; N] {
        hex::decode(digits).unwrap().try_into().unwrap()
    }

    /// RFC 2759 §9.2.
    const NT_RESPONSE: &str = "82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df";

    fn with_challenges<T>(user: &str, use_them: impl FnOnce(&Challenges<'_>) -> T) -> T {
        let authenticator = array("5b5d7c7d7b3f2f3e3c2c602132262628");
        let peer = array("21402324255e262a28295f2b3a337c7e");
        use_them(&Challenges { authenticator: &authenticator, peer: &peer, user })
    }

    #[test]
    fn responses_are_those_of_rfc_2759() {
        let password = Password::from("clientPass");
        assert_eq!(hex::encode(password.utf16().as_bytes()), "63006c00690065006e0074005000610073007300");
        let hash = password_hash(&password);
        assert_eq!(hex::encode(hash), "44ebba8d5312b8d611474411f56989ae");
        assert_eq!(hex::encode(md4(&[&hash])), "41c00c584bd2d91c4017a2a12fa59f3f");
        for user in ["User", "DOMAIN\\User"] {
            with_challenges(user, |challenges| {
                assert_eq!(hex::encode(challenges.hash()), "d02e4386bce91226");
                let response = nt_response(challenges, &hash);
                assert_eq!(hex::encode(response), NT_RESPONSE);
                let authenticator = authenticator_response(challenges, &hash, &response);
                assert_eq!(hex::encode_upper(authenticator), "407A5589115FD0D6209F510FE9C04566932CDA56");
            });
        }
    }

    #[test]
    fn the_key_that_the_server_sends_with_is_that_of_rfc_3079() {
        // RFC 3079 §3.5.3.
        let msk = msk(&password_hash(&Password::from("clientPass")), &array(NT_RESPONSE));
        assert_eq!(hex::encode(&msk.as_bytes()[16..32]), "8b7cdc149b993a1ba118cb153f56dccb");
        // The other way the formula of §3.4, computed apart from this code.
        assert_eq!(hex::encode(&msk.as_bytes()[..16]), "d5f0e9521e3ea9589645e86051c82226");
        assert_eq!((msk.len(), &msk.as_bytes()[32..]), (64, &[0; 32][..]));
    }
}

//! EAP-MSCHAPv2 (draft-kamath-pppext-eap-mschapv2 §2, RFC 2759): both ends prove that they know the password, and a key
//! comes out of it.
//!
//! ```text
//!                          <-------   Challenge  (16 octets, server's name)
//! Response (peer's challenge, NT response, user)  ------->
//!                          <-------   Success  S=… (the server knows the password)  or  Failure  E=… R=… C=… V=… M=…
//! Success or Failure       ------->
//! ```

mod computation;
mod message;

use ipsec_crypto::{Entropy, Secret};

use super::{Answer, EapFailure, EapType, EapUsers, Password, Verdict, user_in};
use computation::{
    CHALLENGE_LEN, Challenges, RESPONSE_LEN, authenticator_response, msk, nt_response, password_hash,
};
use message::{
    Message, ack, read_failure, read_success, write_challenge, write_failure, write_response, write_success,
};

fn malformed(expected: &'static str) -> EapFailure {
    EapFailure::Malformed { kind: EapType::MSCHAPV2, expected }
}

/// The peer's half.
#[derive(Clone, Debug)]
pub(super) enum Peer {
    /// No challenge came yet.
    Fresh,
    /// The response is out; this is what the server has to prove, and the key.
    Responded { proof: Secret, msk: Secret },
    /// Nothing more is to come but the end.
    Over,
}

impl Peer {
    /// The answer to a request. Draws 16 octets at a challenge: the peer's own.
    pub(super) fn answer(
        &mut self,
        data: &[u8],
        user: &str,
        password: &Password,
        entropy: &mut dyn Entropy,
    ) -> Result<Answer, EapFailure> {
        match (Message::parse(data)?, &*self) {
            (Message::Challenge { id, challenge }, Self::Fresh) => {
                let mut own = [0; CHALLENGE_LEN];
                entropy.fill(&mut own);
                let challenges = Challenges { authenticator: &challenge, peer: &own, user };
                let hash = password_hash(password);
                let response = nt_response(&challenges, &hash);
                let proof = Secret::from(authenticator_response(&challenges, &hash, &response));
                *self = Self::Responded { proof, msk: msk(&hash, &response) };
                Ok(Answer::more(write_response(id, &own, &response, user)))
            }
            (Message::Success { text }, Self::Responded { proof, msk }) => {
                if read_success(&text).as_ref() != Some(proof) {
                    return Err(EapFailure::WrongServer);
                }
                let answer = Answer::last(ack(true).to_vec(), Some(msk.clone()));
                *self = Self::Over;
                Ok(answer)
            }
            (Message::Failure { text }, Self::Responded { .. }) => {
                *self = Self::Over;
                Ok(Answer { complaint: Some(read_failure(&text)), ..Answer::more(ack(false).to_vec()) })
            }
            (_, Self::Fresh) => Err(malformed("a Challenge first")),
            (_, Self::Responded { .. }) => Err(malformed("Success or Failure after the Response")),
            (_, Self::Over) => Err(malformed("nothing more after Success or Failure")),
        }
    }
}

/// The server's half.
#[derive(Clone, Debug)]
pub(super) struct Server {
    id: u8,
    challenge: [u8; CHALLENGE_LEN],
    state: ServerState,
}

#[derive(Clone, Debug)]
enum ServerState {
    Challenged,
    Succeeding { user: String, msk: Secret },
    Failing { user: String },
}

impl Server {
    /// Begins with an MS-CHAPv2-ID. Draws 16 octets: the challenge.
    pub(super) fn new(id: u8, entropy: &mut dyn Entropy) -> Self {
        let mut challenge = [0; CHALLENGE_LEN];
        entropy.fill(&mut challenge);
        Self { id, challenge, state: ServerState::Challenged }
    }

    /// The first request.
    pub(super) fn request(&self, server: &str) -> Vec<u8> {
        write_challenge(self.id, &self.challenge, server)
    }

    /// Nothing but the answer that fits goes on.
    pub(super) fn response(
        &mut self,
        data: &[u8],
        expected_user: &str,
        users: &EapUsers,
    ) -> Result<Verdict, EapFailure> {
        match &self.state {
            ServerState::Challenged => {
                let Message::Response { id, challenge, response, name } = Message::parse(data)? else {
                    return Err(malformed("a Response after the Challenge"));
                };
                if id != self.id {
                    return Err(malformed("the MS-CHAPv2-ID of the Challenge"));
                }
                let user = user_in(&name, expected_user);
                Ok(Verdict::Ask(self.judge(&challenge, &response, user, users)))
            }
            ServerState::Succeeding { user, msk } if data == ack(true) => {
                Ok(Verdict::Accept { user: user.clone(), msk: Some(msk.clone()) })
            }
            ServerState::Failing { user } if data == ack(false) => {
                Ok(Verdict::Reject(EapFailure::WrongPassword { user: user.clone() }))
            }
            _ => Err(malformed("the same code alone as answer to Success or Failure")),
        }
    }

    /// The request that says whether the response is right.
    fn judge(
        &mut self,
        peer: &[u8; CHALLENGE_LEN],
        response: &[u8; RESPONSE_LEN],
        user: String,
        users: &EapUsers,
    ) -> Vec<u8> {
        let challenges = Challenges { authenticator: &self.challenge, peer, user: &user };
        if let Some(hash) = users.get(&user).map(password_hash)
            && Secret::from(&nt_response(&challenges, &hash)[..]) == Secret::from(&response[..])
        {
            let proof = authenticator_response(&challenges, &hash, response);
            self.state = ServerState::Succeeding { user, msk: msk(&hash, response) };
            return write_success(self.id, &proof);
        }
        self.state = ServerState::Failing { user };
        write_failure(self.id, &self.challenge)
    }
}

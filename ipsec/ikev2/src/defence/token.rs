//! Tokens by which a peer that has lost its state proves that it was the one that had it (RFC 6290 §5.1): whoever shows
//! the token of an IKE SA has no such SA any more.
//!
//! ```text
//! token = Hash(secret | SPIi | SPIr)
//! ```

use ipsec_crypto::{HashAlgorithm, Secret};
use ipsec_wire::IkeSpi;
use ipsec_wire::registry::{NotifyType, ProtocolId};
use ipsec_wire::v2::{Notify, Payload};

use crate::message::notifies;

/// The shortest and the longest token that is believed (RFC 6290 §5).
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=128;

/// How many tokens of a message are looked at, so that the secret may change now and then (RFC 6290 §4.3).
const MOST_SHOWN: usize = 4;

/// Makes the tokens of an endpoint; its secret has to outlive what the endpoint forgets when it restarts.
#[derive(Debug)]
pub(crate) struct Tokens(Option<Secret>);

impl Tokens {
    /// With this secret; none are made without.
    pub(crate) fn new(secret: Option<Secret>) -> Self {
        Self(secret)
    }

    /// The notify with the token of an IKE SA.
    pub(crate) fn notify(&self, spi_i: IkeSpi, spi_r: IkeSpi) -> Option<Payload> {
        let secret = self.0.as_ref()?;
        let parts = [secret.as_bytes(), &spi_i.0.to_be_bytes(), &spi_r.0.to_be_bytes()];
        let token = HashAlgorithm::Sha2_256.digest(&parts);
        let notify = Notify::new(NotifyType::QUICK_CRASH_DETECTION, token);
        Some(Payload::Notify(Notify { protocol: ProtocolId::IKE, ..notify }))
    }
}

/// The token that a message tells us of the peer's, if it has one of a length that can be a secret.
pub(crate) fn told(payloads: &[Payload]) -> Option<Secret> {
    shown(payloads).next().map(Secret::from)
}

/// Whether a message from whoever it may be shows this token.
pub(crate) fn shows(payloads: &[Payload], token: &Secret) -> bool {
    shown(payloads).take(MOST_SHOWN).any(|shown| Secret::from(shown) == *token)
}

fn shown(payloads: &[Payload]) -> impl Iterator<Item = &[u8]> {
    let tokens = notifies(payloads).filter(|notify| notify.kind == NotifyType::QUICK_CRASH_DETECTION);
    tokens.map(|notify| notify.data.as_slice()).filter(|token| LENGTHS.contains(&token.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPIS: (IkeSpi, IkeSpi) = (IkeSpi(1), IkeSpi(2));

    fn notify(tokens: &Tokens, (spi_i, spi_r): (IkeSpi, IkeSpi)) -> Payload {
        tokens.notify(spi_i, spi_r).unwrap()
    }

    #[test]
    fn an_endpoint_that_has_lost_everything_but_its_secret_shows_the_same_token() {
        let [before, after] = [0, 1].map(|_| Tokens::new(Some(Secret::from(vec![7; 32]))));
        let token = told(&[notify(&before, SPIS)]).unwrap();
        assert!(shows(&[notify(&after, SPIS)], &token));
        assert!(!shows(&[notify(&after, (IkeSpi(2), IkeSpi(1)))], &token), "another SA's");
        let other = Tokens::new(Some(Secret::from(vec![8; 32])));
        assert!(!shows(&[notify(&other, SPIS)], &token), "another secret's");
        assert_eq!(Tokens::new(None).notify(SPIS.0, SPIS.1), None);
    }

    #[test]
    fn four_tokens_are_looked_at_and_short_ones_are_none() {
        let tokens = Tokens::new(Some(Secret::from(vec![7; 32])));
        let right = notify(&tokens, SPIS);
        let token = told(std::slice::from_ref(&right)).unwrap();
        let wrong = notify(&tokens, (IkeSpi(9), IkeSpi(9)));
        let after = |count| [vec![wrong.clone(); count], vec![right.clone()]].concat();
        assert!(shows(&after(3), &token) && !shows(&after(4), &token));
        let short = Payload::Notify(Notify::new(NotifyType::QUICK_CRASH_DETECTION, vec![1; 15]));
        assert_eq!(told(&[short]), None);
    }
}

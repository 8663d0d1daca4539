//! Cookies (RFC 7296 §2.6): an initiator has to show that it can be reached under its address before the responder
//! spends memory or a key exchange on it.
//!
//! ```text
//! Cookie = VersionIDofSecret | [puzzle] | Hash(Ni | IPi | SPIi | [puzzle] | secret)
//! ```
//!
//! Where a puzzle was demanded with it, the cookie says which, so that nothing has to be kept (RFC 8019 §7.1.1.3).

use std::net::IpAddr;
use std::time::Duration;

use ipsec_crypto::{Entropy, HashAlgorithm, Secret};
use ipsec_net::Instant;
use ipsec_wire::IkeSpi;

use super::puzzle::Puzzle;

/// How long a secret makes cookies. One more such time its cookies are still accepted.
const SECRET_LIFETIME: Duration = Duration::from_secs(60);

/// The length of the hash in octets.
const HASH_LEN: usize = 32;

/// What a cookie is bound to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'a> {
    pub(crate) nonce: &'a [u8],
    pub(crate) address: IpAddr,
    pub(crate) spi: IkeSpi,
}

/// The secrets that cookies are made with.
#[derive(Debug, Default)]
pub(crate) struct Cookies {
    current: Option<CookieSecret>,
    previous: Option<CookieSecret>,
}

#[derive(Debug)]
struct CookieSecret {
    version: u8,
    secret: Secret,
    born: Instant,
}

impl Cookies {
    /// The cookie for an initiator, with the puzzle that it is to solve, if any.
    pub(crate) fn make(
        &mut self,
        now: Instant,
        entropy: &mut dyn Entropy,
        origin: Origin<'_>,
        puzzle: Option<Puzzle>,
    ) -> Vec<u8> {
        self.renew(now, entropy);
        let asked = puzzle.and_then(Puzzle::notify).map(|notify| notify.data).unwrap_or_default();
        self.current.as_ref().map_or_else(Vec::new, |current| current.cookie(origin, &asked))
    }

    /// The puzzle, if any, that was demanded with this cookie; nothing when it is none that we made for the initiator not
    /// long ago.
    pub(crate) fn accept(&self, now: Instant, cookie: &[u8], origin: Origin<'_>) -> Option<Option<Puzzle>> {
        let asked = cookie.get(1..cookie.len().checked_sub(HASH_LEN)?)?;
        let secrets = self.current.iter().chain(&self.previous);
        let mut living = secrets.filter(|secret| now.since(secret.born) < 2 * SECRET_LIFETIME);
        let given = Secret::from(cookie);
        let ours = living.any(|secret| Secret::from(secret.cookie(origin, asked)) == given);
        ours.then(|| Puzzle::read(asked))
    }

    fn renew(&mut self, now: Instant, entropy: &mut dyn Entropy) {
        if self.current.as_ref().is_some_and(|current| now.since(current.born) < SECRET_LIFETIME) {
            return;
        }
        let mut octets = vec![0; 32];
        entropy.fill(&mut octets);
        let version = self.current.as_ref().map_or(0, |current| current.version.wrapping_add(1));
        let fresh = CookieSecret { version, secret: Secret::from(octets), born: now };
        self.previous = self.current.replace(fresh);
    }
}

impl CookieSecret {
    fn cookie(&self, origin: Origin<'_>, asked: &[u8]) -> Vec<u8> {
        let address = match origin.address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let spi = origin.spi.0.to_be_bytes();
        let parts = [origin.nonce, &address, &spi, asked, self.secret.as_bytes()];
        let hash = HashAlgorithm::Sha2_256.digest(&parts);
        [&[self.version], asked, hash.as_slice()].concat()
    }
}

#[cfg(test)]
mod tests {
    use ipsec_crypto::FixedEntropy;

    use super::*;

    const SPI: IkeSpi = IkeSpi(7);

    fn at(seconds: u64) -> Instant {
        Instant::ZERO + Duration::from_secs(seconds)
    }

    fn entropy() -> FixedEntropy {
        FixedEntropy::new((0..64).collect::<Vec<u8>>())
    }

    fn origin() -> Origin<'static> {
        Origin { nonce: b"nonce", address: [192, 0, 2, 1].into(), spi: SPI }
    }

    #[test]
    fn a_cookie_is_bound_to_nonce_address_and_spi() {
        let mut cookies = Cookies::default();
        let cookie = cookies.make(at(0), &mut entropy(), origin(), None);
        assert!(cookie.len() <= 64);
        let accepted = |cookie: &[u8], origin| cookies.accept(at(1), cookie, origin).is_some();
        assert!(accepted(&cookie, origin()));
        assert!(!accepted(&cookie, Origin { address: [192, 0, 2, 2].into(), ..origin() }));
        assert!(!accepted(&cookie, Origin { nonce: b"other", ..origin() }));
        assert!(!accepted(&cookie, Origin { spi: IkeSpi(8), ..origin() }));
        assert!((0..cookie.len()).all(|end| !accepted(&cookie[..end], origin())));
    }

    #[test]
    fn a_cookie_outlives_its_secret_once_and_no_longer() {
        let (mut cookies, mut entropy) = (Cookies::default(), entropy());
        let cookie = cookies.make(at(0), &mut entropy, origin(), None);
        let next = cookies.make(at(61), &mut entropy, origin(), None);
        assert_ne!(cookie, next);
        assert!(cookies.accept(at(119), &cookie, origin()).is_some());
        assert!(cookies.accept(at(120), &cookie, origin()).is_none());
        assert!(cookies.accept(at(120), &next, origin()).is_some());
    }

    #[test]
    fn a_cookie_tells_which_puzzle_was_demanded_and_nobody_can_make_it_an_easier_one() {
        use ipsec_crypto::PrfAlgorithm::HmacSha2_256;
        let mut cookies = Cookies::default();
        let puzzle = Puzzle { prf: HmacSha2_256, difficulty: 12 };
        let mut cookie = cookies.make(at(0), &mut entropy(), origin(), Some(puzzle));
        assert!(cookie.len() <= 64);
        assert_eq!(cookies.accept(at(1), &cookie, origin()), Some(Some(puzzle)));
        cookie[3] = 1;
        assert_eq!(cookies.accept(at(1), &cookie, origin()), None);
        let plain = cookies.make(at(0), &mut entropy(), origin(), None);
        assert_eq!(cookies.accept(at(1), &plain, origin()), Some(None));
    }
}

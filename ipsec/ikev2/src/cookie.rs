//! Cookies (RFC 7296 §2.6): an initiator has to show that it can be reached under its address before the responder
//! spends memory or a key exchange on it.
//!
//! ```text
//! Cookie = VersionIDofSecret | Hash(Ni | IPi | SPIi | secret)
//! ```

use std::net::IpAddr;
use std::time::Duration;

use ipsec_crypto::{Entropy, HashAlgorithm, Secret};
use ipsec_net::Instant;
use ipsec_wire::IkeSpi;

/// How long a secret makes cookies. One more such time its cookies are still accepted.
const SECRET_LIFETIME: Duration = Duration::from_secs(60);

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
    /// The cookie for an initiator.
    pub(crate) fn make(
        &mut self,
        now: Instant,
        entropy: &mut dyn Entropy,
        nonce: &[u8],
        address: IpAddr,
        spi: IkeSpi,
    ) -> Vec<u8> {
        self.renew(now, entropy);
        self.current.as_ref().map_or_else(Vec::new, |current| current.cookie(nonce, address, spi))
    }

    /// Whether this is the cookie that we made for the initiator not long ago.
    pub(crate) fn accept(
        &self,
        now: Instant,
        cookie: &[u8],
        nonce: &[u8],
        address: IpAddr,
        spi: IkeSpi,
    ) -> bool {
        let secrets = self.current.iter().chain(&self.previous);
        let mut living = secrets.filter(|secret| now.since(secret.born) < 2 * SECRET_LIFETIME);
        living.any(|secret| Secret::from(secret.cookie(nonce, address, spi)) == Secret::from(cookie))
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
    fn cookie(&self, nonce: &[u8], address: IpAddr, spi: IkeSpi) -> Vec<u8> {
        let address = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        let spi = spi.0.to_be_bytes();
        let hash = HashAlgorithm::Sha2_256.digest(&[nonce, &address, &spi, self.secret.as_bytes()]);
        [&[self.version], hash.as_slice()].concat()
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

    #[test]
    fn a_cookie_is_bound_to_nonce_address_and_spi() {
        let mut cookies = Cookies::default();
        let mut entropy = FixedEntropy::new((0..64).collect::<Vec<u8>>());
        let (here, there) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        let cookie = cookies.make(at(0), &mut entropy, b"nonce", here, SPI);
        assert!(cookie.len() <= 64);
        assert!(cookies.accept(at(1), &cookie, b"nonce", here, SPI));
        assert!(!cookies.accept(at(1), &cookie, b"nonce", there, SPI));
        assert!(!cookies.accept(at(1), &cookie, b"other", here, SPI));
        assert!(!cookies.accept(at(1), &cookie, b"nonce", here, IkeSpi(8)));
        assert!(!cookies.accept(at(1), &cookie[1..], b"nonce", here, SPI));
    }

    #[test]
    fn a_cookie_outlives_its_secret_once_and_no_longer() {
        let mut cookies = Cookies::default();
        let mut entropy = FixedEntropy::new((0..64).collect::<Vec<u8>>());
        let here = [192, 0, 2, 1].into();
        let cookie = cookies.make(at(0), &mut entropy, b"nonce", here, SPI);
        let next = cookies.make(at(61), &mut entropy, b"nonce", here, SPI);
        assert_ne!(cookie, next);
        assert!(cookies.accept(at(119), &cookie, b"nonce", here, SPI));
        assert!(!cookies.accept(at(120), &cookie, b"nonce", here, SPI));
        assert!(cookies.accept(at(120), &next, b"nonce", here, SPI));
    }
}

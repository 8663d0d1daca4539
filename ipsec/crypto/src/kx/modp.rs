//! Diffie-Hellman modulo a prime (RFC 2409 §6.2, RFC 3526): generator 2, values as long as the prime.
//!
//! The exponents are short, not below the sizes that RFC 3526 §8 gives for its first estimate of each group's strength
//! (and of 160 bits for the older group of 1024): for 2048 bits that is nine times as fast as full exponents.

mod primes;

use std::sync::LazyLock;

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, Odd, Resize};
use zeroize::Zeroize;

use crate::{Entropy, Secret};

/// A group, ready for Montgomery's arithmetic.
pub(super) struct Modulus {
    params: BoxedMontyParams,
    /// p - 1
    top: BoxedUint,
    exponent_len: usize,
}

pub(super) static MODP_1024: LazyLock<Modulus> = LazyLock::new(|| Modulus::new(primes::MODP_1024, 20));
pub(super) static MODP_1536: LazyLock<Modulus> = LazyLock::new(|| Modulus::new(primes::MODP_1536, 24));
pub(super) static MODP_2048: LazyLock<Modulus> = LazyLock::new(|| Modulus::new(primes::MODP_2048, 28));
pub(super) static MODP_3072: LazyLock<Modulus> = LazyLock::new(|| Modulus::new(primes::MODP_3072, 33));
pub(super) static MODP_4096: LazyLock<Modulus> = LazyLock::new(|| Modulus::new(primes::MODP_4096, 38));
pub(super) static MODP_6144: LazyLock<Modulus> = LazyLock::new(|| Modulus::new(primes::MODP_6144, 44));
pub(super) static MODP_8192: LazyLock<Modulus> = LazyLock::new(|| Modulus::new(primes::MODP_8192, 50));

impl Modulus {
    fn new(prime: &str, exponent_len: usize) -> Self {
        let digits = prime.len() as u32;
        let prime = BoxedUint::from_be_hex(prime, digits * 4)
            .into_option()
            .expect("the primes are written in hexadecimal digits");
        let top = prime.wrapping_sub(BoxedUint::one());
        let prime = Odd::new(prime).into_option().expect("these primes are odd");
        Self { params: BoxedMontyParams::new_vartime(prime), top, exponent_len }
    }

    /// The length of p in bits.
    fn bits(&self) -> u32 {
        self.top.bits_precision()
    }
}

/// A private exponent, never zero.
pub(super) struct Private {
    modulus: &'static Modulus,
    exponent: BoxedUint,
}

impl Private {
    pub(super) fn draw(modulus: &'static Modulus, entropy: &mut dyn Entropy) -> Self {
        let mut drawn = vec![0; modulus.exponent_len];
        entropy.fill(&mut drawn);
        let mut exponent = BoxedUint::from_be_slice_truncated(&drawn, modulus.exponent_len as u32 * 8);
        drawn.zeroize();
        if bool::from(exponent.is_zero()) {
            exponent = BoxedUint::one_with_precision(exponent.bits_precision());
        }
        Self { modulus, exponent }
    }

    /// 2^x modulo p, as long as p.
    pub(super) fn public(&self) -> Vec<u8> {
        let generator = BoxedUint::from(2u8).resize(self.modulus.bits());
        self.power_of(generator).to_be_bytes().into_vec()
    }

    /// y^x modulo p, as long as p; `None` if `peer` is not between 1 and p - 1 or not as long as p.
    pub(super) fn agree(&self, peer: &[u8]) -> Option<Secret> {
        let peer = BoxedUint::from_be_slice(peer, self.modulus.bits()).ok()?;
        if peer <= BoxedUint::one() || peer >= self.modulus.top {
            return None;
        }
        let mut shared = self.power_of(peer);
        let secret = Secret::from(shared.to_be_bytes().into_vec());
        shared.zeroize();
        Some(secret)
    }

    fn power_of(&self, base: BoxedUint) -> BoxedUint {
        BoxedMontyForm::new(base, &self.modulus.params)
            .pow_bounded_exp(&self.exponent, self.modulus.exponent_len as u32 * 8)
            .retrieve()
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.exponent.zeroize();
    }
}

#[cfg(test)]
mod tests;

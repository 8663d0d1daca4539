//! Diffie-Hellman modulo a prime p, with values as long as p.
//!
//! In the groups of RFC 2409 §6.1, §6.2 and RFC 3526 the generator is 2 and (p - 1) / 2 is prime too. Their exponents are
//! short, not below the sizes that RFC 3526 §8 gives for its first estimate of each group's strength (and of 160 bits
//! for the older groups): for 2048 bits that is nine times as fast as full exponents.
//!
//! In the groups of RFC 5114 the generator makes a subgroup of prime order q, far smaller than p. A public value outside
//! of it could tell something of the exponent, so each is raised to q first (RFC 6989 §2.2).

mod comb;
mod primes;
pub(crate) mod subgroups;

use std::sync::LazyLock;

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, NonZero, Odd, Resize};
use zeroize::Zeroize;

use crate::{Entropy, PublicValueDefect, Secret};
use comb::Comb;

/// A group, ready for Montgomery's arithmetic.
pub(super) struct Modulus {
    params: BoxedMontyParams,
    /// p - 1
    top: BoxedUint,
    /// Powers of the generator.
    comb: Comb,
    /// q, where the generator makes a small subgroup.
    order: Option<NonZero<BoxedUint>>,
    exponent_len: usize,
}

pub(super) static MODP_768: LazyLock<Modulus> = LazyLock::new(|| Modulus::safe(primes::MODP_768, 20));
pub(super) static MODP_1024: LazyLock<Modulus> = LazyLock::new(|| Modulus::safe(primes::MODP_1024, 20));
pub(super) static MODP_1536: LazyLock<Modulus> = LazyLock::new(|| Modulus::safe(primes::MODP_1536, 24));
pub(super) static MODP_2048: LazyLock<Modulus> = LazyLock::new(|| Modulus::safe(primes::MODP_2048, 28));
pub(super) static MODP_3072: LazyLock<Modulus> = LazyLock::new(|| Modulus::safe(primes::MODP_3072, 33));
pub(super) static MODP_4096: LazyLock<Modulus> = LazyLock::new(|| Modulus::safe(primes::MODP_4096, 38));
pub(super) static MODP_6144: LazyLock<Modulus> = LazyLock::new(|| Modulus::safe(primes::MODP_6144, 44));
pub(super) static MODP_8192: LazyLock<Modulus> = LazyLock::new(|| Modulus::safe(primes::MODP_8192, 50));
pub(super) static MODP_1024_160: LazyLock<Modulus> =
    LazyLock::new(|| Modulus::in_subgroup(&subgroups::MODP_1024_160));
pub(super) static MODP_2048_224: LazyLock<Modulus> =
    LazyLock::new(|| Modulus::in_subgroup(&subgroups::MODP_2048_224));
pub(super) static MODP_2048_256: LazyLock<Modulus> =
    LazyLock::new(|| Modulus::in_subgroup(&subgroups::MODP_2048_256));

impl Modulus {
    /// A group whose (p - 1) / 2 is prime; its generator is 2.
    fn safe(prime: &str, exponent_len: usize) -> Self {
        let prime = number(prime);
        let generator = BoxedUint::from(2u8).resize(prime.bits_precision());
        Self::new(prime, &generator, None, exponent_len)
    }

    fn in_subgroup(subgroup: &subgroups::Subgroup) -> Self {
        let exponent_len = subgroup.order.len() / 2;
        let order = NonZero::new(number(subgroup.order)).into_option().expect("these orders are not zero");
        Self::new(number(subgroup.prime), &number(subgroup.generator), Some(order), exponent_len)
    }

    fn new(
        prime: BoxedUint,
        generator: &BoxedUint,
        order: Option<NonZero<BoxedUint>>,
        exponent_len: usize,
    ) -> Self {
        let top = prime.wrapping_sub(BoxedUint::one());
        let prime = Odd::new(prime).into_option().expect("these primes are odd");
        let params = BoxedMontyParams::new_vartime(prime);
        let comb = Comb::new(generator, &params, exponent_len as u32 * 8);
        Self { params, top, comb, order, exponent_len }
    }

    /// The length of p in bits.
    fn bits(&self) -> u32 {
        self.top.bits_precision()
    }

    /// Whether a peer's public value may be used (RFC 6989 §2.1, §2.2).
    fn check(&self, public: &BoxedUint) -> Result<(), PublicValueDefect> {
        if *public <= BoxedUint::one() || *public >= self.top {
            return Err(PublicValueDefect::OutOfRange);
        }
        match &self.order {
            Some(order) if self.power(public.clone(), order) != BoxedUint::one() => {
                Err(PublicValueDefect::NotInSubgroup)
            }
            _ => Ok(()),
        }
    }

    fn power(&self, base: BoxedUint, exponent: &BoxedUint) -> BoxedUint {
        BoxedMontyForm::new(base, &self.params)
            .pow_bounded_exp(exponent, self.exponent_len as u32 * 8)
            .retrieve()
    }
}

/// A number of a group's parameters.
pub(crate) fn number(digits: &str) -> BoxedUint {
    // Whole limbs.
    let len = digits.len().next_multiple_of(16);
    BoxedUint::from_be_hex(&format!("{digits:0>len$}"), len as u32 * 4)
        .into_option()
        .expect("the parameters are written in hexadecimal digits")
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
        if let Some(order) = &modulus.order {
            exponent = exponent.rem(order);
        }
        if bool::from(exponent.is_zero()) {
            exponent = BoxedUint::one_with_precision(exponent.bits_precision());
        }
        Self { modulus, exponent }
    }

    /// g^x modulo p, as long as p.
    pub(super) fn public(&self) -> Vec<u8> {
        self.modulus.comb.power(&self.exponent, &self.modulus.params).to_be_bytes().into_vec()
    }

    /// y^x modulo p, as long as p. `peer` is as long as p.
    pub(super) fn agree(&self, peer: &[u8]) -> Result<Secret, PublicValueDefect> {
        let peer =
            BoxedUint::from_be_slice(peer, self.modulus.bits()).map_err(|_| PublicValueDefect::OutOfRange)?;
        self.modulus.check(&peer)?;
        let mut shared = self.modulus.power(peer, &self.exponent);
        let secret = Secret::from(shared.to_be_bytes().into_vec());
        shared.zeroize();
        Ok(secret)
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.exponent.zeroize();
    }
}

#[cfg(test)]
mod tests;

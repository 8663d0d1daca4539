//! Elliptic curves modulo a prime (RFC 5903): the public value is x | y, the secret is x alone.

use p256::elliptic_curve::ff::{Field, PrimeField};
use p256::elliptic_curve::group::Group;
use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::point::AffineCoordinates;
use p256::elliptic_curve::{CurveAffine, CurveArithmetic, CurveGroup, FieldBytes};
use zeroize::Zeroize;

use crate::{Entropy, Secret};

/// A private scalar of the curve `C`, never zero.
pub(super) struct Private<C: CurveArithmetic> {
    scalar: C::Scalar,
}

impl<C: CurveArithmetic> Private<C> {
    pub(super) fn draw(entropy: &mut dyn Entropy) -> Self {
        let mut drawn = FieldBytes::<C>::default();
        entropy.fill(&mut drawn);
        let excess = drawn.len() as u32 * 8 - C::Scalar::NUM_BITS;
        drawn[0] &= 0xff >> excess;
        let scalar = C::Scalar::reduce(&drawn);
        drawn.zeroize();
        Self { scalar: if scalar.is_zero_vartime() { C::Scalar::ONE } else { scalar } }
    }

    pub(super) fn scalar(&self) -> Secret {
        Secret::from(self.scalar.to_repr().to_vec())
    }

    /// x | y
    pub(super) fn public(&self) -> Vec<u8> {
        let point = C::ProjectivePoint::mul_by_generator(&self.scalar).to_affine();
        [point.x().as_slice(), point.y().as_slice()].concat()
    }

    /// Takes x | y; `None` if that is not a point of the curve.
    pub(super) fn agree(&self, peer: &[u8]) -> Option<Secret> {
        let (x, y) = peer.split_at(peer.len() / 2);
        let (x, y) = (x.try_into().ok()?, y.try_into().ok()?);
        let peer = C::AffinePoint::from_coordinates(x, y).into_option()?;
        // A multiple of a point of prime order by less than that order is never the point at infinity.
        let shared = (peer.to_curve() * self.scalar).to_affine();
        Some(Secret::from(shared.x().to_vec()))
    }
}

impl<C: CurveArithmetic> Drop for Private<C> {
    fn drop(&mut self) {
        self.scalar.zeroize();
    }
}

//! Elliptic curves from their parameters, over the field and point arithmetic of `primefield` and `primeorder`: those that have
//! no crate of their own.
//!
//! Beside each modulus stands its least quadratic non-residue, of which square roots are made.

/// The integers modulo a prime, as the type `$name`.
macro_rules! integers {
    ($name:ident: $uint:ident modulo $modulus:expr, $non_residue:expr) => {
        use primefield::bigint::$uint;
        use primeorder::elliptic_curve::ff::PrimeField;
        use primeorder::elliptic_curve::subtle::{Choice, ConstantTimeEq, CtOption};

        primefield::monty_field_params! {
            name: Modulus,
            modulus: $modulus,
            uint: $uint,
            byte_order: primefield::ByteOrder::BigEndian,
            multiplicative_generator: $non_residue,
            doc: "The prime."
        }

        primefield::monty_field_element! {
            name: $name,
            params: Modulus,
            uint: $uint,
            doc: "An integer modulo the prime."
        }

        primefield::monty_field_arithmetic! {
            name: $name,
            params: Modulus,
            uint: $uint
        }

        #[cfg(test)]
        mod tests {
            use super::*;
            primefield::test_primefield!($name, $uint);
        }
    };
}

/// A curve y^2 = x^3 + ax + b modulo p with a base point (x, y) of prime order q.
macro_rules! curve {
    (
        name: $curve:ident,
        bytes: $bytes:ident,
        uint: $uint:ident,
        p: $p:expr, $p_non_residue:expr;
        q: $q:expr, $q_non_residue:expr;
        a: $a:expr;
        b: $b:expr;
        x: $x:expr;
        y: $y:expr;
    ) => {
        use primefield::bigint::{Odd, Reduce, $uint};
        use primeorder::elliptic_curve::hazmat::FieldArithmetic;
        use primeorder::elliptic_curve::ops::BatchInvert;
        use primeorder::elliptic_curve::point::PointCompression;
        use primeorder::elliptic_curve::scalar::{FromUintUnchecked, IsHigh};
        use primeorder::elliptic_curve::subtle::{Choice, ConstantTimeGreater};
        use primeorder::elliptic_curve::{
            Curve, CurveArithmetic, FieldBytes, PrimeCurve, PrimeCurveArithmetic, consts, field, scalar_impls,
        };
        use primeorder::{PrimeCurveParams, PrimeField, mul_backend, point_arithmetic, wnaf};

        use self::coordinate::FieldElement;
        use self::multiple::Scalar;

        const ORDER: Odd<$uint> = Odd::<$uint>::from_be_hex($q);

        #[expect(deprecated, reason = "the macros of primefield use an old name")]
        mod coordinate {
            integers!(FieldElement: $uint modulo $p, $p_non_residue);
        }

        #[expect(deprecated, reason = "the macros of primefield use an old name")]
        mod multiple {
            integers!(Scalar: $uint modulo $q, $q_non_residue);
        }

        impl BatchInvert for FieldElement {}

        scalar_impls!($curve, Scalar);
        wnaf::impl_wnaf_size_for_scalar!(Scalar);

        impl AsRef<Scalar> for Scalar {
            fn as_ref(&self) -> &Scalar {
                self
            }
        }

        impl FromUintUnchecked for Scalar {
            type Uint = $uint;

            fn from_uint_unchecked(uint: $uint) -> Self {
                Self::from_uint_unchecked(uint)
            }
        }

        impl IsHigh for Scalar {
            fn is_high(&self) -> Choice {
                self.to_canonical().ct_gt(&ORDER.as_ref().shr_vartime(1))
            }
        }

        impl Reduce<$uint> for Scalar {
            fn reduce(number: &$uint) -> Self {
                Self(primefield::MontyFieldElement::from_uint_reduced(number))
            }
        }

        impl Reduce<FieldBytes<$curve>> for Scalar {
            fn reduce(bytes: &FieldBytes<$curve>) -> Self {
                Self::reduce(&field::bytes_to_uint::<$curve>(bytes))
            }
        }

        /// The curve.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $curve;

        impl Curve for $curve {
            type FieldBytesSize = consts::$bytes;
            type Uint = $uint;

            const ORDER: Odd<$uint> = ORDER;
        }

        impl PrimeCurve for $curve {}

        impl PointCompression for $curve {
            const COMPRESS_POINTS: bool = false;
        }

        impl CurveArithmetic for $curve {
            type AffinePoint = primeorder::AffinePoint<Self>;
            type ProjectivePoint = primeorder::ProjectivePoint<Self>;
            type Scalar = Scalar;
        }

        impl FieldArithmetic for $curve {
            type FieldElement = FieldElement;
        }

        impl PrimeCurveArithmetic for $curve {
            type CurveGroup = primeorder::ProjectivePoint<Self>;
        }

        impl PrimeCurveParams for $curve {
            type PointArithmetic = point_arithmetic::EquationAIsGeneric;
            type Backend = mul_backend::VariableOnly;

            const EQUATION_A: FieldElement = FieldElement::from_hex_vartime($a);
            const EQUATION_B: FieldElement = FieldElement::from_hex_vartime($b);
            const GENERATOR: (FieldElement, FieldElement) =
                (FieldElement::from_hex_vartime($x), FieldElement::from_hex_vartime($y));
        }
    };
}

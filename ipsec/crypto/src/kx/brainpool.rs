//! The Brainpool curves of 224 and 512 bits (RFC 5639 §3.3, §3.7), over the field and point arithmetic of `primefield`
//! and `primeorder`; those of 256 and 384 bits have crates of their own.
//!
//! Beside each modulus stands its least quadratic non-residue, of which square roots are made.

pub(super) use p224r1::BrainpoolP224r1;
pub(super) use p512r1::BrainpoolP512r1;

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

/// brainpoolP224r1 (RFC 5639 §3.3).
mod p224r1 {
    curve! {
        name: BrainpoolP224r1,
        bytes: U28,
        uint: U256,
        p: "00000000D7C134AA264366862A18302575D1D787B09F075797DA89F57EC8C0FF", 3;
        q: "00000000D7C134AA264366862A18302575D0FB98D116BC4B6DDEBCA3A5A7939F", 3;
        a: "68A5E62CA9CE6C1C299803A6C1530B514E182AD8B0042A59CAD29F43";
        b: "2580F63CCFE44138870713B1A92369E33E2135D266DBB372386C400B";
        x: "0D9029AD2C7E5CF4340823B2A87DC68C9E4CE3174C1E6EFDEE12C07D";
        y: "58AA56F772C0726F24C6B89E4ECDAC24354B9E99CAA3F6D3761402CD";
    }
}

/// brainpoolP512r1 (RFC 5639 §3.7).
mod p512r1 {
    curve! {
        name: BrainpoolP512r1,
        bytes: U64,
        uint: U512,
        p: "\
            AADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA70330871\
            7D4D9B009BC66842AECDA12AE6A380E62881FF2F2D82C68528AA6056583A48F3", 2;
        q: "\
            AADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA70330870\
            553E5C414CA92619418661197FAC10471DB1D381085DDADDB58796829CA90069", 7;
        a: "\
            7830A3318B603B89E2327145AC234CC594CBDD8D3DF91610A83441CAEA9863BC\
            2DED5D5AA8253AA10A2EF1C98B9AC8B57F1117A72BF2C7B9E7C1AC4D77FC94CA";
        b: "\
            3DF91610A83441CAEA9863BC2DED5D5AA8253AA10A2EF1C98B9AC8B57F1117A7\
            2BF2C7B9E7C1AC4D77FC94CADC083E67984050B75EBAE5DD2809BD638016F723";
        x: "\
            81AEE4BDD82ED9645A21322E9C4C6A9385ED9F70B5D916C1B43B62EEF4D0098E\
            FF3B1F78E2D0D48D50D1687B93B97D5F7C6D5047406A5E688B352209BCB9F822";
        y: "\
            7DDE385D566332ECC0EABFA9CF7822FDF209F70024A57B1AA000C55B881F8111\
            B2DCDE494A5F485E5BCA4BD88A2763AED1CA2B2FA8F0540678CD1E0F3AD80892";
    }
}

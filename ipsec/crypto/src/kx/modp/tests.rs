use super::*;
use crate::FixedEntropy;

/// Those whose (p - 1) / 2 is prime.
fn safe() -> [&'static Modulus; 8] {
    [&MODP_768, &MODP_1024, &MODP_1536, &MODP_2048, &MODP_3072, &MODP_4096, &MODP_6144, &MODP_8192]
}

fn subgroups() -> [&'static Modulus; 3] {
    [&MODP_1024_160, &MODP_2048_224, &MODP_2048_256]
}

fn generator(modulus: &Modulus) -> BoxedUint {
    modulus.comb.base(&modulus.params)
}

fn private(modulus: &'static Modulus, exponent: &[u8]) -> Private {
    Private::draw(modulus, &mut FixedEntropy::new(exponent))
}

/// A number as long as p that ends in `last`, zeros before it.
fn small(modulus: &Modulus, last: u8) -> Vec<u8> {
    let mut bytes = vec![0; modulus.bits() as usize / 8];
    *bytes.last_mut().unwrap() = last;
    bytes
}

/// The prime with another last byte. All of them end in 64 ones, so `0xff` is p itself.
fn near_prime(modulus: &Modulus, last: u8) -> Vec<u8> {
    let mut bytes = modulus.params.modulus().to_be_bytes().into_vec();
    assert_eq!(bytes.last(), Some(&0xff));
    *bytes.last_mut().unwrap() = last;
    bytes
}

#[test]
fn only_values_between_1_and_p_minus_1_are_taken() {
    for modulus in safe() {
        let own = private(modulus, &[1; 50]);
        let beyond = vec![0xff; small(modulus, 0).len()];
        for bad in [
            small(modulus, 0),
            small(modulus, 1),
            near_prime(modulus, 0xfe),
            near_prime(modulus, 0xff),
            beyond,
        ] {
            assert_eq!(own.agree(&bad), Err(PublicValueDefect::OutOfRange), "{} bits", modulus.bits());
        }
        for good in [small(modulus, 2), near_prime(modulus, 0xfd)] {
            assert!(own.agree(&good).is_ok(), "{} bits", modulus.bits());
        }
    }
}

#[test]
fn a_public_value_is_the_generators_power_whatever_the_exponent() {
    for modulus in safe().into_iter().chain(subgroups()) {
        for seed in [0x00, 0x01, 0x5a, 0x80, 0xff] {
            let own = private(modulus, &[seed; 50].map(|octet: u8| octet.rotate_left(u32::from(seed) % 8)));
            let expected = modulus.power(generator(modulus), &own.exponent).to_be_bytes();
            assert_eq!(own.public()[..], expected[..], "{} bits, {seed}", modulus.bits());
        }
        let counted: Vec<u8> = (1..=50).map(|octet: u8| octet.wrapping_mul(37)).collect();
        let own = private(modulus, &counted);
        let expected = modulus.power(generator(modulus), &own.exponent).to_be_bytes();
        assert_eq!(own.public()[..], expected[..], "{} bits", modulus.bits());
    }
}

#[test]
fn a_secret_keeps_its_leading_zeros() {
    // With the exponent 1 the secret is the peer's value.
    for modulus in safe() {
        let peer = small(modulus, 3);
        assert_eq!(private(modulus, &[0; 50]).agree(&peer).unwrap().as_bytes(), peer);
    }
}

#[test]
fn the_primes_are_made_as_the_rfcs_say() {
    // 2^n - 2^(n-64) - 1 + 2^64 * ([2^(n-130) pi] + k): all digits but those near the end are those of pi in each.
    let longest = near_prime(&MODP_8192, 0xff);
    for modulus in safe() {
        let prime = near_prime(modulus, 0xff);
        let shared = prime.len() - 16;
        assert_eq!(prime[..shared], longest[..shared], "{} bits", modulus.bits());
        assert_eq!(prime[..8], [0xff; 8]);
        assert_eq!(prime[prime.len() - 8..], [0xff; 8]);
    }
}

#[test]
fn a_small_subgroup_is_that_of_its_generator() {
    for modulus in subgroups() {
        let order = modulus.order.as_ref().unwrap();
        assert_eq!(modulus.power(generator(modulus), order), BoxedUint::one());
        assert_eq!(modulus.top.rem(order), BoxedUint::zero_with_precision(order.bits_precision()));
        assert_eq!(order.bit_width(), modulus.exponent_len as u32 * 8);
    }
}

#[test]
fn with_a_small_subgroup_only_its_members_are_taken() {
    for modulus in subgroups() {
        let own = private(modulus, &[1; 32]);
        let to_bytes = |number: &BoxedUint| number.to_be_bytes().into_vec();
        let top = to_bytes(&modulus.top);
        let mut prime = top.clone();
        *prime.last_mut().unwrap() += 1;
        for bad in [small(modulus, 0), small(modulus, 1), top, prime, vec![0xff; small(modulus, 0).len()]] {
            assert_eq!(own.agree(&bad), Err(PublicValueDefect::OutOfRange));
        }
        // The negative of a member has an even order.
        let member = private(modulus, &[2; 32]).public();
        let number = BoxedUint::from_be_slice(&member, modulus.bits()).unwrap();
        let negative = modulus.params.modulus().as_ref().wrapping_sub(&number);
        for bad in [small(modulus, 2), small(modulus, 3), to_bytes(&negative)] {
            assert_eq!(own.agree(&bad), Err(PublicValueDefect::NotInSubgroup));
        }
        assert!(own.agree(&member).is_ok() && own.agree(&to_bytes(&generator(modulus))).is_ok());
    }
}

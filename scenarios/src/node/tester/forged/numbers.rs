//! Long numbers, as far as signatures at the edges of their groups need them.

use super::der;

/// The order of P-256's group (FIPS 186-5), in big-endian octets.
pub(super) const ORDER_P256: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The order of edwards25519's group (RFC 8032 §5.1), in big-endian octets.
pub(super) const ORDER_25519: [u8; 32] = [
    0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0xde, 0xf9, 0xde, 0xa2, 0xf7, 0x9c, 0xd6, 0x58,
    0x12, 0x63, 0x1a, 0x5c, 0xf5, 0xd3, 0xed,
];

/// The sum of two numbers in big-endian octets, without zeros before it.
pub(super) fn sum(one: &[u8], other: &[u8]) -> Vec<u8> {
    let digit = |number: &[u8], place: usize| number.iter().rev().nth(place).copied().unwrap_or(0);
    let mut carried = 0;
    let mut digits: Vec<u8> = (0..=one.len().max(other.len()))
        .map(|place| {
            let sum = u16::from(digit(one, place)) + u16::from(digit(other, place)) + carried;
            carried = sum >> 8;
            sum.to_be_bytes()[1]
        })
        .collect();
    while digits.last() == Some(&0) {
        digits.pop();
    }
    digits.reverse();
    digits
}

/// The modulus in the SubjectPublicKeyInfo of an RSA key, in big-endian octets; of no octets in any other one.
pub(in super::super) fn modulus(spki: &[u8]) -> Vec<u8> {
    let parts = der::elements(der::content(spki));
    // Behind the octet that counts unused bits.
    let key = parts.get(1).and_then(|bits| der::content(bits).get(1..)).unwrap_or_default();
    let numbers = der::elements(der::content(key));
    let number = numbers.first().map(|number| der::content(number)).unwrap_or_default();
    number.strip_prefix(&[0]).unwrap_or(number).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_carry() {
        assert_eq!(sum(&[0xff, 0xff], &[1]), [1, 0, 0]);
        assert_eq!(sum(&[0, 2], &[3]), [5]);
        assert!(sum(&[], &[0]).is_empty());
        assert_eq!(ORDER_25519.len(), ORDER_P256.len());
    }

    #[test]
    fn a_modulus_is_found_where_there_is_one() {
        let key = der::element(der::SEQUENCE, &[&der::number(&[0xc5, 7]), &der::number(&[3])]);
        let spki = der::element(der::SEQUENCE, &[&der::element(der::SEQUENCE, &[]), &der::bits(&key)]);
        assert_eq!(modulus(&spki), [0xc5, 7]);
        assert!(modulus(&[]).is_empty());
    }
}

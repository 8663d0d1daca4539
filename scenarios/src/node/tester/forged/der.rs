//! As much of DER as it takes to take a certificate apart and to write one that is wrong (X.690 §8.1).

pub(in super::super) const BOOLEAN: u8 = 0x01;
pub(in super::super) const INTEGER: u8 = 0x02;
pub(in super::super) const BIT_STRING: u8 = 0x03;
pub(in super::super) const OCTET_STRING: u8 = 0x04;
pub(in super::super) const OID: u8 = 0x06;
pub(in super::super) const UTF8_STRING: u8 = 0x0c;
pub(in super::super) const UTC_TIME: u8 = 0x17;
pub(in super::super) const SEQUENCE: u8 = 0x30;
pub(in super::super) const SET: u8 = 0x31;

/// An element with this content.
pub(in super::super) fn element(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let length = content.len().to_be_bytes();
    let significant = &length[length.iter().position(|octet| *octet != 0).unwrap_or(length.len())..];
    let mut octets = vec![tag];
    match content.len() {
        short @ 0..=0x7f => octets.push(u8::try_from(short).unwrap_or(0)),
        _ => {
            octets.push(0x80 | u8::try_from(significant.len()).unwrap_or(0));
            octets.extend_from_slice(significant);
        }
    }
    octets.extend(content);
    octets
}

/// A BIT STRING of whole octets.
pub(in super::super) fn bits(octets: &[u8]) -> Vec<u8> {
    element(BIT_STRING, &[&[0], octets])
}

/// A number from 0 on, given in big-endian octets.
pub(in super::super) fn number(octets: &[u8]) -> Vec<u8> {
    let begin = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len());
    let octets = &octets[begin..];
    let sign: &[u8] = if octets.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
    element(INTEGER, &[sign, octets])
}

/// The elements, whole, that stand side by side in `octets`, up to the first that does not fit.
pub(in super::super) fn elements(mut octets: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    while let Some(length) = length(octets) {
        let Some((one, rest)) = octets.split_at_checked(length) else { break };
        all.push(one);
        octets = rest;
    }
    all
}

/// What is inside an element.
pub(in super::super) fn content(element: &[u8]) -> &[u8] {
    header(element).and_then(|(begin, _)| element.get(begin..)).unwrap_or_default()
}

/// The length of the element that `octets` begin with, its header among it.
fn length(octets: &[u8]) -> Option<usize> {
    header(octets).map(|(begin, content)| begin + content)
}

/// The lengths of the header and of the content.
fn header(octets: &[u8]) -> Option<(usize, usize)> {
    match *octets {
        [_, short @ ..=0x7f, ..] => Some((2, usize::from(short))),
        [_, 0x81, one, ..] => Some((3, usize::from(one))),
        [_, 0x82, one, two, ..] => Some((4, usize::from(u16::from_be_bytes([one, two])))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_taken_apart_again() {
        for size in [0, 1, 127, 128, 255, 256, 5000] {
            let inner = element(OCTET_STRING, &[&vec![7; size]]);
            let outer = element(SEQUENCE, &[&inner, &number(&[0, 0x80])]);
            assert_eq!(elements(content(&outer)), [inner.as_slice(), &[2, 2, 0, 0x80]]);
            assert_eq!(content(&inner), vec![7; size]);
        }
        assert_eq!((number(&[]), number(&[0, 0x7f])), (vec![2, 1, 0], vec![2, 1, 0x7f]));
        assert!(elements(&[0x30, 5, 0]).is_empty() && elements(&[]).is_empty());
    }
}

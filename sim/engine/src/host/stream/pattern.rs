//! What streams carry: octets that depend on their place alone and do not repeat soon, so that the receiver
//! knows each.

/// The octets from the place `offset` of the data on.
pub(super) fn octets(offset: u64) -> impl Iterator<Item = u8> {
    let within = (offset % 8) as usize;
    (offset / 8..).flat_map(|block| mixed(block).to_be_bytes()).skip(within)
}

/// How many of `octets`, which came as those at `offset`, are wrong.
pub(super) fn wrong(offset: u64, came: &[u8]) -> u64 {
    came.iter().zip(octets(offset)).filter(|(came, expected)| **came != *expected).count() as u64
}

/// Permutes the 64-bit numbers: odd factors and right shifts can be undone.
fn mixed(block: u64) -> u64 {
    let once = (block ^ 0x6a09_e667_f3bc_c908).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (once ^ (once >> 29)).wrapping_mul(0xbb67_ae85_84ca_a73b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_depend_on_their_place_alone() {
        let all: Vec<u8> = octets(0).take(100).collect();
        for offset in 0..100 {
            assert!(octets(offset as u64).take(100 - offset).eq(all[offset..].iter().copied()));
        }
    }

    #[test]
    fn each_wrong_octet_counts_and_so_does_a_wrong_place() {
        let mut came: Vec<u8> = octets(1000).take(1400).collect();
        assert_eq!(wrong(1000, &came), 0);
        assert!(wrong(1001, &came) > 1300 && wrong(1008, &came) > 1300);
        came[7] ^= 1;
        came[1399] ^= 0x80;
        assert_eq!(wrong(1000, &came), 2);
    }
}

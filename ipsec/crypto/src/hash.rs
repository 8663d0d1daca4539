//! Hash functions: NAT detection needs SHA-1 (RFC 7296 §2.23), IKEv1 the one it negotiated.

use md5::{Digest, Md5};
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashAlgorithm {
    /// MD5 (RFC 1321), 16 bytes.
    Md5,
    /// SHA-1 (FIPS 180-4), 20 bytes.
    Sha1,
    /// SHA-256 (FIPS 180-4), 32 bytes.
    Sha2_256,
    /// SHA-384 (FIPS 180-4), 48 bytes.
    Sha2_384,
    /// SHA-512 (FIPS 180-4), 64 bytes.
    Sha2_512,
}

impl HashAlgorithm {
    /// All of them, weakest first.
    pub const ALL: &'static [Self] = &[Self::Md5, Self::Sha1, Self::Sha2_256, Self::Sha2_384, Self::Sha2_512];

    /// The name to print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA1",
            Self::Sha2_256 => "SHA2-256",
            Self::Sha2_384 => "SHA2-384",
            Self::Sha2_512 => "SHA2-512",
        }
    }

    /// The length of the digest in bytes.
    pub const fn output_len(self) -> usize {
        match self {
            Self::Md5 => 16,
            Self::Sha1 => 20,
            Self::Sha2_256 => 32,
            Self::Sha2_384 => 48,
            Self::Sha2_512 => 64,
        }
    }

    /// The digest of the parts as if they were one text.
    pub fn digest(self, parts: &[&[u8]]) -> Vec<u8> {
        match self {
            Self::Md5 => digest::<Md5>(parts),
            Self::Sha1 => digest::<Sha1>(parts),
            Self::Sha2_256 => digest::<Sha256>(parts),
            Self::Sha2_384 => digest::<Sha384>(parts),
            Self::Sha2_512 => digest::<Sha512>(parts),
        }
    }
}

fn digest<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut hash = D::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_of_abc_are_those_of_rfc_1321_and_fips_180() {
        let expected = [
            "900150983cd24fb0d6963f7d28e17f72",
            "a9993e364706816aba3e25717850c26c9cd0d89d",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ];
        for (algorithm, expected) in HashAlgorithm::ALL.iter().zip(expected) {
            let digest = algorithm.digest(&[b"a", b"", b"bc"]);
            assert_eq!(hex::encode(&digest), expected, "{}", algorithm.name());
            assert_eq!(digest.len(), algorithm.output_len());
        }
    }
}

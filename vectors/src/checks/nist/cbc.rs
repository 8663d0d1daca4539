//! Block ciphers in CBC mode (NIST SP 800-38A): AES and triple DES.

use ipsec_crypto::{CipherAlgorithm, Provider};

use crate::checks::cipher::comes_of;
use crate::rsp::{Case, each_case};
use crate::tally::Tally;

/// AES: known answers and messages of several blocks.
pub(crate) fn aes(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    each_case(data, &[], |case| {
        both_ways(case, CipherAlgorithm::AesCbc, &case.octets("KEY")?, provider, tally)
    })
}

/// Triple DES, with three keys or one in their place.
pub(crate) fn triple_des(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    each_case(data, &[], |case| {
        let key = if case.says("KEYs") {
            case.octets("KEYs")?.repeat(3)
        } else {
            [case.octets("KEY1")?, case.octets("KEY2")?, case.octets("KEY3")?].concat()
        };
        both_ways(case, CipherAlgorithm::TripleDesCbc, &key, provider, tally)
    })
}

fn both_ways(
    case: &Case<'_>,
    algorithm: CipherAlgorithm,
    key: &[u8],
    provider: &'static Provider,
    tally: &mut Tally,
) -> Result<(), String> {
    let (iv, texts) = (case.octets("IV")?, [case.octets("PLAINTEXT")?, case.octets("CIPHERTEXT")?]);
    comes_of(algorithm, (key, &iv), [&texts[0], &texts[1]], &case.name(), provider, tally)
}

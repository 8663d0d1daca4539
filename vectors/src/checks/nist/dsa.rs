//! DSA (FIPS 186-3) with the hash functions that RFC 7427 has it with.

use ipsec_crypto::{HashAlgorithm, Provider, SignatureAlgorithm, Verifier};

use super::{hash, padded};
use crate::checks::signature::{Way, integers, judge, spki_of_dsa};
use crate::rsp::each_case;
use crate::tally::Tally;

/// Signatures that are right or wrong ("SigVer"), or all right ("SigGen").
pub(crate) fn check(data: &[u8], _: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    each_case(data, &["P", "Q", "G"], |case| {
        // L=1024, N=160, SHA-1
        let hash_name = case.text("mod")?.rsplit(", ").next().unwrap_or_default();
        let algorithm = match hash(hash_name) {
            Some(HashAlgorithm::Sha1) => SignatureAlgorithm::DsaSha1,
            Some(HashAlgorithm::Sha2_256) => SignatureAlgorithm::DsaSha2_256,
            _ => {
                let reason = "RFC 7427 appendix A.2 has DSA with SHA-1 and SHA-256";
                tally.not_replayed(&format!("DSA with {hash_name}"), reason, 1);
                return Ok(());
            }
        };
        let [p, q, g, y] = ["P", "Q", "G", "Y"].map(|name| case.integer(name));
        let (p, q, g) = (p?, q?, g?);
        let verifier = Verifier::from_spki(&spki_of_dsa([&p, &q, &g], &y?)).ok();
        let (message, r, s) = (case.octets("Msg")?, case.integer("R")?, case.integer("S")?);
        let mut ways = Vec::new();
        // IKEv1 has r and s side by side, over the hash itself.
        if (algorithm, q.len()) == (SignatureAlgorithm::DsaSha1, 20) {
            ways.push(Way {
                algorithm: SignatureAlgorithm::DsaIkev1,
                message: HashAlgorithm::Sha1.digest(&[&message]),
                signature: [padded(&r, 20), padded(&s, 20)].concat(),
            });
        }
        ways.insert(0, Way { algorithm, message, signature: integers(&[&r, &s]) });
        judge(verifier.as_ref(), &ways, !case.says("Result") || case.is_right()?, &case.name(), tally);
        Ok(())
    })
}

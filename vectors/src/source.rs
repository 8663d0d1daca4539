//! The sources: what was published where, and which check replays it.

use ipsec_crypto::Provider;

use crate::checks;
use crate::report::{Report, Tally};

/// One published set of numbers.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// Its short name, by which it is selected.
    pub name: &'static str,
    /// Where it was published.
    pub document: &'static str,
    /// The file.
    pub data: &'static [u8],
    check: fn(&[u8], &'static Provider, &mut Tally) -> Result<(), String>,
}

impl Source {
    /// Replays `data`, which is this source's own or a changed copy of it.
    #[must_use]
    pub fn replay(&self, data: &[u8], provider: &'static Provider) -> Report {
        let mut tally = Tally::new(self.name, provider.name);
        if let Err(what) = (self.check)(data, provider, &mut tally) {
            tally.unreadable(&what);
        }
        if tally.is_empty() {
            tally.unreadable("it has no cases");
        }
        tally.into_report()
    }
}

macro_rules! source {
    ($name:literal, $document:literal, $file:literal, $check:path) => {
        Source {
            name: $name,
            document: $document,
            data: include_bytes!(concat!("../data/", $file)),
            check: $check,
        }
    };
}

/// All sources.
pub const SOURCES: &[Source] = &[
    source!("cavs-ikev1-psk", "NIST CAVS 17.3, SP 800-135", "ikev1_psk.fax.gz", checks::cavs::ikev1::psk),
    source!(
        "cavs-ikev1-signatures",
        "NIST CAVS 17.3, SP 800-135",
        "ikev1_dsa.fax.gz",
        checks::cavs::ikev1::signatures
    ),
    source!("cavs-ikev2", "NIST CAVS 17.3, SP 800-135", "ikev2.fax.gz", checks::cavs::ikev2::check),
    source!("rfc3602", "RFC 3602 section 4", "rfc3602_aes_cbc_esp.json", checks::esp::aes_cbc),
    source!("gcm-esp", "draft-mcgrew-gcm-test", "draft_mcgrew_gcm_test_esp.json", checks::esp::aes_gcm),
    source!(
        "rfc7634",
        "RFC 7634 appendices A and B",
        "rfc7634_chacha20poly1305_esp_ikev2.json",
        checks::esp::chacha20_poly1305
    ),
    source!("rfc3686", "RFC 3686 section 6", "rfc3686_aes_ctr.json", checks::cipher::aes_ctr),
    source!("rfc2202", "RFC 2202 sections 2 and 3", "rfc2202_hmac.json", checks::mac::rfc2202),
    source!("rfc4231", "RFC 4231 section 4", "rfc4231_hmac_sha2.json", checks::mac::rfc4231),
    source!("rfc4868", "RFC 4868 section 2.7", "rfc4868_hmac_sha2.json", checks::mac::rfc4868),
    source!("rfc3566", "RFC 3566 section 4.6", "rfc3566_aes_xcbc_mac.json", checks::mac::aes_xcbc),
    source!("rfc4434", "RFC 4434 section 2.1", "rfc4434_aes_xcbc_prf.json", checks::mac::aes_xcbc_prf),
    source!(
        "rfc4494",
        "RFC 4493 section 4, RFC 4494",
        "rfc4493_rfc4494_aes_cmac.json",
        checks::mac::aes_cmac
    ),
    source!("rfc4615", "RFC 4615 section 4", "rfc4615_aes_cmac_prf.json", checks::mac::aes_cmac_prf),
    source!("rfc2759", "RFC 2759 section 9", "rfc2759_mschapv2.json", checks::proof::ms_chap_v2),
    source!("rfc4754", "RFC 4754 section 8", "rfc4754_ecdsa.json", checks::proof::ecdsa),
    source!(
        "rfc7427",
        "RFC 7427 appendix A",
        "rfc7427_algorithm_identifiers.json",
        checks::proof::identifiers
    ),
    source!(
        "rfc8420",
        "RFC 8420 appendix A",
        "rfc8420_eddsa_algorithm_identifiers.json",
        checks::proof::identifiers
    ),
    source!("rfc5114", "RFC 5114 appendix A", "rfc5114_dh_groups.json", checks::exchange::additional_groups),
    source!("rfc5903", "RFC 5903 section 8", "rfc5903_ecp_groups.json", checks::exchange::ecp),
    source!("rfc6932", "RFC 6932 appendix A", "rfc6932_brainpool.json", checks::exchange::brainpool),
    source!("rfc6954", "RFC 6954 appendix A", "rfc6954_brainpool.json", checks::exchange::brainpool),
    source!("rfc8031", "RFC 8031 appendix A", "rfc8031_curve25519.json", checks::exchange::curve25519),
    source!("mlkem", "NIST ACVP, FIPS 203", "acvp_mlkem_keygen.json", checks::exchange::mlkem_key_generation),
    source!(
        "wycheproof-mlkem",
        "Project Wycheproof, FIPS 203",
        "wycheproof_mlkem.json.gz",
        checks::exchange::mlkem
    ),
    source!("own-esp", "Esplanade, vectors/data/README.md", "own_esp.json", checks::esp::own),
    source!("own-ikev2", "Esplanade, vectors/data/README.md", "own_exchanges.json", checks::own::check),
];

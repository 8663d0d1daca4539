//! Integrity algorithms and pseudo-random functions.

use ipsec_crypto::{IntegrityAlgorithm, PrfAlgorithm, Provider};

use super::{Case, cases, json};
use crate::tally::Tally;

const HMACS: [(&str, PrfAlgorithm); 3] = [
    ("256", PrfAlgorithm::HmacSha2_256),
    ("384", PrfAlgorithm::HmacSha2_384),
    ("512", PrfAlgorithm::HmacSha2_512),
];

/// RFC 2202: HMAC with MD5 and SHA-1, and the case of each that is cut as RFC 2403 and RFC 2404 have it.
pub(crate) fn rfc2202(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let file = json(data)?;
    for (list, whole, cut) in [
        ("hmac_md5", PrfAlgorithm::HmacMd5, IntegrityAlgorithm::HmacMd5_96),
        ("hmac_sha1", PrfAlgorithm::HmacSha1, IntegrityAlgorithm::HmacSha1_96),
    ] {
        for case in cases(&file, list)? {
            prf(&case, "data", "digest", whole, provider, tally)?;
            if case.optional("digest_96")?.is_some() {
                icv(&case, "data", "digest_96", cut, provider, tally)?;
            }
        }
    }
    Ok(())
}

/// RFC 4231: HMAC with SHA-2, which is the PRF of IKEv2.
pub(crate) fn rfc4231(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let file = json(data)?;
    for case in cases(&file, "cases")? {
        for (bits, algorithm) in HMACS {
            prf(&case, "data", &format!("hmac_sha_{bits}"), algorithm, provider, tally)?;
        }
    }
    Ok(())
}

/// RFC 4868: the same functions with the RFC's keys, and truncated as integrity algorithms.
pub(crate) fn rfc4868(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let file = json(data)?;
    for case in cases(&file, "cases")? {
        for (bits, algorithm) in HMACS {
            let field = format!("prf_hmac_sha_{bits}");
            if case.optional(&field)?.is_some() {
                prf(&case, "data", &field, algorithm, provider, tally)?;
            }
        }
        // RFC 4868 names the first 384-bit value after 128 bits; it has 192.
        let truncated = [
            ("hmac_sha_256_128", IntegrityAlgorithm::HmacSha2_256_128),
            ("hmac_sha_384_128", IntegrityAlgorithm::HmacSha2_384_192),
            ("hmac_sha_384_192", IntegrityAlgorithm::HmacSha2_384_192),
            ("hmac_sha_512_256", IntegrityAlgorithm::HmacSha2_512_256),
        ];
        for (field, algorithm) in truncated {
            if case.optional(field)?.is_some() {
                icv(&case, "data", field, algorithm, provider, tally)?;
            }
        }
    }
    Ok(())
}

/// RFC 3566: AES-XCBC-MAC-96.
pub(crate) fn aes_xcbc(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    each(data, |case| icv(case, "msg", "mac96", IntegrityAlgorithm::AesXcbc96, provider, tally))
}

/// RFC 4494: AES-CMAC-96.
pub(crate) fn aes_cmac(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    each(data, |case| {
        icv(case, "msg", "mac96", IntegrityAlgorithm::AesCmac96, provider, tally)?;
        // With a key of 16 octets the PRF of RFC 4615 is AES-CMAC itself.
        prf(case, "msg", "mac", PrfAlgorithm::AesCmac, provider, tally)
    })
}

/// RFC 4434: AES-XCBC-PRF-128.
pub(crate) fn aes_xcbc_prf(
    data: &[u8],
    provider: &'static Provider,
    tally: &mut Tally,
) -> Result<(), String> {
    each(data, |case| prf(case, "msg", "prf", PrfAlgorithm::AesXcbc, provider, tally))
}

/// RFC 4615: AES-CMAC-PRF-128.
pub(crate) fn aes_cmac_prf(
    data: &[u8],
    provider: &'static Provider,
    tally: &mut Tally,
) -> Result<(), String> {
    each(data, |case| prf(case, "msg", "prf", PrfAlgorithm::AesCmac, provider, tally))
}

fn each(data: &[u8], mut check: impl FnMut(&Case<'_>) -> Result<(), String>) -> Result<(), String> {
    let file = json(data)?;
    cases(&file, "cases")?.iter().try_for_each(&mut check)
}

/// Some values are printed shorter than the function gives them; what is printed is compared.
fn prf(
    case: &Case<'_>,
    message: &str,
    field: &str,
    algorithm: PrfAlgorithm,
    provider: &'static Provider,
    tally: &mut Tally,
) -> Result<(), String> {
    let expected = case.octets(field)?;
    let got = (provider.prf)(algorithm, &case.octets("key")?).compute(&[&case.octets(message)?]);
    let got = &got.as_bytes()[..expected.len().min(got.len())];
    tally.case(algorithm.name(), &case.name, &[(field, &expected, got)]);
    Ok(())
}

fn icv(
    case: &Case<'_>,
    message: &str,
    field: &str,
    algorithm: IntegrityAlgorithm,
    provider: &'static Provider,
    tally: &mut Tally,
) -> Result<(), String> {
    let (expected, message) = (case.octets(field)?, case.octets(message)?);
    let keyed = (provider.integrity)(algorithm, &case.octets("key")?).map_err(|error| error.to_string())?;
    let mut got = vec![0; algorithm.icv_len()];
    keyed.sign(&[&message], &mut got).map_err(|error| error.to_string())?;
    let accepted = keyed.verify(&[&message], &expected).is_ok();
    let mut forged = expected.clone();
    if let Some(first) = forged.first_mut() {
        *first ^= 1;
    }
    let refused = keyed.verify(&[&message], &forged).is_err();
    tally.case(
        algorithm.name(),
        &case.name,
        &[(field, &expected, &got), ("accepted", &[1], &[u8::from(accepted)])],
    );
    tally.altered(algorithm.name(), &format!("{} with another ICV", case.name), refused);
    Ok(())
}

//! The sources: what was published where, the SHA-256 of its file, and which check replays it.

use crate::checks::{cipher, esp, exchange, mac, nist, own, proof, wycheproof};
use crate::source::Source;

macro_rules! file {
    ($name:literal, $document:literal, $file:literal, $sha256:literal, $cases:literal, $check:path) => {
        Source::file($name, $document, (include_bytes!(concat!("../data/", $file)), $sha256), $cases, $check)
    };
}

/// Why what is in the published files is not in ours.
const IVS: &str = "RFC 4106 section 4 has IVs of 96 bits, salt included";
const BINARY: &str = "no implementation of binary curves";

/// All sources.
pub const SOURCES: &[Source] = &[
    // The key derivation of IKE
    file!(
        "cavs-ikev1-psk",
        "NIST CAVS 17.3, SP 800-135",
        "ikev1_psk.fax.gz",
        "408139a984f134a48fc4e98f473f706900062865d2eb6fc2933f9e99aac0f299",
        1700,
        nist::ikev1::psk
    ),
    file!(
        "cavs-ikev1-signatures",
        "NIST CAVS 17.3, SP 800-135",
        "ikev1_dsa.fax.gz",
        "04c1f4404b9a81f5cc801e0f3d47cae8706d97f0244b6f7db8902762d88e983c",
        1700,
        nist::ikev1::signatures
    ),
    file!(
        "cavs-ikev2",
        "NIST CAVS 17.3, SP 800-135",
        "ikev2.fax.gz",
        "e3eac5759e22586c6696a598e6ef4368ae96200a7def8a13d491f56c5a484fa8",
        900,
        nist::ikev2::check
    ),
    // Algorithms, by NIST
    file!(
        "nist-gcm-encrypt-128",
        "NIST CAVS 14.0, SP 800-38D",
        "nist_gcm_encrypt_128.rsp.gz",
        "ea08d87ae779189da94c30847e5e7195eecd75432f1b112d3af7f611d0ffcdae",
        2625,
        nist::gcm::encrypt
    )
    .without(&[("AES-GCM with IVs of 8 and 1024 bits", 5250, IVS)])
    .by_each_provider(),
    file!(
        "nist-gcm-decrypt-128",
        "NIST CAVS 14.0, SP 800-38D",
        "nist_gcm_decrypt_128.rsp.gz",
        "9e06c97aa034841767ce046c3dcf337aa88e46e229f5e4ec23a5d9259489360e",
        1125,
        nist::gcm::decrypt
    )
    .without(&[("AES-GCM with IVs of 8 and 1024 bits", 5250, IVS)])
    .by_each_provider(),
    file!(
        "nist-gcm-encrypt-192",
        "NIST CAVS 14.0, SP 800-38D",
        "nist_gcm_encrypt_192.rsp.gz",
        "c189389c243fbbcc4d99aaf4a6b2463e3f0e543f3eb2f2d52ddcd17a8f0728a9",
        2625,
        nist::gcm::encrypt
    )
    .without(&[("AES-GCM with IVs of 8 and 1024 bits", 5250, IVS)]),
    file!(
        "nist-gcm-decrypt-192",
        "NIST CAVS 14.0, SP 800-38D",
        "nist_gcm_decrypt_192.rsp.gz",
        "c9cdce2702a43541e6dfc1297dc3b9a54897fb7789e5f373071c5084ed9108e0",
        1125,
        nist::gcm::decrypt
    )
    .without(&[("AES-GCM with IVs of 8 and 1024 bits", 5250, IVS)]),
    file!(
        "nist-gcm-encrypt-256",
        "NIST CAVS 14.0, SP 800-38D",
        "nist_gcm_encrypt_256.rsp.gz",
        "3e6d1c2fcf43fda668e21c02b178ff617d3b48b949deb890bc862224bd6ee038",
        2625,
        nist::gcm::encrypt
    )
    .without(&[("AES-GCM with IVs of 8 and 1024 bits", 5250, IVS)])
    .by_each_provider(),
    file!(
        "nist-gcm-decrypt-256",
        "NIST CAVS 14.0, SP 800-38D",
        "nist_gcm_decrypt_256.rsp.gz",
        "34d67e859e86cc2a19bce08e3aba65191440a4451457889e2fee241a632725b0",
        1125,
        nist::gcm::decrypt
    )
    .without(&[("AES-GCM with IVs of 8 and 1024 bits", 5250, IVS)])
    .by_each_provider(),
    file!(
        "nist-ccm",
        "NIST CAVS 11.0, SP 800-38C",
        "nist_ccm.rsp.gz",
        "ec3a71d66d0e836e71e90822e332bd8d344449044dd4d5e641ea672c385ac7f8",
        30,
        nist::ccm::check
    ),
    file!(
        "nist-aes-cbc",
        "NIST CAVS 11.1, SP 800-38A",
        "nist_aes_cbc.rsp.gz",
        "adf38c97b29fc5e509d28b74b79bd4fe15cc91738014e98dbe993ce7163f86c9",
        2138,
        nist::cbc::aes
    ),
    file!(
        "nist-tdes-cbc",
        "NIST CAVS 11.1, SP 800-20",
        "nist_tdes_cbc.rsp.gz",
        "39ec60054ebb76a81de238420a1ae62df60cddf3db1e5cba2786451d946fd582",
        530,
        nist::cbc::triple_des
    ),
    file!(
        "nist-sha",
        "NIST CAVS 11.0, FIPS 180-4",
        "nist_sha.rsp.gz",
        "717418beae81c7e5c5315d4be837308c2f497bfa0271e0ba2fae85a9b1c16a72",
        516,
        nist::hash::check
    ),
    file!(
        "nist-ecdh",
        "NIST CAVS 11.0, SP 800-56A",
        "nist_ecdh.fax.gz",
        "aeddfd1cefb49d268c467146af1bedebc4749734d85a53a1d7cdaf23a4856ef9",
        296,
        nist::ecdh::agreement
    )
    .by_each_provider(),
    file!(
        "nist-points",
        "NIST CAVS 11.0, FIPS 186-3",
        "nist_ecdsa_pkv.rsp.gz",
        "127cd8cc6e16e26ac534d6a9317e0acce1235ce4fef60595ceeae1edee488c8b",
        60,
        nist::ecdh::points
    )
    .without(&[("points of binary curves", 120, BINARY)])
    .by_each_provider(),
    file!(
        "nist-ecdsa-verify",
        "NIST CAVS 11.0, FIPS 186-3",
        "nist_ecdsa_sigver.rsp.gz",
        "c8cc7e07d50c63d622eee079ace84af9b344c426f4bd0fef101a0e71092cbd9a",
        180,
        nist::ecdsa::check
    )
    .without(&[("ECDSA on binary curves", 750, BINARY)]),
    file!(
        "nist-ecdsa-generate",
        "NIST CAVS 11.2, FIPS 186-3",
        "nist_ecdsa_siggen.rsp.gz",
        "5806b653435a6b91e37a55868ed68fde32dc0a66e41ca79d432009a68927f8df",
        180,
        nist::ecdsa::check
    )
    .without(&[("ECDSA on binary curves", 750, BINARY)]),
    file!(
        "nist-dsa",
        "NIST CAVS 11.0 and 11.2, FIPS 186-3",
        "nist_dsa.rsp.gz",
        "4d649200203e4f39a2568715609bda7d30a69087fd61bddbd64c586258292e0a",
        240,
        nist::dsa::check
    ),
    file!(
        "nist-rsa-verify",
        "NIST CAVS 11.0 and 5.2, FIPS 186-3",
        "nist_rsa_sigver.rsp.gz",
        "f25d2492f6f4d68becbd4791195652fc3b03e0e8886f9b69379ee4da8ea35a76",
        479,
        nist::rsa::pkcs1
    ),
    file!(
        "nist-rsa-generate",
        "NIST CAVS 11.4 and 10.1, FIPS 186-3",
        "nist_rsa_siggen.rsp.gz",
        "a3e00af94911060381325b5af16241f9cf01dae54064ccfc9af7339425e964d6",
        400,
        nist::rsa::pkcs1
    ),
    file!(
        "nist-rsa-pss",
        "NIST CAVS 11.4, FIPS 186-3",
        "nist_rsa_pss.rsp.gz",
        "775ab61e5ad2c0dd2fcf018a22f9fa3e00d24559d0e2575f62dcef5c9c5e1228",
        50,
        nist::rsa::pss
    ),
    file!(
        "mlkem",
        "NIST ACVP, FIPS 203",
        "acvp_mlkem_keygen.json",
        "31fe395496cdccfacbb6f4d2a6c9a3fbc7e4ecf0c42433501558bb62eb2c95b2",
        3,
        exchange::mlkem_key_generation
    ),
    // Algorithms, by their authors
    file!(
        "camellia",
        "NTT, Camellia",
        "camellia.txt.gz",
        "e93ff60d0444ad9c33b51b5e88608517d9ab3cf04b2d960d00219f0c66fa3a2c",
        3840,
        cipher::camellia
    ),
    file!(
        "ed25519",
        "Bernstein and others, Ed25519",
        "ed25519.txt.gz",
        "2c6486660b6b862bc04f14a1a10ce301a79753b98f969a263776d9202538331c",
        1024,
        proof::ed25519
    ),
    // What is in RFCs and drafts
    file!(
        "rfc3602",
        "RFC 3602 section 4",
        "rfc3602_aes_cbc_esp.json",
        "bef911e27fb71b9f6f71091c4915880a4f07f4463cfed017b03091822fa23db3",
        8,
        esp::aes_cbc
    ),
    file!(
        "gcm-esp",
        "draft-mcgrew-gcm-test",
        "draft_mcgrew_gcm_test_esp.json",
        "e13c6a19ddc1b00d1fbc3911f038387eb1f705c416117367e8f65e7a86681547",
        17,
        esp::aes_gcm
    )
    .by_each_provider(),
    file!(
        "rfc7634",
        "RFC 7634 appendices A and B",
        "rfc7634_chacha20poly1305_esp_ikev2.json",
        "aa77c0d5f3c2b89055495a0223ebd65dbeda4df14734d0504275c280eb81ee44",
        2,
        esp::chacha20_poly1305
    )
    .by_each_provider(),
    file!(
        "rfc3686",
        "RFC 3686 section 6",
        "rfc3686_aes_ctr.json",
        "b3bdf2d76dcb46c2cd800020e6cbd54634939e8e1d3a5ae60014d8140c0e0379",
        9,
        cipher::aes_ctr
    ),
    file!(
        "rfc2202",
        "RFC 2202 sections 2 and 3",
        "rfc2202_hmac.json",
        "db6894e5dbc309175af6e39c03ff4e5068ca427b1b7f8c3f0d07efb2fa8af1ff",
        16,
        mac::rfc2202
    ),
    file!(
        "rfc4231",
        "RFC 4231 section 4",
        "rfc4231_hmac_sha2.json",
        "877b52019667db05b2b8f1e4614586a97549804c315d2482519e2764ccb7e38e",
        21,
        mac::rfc4231
    ),
    file!(
        "rfc4868",
        "RFC 4868 section 2.7",
        "rfc4868_hmac_sha2.json",
        "aaab34c9258ac9dc7da18fb67f40db771b21fb65531b1aa75e76e7961520e1aa",
        42,
        mac::rfc4868
    ),
    file!(
        "rfc3566",
        "RFC 3566 section 4.6",
        "rfc3566_aes_xcbc_mac.json",
        "c8ee4f9e7a16ec74d05c618353518afc949f6e7a530cb3e4f82f0c72a6e1d5d7",
        7,
        mac::aes_xcbc
    ),
    file!(
        "rfc4434",
        "RFC 4434 section 2.1",
        "rfc4434_aes_xcbc_prf.json",
        "9d48bde628c3438a93cb26cb53dcc809bb3836de77d543d199c4aa364fc247cf",
        3,
        mac::aes_xcbc_prf
    ),
    file!(
        "rfc4494",
        "RFC 4493 section 4, RFC 4494",
        "rfc4493_rfc4494_aes_cmac.json",
        "6ba46da6176fe3264c5df8ef0498f245cb744b33281630c8e6d4b8131cd3561d",
        8,
        mac::aes_cmac
    ),
    file!(
        "rfc4615",
        "RFC 4615 section 4",
        "rfc4615_aes_cmac_prf.json",
        "91c82e648878034d3c6ca4f0286775aa75e09a10985f8bf2697336f48ea48f74",
        3,
        mac::aes_cmac_prf
    ),
    file!(
        "rfc2759",
        "RFC 2759 section 9",
        "rfc2759_mschapv2.json",
        "5961cbdf1e3f62a1ad53847413e4653fc9fa677e87bd38511144a8b9f5886671",
        2,
        proof::ms_chap_v2
    ),
    file!(
        "rfc4754",
        "RFC 4754 section 8",
        "rfc4754_ecdsa.json",
        "b4a63932e44e78336981dadc91efc6fcf35327818a3705826d9d72f65932cafc",
        3,
        proof::ecdsa
    ),
    file!(
        "rfc7427",
        "RFC 7427 appendix A",
        "rfc7427_algorithm_identifiers.json",
        "b45866dbce8f6e50bb5255ae52b8d397aa80cb34273e0364837b39cd3ec863df",
        12,
        proof::identifiers
    ),
    file!(
        "rfc8420",
        "RFC 8420 appendix A",
        "rfc8420_eddsa_algorithm_identifiers.json",
        "a991797d77924e40b80469aff37a167dfee6ec1a466357bf768180407df764ca",
        2,
        proof::identifiers
    ),
    file!(
        "rfc5114",
        "RFC 5114 appendix A",
        "rfc5114_dh_groups.json",
        "3dee27bb064d4e77d92bc4a062679075128ba05a22b1adda78c67e23304dbe36",
        8,
        exchange::additional_groups
    )
    .by_each_provider(),
    file!(
        "rfc5903",
        "RFC 5903 section 8",
        "rfc5903_ecp_groups.json",
        "1f65f13a0eb9b9e5c52783581b2bd7968b74f94e17dcd6cb8b9befc287fc32b2",
        3,
        exchange::ecp
    )
    .by_each_provider(),
    file!(
        "rfc6932",
        "RFC 6932 appendix A",
        "rfc6932_brainpool.json",
        "78358ad67737207818f5ed5bc118c2cfb8edbc92dceecf6381eca7713cf580f2",
        4,
        exchange::brainpool
    ),
    file!(
        "rfc6954",
        "RFC 6954 appendix A",
        "rfc6954_brainpool.json",
        "c9adfea1580777a498e4b644398e81c677b8bef8bfe8fc2bf46d4492b27a86a8",
        4,
        exchange::brainpool
    ),
    file!(
        "rfc8031",
        "RFC 8031 appendix A",
        "rfc8031_curve25519.json",
        "b52fc3e912a3136b2e25557d58696c6359cae00224c4e674b9195ca44923e6e2",
        1,
        exchange::curve25519
    )
    .by_each_provider(),
    // Algorithms, by Project Wycheproof
    Source::sets("wycheproof-aead", wycheproof::aead::sets, 585, wycheproof::aead::check).by_each_provider(),
    Source::sets("wycheproof-cbc", wycheproof::cbc::sets, 144, wycheproof::cbc::check),
    Source::sets("wycheproof-mac", wycheproof::mac::sets, 799, wycheproof::mac::check),
    Source::sets("wycheproof-gmac", wycheproof::mac::gmac::sets, 207, wycheproof::mac::gmac::check),
    Source::sets("wycheproof-ecdh", wycheproof::ecdh::sets, 4512, wycheproof::ecdh::check).by_each_provider(),
    Source::sets("wycheproof-xdh", wycheproof::xdh::sets, 1028, wycheproof::xdh::check).by_each_provider(),
    Source::sets("wycheproof-mlkem", wycheproof::mlkem::sets, 1638, wycheproof::mlkem::check),
    Source::sets(
        "wycheproof-ecdsa",
        wycheproof::signatures::ecdsa::sets,
        3958,
        wycheproof::signatures::ecdsa::check,
    ),
    Source::sets(
        "wycheproof-eddsa",
        wycheproof::signatures::eddsa::sets,
        238,
        wycheproof::signatures::eddsa::check,
    ),
    Source::sets(
        "wycheproof-dsa",
        wycheproof::signatures::dsa::sets,
        1096,
        wycheproof::signatures::dsa::check,
    ),
    Source::sets(
        "wycheproof-rsa-pkcs1",
        wycheproof::signatures::rsa_pkcs1::sets,
        3106,
        wycheproof::signatures::rsa_pkcs1::check,
    ),
    Source::sets(
        "wycheproof-rsa-pss",
        wycheproof::signatures::rsa_pss::sets,
        877,
        wycheproof::signatures::rsa_pss::check,
    ),
    Source::sets(
        "wycheproof-rsa-decryption",
        wycheproof::decryption::sets,
        201,
        wycheproof::decryption::check,
    ),
    // Nobody else's
    file!(
        "own-esp",
        "Esplanade, vectors/data/README.md",
        "own_esp.json",
        "534a7347f5c43f439288c138716cb1ad0704fa6a15246279f5525c080a361bad",
        156,
        esp::own
    )
    .own()
    .by_each_provider(),
    file!(
        "own-ikev2",
        "Esplanade, vectors/data/README.md",
        "own_exchanges.json",
        "c7e8c6714761942e3831ad275fba9bd1afa1d943d471cefcc69eb99f367cedec",
        764,
        own::check
    )
    .own()
    .by_each_provider(),
];

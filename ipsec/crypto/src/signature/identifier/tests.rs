use super::*;

/// RFC 7427 appendix A and RFC 8420 appendix A.
const PUBLISHED: [(SignatureAlgorithm, &str); 14] = [
    (SignatureAlgorithm::RsaSha1, "300d06092a864886f70d0101050500"),
    (SignatureAlgorithm::RsaSha2_256, "300d06092a864886f70d01010b0500"),
    (SignatureAlgorithm::RsaSha2_384, "300d06092a864886f70d01010c0500"),
    (SignatureAlgorithm::RsaSha2_512, "300d06092a864886f70d01010d0500"),
    (SignatureAlgorithm::DsaSha1, "300906072a8648ce380403"),
    (SignatureAlgorithm::DsaSha2_256, "300b0609608648016503040302"),
    (SignatureAlgorithm::EcdsaSha1, "300906072a8648ce3d0401"),
    (SignatureAlgorithm::EcdsaSha2_256, "300a06082a8648ce3d040302"),
    (SignatureAlgorithm::EcdsaSha2_384, "300a06082a8648ce3d040303"),
    (SignatureAlgorithm::EcdsaSha2_512, "300a06082a8648ce3d040304"),
    (
        SignatureAlgorithm::RsaPssSha1,
        "303e06092a864886f70d01010a3031a00b300906052b0e03021a0500a118301606092a864886f70d010108300906052b\
         0e03021a0500a203020114a303020101",
    ),
    (
        SignatureAlgorithm::RsaPssSha2_256,
        "304606092a864886f70d01010a3039a00f300d06096086480165030402010500a11c301a06092a864886f70d01010830\
         0d06096086480165030402010500a203020120a303020101",
    ),
    (SignatureAlgorithm::Ed25519, "300506032b6570"),
    (SignatureAlgorithm::Ed448, "300506032b6571"),
];

fn read(digits: &str) -> Result<SignatureAlgorithm, BadIdentifier> {
    SignatureAlgorithm::from_identifier(&hex::decode(digits).unwrap())
}

#[test]
fn identifiers_are_those_of_rfc_7427_and_rfc_8420() {
    for (algorithm, digits) in PUBLISHED {
        assert_eq!(algorithm.identifier().map(hex::encode).as_deref(), Some(digits), "{}", algorithm.name());
    }
}

#[test]
fn each_identifier_names_its_algorithm() {
    let mut named = 0;
    for &algorithm in SignatureAlgorithm::ALL {
        if let Some(identifier) = algorithm.identifier() {
            assert_eq!(SignatureAlgorithm::from_identifier(identifier), Ok(algorithm));
            named += 1;
        }
    }
    assert_eq!(named, 16);
}

#[test]
fn what_is_left_out_is_the_default() {
    // sha256WithRSAEncryption without NULL.
    assert_eq!(read("300b06092a864886f70d01010b"), Ok(SignatureAlgorithm::RsaSha2_256));
    // RSASSA-PSS with an empty SEQUENCE (RFC 7427 §A.4.1).
    assert_eq!(read("300d06092a864886f70d01010a3000"), Ok(SignatureAlgorithm::RsaPssSha1));
    // RSASSA-PSS with SHA-256 and neither NULL after it nor a trailer.
    let pss = "303d06092a864886f70d01010a3030a00d300b0609608648016503040201a11a301806092a864886f70d010108\
               300b0609608648016503040201a203020120";
    assert_eq!(read(pss), Ok(SignatureAlgorithm::RsaPssSha2_256));
}

#[test]
fn other_identifiers_are_refused_by_name() {
    let refused = |digits: &str| read(digits).unwrap_err().to_string();
    assert_eq!(refused(""), "expected an AlgorithmIdentifier in DER");
    assert_eq!(refused("300506032b657000"), "expected an AlgorithmIdentifier in DER");
    assert_eq!(refused("300506032b656e"), "1.3.101.110 is no signature algorithm known here");
    assert_eq!(refused("300706032b65700500"), "1.3.101.112 takes no parameters");
    assert_eq!(refused("300c06082a8648ce3d0403020500"), "1.2.840.10045.4.3.2 takes no parameters");
    let null = "1.2.840.113549.1.1.11 takes NULL as parameters";
    assert_eq!(refused("300e06092a864886f70d01010b020100"), null);
    let pss = "1.2.840.113549.1.1.10 takes a SHA-1 or SHA-2 hash function, MGF1 with the same and a salt of its length";
    // No parameters at all; another length of salt; masks made with SHA-1; another trailer.
    assert_eq!(refused("300b06092a864886f70d01010a"), pss);
    let sha256 = "a00f300d06096086480165030402010500";
    let mask = "a11c301a06092a864886f70d010108300d06096086480165030402010500";
    for (len, parameters) in [
        (0x34, format!("{sha256}{mask}a203020114")),
        (0x16, format!("{sha256}a203020120")),
        (0x39, format!("{sha256}{mask}a203020120a303020102")),
    ] {
        let identifier = format!("30{:02x}06092a864886f70d01010a30{len:02x}{parameters}", len + 13);
        assert_eq!(parameters.len() / 2, len);
        assert_eq!(refused(&identifier), pss);
    }
}

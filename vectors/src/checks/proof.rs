//! How ends prove who they are: signatures, how they are named, and MS-CHAP-V2 in EAP.

use std::sync::Arc;

use ipsec_auth::eap::{
    EapMethod, EapPeer, EapServer, EapServerConfig, EapUsers, Password, PeerStep, ServerStep,
};
use ipsec_crypto::{FixedEntropy, KeyType, Provider, SignatureAlgorithm, Signer, md4};
use ipsec_wire::registry::{AuthMethod, PayloadType};
use ipsec_wire::v2::{Authentication, Payload, emit_chain};

use super::{Case, cases, json};
use crate::rsp;
use crate::tally::Tally;

/// RFC 4754: ECDSA, and the AUTH payloads with the signatures.
pub(crate) fn ecdsa(data: &[u8], _: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    for case in cases(&json(data)?, "cases")? {
        let (algorithm, key_type, method) = match case.text("alg")? {
            "ECDSA-256" => (SignatureAlgorithm::Ecdsa256, KeyType::P256, AuthMethod(9)),
            "ECDSA-384" => (SignatureAlgorithm::Ecdsa384, KeyType::P384, AuthMethod(10)),
            "ECDSA-521" => (SignatureAlgorithm::Ecdsa521, KeyType::P521, AuthMethod(11)),
            other => return Err(format!("no signature algorithm is called {other}")),
        };
        let signer = Signer::generate(key_type, &mut FixedEntropy::new(case.octets("w")?));
        let verifier = signer.verifier();
        let public = [case.octets("gwx")?, case.octets("gwy")?].concat();
        let spki = verifier.to_spki();
        let found = &spki[spki.len().saturating_sub(public.len())..];
        let (message, signature) = (case.octets("message")?, [case.octets("r")?, case.octets("s")?].concat());
        let verified = verifier.verify(algorithm, &[&message], &signature).is_ok();
        let mut payload = Vec::new();
        let auth = Payload::Auth(Authentication { method, data: signature.clone() });
        emit_chain(&[auth], PayloadType::NONE, &mut payload);
        let name = case.text("alg")?;
        // The document prints the method one octet too late (RFC 7296 §3.8).
        let mut printed = case.first_octets("auth_payload_dump")?;
        if let Some([_, _, _, _, method, next, ..]) = printed.get_mut(..) {
            std::mem::swap(method, next);
        }
        tally.case(
            algorithm.name(),
            name,
            &[
                ("public key", &public, found),
                ("verified", &[1], &[u8::from(verified)]),
                ("AUTH payload", &printed, &payload),
            ],
        );
        let other = [message.as_slice(), b"!"].concat();
        let refused = verifier.verify(algorithm, &[&other], &signature).is_err();
        tally.altered(algorithm.name(), &format!("{name} of another message"), refused);
    }
    Ok(())
}

/// Ed25519 as its authors published it: on each line the private and the public key, the latter again, a message, and the
/// signature with the message behind it.
pub(crate) fn ed25519(data: &[u8], _: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let algorithm = SignatureAlgorithm::Ed25519;
    for (number, line) in rsp::unzipped(data)?.lines().enumerate() {
        let case = (number + 1).to_string();
        let octets = |text: &str| hex::decode(text).map_err(|error| format!("line {case}: {error}"));
        let parts: Vec<&str> = line.split(':').collect();
        let [keys, public, message, signed, ""] = parts.as_slice() else {
            return Err(format!("line {case} has not four parts"));
        };
        let (keys, public, message, signed) =
            (octets(keys)?, octets(public)?, octets(message)?, octets(signed)?);
        let signer =
            Signer::generate(KeyType::Ed25519, &mut FixedEntropy::new(keys.get(..32).unwrap_or_default()));
        let signature = signer.sign(algorithm, &[&message], &mut FixedEntropy::new([]));
        let spki = signer.verifier().to_spki();
        let found = spki.get(spki.len().saturating_sub(32)..).unwrap_or_default();
        let published = signed.get(..64).unwrap_or_default();
        let verified = signer.verifier().verify(algorithm, &[&message], published).is_ok();
        tally.case(
            algorithm.name(),
            &case,
            &[
                ("public key", &public, found),
                ("private and public key", &keys, &[keys.get(..32).unwrap_or_default(), found].concat()),
                (
                    "signature",
                    &signed,
                    &[signature.map_err(|error| error.to_string())?, message.clone()].concat(),
                ),
                ("verified", &[1], &[u8::from(verified)]),
            ],
        );
    }
    Ok(())
}

/// RFC 7427 appendix A and RFC 8420 appendix A: AlgorithmIdentifiers, read and written.
pub(crate) fn identifiers(data: &[u8], _: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    for case in cases(&json(data)?, "cases")? {
        let der = case.octets("der")?;
        let algorithm = match case.text("name")? {
            "sha1WithRSAEncryption" => SignatureAlgorithm::RsaSha1,
            "sha256WithRSAEncryption" => SignatureAlgorithm::RsaSha2_256,
            "sha384WithRSAEncryption" => SignatureAlgorithm::RsaSha2_384,
            "sha512WithRSAEncryption" => SignatureAlgorithm::RsaSha2_512,
            "dsa-with-sha1" => SignatureAlgorithm::DsaSha1,
            "dsa-with-sha256" => SignatureAlgorithm::DsaSha2_256,
            "ecdsa-with-sha1" => SignatureAlgorithm::EcdsaSha1,
            "ecdsa-with-sha256" => SignatureAlgorithm::EcdsaSha2_256,
            "ecdsa-with-sha384" => SignatureAlgorithm::EcdsaSha2_384,
            "ecdsa-with-sha512" => SignatureAlgorithm::EcdsaSha2_512,
            "RSASSA-PSS with default parameters" => SignatureAlgorithm::RsaPssSha1,
            "RSASSA-PSS with sha-256" => SignatureAlgorithm::RsaPssSha2_256,
            "Ed25519" => SignatureAlgorithm::Ed25519,
            "Ed448" => SignatureAlgorithm::Ed448,
            other => return Err(format!("no signature algorithm is called {other}")),
        };
        let named = SignatureAlgorithm::from_identifier(&der) == Ok(algorithm);
        let written = algorithm.identifier().unwrap_or_default();
        tally.case(
            algorithm.name(),
            &case.name,
            &[("written", &der, written), ("read", &[1], &[u8::from(named)])],
        );
        let cut = der.get(..der.len().saturating_sub(1)).unwrap_or_default();
        let refused = SignatureAlgorithm::from_identifier(cut).is_err();
        tally.altered(algorithm.name(), &format!("{} without its last octet", case.name), refused);
    }
    Ok(())
}

/// RFC 2759 §9.2: MS-CHAP-V2, between an EAP server and a peer who draw the challenges of the document.
pub(crate) fn ms_chap_v2(data: &[u8], _: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let file = json(data)?;
    let case = Case::of(&file, "9.2");
    let text = |octets: Vec<u8>| String::from_utf8(octets).map_err(|error| error.to_string());
    let (user, utf16) = (text(case.octets("user")?)?, case.octets("password_utf16le")?);
    let (pairs, _) = utf16.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_le_bytes(*pair)).collect();
    let password = String::from_utf16(&units).map_err(|error| error.to_string())?;
    let hash = md4(&[&utf16]);
    let example = Case::of(file.get("des_key_example").ok_or("there is no \"des_key_example\"")?, "9.3");
    let printed: Vec<u8> =
        example.octets("password_as_printed")?.iter().flat_map(|octet| [*octet, 0]).collect();
    let said = converse(&case, &user, &password)?;
    let holds = |packet: &[u8], part: &[u8]| packet.windows(part.len()).any(|window| window == part);
    let nt_response = case.octets("nt_response")?;
    let challenge = case.octets("peer_challenge")?;
    let answer = format!("{} M=", case.text("authenticator_response")?);
    tally.case(
        "EAP-MSCHAPv2",
        "9.2",
        &[
            ("password hash", &case.octets("password_hash")?, &hash),
            ("hash of the password hash", &case.octets("password_hash_hash")?, &md4(&[&hash])),
            (
                "NT response",
                &[1],
                &[u8::from(holds(&said[0], &[&challenge, &[0; 8][..], &nt_response].concat()))],
            ),
            ("authenticator response", &[1], &[u8::from(holds(&said[1], answer.as_bytes()))]),
        ],
    );
    tally.case(
        "EAP-MSCHAPv2",
        "9.3",
        &[("password hash", &example.octets("password_hash")?, &md4(&[&printed]))],
    );
    tally.altered("EAP-MSCHAPv2", "9.2 with another password", converse(&case, &user, "another").is_err());
    Ok(())
}

/// The peer's response, and the server's answer to it, if that is that the peer knows the password.
fn converse(case: &Case<'_>, user: &str, password: &str) -> Result<[Vec<u8>; 2], String> {
    let right = case.octets("password_utf16le")?.into_iter().step_by(2).collect();
    let right = String::from_utf8(right).map_err(|error| error.to_string())?;
    let config = EapServerConfig {
        name: "server".to_owned(),
        methods: vec![EapMethod::MsChapV2],
        users: Arc::new(EapUsers::from([(user.to_owned(), Password::from(right.as_str()))])),
        asks_identity: false,
        notice: None,
    };
    // The identifier of the first request comes before the challenge.
    let ours = &mut FixedEntropy::new([&[1], case.octets("authenticator_challenge")?.as_slice()].concat());
    let theirs = &mut FixedEntropy::new(case.octets("peer_challenge")?);
    let (mut server, step) = EapServer::begin(config, Some(user.to_owned()), ours);
    let ServerStep::Request(asked) = step else { return Err("the server asks nothing".to_owned()) };
    let mut peer = EapPeer::new(user, password.into(), vec![EapMethod::MsChapV2]);
    let Ok(PeerStep::Respond { packet: response, .. }) = peer.handle(&asked, theirs) else {
        return Err("the peer does not respond".to_owned());
    };
    let Ok(ServerStep::Request(answer)) = server.handle(&response, ours) else {
        return Err("the server does not answer".to_owned());
    };
    match peer.handle(&answer, theirs) {
        Ok(PeerStep::Respond { packet, .. }) if packet.ends_with(&[SUCCESS]) => Ok([response, answer]),
        _ => Err("the ends do not prove to each other that they know the password".to_owned()),
    }
}

/// The OpCode by which the peer says that it is content.
const SUCCESS: u8 = 3;

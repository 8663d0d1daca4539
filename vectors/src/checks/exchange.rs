//! Key exchanges with published private values.

use std::io::Read as _;

use flate2::read::GzDecoder;
use ipsec_crypto::{FixedEntropy, KeyExchangeAlgorithm, Provider};

use super::{Case, cases, json};
use crate::report::Tally;

/// RFC 5903: the ECP groups.
pub(crate) fn ecp(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let file = json(data)?;
    for case in cases(&file, "cases")? {
        let algorithm = match case.number("group")? {
            19 => KeyExchangeAlgorithm::Ecp256,
            20 => KeyExchangeAlgorithm::Ecp384,
            21 => KeyExchangeAlgorithm::Ecp521,
            other => return Err(format!("group {other} is none of RFC 5903")),
        };
        let public = |x: &str, y: &str| Ok::<_, String>([case.octets(x)?, case.octets(y)?].concat());
        let values = Values {
            private: [case.octets("i")?, case.octets("r")?],
            public: [public("gix", "giy")?, public("grx", "gry")?],
            shared: case.octets("girx")?,
        };
        values.check(algorithm, &case.name, provider, tally)?;
    }
    Ok(())
}

/// RFC 5114: MODP groups with a subgroup of prime order, and ECP groups.
pub(crate) fn additional_groups(
    data: &[u8],
    provider: &'static Provider,
    tally: &mut Tally,
) -> Result<(), String> {
    let file = json(data)?;
    for case in cases(&file, "cases")? {
        let algorithm = match case.number("ike_group")? {
            19 => KeyExchangeAlgorithm::Ecp256,
            20 => KeyExchangeAlgorithm::Ecp384,
            21 => KeyExchangeAlgorithm::Ecp521,
            22 => KeyExchangeAlgorithm::Modp1024s160,
            23 => KeyExchangeAlgorithm::Modp2048s224,
            24 => KeyExchangeAlgorithm::Modp2048s256,
            25 => KeyExchangeAlgorithm::Ecp192,
            26 => KeyExchangeAlgorithm::Ecp224,
            other => return Err(format!("group {other} is none of RFC 5114")),
        };
        let values = if case.optional("p")?.is_some() {
            Values {
                private: [case.octets("xA")?, case.octets("xB")?],
                public: [case.octets("yA")?, case.octets("yB")?],
                shared: case.octets("Z")?,
            }
        } else {
            Values::on_curve(&case)?
        };
        values.check(algorithm, &case.name, provider, tally)?;
    }
    Ok(())
}

/// RFC 6932 and RFC 6954: the Brainpool groups.
pub(crate) fn brainpool(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let file = json(data)?;
    for case in cases(&file, "cases")? {
        let algorithm = match case.text("curve")? {
            "brainpoolP224r1" => KeyExchangeAlgorithm::Brainpool224,
            "brainpoolP256r1" => KeyExchangeAlgorithm::Brainpool256,
            "brainpoolP384r1" => KeyExchangeAlgorithm::Brainpool384,
            "brainpoolP512r1" => KeyExchangeAlgorithm::Brainpool512,
            other => return Err(format!("there is no curve {other}")),
        };
        Values::on_curve(&case)?.check(algorithm, &case.name, provider, tally)?;
    }
    Ok(())
}

/// NIST ACVP: encapsulation keys made of the seeds d and z.
pub(crate) fn mlkem_key_generation(
    data: &[u8],
    provider: &'static Provider,
    tally: &mut Tally,
) -> Result<(), String> {
    let file = json(data)?;
    for case in cases(&file, "cases")? {
        let algorithm = parameter_set(&case)?;
        let mut luck = FixedEntropy::new([case.octets("d")?, case.octets("z")?].concat());
        let initiator = (provider.initiate)(algorithm, &mut luck);
        let expected = case.octets("ek")?;
        tally.case(algorithm.name(), &case.name, &[("encapsulation key", &expected, initiator.public())]);
    }
    Ok(())
}

fn parameter_set(case: &Case<'_>) -> Result<KeyExchangeAlgorithm, String> {
    match case.text("parameter_set")? {
        "ML-KEM-512" => Ok(KeyExchangeAlgorithm::MlKem512),
        "ML-KEM-768" => Ok(KeyExchangeAlgorithm::MlKem768),
        "ML-KEM-1024" => Ok(KeyExchangeAlgorithm::MlKem1024),
        other => Err(format!("there is no parameter set {other}")),
    }
}

/// Wycheproof's ML-KEM: key generation, encapsulation and decapsulation, and keys and ciphertexts that have to be refused.
pub(crate) fn mlkem(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let mut text = Vec::new();
    GzDecoder::new(data).read_to_end(&mut text).map_err(|error| error.to_string())?;
    for case in cases(&json(&text)?, "cases")? {
        let algorithm = parameter_set(&case)?;
        let name = &case.name;
        let valid = match case.text("result")? {
            "valid" => true,
            "invalid" => false,
            other => return Err(format!("case {name} is {other}")),
        };
        if case.text("kind")? == "encapsulation" {
            let mut luck = FixedEntropy::new(case.octets("m")?);
            match (provider.respond)(algorithm, &case.octets("ek")?, &mut luck) {
                Ok((ciphertext, shared)) if valid => tally.case(
                    algorithm.name(),
                    name,
                    &[
                        ("ciphertext", &case.octets("c")?, &ciphertext),
                        ("shared secret", &case.octets("K")?, shared.as_bytes()),
                    ],
                ),
                Err(error) if valid => return Err(format!("case {name}: {error}")),
                found => tally.refusal(algorithm.name(), name, found.is_err()),
            }
            continue;
        }
        let initiator = (provider.initiate)(algorithm, &mut FixedEntropy::new(case.octets("seed")?));
        let public = initiator.public().to_vec();
        let key = case.optional("ek")?.unwrap_or_else(|| public.clone());
        let Some(ciphertext) = case.optional("c")? else {
            tally.case(algorithm.name(), name, &[("encapsulation key", &key, &public)]);
            continue;
        };
        match initiator.finish(&ciphertext) {
            Ok(shared) if valid => tally.case(
                algorithm.name(),
                name,
                &[
                    ("encapsulation key", &key, &public),
                    ("shared secret", &case.octets("K")?, shared.as_bytes()),
                ],
            ),
            Err(error) if valid => return Err(format!("case {name}: {error}")),
            found => tally.refusal(algorithm.name(), name, found.is_err()),
        }
    }
    Ok(())
}

/// RFC 8031: X25519.
pub(crate) fn curve25519(data: &[u8], provider: &'static Provider, tally: &mut Tally) -> Result<(), String> {
    let file = json(data)?;
    let case = Case::of(&file, "1");
    let values = Values {
        private: [case.octets("random_i")?, case.octets("random_r")?],
        public: [case.octets("pub_i")?, case.octets("pub_r")?],
        shared: case.octets("shared")?,
    };
    values.check(KeyExchangeAlgorithm::X25519, "1", provider, tally)
}

/// Both ends' private and public values and what they share.
struct Values {
    private: [Vec<u8>; 2],
    public: [Vec<u8>; 2],
    shared: Vec<u8>,
}

impl Values {
    /// Of a curve, with the names that RFC 5114, RFC 6932 and RFC 6954 use.
    fn on_curve(case: &Case) -> Result<Self, String> {
        Ok(Self {
            private: [case.octets("dA")?, case.octets("dB")?],
            public: [
                [case.octets("x_qA")?, case.octets("y_qA")?].concat(),
                [case.octets("x_qB")?, case.octets("y_qB")?].concat(),
            ],
            shared: case.octets("x_Z")?,
        })
    }

    fn check(
        &self,
        algorithm: KeyExchangeAlgorithm,
        case: &str,
        provider: &'static Provider,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let mut luck = FixedEntropy::new(self.private[0].clone());
        let initiator = (provider.initiate)(algorithm, &mut luck);
        let public_i = initiator.public().to_vec();
        let mut luck = FixedEntropy::new(self.private[1].clone());
        let responded = (provider.respond)(algorithm, &self.public[0], &mut luck);
        let (public_r, shared_r) = responded.map_err(|error| error.to_string())?;
        let shared_i = initiator.finish(&self.public[1]).map_err(|error| error.to_string())?;
        tally.case(
            algorithm.name(),
            case,
            &[
                ("initiator's public value", &self.public[0], &public_i),
                ("responder's public value", &self.public[1], &public_r),
                ("shared secret of the initiator", &self.shared, shared_i.as_bytes()),
                ("shared secret of the responder", &self.shared, shared_r.as_bytes()),
            ],
        );
        Ok(())
    }
}

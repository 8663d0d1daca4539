//! Key exchanges with published private values.

use ipsec_crypto::{BadPublicValue, FixedEntropy, KeyExchangeAlgorithm, Provider, Secret};

use super::{Case, cases, json};
use crate::tally::Tally;

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
        if !tally.takes(has_two_implementations(algorithm)) {
            return Ok(());
        }
        let (public_i, shared_i) = agreed(algorithm, &self.private[0], &self.public[1], provider);
        let shared_i = shared_i.map_err(|error| error.to_string())?;
        let mut luck = FixedEntropy::new(self.private[1].clone());
        let responded = (provider.respond)(algorithm, &self.public[0], &mut luck);
        let (public_r, shared_r) = responded.map_err(|error| error.to_string())?;
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

/// The public value of an initiator with this private one, and the secret that it has with a responder.
pub(super) fn agreed(
    algorithm: KeyExchangeAlgorithm,
    private: &[u8],
    peer: &[u8],
    provider: &'static Provider,
) -> (Vec<u8>, Result<Secret, BadPublicValue>) {
    let initiator = (provider.initiate)(algorithm, &mut FixedEntropy::new(private));
    (initiator.public().to_vec(), initiator.finish(peer))
}

/// Whether [`ipsec_crypto::FAST`] has an implementation of its own.
pub(super) fn has_two_implementations(algorithm: KeyExchangeAlgorithm) -> bool {
    use KeyExchangeAlgorithm::{Ecp256, Ecp384, X25519};
    matches!(algorithm, Ecp256 | Ecp384 | X25519)
}

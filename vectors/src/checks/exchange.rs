//! Key exchanges with published private values.

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

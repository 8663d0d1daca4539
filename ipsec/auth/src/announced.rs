//! What an end announces that it accepts as proof (SUPPORTED_AUTH_METHODS, RFC 9593 §3.2), so that the other one need not
//! guess.
//!
//! ```text
//! length 2 | method                                  shared key, NULL
//! length 3 | method | authority                      a signature by any algorithm of the method
//! length n | method | authority | AlgorithmIdentifier
//! ```

use ipsec_crypto::SignatureAlgorithm;
use ipsec_wire::registry::AuthMethod;
use thiserror::Error;

use crate::Authenticate;

/// A way to prove oneself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncedMethod {
    /// The method of an AUTH payload.
    pub method: AuthMethod,
    /// Which authority of the CERTREQ payloads it is for, from 1; 0 for any.
    pub authority: u8,
    /// The AlgorithmIdentifier in DER; any algorithm of the method if it is empty.
    pub algorithm: Vec<u8>,
}

/// Notification data that is no list of methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("expected an announcement of {expected} octets, at least 2, found {found}")]
pub struct BadAnnouncement {
    /// What its length says.
    pub expected: usize,
    /// The octets that are left, its length among them.
    pub found: usize,
}

impl AnnouncedMethod {
    fn plain(method: AuthMethod) -> Self {
        Self { method, authority: 0, algorithm: Vec::new() }
    }

    /// What an end announces that accepts these proofs, each once, in order. EAP, whose methods come later, is none.
    #[must_use]
    pub fn for_ways(ways: &[&Authenticate]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for way in ways {
            let announced = match way {
                Authenticate::SharedKey(_) => vec![Self::plain(AuthMethod::SHARED_KEY)],
                Authenticate::Null => vec![Self::plain(AuthMethod::NULL)],
                _ => way.algorithms().iter().filter_map(|algorithm| Self::signature(*algorithm)).collect(),
            };
            for method in announced {
                if !all.contains(&method) {
                    all.push(method);
                }
            }
        }
        all
    }

    fn signature(algorithm: SignatureAlgorithm) -> Option<Self> {
        let algorithm = algorithm.identifier()?.to_vec();
        Some(Self { algorithm, ..Self::plain(AuthMethod::DIGITAL_SIGNATURE) })
    }

    /// Whether it is for proofs by this method and, where it is one of signatures, this algorithm.
    #[must_use]
    pub fn allows(&self, method: AuthMethod, algorithm: Option<SignatureAlgorithm>) -> bool {
        let identifier = algorithm.and_then(SignatureAlgorithm::identifier);
        self.method == method && (self.algorithm.is_empty() || identifier == Some(self.algorithm.as_slice()))
    }

    /// Reads the notification data.
    ///
    /// # Errors
    /// When it ends within an announcement, or one is too short to have a method.
    pub fn parse_list(mut data: &[u8]) -> Result<Vec<Self>, BadAnnouncement> {
        let mut methods = Vec::new();
        while let Some(length) = data.first() {
            let (expected, found) = (usize::from(*length), data.len());
            let Some((one, rest)) = data.split_at_checked(expected).filter(|_| expected >= 2) else {
                return Err(BadAnnouncement { expected, found });
            };
            methods.push(Self {
                method: AuthMethod(one[1]),
                authority: one.get(2).copied().unwrap_or_default(),
                algorithm: one.get(3..).unwrap_or_default().to_vec(),
            });
            data = rest;
        }
        Ok(methods)
    }

    /// The notification data that announces `methods`.
    #[must_use]
    pub fn emit_list(methods: &[Self]) -> Vec<u8> {
        let mut data = Vec::new();
        for Self { method, authority, algorithm } in methods {
            let linked = *authority != 0 || !algorithm.is_empty();
            let body = if linked { [&[*authority], algorithm.as_slice()].concat() } else { Vec::new() };
            data.push(u8::try_from(2 + body.len()).unwrap_or(u8::MAX));
            data.push(method.0);
            data.extend(body);
        }
        data
    }
}

#[cfg(test)]
mod tests {
    use ipsec_crypto::Secret;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn announcements_have_the_octets_of_rfc_9593() {
        let shared = Authenticate::SharedKey(Secret::from(vec![1]));
        let algorithms = vec![SignatureAlgorithm::Ed25519];
        let raw = Authenticate::RawKey { keys: Vec::new(), algorithms };
        let methods = AnnouncedMethod::for_ways(&[&shared, &Authenticate::Null, &raw, &shared]);
        let data = AnnouncedMethod::emit_list(&methods);
        assert_eq!(data[..4], [2, 2, 2, 13]);
        assert_eq!(data[4..], [10, 14, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70]);
        assert_eq!(AnnouncedMethod::parse_list(&data), Ok(methods.clone()));
        assert!(methods[2].allows(AuthMethod::DIGITAL_SIGNATURE, Some(SignatureAlgorithm::Ed25519)));
        assert!(!methods[2].allows(AuthMethod::DIGITAL_SIGNATURE, Some(SignatureAlgorithm::Ed448)));
        assert!(
            methods[0].allows(AuthMethod::SHARED_KEY, None) && !methods[0].allows(AuthMethod::NULL, None)
        );
        let any = AnnouncedMethod::parse_list(&[3, 14, 1]).unwrap();
        assert!(any[0].allows(AuthMethod::DIGITAL_SIGNATURE, Some(SignatureAlgorithm::Ed448)));
        assert_eq!(AnnouncedMethod::emit_list(&any), [3, 14, 1]);
    }

    #[test]
    fn what_is_no_list_is_named() {
        for (data, expected) in [(&[1][..], 1), (&[0, 2], 0), (&[2, 2, 3, 14], 3)] {
            let found = if data.len() == 4 { 2 } else { data.len() };
            assert_eq!(AnnouncedMethod::parse_list(data), Err(BadAnnouncement { expected, found }));
        }
    }

    proptest! {
        #[test]
        fn whatever_is_read_is_allowed_or_refused_without_panic(data: Vec<u8>) {
            if let Ok(methods) = AnnouncedMethod::parse_list(&data) {
                let again = AnnouncedMethod::parse_list(&AnnouncedMethod::emit_list(&methods));
                prop_assert_eq!(again, Ok(methods));
            }
        }
    }
}

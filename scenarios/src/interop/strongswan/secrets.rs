//! The secrets of `swanctl.conf`: shared keys, and the passwords of users.

use ipsec::auth::IdentityPattern;
use ipsec::ikev1::Xauth;

use super::super::vici::Section;
use super::settings::{hex, identity};
use crate::file::{Demand, Ike, IkeEnd, Proof};

/// Adds what an end of an IKE configuration proves itself by, and what it knows of others.
pub(super) fn add(ike: &Ike, end: &IkeEnd, secrets: &mut Section) {
    let told = &end.authentication;
    let secret = |text: &str| Section::default().with("secret", format!("0x{}", hex(text.as_bytes())));
    let owners = |mut section: Section| {
        section.set("id-1", identity(&told.identity));
        if let IdentityPattern::Exactly(expected) = &end.expects {
            section.set("id-2", identity(expected));
        }
        section
    };
    let shared = match (&told.proof, &told.demand) {
        (Proof::Psk(own), _) => Some(own),
        (_, Demand::Psk(other)) => Some(other),
        _ => None,
    };
    if let Some(shared) = shared {
        secrets.add(&format!("ike-{}", ike.name), owners(secret(shared)));
    }
    if let Proof::Eap { user, password, .. } = &told.proof {
        secrets.add(&format!("eap-{}", ike.name), secret(password).with("id", user));
    }
    if let Demand::Eap { users, .. } = &told.demand {
        for (number, (user, password)) in users.iter().enumerate() {
            secrets.add(&format!("eap-{}-{number}", ike.name), secret(password).with("id", user));
        }
    }
    match &end.xauth {
        Some(Xauth::Client { user, passwords }) => {
            let right = passwords.last().map(|word| String::from_utf8_lossy(word.as_bytes()).into_owned());
            let right = secret(right.as_deref().unwrap_or_default());
            secrets.add(&format!("xauth-{}", ike.name), right.with("id", user));
        }
        Some(Xauth::Server { users, .. }) => {
            for (number, (user, password)) in users.iter().enumerate() {
                let word = String::from_utf8_lossy(password.as_bytes()).into_owned();
                secrets.add(&format!("xauth-{}-{number}", ike.name), secret(&word).with("id", user));
            }
        }
        None => {}
    }
}

//! What a conversation of EAP comes to (RFC 3748 §2.1, RFC 7296 §2.16, RFC 5998).

use std::collections::BTreeMap;

use ipsec::auth::Identity;
use ipsec::auth::eap::EapMethod;

use crate::file::{Demand, Proof};

/// Who has proven to be whom, of a user with this proof who has said to be `claimed`; EAP `alone` takes methods only that
/// prove both ends.
///
/// # Errors
/// Why the server does not believe it.
pub(super) fn user(
    claimed: &Identity,
    proof: &Proof,
    demand: &Demand,
    alone: bool,
) -> Result<Identity, String> {
    let (Proof::Eap { user, password, methods }, Demand::Eap { users, methods: offered, asks_identity, .. }) =
        (proof, demand)
    else {
        return Err("one end proves itself by EAP, and the other does not want that".to_owned());
    };
    let mut in_common = offered.iter().filter(|method| methods.contains(method));
    let method = in_common.find(|method| !alone || **method == EapMethod::MsChapV2);
    let method = method.ok_or("they have no method of EAP in common")?;
    // A token card says no name: it is the user whom the server has been told of.
    let told = match claimed {
        Identity::Fqdn(name) | Identity::Email(name) if !asks_identity => name,
        _ => user,
    };
    let named = if *method == EapMethod::Gtc { told } else { user };
    if known(users, named) == Some(password) {
        let Ok(proven) = named.parse();
        Ok(proven)
    } else {
        Err(format!("{named} does not know the password of a user"))
    }
}

fn known<'a>(users: &'a BTreeMap<String, String>, name: &str) -> Option<&'a String> {
    users.get(name)
}

//! XAUTH (draft-beaulieu-ike-xauth-02): after phase 1 of IKEv1 an end asks who uses the other one, and for a password.

use std::collections::BTreeMap;

use ipsec_crypto::Secret;

use crate::{Identity, Proven};

/// The passwords of users, by name.
pub type XauthUsers = BTreeMap<String, Secret>;

/// A user that has proven who it is. Only [`verify_xauth`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XauthUser(String);

impl XauthUser {
    /// The user's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The name as an identity: who an inside address is lent to.
    #[must_use]
    pub fn identity(&self) -> Identity {
        Identity::KeyId(self.0.as_bytes().to_vec())
    }

    /// The proof that somebody is this user, where nothing else has proven who it is (hybrid authentication).
    #[must_use]
    pub fn proven(&self) -> Proven {
        Proven::new(self.identity())
    }
}

/// Why a user is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTheUser {
    /// Nobody is called so.
    #[error("no user is called \"{0}\"")]
    Unknown(String),
    /// The password is another one.
    #[error("the password of \"{0}\" is wrong")]
    Password(String),
}

/// Checks a password, in constant time.
///
/// # Errors
/// When there is no such user, or the password is another one.
pub fn verify_xauth(users: &XauthUsers, name: &str, password: &Secret) -> Result<XauthUser, NotTheUser> {
    let known = users.get(name).ok_or_else(|| NotTheUser::Unknown(name.to_owned()))?;
    if known == password {
        Ok(XauthUser(name.to_owned()))
    } else {
        Err(NotTheUser::Password(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_believed_with_the_password_and_without_it_is_not() {
        let users = XauthUsers::from([("alice".to_owned(), Secret::from(&b"wonder"[..]))]);
        let check = |name: &str, password: &[u8]| verify_xauth(&users, name, &Secret::from(password));
        assert_eq!(check("alice", b"wonder").unwrap().name(), "alice");
        assert_eq!(check("alice", b"wonderland"), Err(NotTheUser::Password("alice".to_owned())));
        assert_eq!(check("bob", b"wonder"), Err(NotTheUser::Unknown("bob".to_owned())));
    }
}

//! XAUTH (draft-beaulieu-ike-xauth-02): the server asks the client who uses it. A shared key of a group, or a certificate of
//! the server alone, so lets each user in by its own password.
//!
//! ```text
//! server                                  client
//! ATTR(REQUEST: type, name, password) -->
//!                                     <-- ATTR(REPLY: type, name, password)
//! ATTR(SET: status)                   -->                                     or the question once more
//!                                     <-- ATTR(ACK: status)
//! ```

use ipsec_auth::{XauthUser, verify_xauth};
use ipsec_crypto::Secret;
use ipsec_wire::registry::v1::ConfigAttribute as Class;
use ipsec_wire::v1::{Attribute, Configuration, Value};

use super::transaction::Purpose;
use crate::config::Xauth;
use crate::effect::Effect;
use crate::event::Event;
use crate::refusal::Failure;
use crate::sa::{Gate, IsakmpSa};

/// What came of the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The user is who it says it is.
    Proven(XauthUser),
    /// It is not: why.
    Refused(String),
}

/// The kind of authentication in which the password is told as it is (§6.2).
const GENERIC: u16 = 0;

/// The values of the status (§6.2).
const FAIL: u16 = 0;
const OK: u16 = 1;

/// What the server asks.
pub(super) fn question() -> Vec<Attribute> {
    vec![
        Attribute::basic(Class::XAUTH_TYPE.0, GENERIC),
        Attribute::variable(Class::XAUTH_USER_NAME.0, []),
        Attribute::variable(Class::XAUTH_USER_PASSWORD.0, []),
    ]
}

/// What the server tells of the outcome.
pub(super) fn status(verdict: &Verdict) -> Vec<Attribute> {
    let status = if matches!(verdict, Verdict::Proven(_)) { OK } else { FAIL };
    vec![Attribute::basic(Class::XAUTH_STATUS.0, status)]
}

/// What follows from the client's answer to the question that was asked for the `count`th time.
pub(super) fn answered(sa: &IsakmpSa, reply: &Configuration, count: u32) -> Vec<Effect> {
    let Some(Xauth::Server { users, tries }) = &sa.connection.xauth else { return Vec::new() };
    let octets = |class| match reply.value(class) {
        Some(Value::Variable(octets)) => Some(octets.as_slice()),
        _ => None,
    };
    let refused = match (octets(Class::XAUTH_USER_NAME), octets(Class::XAUTH_USER_PASSWORD)) {
        (Some(name), Some(password)) => {
            let name = String::from_utf8_lossy(name);
            match verify_xauth(users, &name, &Secret::from(password)) {
                Ok(user) => return vec![Effect::Transact(Purpose::TellUser(Verdict::Proven(user)))],
                Err(why) => why.to_string(),
            }
        }
        // It says so by a status in the answer, or by leaving out what was asked (§5).
        _ => "the client gives no name and password".to_owned(),
    };
    let purpose = match count < *tries && reply.value(Class::XAUTH_STATUS).is_none() {
        true => Purpose::AskUser(count + 1),
        false => Purpose::TellUser(Verdict::Refused(refused)),
    };
    vec![Effect::Report(Event::Probe("ikev1.xauth.wrong")), Effect::Transact(purpose)]
}

/// What follows when the client has acknowledged the outcome.
pub(super) fn acknowledged(verdict: &Verdict) -> Vec<Effect> {
    match verdict {
        Verdict::Proven(user) => vec![Effect::User(user.clone()), Effect::Pass],
        Verdict::Refused(why) => vec![Effect::Fail(Failure::User(why.clone()))],
    }
}

/// The client's answer to the question: the next of the passwords that there are, as long as there is one.
pub(super) fn answer(sa: &IsakmpSa, asked: &Configuration) -> (Vec<Attribute>, Vec<Effect>) {
    let kind = asked.value(Class::XAUTH_TYPE).and_then(Value::number).unwrap_or_default();
    let password = match &sa.connection.xauth {
        Some(Xauth::Client { user, passwords }) if kind == u64::from(GENERIC) && sa.is_at(Gate::User) => {
            let index = usize::try_from(sa.user_asked).unwrap_or(usize::MAX);
            passwords.get(index).map(|password| (user, password))
        }
        _ => None,
    };
    let Some((user, password)) = password else {
        return (vec![Attribute::basic(Class::XAUTH_STATUS.0, FAIL)], Vec::new());
    };
    let answer = vec![
        Attribute::basic(Class::XAUTH_TYPE.0, GENERIC),
        Attribute::variable(Class::XAUTH_USER_NAME.0, user.as_bytes()),
        Attribute::variable(Class::XAUTH_USER_PASSWORD.0, password.as_bytes()),
    ];
    (answer, vec![Effect::Asked])
}

/// The client's acknowledgement of the outcome.
pub(super) fn outcome(sa: &IsakmpSa, told: &Configuration) -> (Vec<Attribute>, Vec<Effect>) {
    let status = told.value(Class::XAUTH_STATUS).and_then(Value::number);
    let acknowledged = vec![Attribute::variable(Class::XAUTH_STATUS.0, [])];
    let effects = match (status, &sa.connection.xauth) {
        (Some(status), Some(Xauth::Client { user, .. })) if sa.is_at(Gate::User) => {
            if status == u64::from(OK) {
                vec![Effect::Pass]
            } else {
                vec![Effect::Fail(Failure::User(format!("the server does not believe \"{user}\"")))]
            }
        }
        _ => Vec::new(),
    };
    (acknowledged, effects)
}

//! Who uses the client of an IKE configuration of version 1, and what the server knows of that (XAUTH).

use ipsec::auth::XauthUsers;
use ipsec::crypto::Secret;
use ipsec::ikev1::Xauth;

use super::problems::Problems;
use crate::diagnostic::Problem;
use crate::file::nouns;
use crate::file::scenario::IkeEnd;

/// The most often that a server may ask.
const MOST_TRIES: i64 = 100;

/// Tells each end its part: the client is the first one unless the file says otherwise.
pub(super) fn resolve(noun: &nouns::Ike, ends: &mut [IkeEnd; 2], problems: &mut Problems) {
    if let Some(push) = noun.push.as_ref().filter(|_| ends.iter().any(|end| end.older.is_none())) {
        let problem = Problem::at(push.span(), "in IKE version 2 a client asks for its address");
        problems.add(problem.help("`push` goes with `version = 1`"));
    }
    let Some(told) = &noun.xauth else { return };
    let what = told.get_ref();
    if ends.iter().any(|end| end.older.is_none()) {
        let problem = Problem::at(told.span(), "IKE version 2 has no XAUTH");
        problems.add(problem.help("`xauth` goes with `version = 1`; version 2 has `auth = { eap = … }`"));
        return;
    }
    let (Some(user), Some(password)) = (&what.user, &what.password) else {
        let problem = Problem::at(told.span(), "`xauth` does not say who uses the client");
        problems.add(problem.label("expected `user` and `password`"));
        return;
    };
    let client = match &what.client {
        None => Some(0),
        Some(client) => ends.iter().position(|end| end.peer == *client.get_ref()).or_else(|| {
            let problem = Problem::at(client.span(), format!("`{}` is no end here", client.get_ref()));
            problems.add(problem.label(format!("expected `{}` or `{}`", ends[0].peer, ends[1].peer)));
            None
        }),
    };
    let tries = problems.number_or(what.tries.as_ref(), 1..=MOST_TRIES, "a number of tries", 1);
    let Some(client) = client else { return };
    let secret = |text: &str| Secret::from(text.as_bytes());
    let mistakes = what.mistakes.iter().flat_map(|list| &list.0).map(|text| secret(text.get_ref()));
    let passwords = mistakes.chain([secret(password.get_ref())]).collect();
    let users = XauthUsers::from([(user.get_ref().clone(), secret(password.get_ref()))]);
    ends[client].xauth = Some(Xauth::Client { user: user.get_ref().clone(), passwords });
    ends[1 - client].xauth = Some(Xauth::Server { users, tries });
}

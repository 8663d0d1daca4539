//! How IKE SAs and their children begin, and what follows when one ends: what an end is told, or else both, or else the
//! default of the protocol.

use std::time::Duration;

use ipsec::ikev2::{Gateway, RedirectPolicy};
use toml::Spanned;

use super::problems::Problems;
use crate::diagnostic::Problem;
use crate::file::nouns::{self, Text};
use crate::file::scenario::{ChildLife, IkeLife, Peer, TicketGrant};
use crate::quantity;

/// The most attempts that can be asked for.
pub(super) const MOST_ATTEMPTS: i64 = 100;

/// What the end of an IKE configuration with these keys of its own is told.
pub(super) fn ike_life(
    both: &nouns::Ike,
    own: Option<&nouns::IkeEnd>,
    peers: &[Peer],
    problems: &mut Problems,
) -> IkeLife {
    let childless = own.and_then(|own| own.childless).or(both.childless);
    let unique = own.and_then(|own| own.unique).or(both.unique);
    let reauthentication = own.and_then(|own| own.reauthentication).or(both.reauthentication);
    let on_loss = own.and_then(|own| own.on_loss).or(both.on_loss);
    let lifetime = own.and_then(|own| own.authentication_lifetime.as_ref());
    IkeLife {
        childless: childless.map(Into::into).unwrap_or_default(),
        unique: unique.map(Into::into).unwrap_or_default(),
        reauthentication: reauthentication.map(Into::into).unwrap_or_default(),
        authentication_lifetime: seconds(lifetime.or(both.authentication_lifetime.as_ref()), problems),
        on_loss: on_loss.map(Into::into).unwrap_or_default(),
        follows_redirects: own
            .and_then(|own| own.follows_redirects)
            .or(both.follows_redirects)
            .unwrap_or_default(),
        resumes: own.and_then(|own| own.resumes).or(both.resumes).unwrap_or_default(),
        synchronises: own
            .and_then(|own| own.synchronises)
            .or(both.synchronises)
            .map(Into::into)
            .unwrap_or_default(),
        redirect: own.and_then(|own| own.redirect.as_ref()).and_then(|noun| redirect(noun, peers, problems)),
    }
}

/// How long a ticket can be used unless the file says otherwise.
const TICKET_LIFETIME: Duration = Duration::from_secs(3600);

/// How a peer grants tickets.
pub(super) fn tickets(noun: &nouns::Tickets, problems: &mut Problems) -> TicketGrant {
    TicketGrant {
        lifetime: seconds(noun.lifetime.as_ref(), problems).unwrap_or(TICKET_LIFETIME),
        at_once: noun.at_once.unwrap_or(true),
    }
}

/// What the end of a child with these keys of its own is told.
pub(super) fn child_life(
    both: &nouns::Child,
    own: Option<&nouns::ChildEnd>,
    problems: &mut Problems,
) -> ChildLife {
    let attempts = own.and_then(|own| own.attempts.as_ref()).or(both.attempts.as_ref());
    let on_close = own.and_then(|own| own.on_close).or(both.on_close);
    ChildLife {
        start: own.is_some_and(|own| own.start),
        attempts: problems.number_or(attempts, 1..=MOST_ATTEMPTS, "a number of attempts", 1),
        on_close: on_close.map(Into::into).unwrap_or_default(),
    }
}

/// A peer by its name, or else a gateway by its address or its domain name, which is `NAME.example` for the peer `NAME`.
fn redirect(
    noun: &Spanned<nouns::Redirect>,
    peers: &[Peer],
    problems: &mut Problems,
) -> Option<RedirectPolicy> {
    let Some(to) = &noun.get_ref().to else {
        let problem = Problem::at(noun.span(), "the redirect leads nowhere");
        problems.add(problem.label("expected `to = \"…\"`, a peer, an address or a domain name"));
        return None;
    };
    let gateway = |text: &str| match peers.iter().find(|peer| peer.name == text) {
        Some(peer) => Ok(Gateway::Address(peer.address)),
        None => match text.parse() {
            Ok(address) => Ok(Gateway::Address(address)),
            Err(_) if text.contains('.') && text.len() <= 255 => Ok(Gateway::Name(text.to_owned())),
            Err(_) => {
                let names: Vec<&str> = peers.iter().map(|peer| peer.name.as_str()).collect();
                let names = names.join(", ");
                Err(format!("`{text}` is no gateway: write a peer ({names}), an address or a domain name"))
            }
        },
    };
    let to = problems.read(to, gateway)?;
    Some(RedirectPolicy { to, during: noun.get_ref().during.unwrap_or_default().into() })
}

/// A time that goes over the wire in whole seconds (RFC 4478 §3, RFC 5723 §7.1).
fn seconds(text: Option<&Text>, problems: &mut Problems) -> Option<Duration> {
    let read = |text: &str| match quantity::duration(text)? {
        time if time.is_zero() || time.subsec_nanos() != 0 => {
            Err(format!("\"{text}\" is not one or more whole seconds"))
        }
        time => Ok(time),
    };
    text.and_then(|text| problems.read(text, read))
}

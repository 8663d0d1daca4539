//! What an adapter is told of its peer: a file of TOML with a key and a text in each line, so that a shell can read it too.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use ipsec::auth::{Identity, IdentityPattern};
use ipsec::ikev1::Mode as Phase1;
use ipsec::ikev2::Childless;

use super::super::daemon::inner_addresses;
use super::super::strongswan::hex;
use crate::build::Built;
use crate::file::{ChildEnd, Demand, Ike, IkeEnd, Mode, Peer, Proof, Scenario};
use crate::run::Watch;

/// The file's name.
pub(super) const FILE: &str = "peer.toml";

/// What of a scenario the contract has no words for, in the place of this peer.
pub(in super::super) fn unsupported(scenario: &Scenario, peer: &str) -> Option<String> {
    let own = |end: &str| end == peer;
    if scenario.manual.iter().flat_map(|manual| &manual.ends).any(|end| own(&end.peer)) {
        return Some("the contract has no manual SAs".into());
    }
    let ends = scenario.ikes.iter().flat_map(|ike| &ike.ends).filter(|end| own(&end.peer));
    let children = scenario.children.iter().flat_map(|child| &child.ends).filter(|end| own(&end.peer));
    ends.filter_map(end_unsupported).chain(children.filter_map(child_unsupported)).next().map(str::to_owned)
}

fn end_unsupported(end: &IkeEnd) -> Option<&'static str> {
    let told = &end.authentication;
    let proof = matches!(told.proof, Proof::Psk(_) | Proof::Certificate(_));
    let demand = matches!(told.demand, Demand::Psk(_) | Demand::Certificate { .. });
    if !proof
        || !demand
        || !told.further.is_empty()
        || !told.further_demands.is_empty()
        || end.xauth.is_some()
    {
        return Some("the contract has one shared key or certificate at each end");
    }
    if !end.asks.is_empty() || !end.assigns.is_empty() {
        return Some("the contract has no inside addresses");
    }
    if end.quantum.ppk.is_some() || end.life.resumes || end.life.follows_redirects {
        return Some("the contract has no PPKs, no tickets and no redirection");
    }
    match end.expects {
        IdentityPattern::Exactly(_) | IdentityPattern::Any => None,
        _ => Some("the contract expects one identity, or any"),
    }
}

fn child_unsupported(end: &ChildEnd) -> Option<&'static str> {
    let terms = &end.terms;
    if terms.on_demand
        || terms.single_pair
        || !terms.labels.is_empty()
        || terms.resources > 0
        || !terms.names.is_empty()
    {
        return Some("the contract has children that are for networks, and are asked for");
    }
    None
}

/// Writes it, and the credentials that it names, into `folder`.
pub(super) fn write(scenario: &Scenario, peer: &Peer, built: &Built<Watch>, folder: &Path) -> io::Result<()> {
    let mut lines = Lines::default();
    lines.add("peer.name", &peer.name);
    lines.add("peer.addresses", join(peer.addresses.iter().map(|own| own.address)));
    lines.add("peer.protects", join(&peer.protects));
    lines.add("peer.inside", join(inner_addresses(scenario, peer)));
    lines.add("peer.half-open", seconds(Some(peer.half_open_timeout)));
    for ike in &scenario.ikes {
        let Some(end) = ike.ends.iter().find(|end| end.peer == peer.name) else { continue };
        add_ike(&mut lines, ike, end);
        add_credentials(&mut lines, ike, end, built, folder)?;
        for child in scenario.children.iter().filter(|child| child.ike == ike.name) {
            if let Some(own) = child.ends.iter().find(|own| own.peer == peer.name) {
                add_child(&mut lines, &child.name, &ike.name, own);
            }
        }
    }
    fs::write(folder.join(FILE), lines.0)
}

/// Lines `key = "text"`.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn add(&mut self, key: &str, text: impl AsRef<str>) {
        let text = text.as_ref().replace('\\', "\\\\").replace('"', "\\\"");
        let _ = writeln!(self.0, "{key} = \"{text}\"");
    }
}

fn add_ike(lines: &mut Lines, ike: &Ike, end: &IkeEnd) {
    let mut add = |key: &str, text: String| lines.add(&format!("ike.{}.{key}", ike.name), text);
    add("version", if end.older.is_some() { "1" } else { "2" }.to_owned());
    if let Some(mode) = end.older {
        add("mode", if mode == Phase1::Aggressive { "aggressive" } else { "main" }.to_owned());
    }
    add("remote", end.remote.map_or("any".to_owned(), |remote| remote.to_string()));
    add("offer", join(&end.offer));
    add("identity", identity(&end.authentication.identity));
    add(
        "expects",
        match &end.expects {
            IdentityPattern::Exactly(expected) => identity(expected),
            _ => "any".to_owned(),
        },
    );
    add("liveness", seconds(end.liveness));
    add("lifetime", seconds(ike.lifetime.hard.time));
    add("retransmit.first", milliseconds(ike.retransmission.first));
    add("retransmit.tries", ike.retransmission.tries.to_string());
    add("fragments", yes(end.fragments.as_ref().is_none_or(|sizes| !sizes.is_empty())));
    add("mobike", yes(end.mobility.mobike));
    add("encapsulate", yes(end.nat.encapsulate));
    add(
        "childless",
        match end.life.childless {
            Childless::Refuse => "refuse",
            Childless::Allow => "allow",
            Childless::Require => "require",
        }
        .to_owned(),
    );
}

/// The shared key, or files with certificates and the private key, in DER.
fn add_credentials(
    lines: &mut Lines,
    ike: &Ike,
    end: &IkeEnd,
    built: &Built<Watch>,
    folder: &Path,
) -> io::Result<()> {
    let mut add = |key: &str, text: String| lines.add(&format!("ike.{}.{key}", ike.name), text);
    match &end.authentication.proof {
        Proof::Psk(own) => add("psk", hex(own.as_bytes())),
        Proof::Certificate(names) => {
            for (name, own) in names.iter().filter_map(|name| Some((name, built.credential(name)?))).take(1) {
                fs::write(folder.join("key.der"), own.signer.to_pkcs8().as_bytes())?;
                let mut chain = Vec::new();
                for (index, certificate) in own.chain.iter().enumerate() {
                    let file = format!("{name}-{index}.der");
                    fs::write(folder.join(&file), certificate.der())?;
                    chain.push(file);
                }
                add("key", "key.der".to_owned());
                add("certificates", chain.join(" "));
            }
        }
        _ => {}
    }
    match &end.authentication.demand {
        Demand::Psk(other) => add("peer-psk", hex(other.as_bytes())),
        Demand::Certificate { authorities, .. } => {
            let mut files = Vec::new();
            for (name, anchor) in authorities.iter().filter_map(|name| Some((name, built.authority(name)?))) {
                let file = format!("{name}-authority.der");
                fs::write(folder.join(&file), anchor.der())?;
                files.push(file);
            }
            add("authorities", files.join(" "));
        }
        _ => {}
    }
    Ok(())
}

fn add_child(lines: &mut Lines, name: &str, ike: &str, end: &ChildEnd) {
    let mut add = |key: &str, text: String| lines.add(&format!("child.{name}.{key}"), text);
    add("ike", ike.to_owned());
    add("mode", if end.mode == Mode::Transport { "transport" } else { "tunnel" }.to_owned());
    add("local", join(&end.local));
    add("remote", join(&end.remote));
    add("offer", join(&end.offer));
    add("life.time", seconds(end.lifetime.hard.time));
    add("life.margin", end.lifetime.margin.to_string());
    add("life.octets", end.lifetime.hard.octets.unwrap_or(0).to_string());
    add("life.packets", end.lifetime.hard.packets.unwrap_or(0).to_string());
    add("rekey", yes(end.rekey));
    add("replay", end.replay_window.to_string());
    add("start", yes(end.life.start));
}

/// With its type, so that nothing is left to guess.
fn identity(identity: &Identity) -> String {
    match identity {
        Identity::Address(address) => format!("address:{address}"),
        Identity::Fqdn(name) => format!("fqdn:{name}"),
        Identity::Email(name) => format!("email:{name}"),
        Identity::Dn(der) => format!("dn:{}", hex(der)),
        Identity::KeyId(octets) => format!("keyid:{}", hex(octets)),
        Identity::Null | Identity::Other(..) => "any".into(),
    }
}

fn join<T: ToString>(all: impl IntoIterator<Item = T>) -> String {
    all.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" ")
}

fn yes(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.to_owned()
}

/// Whole seconds, at least one; 0 is never.
fn seconds(duration: Option<Duration>) -> String {
    duration.map_or(0, |duration| duration.as_secs().max(1)).to_string()
}

fn milliseconds(duration: Duration) -> String {
    duration.as_millis().to_string()
}

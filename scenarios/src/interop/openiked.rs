//! OpenIKED as a peer: from the nouns of a scenario to `iked.conf`.
//!
//! It hands its SAs to the kernel over PF_KEY (RFC 2367), so that it runs only where the kernel has that: elsewhere, as in most
//! kernels of Linux that are made for virtual machines, what is left is to have it check what it would be told.

#[cfg(test)]
use std::io;
use std::path::Path;
use std::process::Command as Program;

use ipsec::auth::{Identity, IdentityPattern};

use super::strongswan::hex;
use crate::file::{ChildEnd, Demand, Ike, IkeEnd, Mode, Peer, Proof, Scenario};
use crate::story::{Act, Sentence};

/// The daemon.
const IKED: &str = "/usr/sbin/iked";

/// Where a kernel tells of its sockets of PF_KEY, if it has any.
const PF_KEY: &str = "/proc/net/pfkey";

/// Keywords of ours, with what it calls them in proposals of IKE and in those of children; nothing where it does not have them.
const NAMES: [(&str, &str, Option<&str>, Option<&str>); 37] = [
    ("aes128", "enc", Some("aes-128"), Some("aes-128")),
    ("aes192", "enc", Some("aes-192"), Some("aes-192")),
    ("aes256", "enc", Some("aes-256"), Some("aes-256")),
    ("3des", "enc", Some("3des"), Some("3des")),
    ("aes128gcm16", "enc", Some("aes-128-gcm"), Some("aes-128-gcm")),
    ("aes192gcm16", "enc", None, Some("aes-192-gcm")),
    ("aes256gcm16", "enc", Some("aes-256-gcm"), Some("aes-256-gcm")),
    ("aes128gcm12", "enc", Some("aes-128-gcm-12"), None),
    ("aes256gcm12", "enc", Some("aes-256-gcm-12"), None),
    ("aes128ctr", "enc", None, Some("aes-128-ctr")),
    ("chacha20poly1305", "enc", None, Some("chacha20-poly1305")),
    ("md5", "auth", Some("hmac-md5"), Some("hmac-md5")),
    ("sha1", "auth", Some("hmac-sha1"), Some("hmac-sha1")),
    ("sha256", "auth", Some("hmac-sha2-256"), Some("hmac-sha2-256")),
    ("sha384", "auth", Some("hmac-sha2-384"), Some("hmac-sha2-384")),
    ("sha512", "auth", Some("hmac-sha2-512"), Some("hmac-sha2-512")),
    ("prfmd5", "prf", Some("hmac-md5"), None),
    ("prfsha1", "prf", Some("hmac-sha1"), None),
    ("prfsha256", "prf", Some("hmac-sha2-256"), None),
    ("prfsha384", "prf", Some("hmac-sha2-384"), None),
    ("prfsha512", "prf", Some("hmac-sha2-512"), None),
    ("modp1024", "group", Some("modp1024"), Some("modp1024")),
    ("modp1536", "group", Some("modp1536"), Some("modp1536")),
    ("modp2048", "group", Some("modp2048"), Some("modp2048")),
    ("modp3072", "group", Some("modp3072"), Some("modp3072")),
    ("modp4096", "group", Some("modp4096"), Some("modp4096")),
    ("modp6144", "group", Some("modp6144"), Some("modp6144")),
    ("modp8192", "group", Some("modp8192"), Some("modp8192")),
    ("ecp256", "group", Some("ecp256"), Some("ecp256")),
    ("ecp384", "group", Some("ecp384"), Some("ecp384")),
    ("ecp521", "group", Some("ecp521"), Some("ecp521")),
    ("ecp256bp", "group", Some("brainpool256"), Some("brainpool256")),
    ("ecp384bp", "group", Some("brainpool384"), Some("brainpool384")),
    ("ecp512bp", "group", Some("brainpool512"), Some("brainpool512")),
    ("x25519", "group", Some("curve25519"), Some("curve25519")),
    ("esn", "", None, Some("esn")),
    ("noesn", "", None, Some("noesn")),
];

/// What this machine lacks to have it, in a sentence; nothing when it lacks nothing.
pub(super) fn missing() -> Option<String> {
    (!Path::new(IKED).is_file()).then(|| format!("OpenIKED lacks {IKED} here: apt-get install openiked"))
}

/// What it says that it is.
pub(super) fn version() -> String {
    let said = Program::new(IKED).arg("-V").output().map(|said| [said.stdout, said.stderr].concat());
    said.map_or_else(|error| error.to_string(), |said| String::from_utf8_lossy(&said).trim().to_owned())
}

/// Why it does not play this peer.
pub(super) fn unsupported(scenario: &Scenario, peer: &Peer) -> String {
    match configuration(scenario, peer) {
        Err(why) => why,
        Ok(_) if !Path::new(PF_KEY).exists() => {
            "OpenIKED hands its SAs to the kernel over PF_KEY, which this kernel lacks".to_owned()
        }
        Ok(_) => "OpenIKED is configured here, but not run".to_owned(),
    }
}

/// Has it check a file with its configuration.
///
/// # Errors
/// With what it says when it refuses.
#[cfg(test)]
fn check(file: &Path) -> io::Result<()> {
    let said = Program::new(IKED).arg("-n").arg("-f").arg(file).output()?;
    match said.status.success() {
        true => Ok(()),
        false => Err(io::Error::other(String::from_utf8_lossy(&said.stderr).into_owned())),
    }
}

/// Its configuration, a policy for each child.
///
/// # Errors
/// What of the scenario it cannot do in the place of this peer.
fn configuration(scenario: &Scenario, peer: &Peer) -> Result<String, String> {
    let mut policies = String::new();
    for ike in &scenario.ikes {
        let Some(end) = ike.ends.iter().find(|end| end.peer == peer.name) else { continue };
        if end.older.is_some() {
            return Err("OpenIKED speaks version 2 only".to_owned());
        }
        for child in scenario.children.iter().filter(|child| child.ike == ike.name) {
            let Some(own) = child.ends.iter().find(|own| own.peer == peer.name) else { continue };
            let initiates = |sentence: &Sentence| matches!(sentence, Sentence::Act(Act::Initiate { peer: who, child: what }) if *who == peer.name && *what == child.name);
            let part = if scenario.story.steps.iter().any(|step| initiates(&step.sentence)) {
                "active"
            } else {
                "passive"
            };
            policies += &format!("ikev2 \"{}\" {part} {}\n", child.name, policy(peer, ike, end, own)?);
        }
    }
    if policies.is_empty() {
        return Err("OpenIKED has no IKE SAs without children, and no manual SAs".to_owned());
    }
    Ok(policies)
}

/// What stands behind the name of a policy, in the order that its grammar wants.
fn policy(peer: &Peer, ike: &Ike, end: &IkeEnd, child: &ChildEnd) -> Result<String, String> {
    let mut words = vec![if child.mode == Mode::Transport { "transport" } else { "tunnel" }.to_owned()];
    words.push("esp".to_owned());
    for local in &child.local {
        words.extend(child.remote.iter().map(|remote| format!("from {local} to {remote}")));
    }
    if let Some(own) = peer.addresses.first() {
        words.push(format!("local {}", own.address));
    }
    words.push(end.remote.map_or("peer any".to_owned(), |remote| format!("peer {remote}")));
    for offer in &end.offer {
        words.push(format!("ikesa{}", proposal(&offer.to_string(), true)?));
    }
    for offer in &child.offer {
        words.push(format!("childsa{}", proposal(&offer.to_string(), false)?));
    }
    words.push(format!("srcid {}", identity(&end.authentication.identity)?));
    if let IdentityPattern::Exactly(expected) = &end.expects {
        words.push(format!("dstid {}", identity(expected)?));
    }
    let lives = [("ikelifetime", ike.lifetime.hard.time), ("lifetime", child.lifetime.hard.time)];
    let limited = lives.into_iter().filter_map(|(word, time)| Some((word, time?.as_secs())));
    words.extend(limited.map(|(word, seconds)| format!("{word} {seconds}")));
    match (&end.authentication.proof, &end.authentication.demand) {
        (Proof::Psk(own), Demand::Psk(other)) if own == other => {
            words.push(format!("psk 0x{}", hex(own.as_bytes())));
        }
        (Proof::Certificate(_), Demand::Certificate { .. }) => words.push("rfc7427".to_owned()),
        _ => {
            return Err(
                "the adapter of OpenIKED knows one shared key, and certificates on both sides".to_owned()
            );
        }
    }
    Ok(words.join(" "))
}

/// A proposal in its words.
fn proposal(ours: &str, is_for_ike: bool) -> Result<String, String> {
    let mut words = String::new();
    for keyword in ours.split('-') {
        let known = NAMES.iter().find(|(own, ..)| *own == keyword);
        let name =
            known.and_then(|(_, kind, ike, child)| Some((*kind, (if is_for_ike { *ike } else { *child })?)));
        match name {
            Some(("", name)) => words += &format!(" {name}"),
            Some((kind, name)) => words += &format!(" {kind} {name}"),
            None => {
                let of = if is_for_ike { "IKE" } else { "children" };
                return Err(format!("OpenIKED 7.2 has no {keyword} in proposals of {of}"));
            }
        }
    }
    Ok(words)
}

fn identity(identity: &Identity) -> Result<String, String> {
    match identity {
        Identity::Address(address) => Ok(address.to_string()),
        Identity::Fqdn(name) | Identity::Email(name) => Ok(name.clone()),
        other => Err(format!("the adapter of OpenIKED has no identities such as {other}")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;

    use super::*;
    use crate::file::load_all;

    /// What each peer of the scenarios for real daemons would be told, with the name of its case.
    fn all() -> Vec<(String, Result<String, String>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop");
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let mut told = Vec::new();
        for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "toml")) {
            for (path, scenario) in load_all(file).unwrap() {
                let name = path.rsplit('/').next().unwrap().to_owned();
                let named = |peer: &Peer| (format!("{name} {}", peer.name), configuration(&scenario, peer));
                told.extend(scenario.peers.iter().map(named));
            }
        }
        told
    }

    #[test]
    fn a_policy_says_what_the_nouns_say() {
        let told: Vec<_> = all()
            .into_iter()
            .filter(|(name, _)| name.starts_with("psk.") || name.starts_with("ipv6."))
            .collect();
        insta::assert_snapshot!(
            told.into_iter().map(|(name, told)| format!("{name}: {}", told.unwrap())).collect::<String>()
        );
    }

    #[test]
    fn openiked_takes_each_of_its_configurations() {
        let required = std::env::var("ESPLANADE_INTEROP").is_ok_and(|value| value == "required");
        let missing = missing();
        assert!(missing.is_none() || !required, "{missing:?}");
        let told: Vec<(String, String)> =
            all().into_iter().filter_map(|(name, told)| Some((name, told.ok()?))).collect();
        assert!(told.len() > 60, "{}", told.len());
        if missing.is_some() {
            return;
        }
        // It reads only what nobody else can.
        let file = std::env::temp_dir().join(format!("esplanade-iked-{}.conf", std::process::id()));
        fs::write(&file, told.iter().map(|(_, policies)| policies.as_str()).collect::<String>()).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let checked = check(&file);
        fs::remove_file(&file).unwrap();
        checked.unwrap();
    }
}

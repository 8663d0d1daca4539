//! From the nouns of a scenario to what strongSwan is configured with: `strongswan.conf`, `swanctl.conf`, and its credentials.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use ipsec::auth::eap::EapMethod;
use ipsec::auth::{Identity, IdentityPattern};
use ipsec::ikev1::{self, Xauth};
use ipsec::ikev2::{Childless, OnClose, OnLoss, Reauthentication, Uniqueness};
use ipsec::wire::registry::ConfigAttributeType;
use ipsec::wire::v2::ConfigValue;

use super::super::vici::{Section, Value};
use super::{VICI, log, secrets};
use crate::build::Built;
use crate::file::{self, ChildEnd, Demand, Ike, IkeEnd, Peer, Proof, Scenario};
use crate::run::Watch;
use crate::story::{Act, Sentence};

/// What strongSwan is built of; what an installation lacks it leaves out.
const PLUGINS: &str = "aes sha1 sha2 md5 mgf1 random nonce x509 revocation constraints pubkey pkcs1 pkcs7 pkcs8 pkcs12 pem \
                       openssl hmac kdf cmac ctr ccm gcm drbg curve25519 chapoly xcbc gmp kernel-libipsec kernel-netlink \
                       socket-default vici eap-identity eap-mschapv2 eap-md5 eap-gtc xauth-generic";

/// Where `swanctl` looks for credentials.
const FOLDERS: [&str; 12] = [
    "x509", "x509ca", "x509crl", "x509ocsp", "x509aa", "x509ac", "private", "pubkey", "rsa", "ecdsa",
    "pkcs8", "pkcs12",
];

/// What of a scenario strongSwan, or its ESP in user space, cannot do in the place of this peer.
pub(in super::super) fn unsupported(scenario: &Scenario, peer: &str) -> Option<String> {
    let own = |end: &str| end == peer;
    if scenario.manual.iter().flat_map(|manual| &manual.ends).any(|end| own(&end.peer)) {
        return Some("VICI has no manual SAs".into());
    }
    let children = scenario.children.iter().flat_map(|child| &child.ends).filter(|end| own(&end.peer));
    let ends = scenario.ikes.iter().flat_map(|ike| &ike.ends).filter(|end| own(&end.peer));
    children
        .filter_map(child_unsupported)
        .chain(ends.filter_map(end_unsupported))
        .chain(scenario.story.steps.iter().filter_map(|step| act_unsupported(&step.sentence, peer)))
        .next()
        .map(str::to_owned)
}

fn child_unsupported(end: &ChildEnd) -> Option<&'static str> {
    let terms = &end.terms;
    if end.mode == file::Mode::Transport {
        return Some("kernel-libipsec carries tunnels only");
    }
    if end.offer.iter().any(|offer| offer.encryption.is_empty() || offer.bundle) {
        return Some("kernel-libipsec has no AH");
    }
    if end.offer.iter().any(|offer| offer.extended_sequence_numbers.contains(&true)) {
        return Some("kernel-libipsec has no sequence numbers of 64 bits");
    }
    if terms.on_demand || terms.single_pair {
        return Some("kernel-libipsec has no traps for packets without an SA");
    }
    if !terms.labels.is_empty() || terms.resources > 0 || !terms.names.is_empty() {
        return Some(
            "strongSwan 5.9 has no security labels without a kernel for them, and no SAs for resources",
        );
    }
    None
}

fn end_unsupported(end: &IkeEnd) -> Option<&'static str> {
    let told = &end.authentication;
    let raw = matches!(told.proof, Proof::RawKey(_) | Proof::Null | Proof::EapOnly);
    if raw || matches!(told.demand, Demand::RawKey(_) | Demand::Null | Demand::EapOnly) {
        return Some("the adapter has no raw keys, no NULL authentication and no EAP alone");
    }
    if !told.further.is_empty() || !told.further_demands.is_empty() {
        return Some("the adapter has one authentication in each direction");
    }
    if end.offer.iter().any(|offer| offer.additional.iter().any(|list| !list.is_empty())) {
        return Some("strongSwan 5.9 has no additional key exchanges (RFC 9370)");
    }
    if end.quantum.ppk.is_some() || end.life.resumes {
        return Some("the adapter has no preshared keys against quantum computers and no resumption");
    }
    match end.expects {
        IdentityPattern::Exactly(_) | IdentityPattern::Any => None,
        _ => Some("the adapter expects one identity, or any"),
    }
}

fn act_unsupported(sentence: &Sentence, peer: &str) -> Option<&'static str> {
    let Sentence::Act(act) = sentence else { return None };
    let (who, why) = match act {
        Act::Crash { peer } | Act::Restart { peer } => (peer, "the adapter does not restart the daemon"),
        Act::Forget { peer, .. } => (peer, "strongSwan forgets no IKE SA without a word"),
        Act::Check { peer, .. } => (peer, "VICI has no order to ask whether the other end is alive"),
        Act::Redirect { peer, .. } => (peer, "the adapter has no redirection"),
        Act::AskConfiguration { peer, .. } => (peer, "VICI has no order to ask for configuration again"),
        Act::UpdateStandby { peer } | Act::FailOver { peer } => (peer, "the adapter has no clusters"),
        _ => return None,
    };
    (who == peer).then_some(why)
}

/// Writes everything into `folder`.
pub(super) fn write(scenario: &Scenario, peer: &Peer, built: &Built<Watch>, folder: &Path) -> io::Result<()> {
    for own in FOLDERS {
        fs::create_dir_all(folder.join(own))?;
    }
    fs::write(folder.join("strongswan.conf"), render(&daemon(scenario, peer, folder)))?;
    fs::write(folder.join("swanctl.conf"), render(&connections(scenario, peer)))?;
    let ends = scenario.ikes.iter().flat_map(|ike| &ike.ends).filter(|end| end.peer == peer.name);
    for end in ends {
        if let Proof::Certificate(names) = &end.authentication.proof {
            for (name, credential) in names.iter().filter_map(|name| Some((name, built.credential(name)?))) {
                let key = credential.signer.to_pkcs8();
                fs::write(folder.join(format!("private/{name}.der")), key.as_bytes())?;
                for (index, certificate) in credential.chain.iter().enumerate() {
                    fs::write(folder.join(certificate_file(name, index)), certificate.der())?;
                }
            }
        }
        if let Demand::Certificate { authorities, .. } = &end.authentication.demand {
            for (name, anchor) in authorities.iter().filter_map(|name| Some((name, built.authority(name)?))) {
                fs::write(folder.join(format!("x509ca/{name}.der")), anchor.der())?;
            }
        }
    }
    for (index, list) in built.revocation_lists().iter().enumerate() {
        fs::write(folder.join(format!("x509crl/{index}.der")), list.der())?;
    }
    Ok(())
}

/// Where a certificate goes, or one of those above it, which is found when it is looked for.
fn certificate_file(name: &str, index: usize) -> String {
    match index {
        0 => format!("x509/{name}.der"),
        _ => format!("x509/{name}-{index}.der"),
    }
}

/// A configuration as strongSwan's parser reads it.
fn render(section: &Section) -> String {
    let mut text = String::new();
    render_into(section, 0, &mut text);
    text
}

fn render_into(section: &Section, depth: usize, out: &mut String) {
    let indent = "    ".repeat(depth);
    for (key, value) in &section.0 {
        match value {
            Value::Text(text) => {
                let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
                let _ = writeln!(out, "{indent}{key} = \"{quoted}\"");
            }
            Value::List(items) => {
                let _ = writeln!(out, "{indent}{key} = {}", items.join(", "));
            }
            Value::Section(inner) => {
                let _ = writeln!(out, "{indent}{key} {{");
                render_into(inner, depth + 1, out);
                let _ = writeln!(out, "{indent}}}");
            }
        }
    }
}

/// `strongswan.conf`: how the daemon is.
fn daemon(scenario: &Scenario, peer: &Peer, folder: &Path) -> Section {
    let own = |ike: &&Ike| ike.ends.iter().any(|end| end.peer == peer.name);
    let ike = scenario.ikes.iter().find(own);
    let mut log_levels = Section::default().with("path", log(folder).display().to_string());
    for (key, value) in [("default", "1"), ("ike", "2"), ("cfg", "2"), ("enc", "1"), ("flush_line", "yes")] {
        log_levels.set(key, value);
    }
    let mut file_log = Section::default();
    file_log.add("log", log_levels);
    let mut plugins = Section::default();
    plugins.add("vici", Section::default().with("socket", format!("unix://{VICI}")));
    let mut charon = Section::default().with("load", PLUGINS);
    let aggressive_responder = "i_dont_care_about_security_and_use_aggressive_mode_psk";
    charon.set(aggressive_responder, "yes");
    charon.set("delete_rekeyed_delay", "1");
    charon.set("half_open_timeout", peer.half_open_timeout.as_secs().max(1).to_string());
    if peer.cookies != file::Cookies::WhenBusy {
        let from = if peer.cookies == file::Cookies::Always { "1" } else { "0" };
        charon.set("cookie_threshold", from);
    }
    if let Some(ike) = ike {
        let repeats = &ike.retransmission;
        charon.set("retransmit_timeout", decimal(repeats.first));
        charon.set("retransmit_limit", repeats.longest.as_secs().max(1).to_string());
        // What is counted there is what follows the first transmission.
        charon.set("retransmit_tries", repeats.tries.saturating_sub(1).to_string());
        let factor = u64::from(repeats.factor.part) * 100 / u64::from(repeats.factor.whole).max(1);
        charon.set("retransmit_base", format!("{}.{:02}", factor / 100, factor % 100));
    }
    if let Some(end) = ike.and_then(|ike| ike.ends.iter().find(|end| end.peer == peer.name)) {
        let before = end.life.reauthentication == Reauthentication::MakeBeforeBreak;
        charon.set("make_before_break", yes(before));
        charon.set("follow_redirects", yes(end.life.follows_redirects));
        charon.set("keep_alive", seconds(end.nat.keepalive));
        if let Some(size) = end.fragments.as_ref().and_then(|sizes| sizes.first()) {
            charon.set("fragment_size", size.to_string());
        }
    }
    charon.add("filelog", file_log);
    charon.add("plugins", plugins);
    let mut all = Section::default();
    all.add("charon-systemd", charon);
    let swanctl = Section::default().with("load", "pem pkcs1 pkcs8 x509 pubkey openssl random");
    all.add("swanctl", swanctl.with("socket", format!("unix://{VICI}")));
    all
}

/// `swanctl.conf`: connections, secrets and pools.
fn connections(scenario: &Scenario, peer: &Peer) -> Section {
    let (mut connections, mut secrets) = (Section::default(), Section::default());
    for ike in &scenario.ikes {
        let Some(side) = ike.ends.iter().position(|end| end.peer == peer.name) else { continue };
        connections.add(&ike.name, connection(scenario, peer, ike, side));
        secrets::add(ike, &ike.ends[side], &mut secrets);
    }
    let mut all = Section::default();
    all.add("connections", connections);
    all.add("secrets", secrets);
    let mut pools = Section::default();
    for pool in scenario.pools.iter().filter(|pool| pool.at == peer.name) {
        let ranges: Vec<String> = pool.addresses.iter().map(ToString::to_string).collect();
        let mut section = Section::default().with("addrs", ranges.join(","));
        let servers: Vec<String> = pool.tells.iter().filter_map(name_server).collect();
        if !servers.is_empty() {
            section.set("dns", servers.join(","));
        }
        pools.add(&pool.name, section);
    }
    all.add("pools", pools);
    all
}

fn name_server(told: &ipsec::wire::v2::ConfigAttribute) -> Option<String> {
    let is_one =
        [ConfigAttributeType::INTERNAL_IP4_DNS, ConfigAttributeType::INTERNAL_IP6_DNS].contains(&told.kind);
    match &told.value {
        ConfigValue::Ipv4(address) if is_one => Some(address.to_string()),
        ConfigValue::Ipv6(address) if is_one => Some(address.to_string()),
        _ => None,
    }
}

fn connection(scenario: &Scenario, peer: &Peer, ike: &Ike, side: usize) -> Section {
    let end = &ike.ends[side];
    let version = if end.older.is_some() { "1" } else { "2" };
    let own: Vec<String> = peer.addresses.iter().map(|own| own.address.to_string()).collect();
    let remote = end.remote.map_or("%any".to_owned(), |remote| remote.to_string());
    let mut section = Section::default().with("version", version);
    // The address that it begins with; with MOBIKE it may have any.
    section.set("local_addrs", if own.len() == 1 { own.join(",") } else { "%any".to_owned() });
    section.set("remote_addrs", remote);
    section.set(
        "proposals",
        end.offer.iter().map(|offer| ike_proposal(end, offer)).collect::<Vec<_>>().join(","),
    );
    section.set("aggressive", yes(end.older == Some(ikev1::Mode::Aggressive)));
    section.set("pull", yes(!end.push));
    section.set("mobike", yes(end.mobility.mobike));
    section.set("encap", yes(end.nat.encapsulate));
    section.set("dpd_delay", seconds(end.liveness));
    if let Some(liveness) = end.liveness.filter(|_| end.older.is_some()) {
        section.set("dpd_timeout", seconds(Some(liveness * 4)));
    }
    let cuts = match &end.fragments {
        None => end.older.is_none(),
        Some(sizes) => !sizes.is_empty(),
    };
    section.set("fragmentation", yes(cuts));
    section.set("childless", childless(scenario, peer, ike, end));
    section.set("unique", unique(end.life.unique));
    section.set(
        "rekey_time",
        seconds(ike.lifetime.hard.time.map(|hard| hard * (100 - u32::from(ike.lifetime.margin)) / 100)),
    );
    section.set(
        "over_time",
        seconds(ike.lifetime.hard.time.map(|hard| hard * u32::from(ike.lifetime.margin) / 100)),
    );
    section.set("rand_time", "0s");
    section.set("reauth_time", "0s");
    section.set("send_cert", "always");
    if !end.asks.is_empty() {
        let wishes: Vec<String> = end.asks.iter().filter_map(wish).collect();
        section.set("vips", wishes.join(","));
    }
    if !end.assigns.is_empty() {
        section.set("pools", end.assigns.join(","));
    }
    add_authentication(&mut section, end);
    let mut children = Section::default();
    for child in scenario.children.iter().filter(|child| child.ike == ike.name) {
        if let Some(own) = child.ends.iter().find(|own| own.peer == peer.name) {
            children.add(&child.name, child_section(end, own));
        }
    }
    section.add("children", children);
    section
}

/// In version 1 the PRF is not negotiated, but comes with the hash.
fn ike_proposal(end: &IkeEnd, offer: &file::IkeProposal) -> String {
    match end.older {
        None => offer.to_string(),
        Some(_) => file::IkeProposal { prf: Vec::new(), ..offer.clone() }.to_string(),
    }
}

/// An address that is asked for: a certain one, or any of its version.
fn wish(asked: &ipsec::wire::v2::ConfigAttribute) -> Option<String> {
    match (asked.kind, &asked.value) {
        (ConfigAttributeType::INTERNAL_IP4_ADDRESS, ConfigValue::Ipv4(address)) => Some(address.to_string()),
        (ConfigAttributeType::INTERNAL_IP4_ADDRESS, _) => Some("0.0.0.0".into()),
        (ConfigAttributeType::INTERNAL_IP6_ADDRESS, ConfigValue::Prefix(address, _)) => {
            Some(address.to_string())
        }
        (ConfigAttributeType::INTERNAL_IP6_ADDRESS, _) => Some("::".into()),
        _ => None,
    }
}

/// Whether an IKE SA comes without a child. As initiator it does so only if it takes no other.
fn childless(scenario: &Scenario, peer: &Peer, ike: &Ike, end: &IkeEnd) -> &'static str {
    let alone = scenario.story.steps.iter().any(|step| {
        matches!(&step.sentence, Sentence::Act(Act::InitiateIke { peer: who, ike: what }) if *who == peer.name && *what == ike.name)
    });
    match end.life.childless {
        Childless::Refuse => "never",
        Childless::Require => "force",
        Childless::Allow if alone => "force",
        Childless::Allow => "allow",
    }
}

fn unique(unique: Uniqueness) -> &'static str {
    match unique {
        Uniqueness::InitialContact => "no",
        Uniqueness::Never => "never",
        Uniqueness::Keep => "keep",
        Uniqueness::Replace => "replace",
    }
}

fn add_authentication(section: &mut Section, end: &IkeEnd) {
    let told = &end.authentication;
    let mut local = Section::default();
    match &told.proof {
        Proof::Psk(_) => local.set("auth", "psk"),
        Proof::Certificate(names) => {
            local.set("auth", "pubkey");
            local.set("certs", names.iter().map(|name| format!("{name}.der")).collect::<Vec<_>>().join(","));
        }
        Proof::Eap { user, methods, .. } => {
            local.set("auth", methods.first().map_or("eap", |method| eap(*method)));
            local.set("eap_id", user);
        }
        Proof::EapOnly | Proof::RawKey(_) | Proof::Null => {}
    }
    local.set("id", identity(&told.identity));
    let mut remote = Section::default();
    match &told.demand {
        Demand::Psk(_) => remote.set("auth", "psk"),
        Demand::Certificate { .. } => remote.set("auth", "pubkey"),
        Demand::Eap { methods, asks_identity, .. } => {
            remote.set("auth", methods.first().map_or("eap", |method| eap(*method)));
            if *asks_identity {
                remote.set("eap_id", "%any");
            }
        }
        Demand::EapOnly | Demand::RawKey(_) | Demand::Null => {}
    }
    match &end.expects {
        IdentityPattern::Exactly(expected) => remote.set("id", identity(expected)),
        _ => remote.set("id", "%any"),
    }
    section.add("local", local);
    section.add("remote", remote);
    match &end.xauth {
        Some(Xauth::Client { user, .. }) => {
            section.add("local-2", Section::default().with("auth", "xauth").with("xauth_id", user));
        }
        Some(Xauth::Server { .. }) => section.add("remote-2", Section::default().with("auth", "xauth")),
        None => {}
    }
}

fn eap(method: EapMethod) -> &'static str {
    match method {
        EapMethod::MsChapV2 => "eap-mschapv2",
        EapMethod::Md5Challenge => "eap-md5",
        EapMethod::Gtc => "eap-gtc",
    }
}

/// An identity with its type, so that nothing is left to guess.
pub(super) fn identity(identity: &Identity) -> String {
    match identity {
        Identity::Address(address) => address.to_string(),
        Identity::Fqdn(name) => format!("fqdn:{name}"),
        Identity::Email(name) => format!("email:{name}"),
        Identity::Dn(der) => format!("asn1dn:#{}", hex(der)),
        Identity::KeyId(octets) => format!("keyid:#{}", hex(octets)),
        Identity::Null | Identity::Other(..) => "%any".into(),
    }
}

fn child_section(end: &IkeEnd, child: &ChildEnd) -> Section {
    let networks = |networks: &[ipsec_net::Prefix]| {
        networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    };
    let offers: Vec<String> = child.offer.iter().map(|offer| child_proposal(end, offer)).collect();
    let mut section = Section::default().with("esp_proposals", offers.join(","));
    // Of an end with a lent address the selector is that address.
    if end.asks.is_empty() {
        section.set("local_ts", networks(&child.local));
    }
    if end.assigns.is_empty() {
        section.set("remote_ts", networks(&child.remote));
    }
    let hard = &child.lifetime.hard;
    let part = |margin: u8| 100 - u32::from(margin);
    let soft_time = hard.time.filter(|_| child.rekey).map(|hard| hard * part(child.lifetime.margin) / 100);
    section.set("rekey_time", seconds(soft_time));
    section.set("life_time", seconds(hard.time));
    section.set("rand_time", "0s");
    for (name, limit) in [("bytes", hard.octets), ("packets", hard.packets)] {
        let soft =
            limit.filter(|_| child.rekey).map(|limit| limit * u64::from(part(child.lifetime.margin)) / 100);
        section.set(&format!("rekey_{name}"), soft.unwrap_or(0).to_string());
        section.set(&format!("life_{name}"), limit.unwrap_or(0).to_string());
        section.set(&format!("rand_{name}"), "0");
    }
    section.set("replay_window", child.replay_window.to_string());
    section.set("start_action", if child.life.start { "start" } else { "none" });
    section.set("close_action", if child.life.on_close == OnClose::Restart { "start" } else { "none" });
    section.set("dpd_action", if end.life.on_loss == OnLoss::Restart { "restart" } else { "clear" });
    section
}

/// Version 1 has no word for sequence numbers of 32 bits.
fn child_proposal(end: &IkeEnd, offer: &file::ChildProposal) -> String {
    let text = offer.to_string();
    match end.older {
        None => text,
        Some(_) => text.trim_end_matches("-noesn").to_owned(),
    }
}

fn yes(is_so: bool) -> &'static str {
    if is_so { "yes" } else { "no" }
}

/// Whole seconds, at least one; 0 is never.
fn seconds(duration: Option<Duration>) -> String {
    format!("{}s", duration.map_or(0, |duration| duration.as_secs().max(1)))
}

fn decimal(duration: Duration) -> String {
    format!("{}.{:03}", duration.as_secs(), duration.subsec_millis())
}

pub(in super::super) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

//! The beginning of a scenario out of a capture: who talks to whom, with which algorithms, and who starts what when. A field
//! problem becomes a test that way; networks, secrets and what went wrong are for people to fill in.

mod words;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use ipsec_net::{AddressRange, Prefix};

use crate::told::{ChildSummary, IkeSummary, Summary};

/// Why no scenario can be made of a capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSketched {
    /// There is no IKE SA in it.
    #[error("no IKE SA begins in this capture")]
    Nobody,
}

/// What is known of one pair of peers.
struct Site<'a> {
    sa: &'a IkeSummary,
    /// The Child SAs under it, and under those that took its place.
    children: Vec<ChildSummary>,
    /// The names of its ends: the one that initiates first.
    names: [String; 2],
    number: usize,
}

/// A scenario file for `esplanade run`.
///
/// # Errors
/// When no IKE SA begins in the capture.
pub fn skeleton(summary: &Summary) -> Result<String, NotSketched> {
    let mut names: BTreeMap<IpAddr, String> = BTreeMap::new();
    let mut sites: Vec<Site<'_>> = Vec::new();
    for sa in summary.ike.iter().filter(|sa| begins(sa)) {
        let ends = [sa.initiator.ip(), sa.responder.ip()];
        let is_known = sites.iter().any(|site| {
            let others = [site.sa.initiator.ip(), site.sa.responder.ip()];
            others == ends || others == [ends[1], ends[0]]
        });
        if is_known || ends[0] == ends[1] || sites.len() >= MOST_SITES {
            continue;
        }
        let names = ends.map(|end| {
            let next = format!("peer{}", names.len() + 1);
            names.entry(end).or_insert(next).clone()
        });
        sites.push(Site { sa, children: children(summary, sa), names, number: sites.len() + 1 });
    }
    if sites.is_empty() {
        return Err(NotSketched::Nobody);
    }
    let mut text = String::from(
        "# Drawn from a capture. The secrets are made up, and so are the networks that could not be read.\n",
    );
    let _ = writeln!(text, "title = \"{}\"\n\nstory = '''", title(&sites));
    text += &story(&sites);
    text += "'''\n";
    for (address, name) in &names {
        let protects = protects(&sites, name);
        let protects = if protects.is_empty() { String::new() } else { format!("protects = [{protects}]\n") };
        let _ = write!(text, "\n[peer.{name}]\naddress  = \"{address}\"\n{protects}");
    }
    for site in &sites {
        text += &site.nouns();
    }
    Ok(text)
}

/// The Child SAs under an IKE SA and under those that took its place, in the order of their time, as they look from its initiator.
fn children(summary: &Summary, first: &IkeSummary) -> Vec<ChildSummary> {
    let mut line = vec![first.number];
    let mut children = first.children.clone();
    for sa in &summary.ike {
        if !sa.replaces.is_some_and(|replaced| line.contains(&replaced)) {
            continue;
        }
        line.push(sa.number);
        let is_turned = sa.initiator.ip() != first.initiator.ip();
        children.extend(sa.children.iter().cloned().map(|mut child| {
            if is_turned {
                child.selectors.swap(0, 1);
            }
            child
        }));
    }
    children.sort_by_key(|child| child.at_nanos);
    children
}

/// Whether an IKE SA was set up from nothing, and is not one that takes another's place.
fn begins(sa: &IkeSummary) -> bool {
    sa.replaces.is_none() && !sa.outcome.contains("was not captured")
}

fn title(sites: &[Site<'_>]) -> String {
    let pairs: Vec<String> = sites.iter().map(|site| site.names.join(" and ")).collect();
    format!("What a capture shows of {}", pairs.join(", "))
}

fn story(sites: &[Site<'_>]) -> String {
    let mut lines = Vec::new();
    let first = sites.iter().map(|site| site.sa.first_nanos).min().unwrap_or(0);
    for site in sites {
        let (number, [a, b]) = (site.number, &site.names);
        let at = (site.sa.first_nanos - first) / 1_000_000;
        let mut line = format!("{at}ms {a}: initiate net{number}\n");
        if !site.sa.is_established {
            let _ = writeln!(line, "         # in the capture it did not come up: {}", site.sa.outcome);
        }
        let _ = writeln!(line, "         expect net{number} up at {a}, {b} within 30s");
        lines.push((at, line));
        let ender = [site.sa.initiator, site.sa.responder]
            .iter()
            .position(|end| site.sa.outcome.ends_with(&format!("deleted by {}", end.ip())));
        if let Some(ender) = ender.filter(|_| site.sa.is_established) {
            let ended = (site.sa.last_nanos - first) / 1_000_000;
            // The expectation before it has to have had its time.
            let at = ended.max(at + 31_000);
            lines.push((at, format!("{at}ms {}: terminate site{number}\n", site.names[ender])));
        }
    }
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect()
}

/// The networks behind a peer: those that its Child SAs tell of, or one that is made up.
fn protects(sites: &[Site<'_>], name: &str) -> String {
    let mut networks = Vec::new();
    for site in sites {
        let Some(end) = site.names.iter().position(|known| known == name) else { continue };
        if site.children.iter().any(|child| child.is_transport) {
            continue;
        }
        // The first end here is the initiator of the IKE SA, as in its Child SAs.
        let read = site.children.iter().flat_map(|child| &child.selectors[end]);
        let mut read: Vec<String> =
            read.filter_map(|text| network(text)).map(|prefix| prefix.to_string()).collect();
        if read.is_empty() {
            read.push(format!("10.{}.0.0/16", site.number * 2 + end));
        }
        networks.extend(read.iter().map(|network| format!("\"{network}\"")));
    }
    networks.sort();
    networks.dedup();
    networks.join(", ")
}

/// The network that traffic selectors tell of, as either version shows them; none where it is no network or all of them.
fn network(text: &str) -> Option<Prefix> {
    let prefix = if let Some((first, last)) = text.split_once('-') {
        AddressRange::new(first.parse().ok()?, last.parse().ok()?)?.as_prefix()?
    } else {
        let (address, mask) = text.strip_prefix("ID_IPV4_ADDR_SUBNET ")?.split_once('/')?;
        let (address, mask): (Ipv4Addr, Ipv4Addr) = (address.parse().ok()?, mask.parse().ok()?);
        Prefix::new(address.into(), u8::try_from(mask.to_bits().leading_ones()).ok()?).ok()?
    };
    (prefix.length() >= 8).then_some(prefix)
}

impl Site<'_> {
    /// The link, the IKE SA and the Child SA between the two.
    fn nouns(&self) -> String {
        let number = self.number;
        let [a, b] = &self.names;
        let mut text = format!("\n[link.wan{number}]\njoins = [\"{a}\", \"{b}\"]\ndelay = \"20ms\"\n");
        let _ = write!(text, "\n[ike.site{number}]\nends    = [\"{a}\", \"{b}\"]\n");
        if self.sa.version == 1 {
            text += "version = 1\n";
            if self.sa.mode.as_deref() == Some("aggressive mode") {
                text += "mode    = \"aggressive\"\n";
            }
        }
        if let Some(method) = &self.sa.method {
            let _ = writeln!(text, "# the responder proved itself by {method}");
        }
        text += "auth    = { psk = \"a secret that is made up\" }\n";
        let default =
            if self.sa.version == 1 { "aes128-sha1-modp2048" } else { "aes256gcm16-prfsha384-ecp384" };
        text += &offer(&self.sa.suite, "", default);
        let _ = write!(text, "\n[child.net{number}]\nof      = \"site{number}\"\n");
        let child = self.children.first();
        let of_child = |child: &ChildSummary| child.suite.clone();
        let default = if self.sa.version == 1 { "aes128-sha1" } else { "aes256gcm16" };
        let is_ah = child.is_some_and(|child| child.protocol == "AH");
        text += &offer(&child.map(of_child).unwrap_or_default(), if is_ah { "ah-" } else { "" }, default);
        if child.is_some_and(|child| child.is_transport) {
            text += "mode    = \"transport\"\n";
        }
        text
    }
}

/// The proposal in keywords, or another with the reason why.
fn offer(suite: &[String], before: &str, default: &str) -> String {
    match words::proposal(suite) {
        Ok(words) if !words.is_empty() => format!("offer   = [\"{before}{words}\"]\n"),
        Ok(_) => format!("# what was agreed on could not be read\noffer   = [\"{default}\"]\n"),
        Err(name) => format!("# {name} has no word here\noffer   = [\"{default}\"]\n"),
    }
}

/// So many pairs of peers are drawn.
const MOST_SITES: usize = 16;

//! The names that the nouns declare. A name means one thing, so that a sentence of the story has one meaning.

use toml::Spanned;

use crate::diagnostic::Problem;
use crate::file::nouns::Text;
use crate::file::read::Document;
use crate::story::{self, Kind, Names};

use super::problems::Problems;

/// All names of the file; those that are no names, or taken, are told.
pub(super) fn declared(document: &Document, problems: &mut Problems) -> Names {
    let mut names = Names::default();
    for peer in &document.peers {
        declare(&mut names, &peer.name, Kind::Peer, &[], problems);
    }
    for tester in &document.testers {
        declare(&mut names, &tester.name, Kind::Tester, &[], problems);
    }
    for router in &document.routers {
        declare(&mut names, &router.name, Kind::Router, &[], problems);
    }
    for nat in &document.nats {
        declare(&mut names, &nat.name, Kind::Nat, &[], problems);
    }
    for firewall in &document.firewalls {
        declare(&mut names, &firewall.name, Kind::Firewall, &[], problems);
    }
    for link in &document.links {
        let ends = nodes_of(link.noun.joins.as_ref(), &names);
        declare(&mut names, &link.name, Kind::Link, &ends, problems);
    }
    for pool in &document.pools {
        declare(&mut names, &pool.name, Kind::Pool, &[], problems);
    }
    for ike in &document.ikes {
        let ends = peers_of(ike.noun.ends.as_ref(), &names);
        declare(&mut names, &ike.name, Kind::Ike, &ends, problems);
    }
    for child in &document.children {
        let of = child.noun.of.as_ref().map(|of| of.get_ref().as_str());
        let ike = document.ikes.iter().find(|ike| Some(ike.name()) == of);
        let ends = peers_of(ike.and_then(|ike| ike.noun.ends.as_ref()), &names);
        declare(&mut names, &child.name, Kind::Child, &ends, problems);
    }
    for manual in &document.manual {
        let ends = peers_of(manual.noun.ends.as_ref(), &names);
        declare(&mut names, &manual.name, Kind::Manual, &ends, problems);
    }
    for policy in &document.policies {
        declare(&mut names, &policy.name, Kind::Policy, &[], problems);
    }
    for traffic in &document.traffic {
        declare(&mut names, &traffic.name, Kind::Traffic, &[], problems);
    }
    names
}

fn declare(names: &mut Names, name: &Text, kind: Kind, ends: &[&str], problems: &mut Problems) {
    let word = name.get_ref().as_str();
    let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let problem = |message: String| Problem::at(name.span(), message);
    if !plain || !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
        problems.add(
            problem(format!("`{word}` is no name"))
                .label("expected a letter, then letters, digits, `-` and `_`"),
        );
    } else if story::is_word(word) {
        problems.add(problem(format!("`{word}` is a word of the story and cannot be a name")));
    } else if let Some(other) = names.kind(word) {
        problems.add(
            problem(format!("`{word}` is already the name of {}", other.noun()))
                .help("a name means one thing"),
        );
    }
    names.add(word, kind, ends);
}

/// The peers, and what stands between them, of a list; none if one is unknown.
fn nodes_of<'a>(list: Option<&'a Spanned<Vec<Text>>>, names: &Names) -> Vec<&'a str> {
    let texts: Vec<&str> =
        list.into_iter().flat_map(Spanned::get_ref).map(|text| text.get_ref().as_str()).collect();
    let is_node = |kind| Kind::NODES.contains(&kind);
    let known = |name: &&str| names.kind(name).is_some_and(is_node);
    if texts.iter().all(known) { texts } else { Vec::new() }
}

/// The peers of a list; none if one is unknown, so that nothing follows from a wrong list.
fn peers_of<'a>(list: Option<&'a Spanned<Vec<Text>>>, names: &Names) -> Vec<&'a str> {
    let texts: Vec<&str> =
        list.into_iter().flat_map(Spanned::get_ref).map(|text| text.get_ref().as_str()).collect();
    if texts.iter().all(|name| names.kind(name) == Some(Kind::Peer)) { texts } else { Vec::new() }
}

//! What has an inside and an outside: it stands between two links, of which the file names the inner one.

use super::problems::Problems;
use crate::diagnostic::Problem;
use crate::file::nouns::Text;
use crate::file::scenario::Link;
use crate::story::{Kind, Names};

/// The link at the inside of the `kind` with this name, if that one stands between two links.
pub(super) fn inside(
    kind: &str,
    name: &Text,
    inside: Option<&Text>,
    names: &Names,
    links: &[Link],
    problems: &mut Problems,
) -> Option<String> {
    let Some(inside) = inside else {
        problems.missing(kind, name, "inside", "the name of the link at its inside");
        return None;
    };
    if !problems.refers(inside, Kind::Link, names) {
        return None;
    }
    let own = links.iter().filter(|link| link.joins(name.get_ref()));
    let own: Vec<&str> = own.map(|link| link.name.as_str()).collect();
    if own.len() != 2 || !own.contains(&inside.get_ref().as_str()) {
        let (name_of, inside) = (name.get_ref(), inside.get_ref());
        let message = format!("`{name_of}` has to stand between two links, one of them `{inside}`");
        let joined = if own.is_empty() { "none".to_owned() } else { own.join(", ") };
        problems.add(Problem::at(name.span(), message).help(format!("the links that join it: {joined}")));
        return None;
    }
    Some(inside.get_ref().clone())
}

#[cfg(test)]
pub(super) mod tests;

//! Routers, which forward what peers send each other.

use super::peer::address_of;
use super::problems::Problems;
use crate::file::nouns;
use crate::file::read::Named;
use crate::file::scenario::Router;

/// The routers of the file.
pub(super) fn resolve(nouns: &[Named<nouns::Router>], problems: &mut Problems) -> Vec<Router> {
    let router = |named: &Named<nouns::Router>| Router {
        name: named.name().to_owned(),
        addresses: named
            .noun
            .address
            .iter()
            .flat_map(|list| &list.0)
            .filter_map(|text| problems.read(text, address_of))
            .collect(),
        silent: named.noun.silent.unwrap_or(false),
        marks: named.noun.marks.unwrap_or(false),
    };
    nouns.iter().map(router).collect()
}

//! What the ends of a child agree to beside networks and algorithms.

use ipsec::auth::IdentityPattern;
use ipsec::ikev2::Service;
use toml::Spanned;

use super::problems::Problems;
use crate::diagnostic::Problem;
use crate::file::nouns::{self, Padding, Texts};
use crate::file::scenario::ChildTerms;
use crate::service;

/// How many resources a child may have SAs for.
const MOST_RESOURCES: i64 = 64;

/// What a file says of both ends, as the first of them sees it.
pub(super) fn of_both(noun: &nouns::Child, problems: &mut Problems) -> ChildTerms {
    let said = Said {
        carries: noun.carries.as_ref(),
        labels: noun.labels.as_ref(),
        on_demand: noun.on_demand,
        single_pair: noun.single_pair,
        names: None,
        resources: noun.resources.as_ref(),
        padding: noun.padding,
        later_fragments: noun.later_fragments,
    };
    said.over(&ChildTerms::default(), problems)
}

/// What it says of one end, and of `both`, as this end sees it, where it says nothing.
pub(super) fn of_end(
    noun: Option<&nouns::ChildEnd>,
    both: &ChildTerms,
    problems: &mut Problems,
) -> ChildTerms {
    let Some(noun) = noun else { return both.clone() };
    let said = Said {
        carries: noun.carries.as_ref(),
        labels: noun.labels.as_ref(),
        on_demand: noun.on_demand,
        single_pair: noun.single_pair,
        names: noun.names.as_ref(),
        resources: noun.resources.as_ref(),
        padding: noun.padding,
        later_fragments: noun.later_fragments,
    };
    said.over(both, problems)
}

/// The same terms as the other end sees them: its ports are the other ones.
pub(super) fn turned(terms: &ChildTerms) -> ChildTerms {
    let turn = |service: &Service| Service {
        protocol: service.protocol,
        local_ports: service.remote_ports.clone(),
        remote_ports: service.local_ports.clone(),
    };
    ChildTerms { services: terms.services.iter().map(turn).collect(), ..terms.clone() }
}

struct Said<'a> {
    carries: Option<&'a Texts>,
    labels: Option<&'a Texts>,
    on_demand: Option<bool>,
    single_pair: Option<bool>,
    names: Option<&'a Texts>,
    resources: Option<&'a Spanned<i64>>,
    padding: Option<Padding>,
    later_fragments: Option<bool>,
}

impl Said<'_> {
    fn over(&self, default: &ChildTerms, problems: &mut Problems) -> ChildTerms {
        let services = self
            .carries
            .map(|list| list.0.iter().filter_map(|text| problems.read(text, service::service)).collect());
        let labels = self.labels.map(|list| labels(list, problems));
        ChildTerms {
            services: services.unwrap_or_else(|| default.services.clone()),
            labels: labels.unwrap_or_else(|| default.labels.clone()),
            on_demand: self.on_demand.unwrap_or(default.on_demand),
            single_pair: self.single_pair.unwrap_or(default.single_pair),
            names: self.names.map_or_else(Vec::new, |list| names(list, problems)),
            resources: problems.number_or(
                self.resources,
                0..=MOST_RESOURCES,
                "a number of resources",
                default.resources,
            ),
            takes_padding: self
                .padding
                .map_or(default.takes_padding, |padding| matches!(padding, Padding::Taken)),
            later_fragments: self.later_fragments.unwrap_or(default.later_fragments),
        }
    }
}

/// The peers that an end has a child for.
fn names(list: &Texts, problems: &mut Problems) -> Vec<IdentityPattern> {
    let read = |text: &str| text.parse::<IdentityPattern>().map_err(|why| why.to_string());
    list.0.iter().filter_map(|text| problems.read(text, read)).collect()
}

fn labels(list: &Texts, problems: &mut Problems) -> Vec<String> {
    for text in list.0.iter().filter(|text| text.get_ref().is_empty()) {
        problems.add(Problem::at(text.span(), "a security label is empty"));
    }
    list.0.iter().map(|text| text.get_ref().clone()).collect()
}

//! From a file to its nouns: TOML first, then each noun by itself, so that one wrong key hides no other.

use std::ops::Range;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue, ValueDeserializer};

use super::cases::{self, Variant};
use super::include;
use super::nouns::{
    Authority, Certificate, Child, Firewall, Ike, JunosIkePolicy, JunosIkeProposal, JunosIpsecPolicy,
    JunosIpsecProposal, Link, Manual, Nat, Peer, Policy, Pool, Router, Tester, Text, Top, Traffic,
};
use super::resolve::{junos, resolve};
use super::scenario::Scenario;
use crate::diagnostic::{Diagnostics, Problem, Source, suggestion};

/// Reads the scenarios of a file, each with its name: the path, and where there are several cases `#` and the case behind it.
///
/// # Errors
/// When the file cannot be read, and for all that [`parse`] refuses.
pub fn load_all(path: &Path) -> Result<Vec<(String, Scenario)>, Diagnostics> {
    let shown = path.display().to_string();
    if !path.exists() && shown.contains('#') {
        return Ok(vec![(shown, load(path)?)]);
    }
    parse_all(&include::read(path)?)
}

/// Reads the scenarios in a file.
pub(super) fn parse_all(source: &Source) -> Result<Vec<(String, Scenario)>, Diagnostics> {
    let named = |variant: &Variant| match &variant.case {
        Some(case) => format!("{}#{case}", source.name()),
        None => source.name().to_owned(),
    };
    let all = variants(source)?;
    all.iter().map(|variant| Ok((named(variant), resolved(source, variant)?))).collect()
}

/// Reads one scenario: of a file with several cases that which is named behind `#`.
///
/// # Errors
/// When the file cannot be read, when it has not this case or several and none is named, and for all that [`parse`] refuses.
pub fn load(path: &Path) -> Result<Scenario, Diagnostics> {
    let (source, variant) = chosen(path)?;
    resolved(&source, &variant)
}

/// The text of one scenario, with the values of its case and all that its file includes.
///
/// # Errors
/// When there is no such file or case.
pub fn source(path: &Path) -> Result<String, Diagnostics> {
    chosen(path).map(|(_, variant)| variant.text)
}

/// Reads the only scenario in the text of a file; `name` stands in messages only.
///
/// # Errors
/// Everything that is wrong with the text, as far as it can be told at once.
pub fn parse(name: &str, text: &str) -> Result<Scenario, Diagnostics> {
    let source = Source::new(name, text);
    let all = variants(&source)?;
    resolved(&source, &one(&source, all, None)?)
}

/// The file and the case that a path means.
fn chosen(path: &Path) -> Result<(Source, Variant), Diagnostics> {
    let shown = path.display().to_string();
    let (file, case) = match shown.rsplit_once('#').filter(|_| !path.exists()) {
        Some((file, case)) => (Path::new(file), Some(case)),
        None => (path, None),
    };
    let source = include::read(file)?;
    let variant = one(&source, variants(&source)?, case)?;
    Ok((source, variant))
}

/// The variant that is meant.
fn one(source: &Source, all: Vec<Variant>, case: Option<&str>) -> Result<Variant, Diagnostics> {
    let known: Vec<String> = all.iter().filter_map(|variant| variant.case.clone()).collect();
    if let Some(found) = all.into_iter().find(|variant| variant.case.as_deref() == case) {
        return Ok(found);
    }
    let problem = match case {
        Some(case) if known.is_empty() => {
            Problem::anywhere(format!("there are no cases here, and no {case}"))
        }
        Some(case) => {
            let problem = Problem::anywhere(format!("there is no case {case} here"));
            with_suggestion(problem, case, &known.iter().map(String::as_str).collect::<Vec<_>>())
        }
        None => Problem::anywhere(format!("there are {} cases here", known.len())).help(format!(
            "name one of them, such as {}#{}",
            source.name(),
            known.first().map_or("", String::as_str)
        )),
    };
    Err(Diagnostics::of(source, vec![problem]))
}

fn variants(source: &Source) -> Result<Vec<Variant>, Diagnostics> {
    cases::variants(source.text()).map_err(|problems| Diagnostics::of(source, problems))
}

/// The scenario of a variant of the file.
fn resolved(source: &Source, variant: &Variant) -> Result<Scenario, Diagnostics> {
    let read = document(&variant.text).and_then(|mut document| {
        junos::apply(&mut document)?;
        let mut scenario = resolve(&document, &variant.text)?;
        let listed = |case: &String| variant.names.contains(case);
        if let Some(case) =
            scenario.known_failures.iter().find_map(|known| known.case.as_ref().filter(|case| !listed(case)))
        {
            let problem =
                Problem::anywhere(format!("a known failure is of the case {case}, which is not there"));
            let names: Vec<&str> = variant.names.iter().map(String::as_str).collect();
            return Err(vec![with_suggestion(problem, case, &names)]);
        }
        scenario.known_failures.retain(|known| known.case.is_none() || known.case == variant.case);
        Ok(scenario)
    });
    read.map_err(|problems| {
        let in_file = |problem: Problem| match &variant.case {
            Some(case) => problem.in_case(case, |place| variant.origin(place)),
            None => problem,
        };
        Diagnostics::of(source, problems.into_iter().map(in_file).collect())
    })
}

/// A file as nouns, those of a kind in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) top: Top,
    pub(super) peers: Vec<Named<Peer>>,
    pub(super) routers: Vec<Named<Router>>,
    pub(super) nats: Vec<Named<Nat>>,
    pub(super) firewalls: Vec<Named<Firewall>>,
    pub(super) testers: Vec<Named<Tester>>,
    pub(super) links: Vec<Named<Link>>,
    pub(super) authorities: Vec<Named<Authority>>,
    pub(super) certificates: Vec<Named<Certificate>>,
    pub(super) pools: Vec<Named<Pool>>,
    pub(super) ikes: Vec<Named<Ike>>,
    pub(super) children: Vec<Named<Child>>,
    pub(super) manual: Vec<Named<Manual>>,
    pub(super) policies: Vec<Named<Policy>>,
    pub(super) traffic: Vec<Named<Traffic>>,
    pub(super) ike_proposals: Vec<Named<JunosIkeProposal>>,
    pub(super) ike_policies: Vec<Named<JunosIkePolicy>>,
    pub(super) ipsec_proposals: Vec<Named<JunosIpsecProposal>>,
    pub(super) ipsec_policies: Vec<Named<JunosIpsecPolicy>>,
}

/// A noun and its name.
#[derive(Debug)]
pub(super) struct Named<T> {
    pub(super) name: Text,
    pub(super) noun: T,
}

impl<T> Named<T> {
    pub(super) fn name(&self) -> &str {
        self.name.get_ref()
    }
}

/// The tables that hold nouns.
pub(super) const NOUNS: [&str; 18] = [
    "peer",
    "router",
    "nat",
    "firewall",
    "tester",
    "link",
    "authority",
    "certificate",
    "pool",
    "ike",
    "child",
    "manual",
    "policy",
    "traffic",
    "ike-proposal",
    "ike-policy",
    "ipsec-proposal",
    "ipsec-policy",
];

/// What the keys before the first table are called.
const TOP: &str = "the top of the file";

fn document(text: &str) -> Result<Document, Vec<Problem>> {
    // TOML's first mistake makes nonsense of what follows it, so that is where reading ends.
    let root = DeTable::parse(text).map_err(|error| vec![syntax(&error, text)])?;
    let span = root.span();
    let mut root = root.into_inner();
    let mut problems = Vec::new();
    let document = Document {
        peers: nouns("peer", &mut root, &mut problems),
        routers: nouns("router", &mut root, &mut problems),
        nats: nouns("nat", &mut root, &mut problems),
        firewalls: nouns("firewall", &mut root, &mut problems),
        testers: nouns("tester", &mut root, &mut problems),
        links: nouns("link", &mut root, &mut problems),
        authorities: nouns("authority", &mut root, &mut problems),
        certificates: nouns("certificate", &mut root, &mut problems),
        pools: nouns("pool", &mut root, &mut problems),
        ikes: nouns("ike", &mut root, &mut problems),
        children: nouns("child", &mut root, &mut problems),
        manual: nouns("manual", &mut root, &mut problems),
        policies: nouns("policy", &mut root, &mut problems),
        traffic: nouns("traffic", &mut root, &mut problems),
        ike_proposals: nouns("ike-proposal", &mut root, &mut problems),
        ike_policies: nouns("ike-policy", &mut root, &mut problems),
        ipsec_proposals: nouns("ipsec-proposal", &mut root, &mut problems),
        ipsec_policies: nouns("ipsec-policy", &mut root, &mut problems),
        top: noun(TOP, span, root, &mut problems),
    };
    if problems.is_empty() { Ok(document) } else { Err(problems) }
}

/// The nouns of one kind, taken out of the file's table.
fn nouns<T: DeserializeOwned + Default>(
    kind: &str,
    root: &mut DeTable<'_>,
    problems: &mut Vec<Problem>,
) -> Vec<Named<T>> {
    let Some(tables) = root.remove(kind) else {
        return Vec::new();
    };
    let span = tables.span();
    let DeValue::Table(tables) = tables.into_inner() else {
        problems.push(not_a_table(span, kind));
        return Vec::new();
    };
    if let Some((key, _)) = tables.iter().find(|(_, value)| !value.get_ref().is_table()) {
        problems.push(not_a_table(key.span(), kind));
        return Vec::new();
    }
    let mut nouns = Vec::new();
    for (key, value) in tables {
        let name = Spanned::new(key.span(), key.into_inner().into_owned());
        let span = value.span();
        if let DeValue::Table(table) = value.into_inner() {
            let noun = noun(&format!("[{kind}.{}]", name.get_ref()), span, table, problems);
            nouns.push(Named { name, noun });
        }
    }
    nouns.sort_by_key(|noun| noun.name.span().start);
    nouns
}

fn not_a_table(span: Range<usize>, kind: &str) -> Problem {
    Problem::at(span, format!("`{kind}` holds tables with names"))
        .label(format!("expected `[{kind}.NAME]` and keys below it"))
}

/// One noun. An entry that does not fit is told and left out, until the rest fits.
fn noun<T: DeserializeOwned + Default>(
    place: &str,
    span: Range<usize>,
    mut table: DeTable<'_>,
    problems: &mut Vec<Problem>,
) -> T {
    loop {
        let value = Spanned::new(span.clone(), DeValue::Table(table.clone()));
        let error = match T::deserialize(ValueDeserializer::from(value)) {
            Ok(noun) => return noun,
            Err(error) => error,
        };
        let entries = table.len();
        let wrong = error.span().unwrap_or(span.clone());
        let is_key = table.keys().any(|key| key.span() == wrong);
        problems.push(misfit(is_key.then_some(place), &error, wrong.clone()));
        table = table.into_iter().filter(|(key, value)| !holds(key, value, &wrong)).collect();
        if table.len() == entries {
            return T::default();
        }
    }
}

/// Whether an entry has a place within it. A table that is spread over the file has no place of its own.
fn holds(key: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>, wrong: &Range<usize>) -> bool {
    let within = |outer: Range<usize>| outer.start <= wrong.start && wrong.end <= outer.end;
    let inner = |table: &DeTable<'_>| table.iter().any(|(key, value)| holds(key, value, wrong));
    within(key.span()) || within(value.span()) || value.get_ref().as_table().is_some_and(inner)
}

/// What `serde` has against an entry: a key or a word that it does not know, or a value of the wrong type. `place` is the
/// noun if the entry is one of its keys, and nothing if it stands deeper.
fn misfit(place: Option<&str>, error: &toml::de::Error, span: Range<usize>) -> Problem {
    let message = error.message();
    // serde names the unknown word first and the known ones behind it, each between backticks.
    let mut words = message.split('`').skip(1).step_by(2);
    let unknown = words.next().unwrap_or_default();
    let mut known: Vec<&str> = words.collect();
    if message.starts_with("unknown field") {
        if place == Some(TOP) {
            known.extend(NOUNS);
        }
        let place = place.map_or("no such key here".to_owned(), |place| format!("{place} has no such key"));
        let problem = Problem::at(span, format!("unknown key `{unknown}`")).label(place);
        return with_suggestion(problem, unknown, &known);
    }
    if message.starts_with("unknown variant") {
        return with_suggestion(Problem::at(span, format!("unknown word `{unknown}`")), unknown, &known);
    }
    match message.strip_prefix("invalid type: ").and_then(|types| types.split_once(", expected ")) {
        Some((found, expected)) => {
            let expected = if expected == "i64" { "a whole number" } else { expected };
            Problem::at(span, format!("this is the wrong type: {}", found.replace('`', "")))
                .label(format!("expected {expected}"))
        }
        None => Problem::at(span, message),
    }
}

fn with_suggestion(problem: Problem, word: &str, known: &[&str]) -> Problem {
    match suggestion(word, known.iter().copied()) {
        Some(help) => problem.help(help),
        None => problem,
    }
}

/// What is wrong with the TOML itself.
fn syntax(error: &toml::de::Error, text: &str) -> Problem {
    let span = error.span().unwrap_or(0..text.len());
    if error.message().starts_with("duplicate key") {
        let name = text.get(span.clone()).unwrap_or_default();
        return Problem::at(span.clone(), format!("`{name}` is there twice"))
            .label("this is the second")
            .help("a name or a key can be used once");
    }
    Problem::at(span, format!("this is not TOML: {}", error.message()))
}

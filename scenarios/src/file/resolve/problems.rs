//! What was found wrong so far. A wrong value is told and a default taken in its stead, so that reading can go on.

use std::ops::RangeInclusive;

use toml::Spanned;

use crate::diagnostic::{Problem, suggestion};
use crate::file::nouns::Text;
use crate::story::{Kind, Names};

/// A growing list of problems.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Whether nothing is wrong so far, so that what is missing was not merely misread.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `value`, unless there is a problem.
    pub(super) fn none_or<T>(self, value: T) -> Result<T, Vec<Problem>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }

    /// What `read` makes of a text.
    pub(super) fn read<T>(&mut self, text: &Text, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        match read(text.get_ref()) {
            Ok(value) => Some(value),
            Err(message) => {
                self.add(Problem::at(text.span(), message));
                None
            }
        }
    }

    /// What `read` makes of a text, if there is one.
    pub(super) fn read_or<T>(
        &mut self,
        text: Option<&Text>,
        read: impl FnOnce(&str) -> Result<T, String>,
        default: T,
    ) -> T {
        text.and_then(|text| self.read(text, read)).unwrap_or(default)
    }

    /// A number that has to lie in a range, if there is one.
    pub(super) fn number_or<T: TryFrom<i64>>(
        &mut self,
        number: Option<&Spanned<i64>>,
        range: RangeInclusive<i64>,
        what: &str,
        default: T,
    ) -> T {
        let Some(number) = number else { return default };
        let value = *number.get_ref();
        match T::try_from(value) {
            Ok(fitting) if range.contains(&value) => return fitting,
            _ => {}
        }
        let bound = if value < *range.start() { "small" } else { "large" };
        let problem = Problem::at(number.span(), format!("{what} of {value} is too {bound}"));
        self.add(problem.label(format!("expected {} to {}", range.start(), range.end())));
        default
    }

    /// Whether something of this kind has this name.
    pub(super) fn refers(&mut self, text: &Text, kind: Kind, names: &Names) -> bool {
        let name = text.get_ref();
        let message = match names.kind(name) {
            Some(known) if known == kind => return true,
            Some(other) => format!("`{name}` is {}, not {}", other.noun(), kind.noun()),
            None => format!("there is {} called `{name}`", kind.none()),
        };
        let problem = Problem::at(text.span(), message);
        self.add(match suggestion(name, names.of(Some(kind))) {
            Some(help) => problem.help(help),
            None => problem,
        });
        false
    }

    /// A list of two different names of peers; `place` and `key` stand in messages.
    pub(super) fn two_peers<'a>(
        &mut self,
        owner: (&str, &Text),
        key: &str,
        list: Option<&'a Spanned<Vec<Text>>>,
        names: &Names,
    ) -> Option<[&'a Text; 2]> {
        self.two_of(&[Kind::Peer], owner, key, list, names)
    }

    /// A list of two different names of one of these kinds, the first of which stands in messages.
    pub(super) fn two_of<'a>(
        &mut self,
        kinds: &[Kind],
        (place, owner): (&str, &Text),
        key: &str,
        list: Option<&'a Spanned<Vec<Text>>>,
        names: &Names,
    ) -> Option<[&'a Text; 2]> {
        let Some(list) = list else {
            self.missing(place, owner, key, "the names of two peers");
            return None;
        };
        let [first, second] = list.get_ref().as_slice() else {
            self.add(
                Problem::at(list.span(), format!("`{key}` needs two peers")).label("expected two names"),
            );
            return None;
        };
        let mut is_known = |text: &Text| {
            let kind = kinds.iter().find(|kind| names.kind(text.get_ref()) == Some(**kind));
            kind.is_some() || self.refers(text, kinds[0], names)
        };
        let known = is_known(first) & is_known(second);
        if known && first.get_ref() == second.get_ref() {
            self.add(Problem::at(second.span(), format!("`{}` stands at both ends", second.get_ref())));
            return None;
        }
        known.then_some([first, second])
    }

    /// A key that has to be there and is not; `owner` is the name in `place`.
    pub(super) fn missing(&mut self, place: &str, owner: &Text, key: &str, expected: &str) {
        let problem = Problem::at(owner.span(), format!("[{place}.{}] has no `{key}`", owner.get_ref()));
        self.add(problem.label(format!("expected `{key}` with {expected}")));
    }
}

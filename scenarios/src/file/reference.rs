//! What can stand in a scenario file, as a page for people and as a schema for editors: each key of each noun, each verb and
//! each fact, a row.
//!
//! The readers themselves are asked which keys they know (`shape`), so none can be missing here.

mod children;
mod ike;
mod junos;
mod network;
mod proofs;
mod schema;
mod shape;

use std::fmt::Write as _;

pub use self::schema::schema;
use self::shape::Shape;
use super::nouns;
use crate::node::script::{self, Row as Lines};
use crate::story::{FACTS, FailureReason, VERBS, drop_reasons, probes};

/// A key and what it means.
struct Row {
    key: &'static str,
    /// What can stand behind it.
    value: &'static str,
    /// What holds where the key is left out.
    otherwise: &'static str,
    meaning: &'static str,
}

/// A table of a scenario file.
struct Section {
    /// As its heading stands in the file.
    heading: &'static str,
    meaning: &'static str,
    /// What its reader takes.
    shape: fn() -> Shape,
    rows: &'static [Row],
    /// The rows of another table, some of whose keys can stand here too, for one end alone.
    both_ends: &'static [Row],
}

const fn row(key: &'static str, value: &'static str, otherwise: &'static str, meaning: &'static str) -> Row {
    Row { key, value, otherwise, meaning }
}

fn sections() -> impl Iterator<Item = &'static Section> {
    [network::SECTIONS, ike::SECTIONS, proofs::SECTIONS, children::SECTIONS, junos::SECTIONS]
        .into_iter()
        .flatten()
}

/// The page, in Markdown.
#[must_use]
pub fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for section in sections() {
        let _ = write!(page, "\n### `{}`\n\n{}\n", section.heading, section.meaning);
        let known = (section.shape)().names();
        let again: Vec<String> = section
            .both_ends
            .iter()
            .filter(|row| known.contains(&row.key) && !section.rows.iter().any(|own| own.key == row.key))
            .map(|row| format!("`{}`", row.key))
            .collect();
        if !again.is_empty() {
            let _ = write!(page, "\nAs for both ends: {}.\n", again.join(", "));
        }
        if !section.rows.is_empty() {
            page += "\n| key | value | left out | meaning |\n|---|---|---|---|\n";
        }
        for Row { key, value, otherwise, meaning } in section.rows {
            let _ = writeln!(page, "| `{key}` | {value} | {otherwise} | {meaning} |");
        }
    }
    page += &scripts();
    page += STORY;
    page += "\n| sentence | meaning |\n|---|---|\n";
    for verb in VERBS {
        let sentence = format!("{}: {} {}", verb.subject.noun(), verb.name, verb.arguments);
        let _ = writeln!(page, "| `{}` | {} |", sentence.trim_end(), verb.meaning);
    }
    page += "\n### Facts\n\n| behind `expect` | meaning |\n|---|---|\n";
    for fact in FACTS {
        let _ = writeln!(page, "| `{}` | {} |", fact.shape, fact.meaning);
    }
    let reasons: Vec<String> =
        FailureReason::ALL.iter().map(|reason| format!("`{}`", reason.name())).collect();
    let _ = write!(page, "\nA REASON is one of {}.\n", reasons.join(", "));
    let drops: Vec<String> = drop_reasons().iter().map(|name| format!("`{name}`")).collect();
    let _ = write!(page, "\nA DROP is one of {}.\n", drops.join(", "));
    let probes: Vec<String> = probes().iter().map(|name| format!("`{name}`")).collect();
    let _ = write!(page, "\nA PROBE is one of {}.\n", probes.join(", "));
    page
}

const INTRODUCTION: &str = "\
# The language of scenarios

A scenario is a TOML file: a title and a story before the first table, then the nouns that the story speaks of. This page is
made by `cargo esplanade language` from the tables that the reader and the story are built on; a test holds it to them.

What is wrong in a file is told with line, column and the nearest known word, all of it at once, before anything runs.

## Values

| kind | written |
|---|---|
| a duration | `\"40ms\"`, `\"1.5s\"`, `\"2min30s\"`, `\"1h\"` |
| a delay | `\"40ms\"`, or `\"40ms ± 10ms\"` with jitter |
| a share | `\"5%\"`, `\"0.1%\"`, `\"1/200\"` |
| a rate of packets | `\"50/s\"` |
| a rate of bits | `\"10Mbit/s\"` |
| seeds | `\"0..50\"`, the last one not included |
| a network | `\"10.1.0.0/16\"`, `\"2001:db8:1::/48\"` |
| an identity | an address, `\"name.example\"`, `\"user@example.org\"`, or a distinguished name such as `\"CN=west,O=Example\"` |
| identities | one of these, `\".example\"`, `\"@example.org\"`, a network, `\"O=Example,CN=*\"`, `\"%any\"` |
| texts | one text, or a list of them |

An IKE proposal is written with dashes, such as `\"aes128gcm16-prfsha256-x25519\"` or
`\"aes256-sha256-modp2048-ke1_mlkem768\"`; several words of a kind are alternatives. One of a child is
`\"aes128gcm16\"`, `\"aes256-sha256-x25519-esn\"`, `\"ah-sha256\"`, or in version 1 `\"bundle-sha1-3des\"`; a group makes a key exchange of its own.

## Cases

One file can hold several scenarios: `[cases]` names values, and each combination of them makes a scenario, in which `$NAME` stands
for its value. Of several `[[cases]]` each has its own combinations. A scenario is called by its values, behind the file's name:
`matrix.toml#aes128,sha256`; if one of its values is that of `case`, by that one.

```toml
[cases]
cipher = [\"3des\", \"aes128\"]
hash   = [\"sha1\", \"sha256\"]

[ike.site]
offer = [\"$cipher-$hash-modp2048\"]
```

## Nouns

A name stands in the heading of its table: `[peer.west]`.
";

/// The language of scripts.
fn scripts() -> String {
    let mut page = SCRIPTS.to_owned();
    for Lines { shape, meaning } in script::STEPS {
        let _ = writeln!(page, "| `{shape}` | {meaning} |");
    }
    page += "\n### Changes\n\n| behind a comma | what is otherwise |\n|---|---|\n";
    for Lines { shape, meaning } in script::CHANGES {
        let _ = writeln!(page, "| `{shape}` | {meaning} |");
    }
    page
}

const SCRIPTS: &str = "
## Scripts

A tester with a script speaks version 2 with the suite `aes128gcm16-prfsha256-x25519` and children with `aes128gcm16`, under a
pre-shared key, one line after the other: it says what is right but for the changes that a line names, and what it does not
hear as it should ends the case. Lines can stand side by side with `;` between. At the end it deletes the IKE SA.

A PATTERN is an exchange, perhaps with `request` or `response` behind it, and then `with` payloads and notifies that have to be
there (`with only …` and no other ones, `with nothing`), or `without` some; a notify may have its data behind it
(`INVALID_KE_PAYLOAD=0x001f`), and `error` is any error. `nothing` is silence, `same` the message that was heard before once
more, octet for octet, and `pong` the answer to a ping, with `ecn NUMBER` if that counts.

Whatever a line says, each message has to have the right version, length, SPIs, flags and message ID, and a good ICV and proof.

| line | meaning |
|---|---|
";

const STORY: &str = "
## The story

One sentence a line. A time stands at the left (`2min30s`, or `+50ms` after the line above); a line without one happens at the
time of the line above. An act is `SUBJECT: VERB …`, and several subjects stand with commas between. A fact begins with
`expect`; with `within TIME` it has to become true that soon. `sometimes PROBE at PEER` names a situation that at least one
seed has to meet. Behind `#` stands a comment.

### Acts
";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::read::NOUNS;

    #[test]
    fn each_key_that_a_reader_knows_has_a_row_and_no_row_is_of_a_key_that_it_does_not_know() {
        let mut wrong = Vec::new();
        for section in sections() {
            let known = (section.shape)().names();
            let told = |key: &&str| section.rows.iter().chain(section.both_ends).any(|row| row.key == *key);
            for key in known.iter().filter(|key| !told(key)) {
                wrong.push(format!("{}: nothing is said of {key}", section.heading));
            }
            for row in section.rows.iter().filter(|row| !known.contains(&row.key)) {
                wrong.push(format!("{}: nobody reads {}", section.heading, row.key));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn each_kind_of_noun_has_a_section() {
        for noun in NOUNS {
            let heading = format!("[{noun}.NAME]");
            assert!(sections().any(|section| section.heading == heading), "{heading}");
        }
    }

    #[test]
    fn the_committed_page_is_the_one_that_is_made() {
        let committed = include_str!("../../LANGUAGE.md");
        assert!(
            committed == page(),
            "scenarios/LANGUAGE.md is not what the tables say: cargo esplanade language > scenarios/LANGUAGE.md"
        );
    }

    #[test]
    fn headings_are_told_once() {
        let mut headings: Vec<&str> = sections().map(|section| section.heading).collect();
        let all = headings.len();
        headings.sort_unstable();
        headings.dedup();
        assert_eq!(headings.len(), all);
    }
}

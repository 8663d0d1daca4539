//! A line of a story as words that know where they stand.

use std::net::Ipv6Addr;
use std::ops::Range;

use crate::diagnostic::Problem;

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// What it is.
    pub(crate) kind: TokenKind,
    /// Its text; without the quotes if it had some.
    pub(crate) text: &'a str,
    /// Where it stands in the file, quotes included.
    pub(crate) span: Range<usize>,
}

/// Kinds of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name, a word of the language, a time, a number.
    Word,
    /// Text between quotes.
    Quoted,
    /// `,`
    Comma,
    /// `:`
    Colon,
}

/// Splits a line that begins at octet `offset` of the file; a `#` outside quotes begins a comment.
///
/// # Errors
/// When a quote is not closed.
pub(crate) fn split(line: &str, offset: usize) -> Result<Vec<Token<'_>>, Problem> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = line[at..].chars().next() {
        let rest = &line[at..];
        let (kind, len, text) = match first {
            '#' => break,
            ',' => (TokenKind::Comma, 1, ","),
            ':' if ipv6(rest).is_none() => (TokenKind::Colon, 1, ":"),
            '"' => {
                let Some(end) = rest[1..].find('"') else {
                    let span = offset + at..offset + line.trim_end().len();
                    return Err(Problem::at(span, "a quotation is not closed").label("opened here"));
                };
                (TokenKind::Quoted, end + 2, &rest[1..=end])
            }
            first if first.is_whitespace() => {
                at += first.len_utf8();
                continue;
            }
            _ => {
                let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ':' | '"' | '#');
                let len = ipv6(rest).or_else(|| rest.find(ends)).unwrap_or(rest.len());
                (TokenKind::Word, len, &rest[..len])
            }
        };
        tokens.push(Token { kind, text, span: offset + at..offset + at + len });
        at += len;
    }
    Ok(tokens)
}

/// The length of the IPv6 address that a text begins with, whose colons part nothing.
fn ipv6(text: &str) -> Option<usize> {
    let len = text.find(|c: char| c.is_whitespace() || matches!(c, ',' | '"' | '#')).unwrap_or(text.len());
    text[..len].parse::<Ipv6Addr>().ok().map(|_| len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(line: &str) -> Vec<&str> {
        split(line, 0).unwrap().into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn words_commas_colons_and_quotations_are_told_apart() {
        assert_eq!(
            texts("0s west,east:initiate net # now"),
            ["0s", "west", ",", "east", ":", "initiate", "net"]
        );
        assert_eq!(texts("are \"a # b\"#c"), ["are", "a # b"]);
        assert_eq!(texts("\u{a0}± é\"\""), ["±", "é", ""]);
        assert_eq!(texts("  # only a comment"), [""; 0]);
        assert_eq!(texts("a:lose 2001:db8::7, ::1#"), ["a", ":", "lose", "2001:db8::7", ",", "::1"]);
    }

    #[test]
    fn spans_point_into_the_file() {
        let tokens = split("  é \"x\"", 100).unwrap();
        assert_eq!(tokens[0].span, 102..104);
        assert_eq!(tokens[1].span, 105..108);
        assert!(split("say \"x", 0).is_err());
    }
}

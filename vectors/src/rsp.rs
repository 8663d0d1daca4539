//! NIST's text format of responses (`.rsp`, `.fax`): `Name = value` a line, an empty line behind each case, and what holds for
//! many cases in a block of its own, in brackets, or in the first case of many.

use std::collections::BTreeMap;
use std::io::Read as _;

use flate2::read::GzDecoder;

/// The fields of a block by their names.
type Fields = BTreeMap<String, String>;

/// One case of a file.
pub(crate) struct Case<'a> {
    /// What holds for it and others.
    shared: &'a Fields,
    own: &'a Fields,
    /// What stands in the last brackets that are not `[name = value]`.
    pub(crate) section: &'a str,
    /// Its number, counted through the whole file from 1.
    pub(crate) number: usize,
}

/// The text of a compressed file.
pub(crate) fn unzipped(data: &[u8]) -> Result<String, String> {
    let mut text = String::new();
    GzDecoder::new(data).read_to_string(&mut text).map_err(|error| error.to_string())?;
    Ok(text)
}

/// Calls `replay` for each case of a compressed file. Fields named in `lasting` hold until they are said again; a block of
/// nothing else is no case.
pub(crate) fn each_case(
    data: &[u8],
    lasting: &[&str],
    mut replay: impl FnMut(&Case<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let text = unzipped(data)?;
    let (mut shared, mut own) = (Fields::new(), Fields::new());
    let (mut section, mut number) = (String::new(), 0);
    for line in text.lines().map(str::trim).chain([""]) {
        if let Some(inside) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            match inside.split_once('=') {
                Some((name, value)) => {
                    shared.insert(name.trim().to_owned(), value.trim().to_owned());
                }
                None => inside.clone_into(&mut section),
            }
        } else if line.is_empty() && !own.is_empty() {
            number += 1;
            replay(&Case { shared: &shared, own: &own, section: &section, number })?;
            own.clear();
        } else if !line.starts_with('#') && !line.is_empty() {
            let (name, value) = line.split_once('=').unwrap_or((line, ""));
            let fields = if lasting.contains(&name.trim()) { &mut shared } else { &mut own };
            fields.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
    Ok(())
}

impl<'a> Case<'a> {
    /// Its number as the name of the case.
    pub(crate) fn name(&self) -> String {
        self.number.to_string()
    }

    /// Whether the case itself has such a line.
    pub(crate) fn says(&self, name: &str) -> bool {
        self.own.contains_key(name)
    }

    /// A field of text, of the case or else of those that last.
    pub(crate) fn text(&self, name: &str) -> Result<&'a str, String> {
        let text = self.own.get(name).or_else(|| self.shared.get(name));
        text.map(String::as_str).ok_or_else(|| format!("case {} has no {name}", self.number))
    }

    /// A field of octets.
    pub(crate) fn octets(&self, name: &str) -> Result<Vec<u8>, String> {
        self.hexadecimal(name, self.text(name)?)
    }

    /// A field that is a number, without zeros before it.
    pub(crate) fn integer(&self, name: &str) -> Result<Vec<u8>, String> {
        let digits = self.text(name)?.trim_start_matches('0');
        let even = if digits.len().is_multiple_of(2) { digits.to_owned() } else { format!("0{digits}") };
        self.hexadecimal(name, &even)
    }

    /// A field in decimal digits.
    pub(crate) fn decimal(&self, name: &str) -> Result<usize, String> {
        self.text(name)?.parse().map_err(|error| format!("case {}, {name}: {error}", self.number))
    }

    /// Whether `Result` says that the case is right (P) or wrong (F).
    pub(crate) fn is_right(&self) -> Result<bool, String> {
        match self.text("Result")?.as_bytes().first() {
            Some(b'P') => Ok(true),
            Some(b'F') => Ok(false),
            _ => Err(format!("case {}: its result is neither P nor F", self.number)),
        }
    }

    fn hexadecimal(&self, name: &str, digits: &str) -> Result<Vec<u8>, String> {
        hex::decode(digits).map_err(|error| format!("case {}, {name}: {error}", self.number))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn zipped(text: &str) -> Vec<u8> {
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap()
    }

    const FILE: &str = "# CAVS 0.0\n\n[P-256,SHA-1]\n[Keylen = 128]\n\nn = 0f\n\nCount = 0\ne = 3\nMsg = 0a0B\nCT =\nFAIL\n\n\
                        Count = 1\nMsg =\n\n[mod = L=1024, SHA-1]\n\nCount = 2\nMsg = 00";

    fn told(file: &str) -> Vec<String> {
        let mut told = Vec::new();
        each_case(&zipped(file), &["n", "e"], |case| {
            let all = ["n", "e", "Keylen", "mod", "Msg", "CT"].map(|name| case.text(name).unwrap_or("none"));
            told.push(format!("{} {} {all:?} {}", case.number, case.section, case.says("FAIL")));
            Ok(())
        })
        .unwrap();
        told
    }

    #[test]
    fn cases_have_their_own_fields_and_those_that_last() {
        let expected = [
            r#"1 P-256,SHA-1 ["0f", "3", "128", "none", "0a0B", ""] true"#,
            r#"2 P-256,SHA-1 ["0f", "3", "128", "none", "", "none"] false"#,
            r#"3 P-256,SHA-1 ["0f", "3", "128", "L=1024, SHA-1", "00", "none"] false"#,
        ];
        assert_eq!(told(FILE), expected);
        assert!(told("").is_empty() && told("# a remark\n\nn = 5\n").is_empty());
    }

    #[test]
    fn values_are_octets_numbers_and_results() {
        let mut cases = 0;
        let file = "a = 0A0b\nb = 00012\nc = 17\nd = 0\nResult = P (0 )\n\na = 123\nResult = X\n";
        each_case(&zipped(file), &[], |case| {
            cases += 1;
            if case.number == 1 {
                assert_eq!(case.octets("a").unwrap(), [10, 11]);
                assert_eq!(case.integer("b").unwrap(), [0x12]);
                assert!(case.integer("d").unwrap().is_empty());
                assert_eq!((case.decimal("c").unwrap(), case.is_right()), (17, Ok(true)));
                assert_eq!(case.octets("z").unwrap_err(), "case 1 has no z");
            } else {
                assert_eq!(case.octets("a").unwrap_err(), "case 2, a: Odd number of digits");
                assert_eq!(case.integer("a").unwrap(), [0x01, 0x23]);
                assert_eq!(case.is_right().unwrap_err(), "case 2: its result is neither P nor F");
                assert!(case.decimal("Result").is_err());
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(cases, 2);
    }

    #[test]
    fn what_is_not_compressed_is_an_error() {
        assert!(each_case(b"Count = 0\n", &[], |_| Ok(())).is_err());
    }
}

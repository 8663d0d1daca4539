//! What an adapter says of the SAs of its peer: a line for each, of words with a value.
//!
//! ```text
//! ike name=site version=2 state=established role=initiator spi-i=0123… spi-r=4567… local=192.0.2.1:500 remote=…
//! child ike=site name=net spi-in=c1234567 spi-out=c89abcde suite=aes128gcm16
//! ```

use std::collections::BTreeMap;
use std::str::FromStr;

use ipsec::Status;
use ipsec::ikev2::{Nat, Role, Stage};

use super::super::held::{self, HeldChild, HeldIke, child_spi, ike_spi};

/// Reads it; empty lines say nothing.
///
/// # Errors
/// With the line that cannot be read, and why.
pub(super) fn read(text: &str) -> Result<Status, String> {
    let mut all: Vec<HeldIke> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let wrong = |why: String| format!("status says \"{line}\": {why}");
        let mut words = line.split_whitespace();
        let kind = words.next().unwrap_or_default();
        let words = Words::of(words).map_err(wrong)?;
        match kind {
            "ike" => all.push(ike(&words).map_err(wrong)?),
            "child" => {
                let (under, child) = (words.text("ike").map_err(wrong)?, child(&words).map_err(wrong)?);
                // Of IKE SAs of the same name the one before, to whose line it belongs.
                let sa = all.iter_mut().rev().find(|sa| sa.name == under);
                sa.ok_or_else(|| wrong(format!("there is no IKE SA {under} above")))
                    .map(|sa| sa.children.push(child))?;
            }
            _ => return Err(wrong("a line begins with `ike` or `child`".to_owned())),
        }
    }
    Ok(held::status(all))
}

/// The words of a line and their values.
struct Words<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Words<'a> {
    fn of(words: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let pair = |word: &'a str| word.split_once('=').ok_or_else(|| format!("`{word}` has no value"));
        words.map(pair).collect::<Result<_, _>>().map(Self)
    }

    fn text(&self, key: &str) -> Result<&'a str, String> {
        self.0.get(key).copied().ok_or_else(|| format!("`{key}` is missing"))
    }

    fn read<T: FromStr>(&self, key: &str) -> Result<T, String> {
        let text = self.text(key)?;
        text.parse().map_err(|_| format!("`{key}` cannot be {text}"))
    }

    /// What has a value that holds where nothing is said.
    fn read_or<T: FromStr>(&self, key: &str, otherwise: T) -> Result<T, String> {
        if self.0.contains_key(key) { self.read(key) } else { Ok(otherwise) }
    }

    fn yes(&self, key: &str) -> bool {
        self.0.get(key) == Some(&"yes")
    }
}

fn ike(words: &Words<'_>) -> Result<HeldIke, String> {
    let role = match words.text("role")? {
        "initiator" => Role::Initiator,
        "responder" => Role::Responder,
        other => return Err(format!("`role` cannot be {other}")),
    };
    let stage = match (words.text("state")?, role) {
        ("established", _) => Stage::Established,
        ("deleting", _) => Stage::Deleting,
        ("connecting", Role::Initiator) => Stage::Init,
        ("connecting", Role::Responder) => Stage::HalfOpen,
        (other, _) => return Err(format!("`state` cannot be {other}")),
    };
    let inside = words.0.get("inside").copied().unwrap_or_default();
    let inside = inside.split(',').filter(|address| !address.is_empty());
    Ok(HeldIke {
        name: words.text("name")?.to_owned(),
        older: words.read::<u8>("version")? == 1,
        role,
        stage,
        spis: [ike_spi(words.text("spi-i")?), ike_spi(words.text("spi-r")?)],
        local: words.read("local")?,
        remote: words.read("remote")?,
        suite: words.0.get("suite").and_then(|suite| held::ike_suite(suite)),
        nat: Nat { here: words.yes("nat-here"), there: words.yes("nat-there") },
        pending: words.read_or("pending", 0)?,
        inside: inside
            .map(|one| one.parse().map_err(|_| format!("`inside` cannot be {one}")))
            .collect::<Result<_, _>>()?,
        children: Vec::new(),
    })
}

fn child(words: &Words<'_>) -> Result<HeldChild, String> {
    let suite = words.text("suite")?;
    Ok(HeldChild {
        name: words.text("name")?.to_owned(),
        inbound: child_spi(words.text("spi-in")?),
        outbound: child_spi(words.text("spi-out")?),
        suite: Some(held::child_suite(suite).ok_or_else(|| format!("`suite` cannot be {suite}"))?),
        in_udp: words.yes("udp"),
        came: [words.read_or("packets-in", 0)?, words.read_or("octets-in", 0)?],
        went: [words.read_or("packets-out", 0)?, words.read_or("octets-out", 0)?],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const IKE: &str = "ike name=site version=2 state=established role=initiator spi-i=0102030405060708 \
                       spi-r=1112131415161718 local=192.0.2.1:4500 remote=192.0.2.2:4500 suite=aes128gcm16-prfsha256-x25519";

    #[test]
    fn an_ike_sa_and_its_pair_are_read() {
        let text = format!(
            "{IKE}\n\nchild ike=site name=net spi-in=c0000001 spi-out=c0000002 suite=aes128gcm16 udp=yes packets-in=7\n"
        );
        let status = read(&text).unwrap();
        let [sa] = &status.ike[..] else { panic!("{status:?}") };
        assert_eq!((sa.connection.as_str(), sa.stage, sa.children.len()), ("site", Stage::Established, 1));
        assert_eq!(sa.suite.as_ref().unwrap().to_string(), "aes128gcm16-prfsha256-x25519");
        assert_eq!((status.sas[0].spi.0, status.sas[0].packets), (0xc000_0001, 7));
        assert!(status.sas[1].outer.unwrap().encapsulation.is_some());
        assert_eq!(read("").unwrap(), Status::default());
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        let wrong = [
            "sa name=x",
            "ike site",
            "ike name=site version=2 role=initiator",
            &IKE.replace("established", "up"),
            &IKE.replace("192.0.2.1:4500", "192.0.2.1"),
            "child ike=site name=net spi-in=1 spi-out=2 suite=aes128gcm16",
            &format!("{IKE}\nchild ike=site name=net spi-in=1 spi-out=2 suite=rot13"),
        ];
        insta::assert_snapshot!(wrong.map(|text| read(text).unwrap_err()).join("\n"));
    }
}

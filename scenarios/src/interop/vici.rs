//! The Versatile IKE Control Interface: how strongSwan is given orders and asked what it holds.
//!
//! A packet is a length of four octets, a type, for some types a name, and a message: keys with texts, lists and sections,
//! each element behind an octet that says what it is (strongSwan, `src/libcharon/plugins/vici/README.md`).

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;

/// A section of a message or of a configuration: keys in their order, each with what stands behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Section(pub(crate) Vec<(String, Value)>);

/// What stands behind a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    List(Vec<String>),
    Section(Section),
}

impl Section {
    /// Adds a text.
    pub(crate) fn set(&mut self, key: &str, text: impl Into<String>) {
        self.0.push((key.to_owned(), Value::Text(text.into())));
    }

    /// Adds a section.
    pub(crate) fn add(&mut self, key: &str, section: Section) {
        self.0.push((key.to_owned(), Value::Section(section)));
    }

    /// The same with a text added.
    pub(crate) fn with(mut self, key: &str, text: impl Into<String>) -> Self {
        self.set(key, text);
        self
    }

    /// The text behind a key; nothing where there is none.
    pub(crate) fn text(&self, key: &str) -> &str {
        match self.get(key) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    /// The texts of the list behind a key.
    pub(crate) fn list(&self, key: &str) -> &[String] {
        match self.get(key) {
            Some(Value::List(list)) => list,
            _ => &[],
        }
    }

    /// The sections in the section behind a key, or in this one when the key is empty.
    pub(crate) fn sections(&self, key: &str) -> impl Iterator<Item = (&str, &Section)> {
        let all = match self.get(key) {
            Some(Value::Section(section)) => &section.0[..],
            _ if key.is_empty() => &self.0[..],
            _ => &[],
        };
        all.iter().filter_map(|(name, value)| match value {
            Value::Section(section) => Some((name.as_str(), section)),
            _ => None,
        })
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }
}

/// A connection to a daemon.
#[derive(Debug)]
pub(crate) struct Vici {
    stream: UnixStream,
}

/// The types of packets.
mod packet {
    pub(super) const REQUEST: u8 = 0;
    pub(super) const RESPONSE: u8 = 1;
    pub(super) const EVENT_REGISTER: u8 = 3;
    pub(super) const EVENT_UNREGISTER: u8 = 4;
    pub(super) const EVENT_CONFIRM: u8 = 5;
    pub(super) const EVENT: u8 = 7;
}

/// The types of elements.
mod element {
    pub(super) const SECTION_START: u8 = 1;
    pub(super) const SECTION_END: u8 = 2;
    pub(super) const KEY_VALUE: u8 = 3;
    pub(super) const LIST_START: u8 = 4;
    pub(super) const LIST_ITEM: u8 = 5;
    pub(super) const LIST_END: u8 = 6;
}

/// The longest packet that either end sends.
const LONGEST: u32 = 512 * 1024;

impl Vici {
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self { stream }
    }

    /// Gives an order, and takes the answer.
    ///
    /// # Errors
    /// When the daemon does not answer, does not know the order, or says that it has failed, with its reason.
    pub(crate) fn request(&mut self, order: &str, message: &Section) -> io::Result<Section> {
        self.send(packet::REQUEST, order, message)?;
        let answer = self.answer(order, packet::RESPONSE)?;
        match answer.text("success") {
            "no" => Err(io::Error::other(format!("{order}: {}", answer.text("errmsg")))),
            _ => Ok(answer),
        }
    }

    /// Gives an order whose answer comes in several messages.
    ///
    /// # Errors
    /// As for [`Self::request`].
    pub(crate) fn stream(&mut self, order: &str, event: &str) -> io::Result<Vec<Section>> {
        self.send_name(packet::EVENT_REGISTER, event)?;
        self.answer(event, packet::EVENT_CONFIRM)?;
        self.send(packet::REQUEST, order, &Section::default())?;
        let mut all = Vec::new();
        loop {
            let (kind, octets) = self.receive()?;
            match kind {
                packet::EVENT => {
                    let name_len = octets.first().map_or(0, |len| usize::from(*len));
                    all.push(decode(octets.get(1 + name_len..).unwrap_or_default())?);
                }
                packet::RESPONSE => break,
                _ => return Err(refused(order)),
            }
        }
        self.send_name(packet::EVENT_UNREGISTER, event)?;
        self.answer(event, packet::EVENT_CONFIRM)?;
        Ok(all)
    }

    fn answer(&mut self, order: &str, wanted: u8) -> io::Result<Section> {
        loop {
            match self.receive()? {
                (kind, octets) if kind == wanted => return decode(&octets),
                // One that was on its way when it was no longer wanted.
                (packet::EVENT, _) => {}
                _ => return Err(refused(order)),
            }
        }
    }

    fn send_name(&mut self, kind: u8, name: &str) -> io::Result<()> {
        self.send(kind, name, &Section::default())
    }

    fn send(&mut self, kind: u8, name: &str, message: &Section) -> io::Result<()> {
        let mut octets = vec![0; 4];
        octets.push(kind);
        octets.push(name.len() as u8);
        octets.extend(name.as_bytes());
        encode(message, &mut octets);
        let len = (octets.len() - 4) as u32;
        octets[..4].copy_from_slice(&len.to_be_bytes());
        self.stream.write_all(&octets)
    }

    /// The next packet: its type, and what stands behind that.
    fn receive(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut len = [0; 4];
        self.stream.read_exact(&mut len)?;
        let len = u32::from_be_bytes(len);
        if len == 0 || len > LONGEST {
            return Err(malformed());
        }
        let mut octets = vec![0; len as usize];
        self.stream.read_exact(&mut octets)?;
        let kind = octets.remove(0);
        Ok((kind, octets))
    }
}

fn refused(order: &str) -> io::Error {
    io::Error::other(format!("the daemon does not know {order}"))
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "this is no message of VICI")
}

fn encode(section: &Section, out: &mut Vec<u8>) {
    let name = |out: &mut Vec<u8>, kind: u8, name: &str| {
        out.extend([kind, name.len() as u8]);
        out.extend(name.as_bytes());
    };
    let text = |out: &mut Vec<u8>, text: &str| {
        out.extend((text.len() as u16).to_be_bytes());
        out.extend(text.as_bytes());
    };
    for (key, value) in &section.0 {
        match value {
            Value::Text(value) => {
                name(out, element::KEY_VALUE, key);
                text(out, value);
            }
            Value::List(list) => {
                name(out, element::LIST_START, key);
                for item in list {
                    out.push(element::LIST_ITEM);
                    text(out, item);
                }
                out.push(element::LIST_END);
            }
            Value::Section(inner) => {
                name(out, element::SECTION_START, key);
                encode(inner, out);
                out.push(element::SECTION_END);
            }
        }
    }
}

/// Reads a message. Sections may be nested at will: each level takes an octet of the message.
fn decode(octets: &[u8]) -> io::Result<Section> {
    let mut rest = octets;
    // The sections that are open, each with its name, the message itself first.
    let mut open = vec![(String::new(), Section::default())];
    while let Some((kind, behind)) = rest.split_first() {
        rest = behind;
        let (_, section) = open.last_mut().ok_or_else(malformed)?;
        match *kind {
            element::SECTION_START => open.push((short(&mut rest)?, Section::default())),
            element::SECTION_END => {
                let (name, ended) = open.pop().ok_or_else(malformed)?;
                open.last_mut().ok_or_else(malformed)?.1.add(&name, ended);
            }
            element::KEY_VALUE => {
                let key = short(&mut rest)?;
                section.set(&key, long(&mut rest)?);
            }
            element::LIST_START => {
                let key = short(&mut rest)?;
                section.0.push((key, Value::List(list(&mut rest)?)));
            }
            _ => return Err(malformed()),
        }
    }
    match (open.pop(), open.is_empty()) {
        (Some((_, message)), true) => Ok(message),
        _ => Err(malformed()),
    }
}

fn list(rest: &mut &[u8]) -> io::Result<Vec<String>> {
    let mut items = Vec::new();
    loop {
        let (kind, behind) = rest.split_first().ok_or_else(malformed)?;
        *rest = behind;
        match *kind {
            element::LIST_ITEM => items.push(long(rest)?),
            element::LIST_END => return Ok(items),
            _ => return Err(malformed()),
        }
    }
}

fn short(rest: &mut &[u8]) -> io::Result<String> {
    let (len, behind) = rest.split_first().ok_or_else(malformed)?;
    *rest = behind;
    text(rest, usize::from(*len))
}

fn long(rest: &mut &[u8]) -> io::Result<String> {
    let (len, behind) = rest.split_at_checked(2).ok_or_else(malformed)?;
    *rest = behind;
    text(rest, usize::from(u16::from_be_bytes([len[0], len[1]])))
}

/// Binary values, such as certificates, are of no interest here.
fn text(rest: &mut &[u8], len: usize) -> io::Result<String> {
    let (text, behind) = rest.split_at_checked(len).ok_or_else(malformed)?;
    *rest = behind;
    Ok(String::from_utf8_lossy(text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_with_everything_reads_back() {
        let inner = Section::default().with("name", "net").with("spi-in", "849d2b18");
        let mut message = Section::default().with("version", "2");
        message.0.push(("local-ts".into(), Value::List(vec!["10.1.0.0/16".into(), "10.2.0.0/16".into()])));
        message.add("child-sas", Section(vec![("net-1".into(), Value::Section(inner.clone()))]));
        let mut octets = Vec::new();
        encode(&message, &mut octets);
        let read = decode(&octets).unwrap();
        assert_eq!(read, message);
        assert_eq!(read.list("local-ts"), ["10.1.0.0/16", "10.2.0.0/16"]);
        assert_eq!(read.sections("child-sas").collect::<Vec<_>>(), [("net-1", &inner)]);
    }

    #[test]
    fn what_is_cut_off_or_does_not_close_is_refused() {
        let mut octets = Vec::new();
        encode(&Section::default().with("version", "2"), &mut octets);
        for len in 1..octets.len() {
            assert!(decode(&octets[..len]).is_err(), "{len} octets");
        }
        assert!(decode(&[element::SECTION_START, 0]).is_err());
        assert!(decode(&[element::SECTION_END]).is_err());
    }
}

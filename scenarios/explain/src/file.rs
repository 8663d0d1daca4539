//! Capture files: pcap in micro- and nanoseconds and pcapng with any number of interfaces, in either order of octets, plain
//! or packed with gzip. A file is read as a stream: no more of it is held than its longest record.

mod error;
mod input;

use std::borrow::Cow;
use std::io::Read;

use pcap_file::Endianness;
use pcap_file::pcap::{PcapParser, PcapTsResolution};
use pcap_file::pcapng::blocks::block_common::{Block, RawBlock};
use pcap_file::pcapng::{PcapNgParseError, PcapNgParser};

pub use error::Unreadable;
use input::Input;

/// A frame as it was captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its place in the file, from 1.
    pub number: u64,
    /// When it was captured, in nanoseconds since 1970; none where the file does not tell.
    pub at_nanos: Option<u64>,
    /// The link type of its interface, a number of the registry of `LINKTYPE_` values.
    pub link: u32,
    /// What was captured of it.
    pub octets: Cow<'a, [u8]>,
}

/// The frames of a capture file in their order.
pub struct Frames<R> {
    input: Input<R>,
    format: Format,
    number: u64,
}

enum Format {
    Pcap(PcapParser),
    PcapNg(PcapNgParser),
}

impl<R: Read> Frames<R> {
    /// Begins to read a capture file.
    ///
    /// # Errors
    /// When it is neither pcap nor pcapng, or cannot be read.
    pub fn new(file: R) -> Result<Self, Unreadable> {
        let mut input = Input::new(file)?;
        need(&mut input, 4, "a file header")?;
        let format = if input.at_hand().starts_with(&SECTION_HEADER.to_be_bytes()) {
            let length = block(&mut input, Endianness::Big)?;
            let octets = input.take(length);
            let (_, parser) = PcapNgParser::new(octets)
                .map_err(|error| Unreadable::new(0, "a section header of pcapng", error_text(&error)))?;
            Format::PcapNg(parser)
        } else {
            let magic = u32::from_be_bytes([0, 1, 2, 3].map(|index| input.at_hand()[index]));
            if !PCAP_MAGIC.contains(&magic) {
                let found = format!("the magic number {magic:#010x}");
                return Err(Unreadable::new(0, "a capture file (pcap or pcapng, plain or in gzip)", found));
            }
            need(&mut input, PCAP_HEADER, "a file header of pcap")?;
            let (_, parser) = PcapParser::new(input.take(PCAP_HEADER))
                .map_err(|error| Unreadable::new(0, "a file header of pcap", error.to_string()))?;
            Format::Pcap(parser)
        };
        Ok(Self { input, format, number: 0 })
    }

    /// The next frame; none at the end of the file.
    ///
    /// # Errors
    /// When the file ends within a record, or holds something else than a record. Nothing can be read after that.
    #[expect(clippy::should_implement_trait, reason = "a frame borrows from the reader")]
    pub fn next(&mut self) -> Result<Option<Frame<'_>>, Unreadable> {
        self.number += 1;
        let number = self.number;
        match &mut self.format {
            Format::Pcap(parser) => pcap_frame(&mut self.input, parser, number),
            Format::PcapNg(parser) => {
                while self.input.bring(1)? {
                    let offset = self.input.offset();
                    let length = block(&mut self.input, parser.state().endianness())?;
                    if is_packet(&self.input, parser.state().endianness()) {
                        return pcapng_frame(self.input.take(length), parser, number, offset).map(Some);
                    }
                    other_block(self.input.take(length), parser, offset)?;
                }
                Ok(None)
            }
        }
    }
}

/// Brings octets to hand, or tells that the file has no more.
fn need<R: Read>(input: &mut Input<R>, count: usize, what: &str) -> Result<(), Unreadable> {
    if input.bring(count)? {
        return Ok(());
    }
    let found = format!("the end of the file after {}", input.at_hand().len());
    Err(Unreadable::new(input.offset(), format!("the {count} octets of {what}"), found))
}

fn number(octets: &[u8], at: usize, endianness: Endianness) -> u32 {
    let octets = [0, 1, 2, 3].map(|index| octets[at + index]);
    match endianness {
        Endianness::Big => u32::from_be_bytes(octets),
        Endianness::Little => u32::from_le_bytes(octets),
    }
}

fn pcap_frame<'a, R: Read>(
    input: &'a mut Input<R>,
    parser: &PcapParser,
    place: u64,
) -> Result<Option<Frame<'a>>, Unreadable> {
    if !input.bring(1)? {
        return Ok(None);
    }
    let (offset, header) = (input.offset(), parser.header());
    need(input, PACKET_HEADER, "a packet's header")?;
    let length = number(input.at_hand(), 8, header.endianness) as usize;
    if length > LONGEST {
        let found = format!("a length of {length}");
        return Err(Unreadable::new(offset + 8, format!("a packet of at most {LONGEST} octets"), found));
    }
    need(input, PACKET_HEADER + length, "a packet with its header")?;
    let (_, packet) = parser
        .next_raw_packet(input.take(PACKET_HEADER + length))
        .map_err(|error| Unreadable::new(offset, "a packet", error.to_string()))?;
    let unit = match header.ts_resolution {
        PcapTsResolution::MicroSecond => 1_000,
        PcapTsResolution::NanoSecond => 1,
    };
    let at = u64::from(packet.ts_sec) * 1_000_000_000 + u64::from(packet.ts_frac) * unit;
    // The upper half tells of check sequences behind frames.
    let link = u32::from(header.datalink) & 0xffff;
    Ok(Some(Frame { number: place, at_nanos: Some(at), link, octets: packet.data }))
}

/// Brings the block to hand that comes next and tells how long it is.
fn block<R: Read>(input: &mut Input<R>, endianness: Endianness) -> Result<usize, Unreadable> {
    need(input, BLOCK_LEAST, "a block")?;
    let offset = input.offset();
    let octets = input.at_hand();
    let endianness = match (number(octets, 0, endianness), number(octets, 8, Endianness::Big)) {
        (SECTION_HEADER, MAGIC) => Endianness::Big,
        (SECTION_HEADER, _) => Endianness::Little,
        _ => endianness,
    };
    let (kind, length) = (number(octets, 0, endianness), number(octets, 4, endianness) as usize);
    let longest = if matches!(kind, SECTION_HEADER | INTERFACE) { LONGEST_INTERFACE } else { LONGEST };
    if !(BLOCK_LEAST..=longest).contains(&length) || !length.is_multiple_of(4) {
        let expected = format!("a block of {BLOCK_LEAST} to {longest} octets, a multiple of 4");
        return Err(Unreadable::new(offset + 4, expected, format!("a length of {length}")));
    }
    need(input, length, "a block")?;
    Ok(length)
}

fn is_packet<R: Read>(input: &Input<R>, endianness: Endianness) -> bool {
    let octets = input.at_hand();
    matches!(number(octets, 0, endianness), PACKET | SIMPLE_PACKET | ENHANCED_PACKET)
}

fn pcapng_frame<'a>(
    octets: &'a [u8],
    parser: &mut PcapNgParser,
    number: u64,
    offset: u64,
) -> Result<Frame<'a>, Unreadable> {
    let wrong = |error: String| Unreadable::new(offset, "a packet block", error);
    let raw = raw_block(octets, parser).map_err(|error| wrong(error_text(&error)))?;
    let block = raw.try_into_block(parser.state()).map_err(|error| wrong(with_causes(&error)))?;
    let (interface, at, data) = match block {
        Block::EnhancedPacket(packet) => (packet.interface_id, Some(packet.timestamp), packet.data),
        Block::SimplePacket(packet) => (0, None, packet.data),
        Block::Packet(packet) => (u32::from(packet.interface_id), Some(packet.timestamp), packet.data),
        _ => return Err(wrong("another block".to_owned())),
    };
    let interface = parser.interfaces().get(interface as usize);
    let interface =
        interface.ok_or_else(|| wrong("the number of an interface that is not there".to_owned()))?;
    let at_nanos = at.map(|at| u64::try_from(at.as_nanos()).unwrap_or(u64::MAX));
    Ok(Frame { number, at_nanos, link: u32::from(interface.linktype), octets: data })
}

/// Takes note of a section or an interface; what else there is is passed over.
fn other_block(octets: &[u8], parser: &mut PcapNgParser, offset: u64) -> Result<(), Unreadable> {
    raw_block(octets, parser).map_err(|error| Unreadable::new(offset, "a block", error_text(&error)))?;
    if parser.interfaces().len() > MOST_INTERFACES {
        let expected = format!("at most {MOST_INTERFACES} interfaces");
        return Err(Unreadable::new(offset, expected, "one more"));
    }
    Ok(())
}

fn raw_block<'a>(octets: &'a [u8], parser: &mut PcapNgParser) -> Result<RawBlock<'a>, PcapNgParseError> {
    parser.next_raw_block(octets).map(|(_, block)| block)
}

fn error_text(error: &PcapNgParseError) -> String {
    with_causes(error)
}

/// An error and what lies behind it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

/// The length of pcap's file header in octets.
const PCAP_HEADER: usize = 24;
/// The length of the header of a packet in pcap.
const PACKET_HEADER: usize = 16;
/// Both orders of octets, in micro- and nanoseconds.
const PCAP_MAGIC: [u32; 4] = [0xa1b2_c3d4, 0xd4c3_b2a1, 0xa1b2_3c4d, 0x4d3c_b2a1];

/// Types of blocks of pcapng.
const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE: u32 = 1;
const PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;
/// What a section header in the order of the network has behind its length.
const MAGIC: u32 = 0x1a2b_3c4d;
/// The length of an empty block.
const BLOCK_LEAST: usize = 12;

/// The longest packet or block that is read: more than any link carries.
const LONGEST: usize = 1 << 20;
/// The longest description of a section or an interface, which is kept.
const LONGEST_INTERFACE: usize = 16 * 1024;
/// The most interfaces of one section.
const MOST_INTERFACES: usize = 1024;

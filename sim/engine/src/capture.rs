//! Captures in pcapng, as Wireshark opens them: one file for each link, nanoseconds, a comment where there is something
//! to say of a packet. [`Capture`] writes a file; [`Captures`] writes those of a world's links from its records.

mod links;

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};
use std::time::Duration;

use ipsec_net::Instant;
use pcap_file::pcapng::PcapNgWriter;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption, InterfaceTsResolution,
};
use pcap_file::pcapng::blocks::opt_common::CommonOption;
use pcap_file::pcapng::blocks::section_header::SectionHeaderBlock;
use pcap_file::{DataLink, Endianness};

pub use links::Captures;

/// A capture file in the making.
pub struct Capture<W: Write> {
    writer: PcapNgWriter<BufWriter<W>>,
    epoch: Duration,
}

impl<W: Write> Capture<W> {
    /// Begins a capture of a link called `name`. `epoch` is the time since 1970 at which the run began.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn new(out: W, name: &str, description: &str, epoch: Duration) -> io::Result<Self> {
        let section = SectionHeaderBlock { endianness: Endianness::Little, ..SectionHeaderBlock::default() };
        let out = BufWriter::with_capacity(BUFFER, out);
        let mut writer = PcapNgWriter::with_section_header(out, section).map_err(io::Error::other)?;
        let resolution = InterfaceTsResolution::new(false, 9).map_err(io::Error::other)?;
        let mut interface = InterfaceDescriptionBlock::new(DataLink::RAW, 0);
        interface.options = vec![
            InterfaceDescriptionOption::IfName(Cow::Borrowed(name)),
            InterfaceDescriptionOption::IfDescription(Cow::Borrowed(description)),
            InterfaceDescriptionOption::IfTsResol(resolution),
        ];
        writer.write_pcapng_block(interface).map_err(io::Error::other)?;
        Ok(Self { writer, epoch })
    }

    /// Adds an IP packet.
    ///
    /// # Errors
    /// When the file cannot be written to.
    pub fn packet(&mut self, at: Instant, octets: &[u8], comment: Option<&str>) -> io::Result<()> {
        let option = |text| EnhancedPacketOption::Common(CommonOption::Comment(Cow::Borrowed(text)));
        let block = EnhancedPacketBlock {
            interface_id: 0,
            timestamp: self.epoch + Duration::from_nanos(at.as_nanos()),
            original_len: u32::try_from(octets.len()).unwrap_or(u32::MAX),
            data: Cow::Borrowed(octets),
            options: comment.map(option).into_iter().collect(),
        };
        self.writer.write_pcapng_block(block).map(|_| ()).map_err(io::Error::other)
    }

    /// Ends the capture.
    ///
    /// # Errors
    /// When the last octets cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.writer.get_mut().flush()
    }
}

const BUFFER: usize = 256 * 1024;

#[cfg(test)]
mod tests;

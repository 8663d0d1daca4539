//! Signing and checking of one packet with the key of one SA (RFC 4302 §3.3, §3.4).

use ipsec_crypto::{Integrity, IntegrityAlgorithm, KeyLength, Provider, Secret};
use ipsec_net::{Buffer, IpPacket, IpVersion};
use ipsec_wire::Spi;
use ipsec_wire::ah::Header;

use super::mutable::Immutable;
use crate::{DropReason, esn};

/// The keyed algorithm of one SA.
pub(crate) struct Transform {
    mac: Integrity,
    extended: bool,
}

/// Longer than the check value of any algorithm with its padding, in octets.
const MAX_ICV: usize = 64;
/// The length of the IV of GMAC in octets.
const IV_LEN: usize = 8;

impl Transform {
    /// Keys the algorithm; `extended` says whether sequence numbers have 64 bits.
    pub(crate) fn new(
        provider: &Provider,
        algorithm: IntegrityAlgorithm,
        key: &Secret,
        extended: bool,
    ) -> Result<Self, KeyLength> {
        Ok(Self { mac: (provider.integrity)(algorithm, key.as_bytes())?, extended })
    }

    /// Puts the header before a payload, with a check value of zero; [`Transform::sign`] fills that in once the IP header
    /// is there. `version` is that of the packet which it becomes part of.
    pub(crate) fn prepend(
        &self,
        version: IpVersion,
        spi: Spi,
        sequence: u64,
        next_header: u8,
        buffer: &mut Buffer,
    ) {
        let icv_len = self.padded_icv_len(version);
        let header = Header { next_header, spi, sequence: esn::low(sequence), icv_len };
        let room = buffer.grow_front(header.len());
        room[..Header::FIXED_LEN].copy_from_slice(&header.emit());
        room[Header::FIXED_LEN..].fill(0);
    }

    /// Fills in the integrity check value of a packet that [`Transform::prepend`] has prepared.
    ///
    /// # Errors
    /// When its headers are too long.
    pub(crate) fn sign(&self, sequence: u64, packet: &mut IpPacket) -> Result<(), DropReason> {
        let mut icv = [0; MAX_ICV];
        let icv = &mut icv[..self.mac.algorithm().icv_len()];
        // GMAC takes its IV from here, which must only never repeat (RFC 4543 §3.1).
        if self.mac.algorithm().iv_len() == IV_LEN {
            icv[..IV_LEN].copy_from_slice(&sequence.to_be_bytes());
        }
        let headers = Immutable::headers_of(packet)?;
        let high = esn::high(sequence);
        let parts = [headers.as_bytes(), packet.payload(), self.implicit(&high)];
        self.mac.sign(&parts, icv).map_err(|_| DropReason::Unusable)?;
        packet.payload_mut()[Header::FIXED_LEN..][..icv.len()].copy_from_slice(icv);
        Ok(())
    }

    /// Checks a packet that begins with AH behind its IP headers, and returns that header. `sequence` is the full number,
    /// whose lower half the packet carries. The check value is zero afterwards.
    ///
    /// # Errors
    /// When the header is malformed, its length is not that of the algorithm, or the check fails.
    pub(crate) fn verify(&self, sequence: u64, packet: &mut IpPacket) -> Result<Header, DropReason> {
        let high = esn::high(sequence);
        verify(&self.mac, self.implicit(&high), packet)
    }

    /// What is authenticated behind the packet (§3.3.3.2.2).
    fn implicit<'a>(&self, high: &'a [u8; 4]) -> &'a [u8] {
        if self.extended { high } else { &[] }
    }

    /// The length in octets of the header in packets of this IP version.
    pub(crate) fn header_len(&self, version: IpVersion) -> usize {
        Header::FIXED_LEN + self.padded_icv_len(version)
    }

    fn padded_icv_len(&self, version: IpVersion) -> usize {
        padded_icv_len(self.mac.algorithm(), version)
    }
}

/// Checks a packet that begins with AH behind its IP headers, and returns that header. `implicit` is what is authenticated
/// and not sent: the upper half of a sequence number of 64 bits, or nothing (§3.3.3.2.2). The check value is zero afterwards.
///
/// # Errors
/// When the header is malformed, its length is not that of the algorithm, or the check fails.
pub fn verify(mac: &Integrity, implicit: &[u8], packet: &mut IpPacket) -> Result<Header, DropReason> {
    let header = Header::parse(packet.payload()).map_err(|_| DropReason::Malformed)?;
    if header.icv_len != padded_icv_len(mac.algorithm(), packet.version()) {
        return Err(DropReason::Malformed);
    }
    let mut icv = [0; MAX_ICV];
    let icv = &mut icv[..mac.algorithm().icv_len()];
    let field = &mut packet.payload_mut()[Header::FIXED_LEN..][..icv.len()];
    icv.copy_from_slice(field);
    field.fill(0);
    let headers = Immutable::headers_of(packet)?;
    let parts = [headers.as_bytes(), packet.payload(), implicit];
    mac.verify(&parts, icv).map_err(|_| DropReason::Integrity)?;
    Ok(header)
}

/// The header is a multiple of 4 octets in IPv4 and of 8 in IPv6 (§3.3.3.2.1).
fn padded_icv_len(algorithm: IntegrityAlgorithm, version: IpVersion) -> usize {
    let align = match version {
        IpVersion::V4 => 4,
        IpVersion::V6 => 8,
    };
    (Header::FIXED_LEN + algorithm.icv_len()).next_multiple_of(align) - Header::FIXED_LEN
}

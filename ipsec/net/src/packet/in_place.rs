//! Changes to a packet where it lies: one on its way through a tunnel is neither copied nor moved about.

use super::{Headers, IpHeader, IpPacket, NotIp};
use crate::Buffer;

/// What a packet is that could not be changed: a header without payload, between unspecified addresses.
const NOTHING: [u8; 20] = [0x45, 0, 0, 20, 0, 0, 0, 0, 0, 59, 0xba, 0xb0, 0, 0, 0, 0, 0, 0, 0, 0];

impl IpPacket {
    /// Makes the packet, as `change` leaves its octets, the payload of another one with this header.
    ///
    /// # Errors
    /// When `change` fails, or as [`IpPacket::build`] does. The packet is then a bare header.
    #[inline]
    pub fn enclose<E: From<NotIp>>(
        &mut self,
        header: &IpHeader,
        change: impl FnOnce(&mut Buffer) -> Result<(), E>,
    ) -> Result<(), E> {
        let changed = change(&mut self.buffer).and_then(|()| Ok(self.put_header(header)?));
        self.nothing_unless(changed)
    }

    /// Makes the packet the one that `change` leaves of its payload.
    ///
    /// # Errors
    /// When `change` fails, or as [`IpPacket::parse`] does. The packet is then a bare header.
    #[inline]
    pub fn release<E: From<NotIp>>(
        &mut self,
        change: impl FnOnce(&mut Buffer) -> Result<(), E>,
    ) -> Result<(), E> {
        self.buffer.shrink_front(usize::from(self.header_len));
        let changed = change(&mut self.buffer).and_then(|()| Ok(self.read_headers()?));
        self.nothing_unless(changed)
    }

    /// Puts these headers before what `change` leaves of the payload; it returns the protocol. Lengths and the IPv4
    /// checksum are those of the new packet.
    ///
    /// # Errors
    /// When `change` fails, or the packet would be longer than IP allows. The packet is then a bare header.
    pub fn replace_payload<E: From<NotIp>>(
        &mut self,
        headers: Headers,
        change: impl FnOnce(&mut Buffer) -> Result<u8, E>,
    ) -> Result<(), E> {
        self.buffer.shrink_front(usize::from(self.header_len));
        let changed = change(&mut self.buffer).and_then(|protocol| {
            headers.put_before(protocol, &mut self.buffer)?;
            Ok(self.read_headers()?)
        });
        self.nothing_unless(changed)
    }

    /// Keeps the promise that a packet can be read whatever has become of it.
    #[inline]
    fn nothing_unless<E>(&mut self, changed: Result<(), E>) -> Result<(), E> {
        if changed.is_err() {
            *self = Self { header_len: NOTHING.len() as u16, ..Self::not_read(Buffer::copy_of(&NOTHING)) };
            self.protocol = NOTHING[9];
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{fragment, protocol};

    fn packet(v6: bool, payload: &[u8]) -> IpPacket {
        let [source, destination] = match v6 {
            false => ["192.0.2.1", "192.0.2.2"],
            true => ["2001:db8::1", "2001:db8::2"],
        };
        let header = IpHeader::new(source.parse().unwrap(), destination.parse().unwrap(), protocol::UDP);
        IpPacket::build(&header, Buffer::copy_of(payload)).unwrap()
    }

    fn leave(_: &mut Buffer) -> Result<(), NotIp> {
        Ok(())
    }

    /// Replaces the payload by `count` octets of this value.
    fn with_payload(packet: &IpPacket, protocol: u8, count: usize, value: u8) -> Result<IpPacket, NotIp> {
        let mut changed = packet.clone();
        changed.replace_payload(packet.headers()?, |buffer| {
            buffer.truncate(0);
            buffer.grow_back(count).fill(value);
            Ok::<u8, NotIp>(protocol)
        })?;
        Ok(changed)
    }

    proptest! {
        #[test]
        fn an_enclosed_packet_is_what_is_built_of_its_octets_and_comes_out_as_it_was(
            inner_v6: bool, outer_v6: bool, length in 0usize..3000,
        ) {
            let inner = packet(inner_v6, &vec![7; length]);
            let outer = packet(outer_v6, &[]);
            let header = IpHeader::new(outer.source(), outer.destination(), inner.version().protocol());
            let mut enclosed = inner.clone();
            enclosed.enclose(&header, leave).unwrap();
            prop_assert_eq!(&enclosed, &IpPacket::build(&header, Buffer::copy_of(inner.as_bytes())).unwrap());
            prop_assert_eq!(&enclosed, &IpPacket::parse(enclosed.as_bytes().to_vec()).unwrap());
            enclosed.release(leave).unwrap();
            prop_assert_eq!(enclosed, inner);
        }

        #[test]
        fn another_payload_stands_under_the_same_headers(v6: bool, before in 0usize..2000, after in 0usize..2000) {
            let original = packet(v6, &vec![1; before]);
            let changed = with_payload(&original, protocol::ESP, after, 2).unwrap();
            prop_assert_eq!((changed.protocol(), changed.payload()), (protocol::ESP, &vec![2; after][..]));
            prop_assert_eq!((changed.source(), changed.hop_limit()), (original.source(), original.hop_limit()));
            prop_assert_eq!(with_payload(&changed, protocol::UDP, before, 1).unwrap(), original);
        }
    }

    #[test]
    fn what_cannot_be_changed_is_a_bare_header() {
        let nothing = IpPacket::parse(NOTHING.to_vec()).unwrap();
        let whole = packet(false, &[1; 40]);
        let too_long = |buffer: &mut Buffer| {
            buffer.grow_back(65_535);
            Ok(())
        };
        let header = IpHeader::new(whole.source(), whole.destination(), protocol::ESP);
        let mut changed = whole.clone();
        assert!(changed.enclose::<NotIp>(&header, too_long).is_err());
        assert_eq!(changed, nothing);
        let mut changed = whole.clone();
        assert_eq!(changed.release(leave), Err(NotIp::Version), "ones are no IP packet");
        assert_eq!(changed, nothing);
        let mut changed = whole.clone();
        assert_eq!(
            changed.replace_payload(whole.headers().unwrap(), |_| Err(NotIp::Version)),
            Err(NotIp::Version)
        );
        assert_eq!(changed, nothing);
    }

    #[test]
    fn the_last_extension_header_names_the_new_protocol() {
        let header = IpHeader::new(
            "2001:db8::1".parse().unwrap(),
            "2001:db8::2".parse().unwrap(),
            protocol::HOP_BY_HOP,
        );
        // Hop-by-hop with a padding option, destination options with another, then UDP.
        let options =
            [[protocol::DESTINATION_OPTIONS, 0, 1, 4, 0, 0, 0, 0], [protocol::UDP, 0, 1, 4, 0, 0, 0, 0]]
                .concat();
        let original = IpPacket::build(&header, Buffer::copy_of(&[&options[..], &[7; 20]].concat())).unwrap();
        let changed = with_payload(&original, protocol::ESP, 16, 9).unwrap();
        assert_eq!(
            (changed.protocol(), changed.header_len(), changed.payload()),
            (protocol::ESP, 56, &[9; 16][..])
        );
    }

    #[test]
    fn a_fragment_gives_no_headers_away_and_nothing_grows_beyond_ip() {
        let pieces = fragment(packet(false, &[1; 3000]), 1500, 1).unwrap();
        assert!(pieces.into_iter().all(|piece| piece.headers().is_err()));
        assert!(with_payload(&packet(true, &[1; 10]), protocol::ESP, 65_495, 0).is_ok());
        assert!(with_payload(&packet(true, &[1; 10]), protocol::ESP, 65_496, 0).is_err());
    }
}

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use ipsec_net::{Buffer, IpHeader, IpPacket, protocol};
use pcap_file::pcapng::{Block, PcapNgReader};

use super::*;
use crate::{Decision, Direction, DropReason, Fault, Kind, LinkId};

/// A file that can be read after the capture has gone.
#[derive(Clone, Default)]
struct File(Rc<RefCell<Vec<u8>>>);

impl Write for File {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const EPOCH: Duration = Duration::from_secs(1_700_000_000);

fn packet(number: u8) -> IpPacket {
    let (from, to) = match number % 2 {
        0 => ([192, 0, 2, 1].into(), [192, 0, 2, 2].into()),
        _ => ("2001:db8::1".parse().unwrap(), "2001:db8::2".parse().unwrap()),
    };
    IpPacket::build(&IpHeader::new(from, to, protocol::ESP), Buffer::copy_of(&[number; 21])).unwrap()
}

/// Time since the epoch in nanoseconds, octets and comments of each packet in the file.
fn frames(file: &File) -> Vec<(u64, Vec<u8>, String)> {
    let octets = file.0.borrow().clone();
    let mut reader = PcapNgReader::new(&octets[..]).unwrap();
    let mut frames = Vec::new();
    while let Some(block) = reader.next_block() {
        let (block, _) = block.unwrap();
        if let Block::EnhancedPacket(packet) = block {
            let comments = packet.options.iter().filter_map(|option| match option {
                EnhancedPacketOption::Common(CommonOption::Comment(text)) => Some(text.as_ref()),
                _ => None,
            });
            let since = packet.timestamp - EPOCH;
            let comments = comments.collect::<Vec<_>>().join("|");
            frames.push((since.as_nanos() as u64, packet.data.to_vec(), comments));
        }
    }
    frames
}

#[test]
fn a_capture_reads_back_to_the_nanosecond_with_its_comments() {
    let file = File::default();
    let mut capture = Capture::new(file.clone(), "wan", "west to east", EPOCH).unwrap();
    capture.packet(Instant::from_nanos(1), packet(0).as_bytes(), None).unwrap();
    let text = "IKE_AUTH request 1, retransmission 2";
    capture.packet(Instant::from_nanos(3_000_000_007), packet(1).as_bytes(), Some(text)).unwrap();
    capture.finish().unwrap();
    let expected = vec![
        (1, packet(0).as_bytes().to_vec(), String::new()),
        (3_000_000_007, packet(1).as_bytes().to_vec(), text.to_owned()),
    ];
    assert_eq!(frames(&file), expected);
}

#[test]
fn a_capture_says_which_link_it_is_of_and_that_packets_begin_with_ip() {
    let file = File::default();
    Capture::new(file.clone(), "wan", "west to east", EPOCH).unwrap().finish().unwrap();
    let octets = file.0.borrow().clone();
    let mut reader = PcapNgReader::new(&octets[..]).unwrap();
    let (block, _) = reader.next_block().unwrap().unwrap();
    let Block::InterfaceDescription(interface) = block else { panic!("{block:?}") };
    assert_eq!(u32::from(interface.linktype), 101, "LINKTYPE_RAW");
    let has = |option| interface.options.contains(&option);
    assert!(has(InterfaceDescriptionOption::IfName(Cow::Borrowed("wan"))));
    assert!(has(InterfaceDescriptionOption::IfDescription(Cow::Borrowed("west to east"))));
}

#[test]
fn each_packet_of_a_link_stands_in_its_file_once_with_what_befell_it() {
    let (wan, lan, direction) = (LinkId(0), LinkId(1), Direction::Forward);
    let file = File::default();
    let mut captures = Captures::default();
    captures.add(wan, Capture::new(file.clone(), "wan", "", EPOCH).unwrap());
    let mut record = |nanos, kind: Kind<'_, ()>, remark| {
        captures.record(Instant::from_nanos(nanos), &kind, remark).unwrap();
    };
    let sent = |link, ordinal, packet| Kind::Sent { link, direction, ordinal, packet };
    let decision = |ordinal, fault| Decision { link: Arc::from("wan"), direction, ordinal, fault };
    let packets: Vec<IpPacket> = (0..4).map(packet).collect();

    record(0, sent(wan, 0, &packets[0]), Some("IKE_SA_INIT request 0"));
    record(0, Kind::Decided { link: wan, decision: &decision(0, Fault::Lost) }, None);
    record(0, Kind::Dropped { link: wan, direction, ordinal: 0, reason: DropReason::Lost }, None);
    record(1, sent(lan, 0, &packets[3]), Some("on another link"));
    record(2, sent(wan, 1, &packets[1]), None);
    for fault in [
        Fault::Delayed(-5),
        Fault::HeldBack(Duration::from_millis(12)),
        Fault::Duplicated(Duration::from_nanos(3)),
        Fault::Corrupted { bit: 133 },
    ] {
        record(2, Kind::Decided { link: wan, decision: &decision(1, fault) }, None);
    }
    record(3, sent(wan, 2, &packets[2]), None);
    let delivered =
        |ordinal, duplicate, packet| Kind::Delivered { link: wan, direction, ordinal, duplicate, packet };
    record(4, delivered(2, false, &packets[2]), None);
    record(5, delivered(1, false, &packets[1]), None);
    record(5, delivered(1, true, &packets[1]), None);
    record(6, sent(wan, 3, &packets[3]), None);
    record(7, sent(wan, 4, &packets[0]), Some("in the queue"));
    record(8, Kind::Dropped { link: wan, direction, ordinal: 3, reason: DropReason::CoDel }, None);

    assert_eq!(captures.finish().unwrap(), 6);
    let told: Vec<(u64, String)> = frames(&file).into_iter().map(|(at, _, comment)| (at, comment)).collect();
    let expected = [
        (0, "IKE_SA_INIT request 0; lost here"),
        (2, "held back 12ms; comes twice; corrupted: bit 133 flipped"),
        (3, ""),
        (5, "duplicate of packet 2"),
        (6, "dropped here: waited too long in the queue"),
        (7, "in the queue; still on its way when the run ended"),
    ];
    assert_eq!(told, expected.map(|(at, text)| (at, text.to_owned())));
}

#[test]
fn a_file_that_cannot_be_written_to_is_an_error() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _octets: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is full"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut capture = Capture::new(Full, "wan", "", EPOCH).unwrap();
    capture.packet(Instant::ZERO, packet(0).as_bytes(), None).unwrap();
    assert!(capture.finish().is_err());
}

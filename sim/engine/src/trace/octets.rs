//! The canonical octets of records, over which the digest goes.

use std::time::Duration;

use ipsec_net::Instant;

use super::Kind;
use crate::{Direction, Fault, LinkId, Note};

/// Appends the canonical octets of a record: time, a tag, and its fields with lengths before what varies.
pub(crate) fn write<T: Note>(at: Instant, kind: &Kind<'_, T>, out: &mut Vec<u8>) {
    out.extend(at.as_nanos().to_be_bytes());
    let place = |out: &mut Vec<u8>, tag: u8, link: &LinkId, direction: &Direction, ordinal: &u64| {
        out.push(tag);
        out.extend(link.0.to_be_bytes());
        out.push(direction.index() as u8);
        out.extend(ordinal.to_be_bytes());
    };
    match kind {
        Kind::Sent { link, direction, ordinal, packet } => {
            place(out, 1, link, direction, ordinal);
            bytes(out, packet.as_bytes());
        }
        // What arrives is what was sent, but for decisions, which are written down too.
        Kind::Delivered { link, direction, ordinal, duplicate, packet } => {
            place(out, 2, link, direction, ordinal);
            out.push(u8::from(*duplicate));
            out.extend((packet.len() as u64).to_be_bytes());
        }
        Kind::Dropped { link, direction, ordinal, reason } => {
            place(out, 3, link, direction, ordinal);
            out.push(*reason as u8);
        }
        Kind::Decided { decision, .. } => {
            out.push(4);
            bytes(out, decision.link.as_bytes());
            out.push(decision.direction.index() as u8);
            out.extend(decision.ordinal.to_be_bytes());
            fault(out, decision.fault);
        }
        Kind::Fragmented { link, direction, ordinal, pieces } => {
            place(out, 5, link, direction, ordinal);
            out.extend((*pieces as u64).to_be_bytes());
        }
        Kind::Unplugged { node, port, packet } => {
            out.push(6);
            out.extend(node.0.to_be_bytes());
            out.extend(port.0.to_be_bytes());
            bytes(out, packet.as_bytes());
        }
        Kind::Note { node, note } => {
            out.push(7);
            out.extend(node.0.to_be_bytes());
            let begin = out.len();
            out.extend([0; 8]);
            note.write(out);
            let length = (out.len() - begin - 8) as u64;
            out[begin..begin + 8].copy_from_slice(&length.to_be_bytes());
        }
        Kind::Mark(text) => {
            out.push(8);
            bytes(out, text.as_bytes());
        }
        Kind::Changed { link, direction, change } => {
            out.push(9);
            out.extend(link.0.to_be_bytes());
            out.push(direction.map_or(2, |direction| direction.index() as u8));
            out.push(*change as u8);
        }
        Kind::NodeChanged { node, change } => {
            out.push(10);
            out.extend(node.0.to_be_bytes());
            out.push(*change as u8);
        }
        Kind::Marked { link, direction, ordinal } => place(out, 11, link, direction, ordinal),
        Kind::Copied { link, direction, ordinal } => place(out, 12, link, direction, ordinal),
    }
}

fn fault(out: &mut Vec<u8>, fault: Fault) {
    let nanos = |duration: Duration| duration.as_nanos().to_be_bytes();
    match fault {
        Fault::Lost => out.push(1),
        Fault::Delayed(by) => {
            out.push(2);
            out.extend(by.to_be_bytes());
        }
        Fault::HeldBack(by) => {
            out.push(3);
            out.extend(nanos(by));
        }
        Fault::Duplicated(after) => {
            out.push(4);
            out.extend(nanos(after));
        }
        Fault::Corrupted { bit } => {
            out.push(5);
            out.extend(bit.to_be_bytes());
        }
        Fault::HeaderCorrupted { bit } => {
            out.push(6);
            out.extend(bit.to_be_bytes());
        }
        Fault::Truncated { kept } => {
            out.push(7);
            out.extend(kept.to_be_bytes());
        }
        Fault::Overtaken { by, within } => {
            out.push(8);
            out.extend(by.to_be_bytes());
            out.extend(nanos(within));
        }
        Fault::Marked => out.push(9),
    }
}

fn bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u64).to_be_bytes());
    out.extend_from_slice(bytes);
}

//! The words of the language of scripts.

use ipsec::wire::registry::{NotifyType, PayloadType};

/// A word of the language of scripts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// How it is written; what stands in capitals is to be filled in.
    pub(crate) shape: &'static str,
    /// What it means.
    pub(crate) meaning: &'static str,
}

const fn row(shape: &'static str, meaning: &'static str) -> Row {
    Row { shape, meaning }
}

/// What a line can be.
pub(crate) const STEPS: [Row; 14] = [
    row(
        "say MESSAGE, CHANGES",
        "A request, as it should be but for the changes: `init`, `auth`, `child`, `rekey-child`, `rekey-ike`, \
         `informational`, `delete-ike`, `delete-child`, or `delete-old` for the pair that was replaced.",
    ),
    row("answer, CHANGES", "The response to the request that was heard last."),
    row("repeat", "The octets that were sent last, once more."),
    row(
        "ping, TWISTS",
        "A packet inside the tunnel, from one end of the first traffic to the other, that is answered there.",
    ),
    row(
        "hear PATTERN or PATTERN within TIME",
        "The next message fits one of the patterns. Repeats of what was heard are passed over; a request is said again until \
         something is heard.",
    ),
    row("should hear PATTERN", "The same; if something else is heard, that is a warning."),
    row("may hear PATTERN", "The same; if something else is heard, the ladder says so."),
    row("wait TIME", "Nothing for so long."),
    row("anew", "Leaves the IKE SA as it is, and begins another one."),
    row("renew", "Goes on under the IKE SA that `rekey-ike` has made."),
    row("key", "`say init`, and the answer to it."),
    row("establish", "`key`, `say auth`, and the answer to that."),
    row("accept", "Hears both first requests of somebody else, and answers them."),
    row("alive", "`say informational`, and an empty answer."),
];

/// What can be otherwise in a message, and in a packet.
pub(crate) const CHANGES: [Row; 34] = [
    row(
        "proposal NUMBER PROTOCOL TYPE=ID/BITS …",
        "A proposal in the place of those that would be there; a second one goes behind it.",
    ),
    row("group NUMBER", "The group of KE; the public value stays."),
    row("public 0xOCTETS", "The public value of KE."),
    row("nonce COUNT", "A nonce of so many octets."),
    row(
        "selectors i NETWORKS, selectors r NETWORKS",
        "Traffic selectors: those of the initiator, of the responder.",
    ),
    row("identity TYPE 0xOCTETS", "Another identity, which AUTH is over."),
    row("cookie", "The cookie that was heard, in front."),
    row("empty", "None of the payloads that would be there."),
    row("nat", "A hash that says that the source is behind NAT."),
    row("notify TYPE PROTOCOL/0xSPI 0xOCTETS", "A notify, by name or number; SPI and data may be left out."),
    row("payload TYPE critical 0xOCTETS", "A payload of any type, with the critical bit or without."),
    row("without PAYLOAD", "A payload less."),
    row("twice PAYLOAD", "A payload once more."),
    row("reversed", "The payloads in the opposite order."),
    row(
        "patch PAYLOAD OFFSET 0xOCTETS",
        "Other octets in a payload's body; behind its end they make it longer.",
    ),
    row("cut PAYLOAD COUNT", "A payload's body of no more than so many octets."),
    row("critical PAYLOAD", "The critical bit of a payload that everybody knows."),
    row("reserved PAYLOAD", "All reserved bits of a payload's header."),
    row("length PAYLOAD +COUNT", "A payload's length field, more (or with `-` less) than it is."),
    row("version MAJOR.MINOR", "The version in the header."),
    row(
        "flags 0xBITS",
        "Bits of the header's flags that are turned over: 0x08 initiator, 0x10 version, 0x20 response.",
    ),
    row(
        "id +COUNT",
        "A message ID that is more (or with `-` less) than it should be, or without a sign this one.",
    ),
    row("exchange NUMBER", "Another exchange type, by name or number."),
    row("header-length +COUNT", "The header's length field, more or less than it is."),
    row("spi i 0xSPI, spi r 0xSPI", "The initiator's SPI, the responder's."),
    row("in-clear", "Without SK around it."),
    row("wrong-icv", "An ICV with a wrong bit."),
    row("pad-length COUNT", "What the pad length says."),
    row("trailing COUNT", "Octets behind the end."),
    row(
        "pieces NUMBER/TOTAL …",
        "In pieces with these numbers, the same one for each number that comes twice.",
    ),
    row("sequence NUMBER", "Of a packet: its sequence number."),
    row("next NUMBER", "Of a packet: the next header."),
    row("padding 0xOCTETS", "Of a packet: the padding."),
    row("ecn NUMBER, foreign", "Of a packet: the ECN of the outer header; a source that no selector has."),
];

/// The names of payloads.
pub(super) fn payload_names() -> impl Iterator<Item = &'static str> + Clone {
    PayloadType::ALL.iter().filter(|kind| **kind != PayloadType::NONE).filter_map(|kind| kind.name())
}

/// The payload of this name.
pub(super) fn payload_type(name: &str) -> Option<PayloadType> {
    PayloadType::ALL.iter().copied().find(|kind| *kind != PayloadType::NONE && kind.name() == Some(name))
}

/// The names of notifies.
pub(super) fn notify_names() -> impl Iterator<Item = &'static str> + Clone {
    NotifyType::ALL.iter().filter_map(|kind| kind.name())
}

/// The notify of this name.
pub(super) fn notify_type(name: &str) -> Option<NotifyType> {
    NotifyType::ALL.iter().copied().find(|kind| kind.name() == Some(name))
}

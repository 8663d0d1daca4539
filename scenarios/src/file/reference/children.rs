//! What stands under IKE SAs or by itself: pools, children, manual SAs, policies.

use super::{Row, Section, Shape, nouns, row};

pub(super) const SECTIONS: &[Section] = &[
    Section {
        heading: "[pool.NAME]",
        meaning: "Inside addresses that a peer lends, and what it tells those who get one (RFC 7296 §2.19).",
        shape: Shape::of::<nouns::Pool>,
        rows: POOL,
        both_ends: &[],
    },
    Section {
        heading: "[child.NAME]",
        meaning: "A configuration of SA pairs under an IKE SA.",
        shape: Shape::of::<nouns::Child>,
        rows: CHILD,
        both_ends: &[],
    },
    Section {
        heading: "[child.NAME.at.PEER]",
        meaning: "What one end is told, where that is not what both are.",
        shape: Shape::of::<nouns::ChildEnd>,
        rows: CHILD_END,
        both_ends: CHILD,
    },
    Section {
        heading: "lifetime = { … } of a child",
        meaning: "How long SAs may be used; without it for ever. At the soft limit they are replaced, at the hard one they end.",
        shape: Shape::of::<nouns::Lifetime>,
        rows: LIFETIME,
        both_ends: &[],
    },
    Section {
        heading: "options = { … }",
        meaning: "What the SAs of a child or of a manual pair do that most do not.",
        shape: Shape::of::<nouns::Options>,
        rows: OPTIONS,
        both_ends: &[],
    },
    Section {
        heading: "[manual.NAME]",
        meaning: "An SA pair whose keys stand in the file, with the statements and limits of the routers of their time.",
        shape: Shape::of::<nouns::Manual>,
        rows: MANUAL,
        both_ends: &[],
    },
    Section {
        heading: "[manual.NAME.at.PEER]",
        meaning: "What one end is told otherwise, to see what comes of it.",
        shape: Shape::of::<nouns::ManualEnd>,
        rows: MANUAL_END,
        both_ends: MANUAL,
    },
    Section {
        heading: "bidirectional = { … }",
        meaning: "The keys of both directions, or of one as `inbound` or `outbound`, which the first end sees so.",
        shape: Shape::of::<nouns::ManualKeying>,
        rows: MANUAL_KEYING,
        both_ends: &[],
    },
    Section {
        heading: "authentication = { … }",
        meaning: "An algorithm and its key; `encryption` likewise.",
        shape: Shape::of::<nouns::Algorithm>,
        rows: ALGORITHM,
        both_ends: &[],
    },
    Section {
        heading: "[policy.NAME]",
        meaning: "Packets that pass in the clear or get nowhere. Policies come before those of children and manual SAs, in their order.",
        shape: Shape::of::<nouns::Policy>,
        rows: POLICY,
        both_ends: &[],
    },
];

const POOL: &[Row] = &[
    row("at", "a peer", "has to be there", "Who lends."),
    row(
        "addresses",
        "networks, or ranges such as `\"10.3.0.1-10.3.0.9\"`",
        "has to be there",
        "What is lent, in this order.",
    ),
    row("dns", "addresses", "none", "Name servers that are told."),
    row("nbns", "IPv4 addresses", "none", "NetBIOS name servers that are told."),
    row("dhcp", "addresses", "none", "DHCP servers that are told."),
    row("subnets", "networks", "none", "Networks behind the peer that are told."),
    row("domains", "texts", "none", "Domains whose names are asked for inside (RFC 8598)."),
    row("version", "text", "none", "What it says it is (APPLICATION_VERSION)."),
    row("resolvers", "texts", "none", "Encrypted resolvers (RFC 9464)."),
];

const CHILD: &[Row] = &[
    row(
        "policy",
        "name",
        "",
        "An `ipsec-policy`, which says `offer` and `lifetime`; `replay` is 32 or 64 then.",
    ),
    row("of", "an IKE configuration", "has to be there", "Under which IKE SA it stands."),
    row("mode", "`\"tunnel\"`, `\"transport\"`", "`\"tunnel\"`", "How packets are encapsulated."),
    row(
        "offer",
        "list of proposals of a child",
        "`[\"aes128gcm16\"]`",
        "What is offered and accepted, best first.",
    ),
    row("rekey", "`\"never\"`", "at soft limits", "Whether soft limits replace SAs."),
    row("replay", "0, or 32 to 4096", "64", "The anti-replay window in packets; 0 turns the check off."),
    row("lifetime", "table", "for ever", "How long SAs may be used; see below."),
    row("options", "table", "none", "What else SAs do; see below."),
    row("attempts", "1 to 100", "1", "How often an end asks for it before it gives up."),
    row(
        "on-close",
        "`\"forget\"`, `\"restart\"`",
        "`\"forget\"`",
        "What follows when the other end deletes it.",
    ),
    row(
        "carries",
        "texts such as `\"udp\"`, `\"tcp/443\"`, `\"icmp/8\"`",
        "everything",
        "Which packets between the networks it is for.",
    ),
    row("labels", "texts", "none", "The security labels that SAs may have (RFC 9478), best first."),
    row("on-demand", "true or false", "false", "Whether a packet without an SA sets one up."),
    row("single-pair", "true or false", "false", "Whether each SA is for one address at either end."),
    row(
        "resources",
        "0 to 64",
        "0",
        "How many SAs there are beside the first, for one resource each (RFC 9611).",
    ),
    row(
        "padding",
        "`\"taken\"`, `\"refused\"`",
        "`\"taken\"`",
        "What becomes of padding against traffic analysis.",
    ),
    row(
        "later-fragments",
        "true or false",
        "true",
        "Whether later fragments go with the first one, whose ports they do not show.",
    ),
    row("at", "tables", "none", "What one end is told otherwise; see below."),
];

const CHILD_END: &[Row] = &[
    row("protects", "networks", "what the peer protects", "The networks at its own side."),
    row("reaches", "networks", "what the other peer protects", "The networks at the other side."),
    row(
        "names",
        "identities",
        "all peers",
        "The peers that may have it, each for the one address that it sends from (RFC 4301 §4.4.1.1).",
    ),
    row("start", "true or false", "false", "Whether this end sets it up as soon as the world begins."),
];

pub(super) const LIFETIME: &[Row] = &[
    row("time", "duration", "no limit", "How long."),
    row("seconds", "180 to 86400", "no limit", "The same, within the limits of routers."),
    row("bytes", "number", "no limit", "How many octets."),
    row("packets", "number", "no limit", "How many packets."),
    row("margin", "whole percent", "`\"10%\"`", "How far the soft limit lies before the hard one."),
    row("jitter", "whole percent", "`\"0%\"`", "How much further before the hard limit chance may move it."),
    row("idle", "duration", "never", "After how much silence SAs are deleted."),
];

const OPTIONS: &[Row] = &[
    row(
        "sequence",
        "number, or `\"2^32 - 6\"`",
        "0",
        "The sequence number that was used last before the first packet.",
    ),
    row("df", "`\"copy\"`, `\"set\"`, `\"clear\"`", "`\"copy\"`", "The don't-fragment bit of outer headers."),
    row("dscp", "0 to 63", "that of the packet", "The DSCP of outer headers."),
    row("pad-to", "octets", "no padding", "To what length packets are padded against traffic analysis."),
    row("dummies", "duration", "none", "How often a dummy packet is sent."),
    row("encapsulation", "`\"udp\"`", "none", "What ESP goes in."),
    row("keepalive", "duration", "`\"20s\"`", "How often NAT is reminded, with encapsulation."),
];

const MANUAL: &[Row] = &[
    row("description", "text", "none", "For people."),
    row("ends", "two peers", "has to be there", "Who has it."),
    row("mode", "`\"tunnel\"`, `\"transport\"`", "`\"tunnel\"`", "How packets are encapsulated."),
    row("replay", "32 or 64", "64", "The replay window in packets."),
    row("esn", "true or false", "false", "Whether sequence numbers have 64 bits."),
    row("options", "table", "none", "What else its SAs do; see above."),
    row("bidirectional", "table", "the other two", "Keys of both directions; see below."),
    row("inbound", "table", "`bidirectional`", "Keys of what the first end receives."),
    row("outbound", "table", "`bidirectional`", "Keys of what the first end sends."),
    row("at", "tables", "none", "What one end is told otherwise; see below."),
];

const MANUAL_END: &[Row] = &[
    row("protects", "networks", "what the peer protects", "The networks at its own side."),
    row("reaches", "networks", "what the other peer protects", "The networks at the other side."),
];

const MANUAL_KEYING: &[Row] = &[
    row(
        "protocol",
        "`\"esp\"`, `\"ah\"`, `\"bundle\"`",
        "`\"esp\"`",
        "The protocol; a bundle is ESP within AH.",
    ),
    row("spi", "256 to 16639", "has to be there", "The SPI; of AH in a bundle."),
    row("auxiliary-spi", "256 to 16639", "none", "The SPI of ESP in a bundle."),
    row("authentication", "table", "none", "The integrity algorithm and its key; see below."),
    row("encryption", "table", "none", "The cipher and its key."),
];

const ALGORITHM: &[Row] = &[
    row(
        "algorithm",
        "a word such as `\"hmac-sha1-96\"` or `\"3des-cbc\"`",
        "has to be there",
        "The algorithm; a wrong word is answered with the list.",
    ),
    row("ascii-text", "text", "`hexadecimal`", "The key as text, of exactly its length."),
    row("hexadecimal", "text", "`ascii-text`", "The key in hexadecimal digits."),
];

const POLICY: &[Row] = &[
    row("at", "peers", "has to be there", "Who has it."),
    row("action", "`\"bypass\"`, `\"discard\"`", "has to be there", "What becomes of the packets."),
    row("from", "networks", "everything", "The networks at one side."),
    row("to", "networks", "everything", "The networks at the other side."),
    row("protocol", "`\"udp\"`, `\"tcp\"`, `\"icmp\"`, or a number", "any", "The upper-layer protocol."),
    row("port", "0 to 65535", "any", "The destination port of packets to the second networks."),
    row("direction", "`\"in\"`, `\"out\"`", "both", "Which way packets go, seen from the peer."),
];

//! IKE configurations, and how their SAs last, move and get through NAT.

use super::children::LIFETIME;
use super::{Row, Section, Shape, nouns, row};

pub(super) const SECTIONS: &[Section] = &[
    Section {
        heading: "[ike.NAME]",
        meaning: "An IKE configuration that two peers share, or believe they do.",
        shape: Shape::of::<nouns::Ike>,
        rows: IKE,
        both_ends: &[],
    },
    Section {
        heading: "[ike.NAME.at.PEER]",
        meaning: "What one end is told, where that is not what both are.",
        shape: Shape::of::<nouns::IkeEnd>,
        rows: IKE_END,
        both_ends: IKE,
    },
    Section {
        heading: "lifetime = { … } of an IKE configuration",
        meaning: "How long IKE SAs last; without it for ever. At the soft limit they are replaced, at the hard one they end.",
        shape: Shape::of::<nouns::IkeLifetime>,
        rows: &[],
        both_ends: LIFETIME,
    },
    Section {
        heading: "retransmit = { … }",
        meaning: "How requests are repeated (RFC 7296 §2.4).",
        shape: Shape::of::<nouns::Retransmit>,
        rows: RETRANSMIT,
        both_ends: &[],
    },
    Section {
        heading: "nat = { … }",
        meaning: "How IKE SAs get through NAT (RFC 7296 §2.23, RFC 3947).",
        shape: Shape::of::<nouns::NatTraversal>,
        rows: NAT_TRAVERSAL,
        both_ends: &[],
    },
    Section {
        heading: "xauth = { … }",
        meaning: "Who uses a client of version 1 (draft-beaulieu-ike-xauth-02): between phase 1 and quick mode the other end asks.",
        shape: Shape::of::<nouns::Xauth>,
        rows: XAUTH,
        both_ends: &[],
    },
    Section {
        heading: "ppk = { … }",
        meaning: "A post-quantum preshared key (RFC 8784, RFC 9867).",
        shape: Shape::of::<nouns::Ppk>,
        rows: PPK,
        both_ends: &[],
    },
    Section {
        heading: "redirect = { … }",
        meaning: "Where a responder sends its initiators (RFC 5685).",
        shape: Shape::of::<nouns::Redirect>,
        rows: REDIRECT,
        both_ends: &[],
    },
];

const IKE: &[Row] = &[
    row(
        "policy",
        "name",
        "",
        "An `ike-policy`, which says version, `mode`, `offer`, `lifetime` and the shared key.",
    ),
    row("ends", "two peers", "has to be there", "Who has it."),
    row("version", "1 or 2", "2", "The version of IKE."),
    row("mode", "`\"main\"`, `\"aggressive\"`", "`\"main\"`", "How phase 1 goes in version 1."),
    row(
        "methods",
        "list of `\"rsa-signatures\"`, `\"dsa-signatures\"`, `\"ecdsa-signatures\"`, `\"rsa-encryption\"`, \
         `\"revised-rsa-encryption\"`",
        "signatures with the keys that there are",
        "How certificates authenticate both ends in version 1, best first (RFC 2409 §5, RFC 4754).",
    ),
    row("auth", "table", "has to be there", "How each end proves who it is; see below."),
    row(
        "hashes",
        "list of `\"sha1\"`, `\"sha2-256\"`, `\"sha2-384\"`, `\"sha2-512\"`, `\"identity\"`",
        "what the algorithms need",
        "The hash functions of signatures that are announced (RFC 7427 §4); none is sent where the list is empty.",
    ),
    row(
        "announce-methods",
        "true or false",
        "false",
        "Whether the accepted proofs are announced (RFC 9593).",
    ),
    row(
        "offer",
        "list of IKE proposals",
        "`[\"aes128gcm16-prfsha256-x25519\"]`",
        "What is offered and accepted, best first.",
    ),
    row(
        "liveness",
        "duration or `\"off\"`",
        "`\"off\"`",
        "Ask whether the other end is alive after so much silence.",
    ),
    row(
        "selector-notices",
        "duration or `\"off\"`",
        "`\"10s\"`",
        "How seldom the other end is told of packets that their SA is not for.",
    ),
    row("retransmit", "table", "1 s, doubled up to 16 s, 8 times", "How requests are repeated; see below."),
    row("lifetime", "table", "for ever", "How long IKE SAs last; see below."),
    row("attempts", "1 to 100", "1", "How often an initiator begins before it gives up."),
    row(
        "childless",
        "`\"refuse\"`, `\"allow\"`, `\"require\"`",
        "`\"allow\"`",
        "Whether an IKE SA may come without a child (RFC 6023).",
    ),
    row(
        "unique",
        "`\"initial-contact\"`, `\"never\"`, `\"keep\"`, `\"replace\"`",
        "`\"initial-contact\"`",
        "What becomes of the other end's older IKE SAs.",
    ),
    row(
        "reauthentication",
        "`\"make-before-break\"`, `\"break-before-make\"`",
        "`\"make-before-break\"`",
        "How the other end is authenticated anew.",
    ),
    row(
        "authentication-lifetime",
        "whole seconds",
        "without end",
        "How long the other end's authentication holds (RFC 4478).",
    ),
    row(
        "on-loss",
        "`\"forget\"`, `\"restart\"`",
        "`\"forget\"`",
        "What follows when the other end no longer answers.",
    ),
    row(
        "follows-redirects",
        "true or false",
        "false",
        "Whether it goes where the other end sends it (RFC 5685).",
    ),
    row("intermediate", "true or false", "true", "Whether it speaks IKE_INTERMEDIATE (RFC 9242)."),
    row(
        "resumes",
        "true or false",
        "false",
        "Whether it asks for tickets, and resumes with them what was lost (RFC 5723).",
    ),
    row("ppk", "table", "none", "A post-quantum preshared key; see below."),
    row(
        "downgrade-prevention",
        "`\"off\"`, `\"offer\"`, `\"require\"`",
        "`\"off\"`",
        "Whether both IKE_SA_INIT messages are part of what each end proves.",
    ),
    row("nat", "table", "as the RFC has it", "How IKE SAs get through NAT; see below."),
    row(
        "pool",
        "pools",
        "none",
        "The pools that the peer they are at assigns from; the other end asks for an address.",
    ),
    row(
        "push",
        "true or false",
        "false",
        "In version 1, whether the end with the pools tells the other one its address unasked.",
    ),
    row(
        "xauth",
        "table",
        "nobody",
        "In version 1, who uses one of the ends, and how that proves it (XAUTH); see below.",
    ),
    row("most-children", "1 to 10000", "no limit", "How many children an IKE SA may have."),
    row(
        "fragments",
        "list of octets",
        "1280 and less",
        "How long packets are before messages are cut in pieces (RFC 7383); never with an empty list. In version 1 one \
         length, and never where nothing is said.",
    ),
    row("window", "1 to 64", "1", "How many requests an end takes at once (RFC 7296 §2.3)."),
    row("mobike", "true or false", "false", "Whether IKE SAs move (RFC 4555)."),
    row("roams", "networks", "anywhere", "Where the other end may move to."),
    row(
        "routability",
        "`\"before\"`, `\"after\"`, `\"never\"`",
        "`\"before\"`",
        "When the other end has to show that it is where it says (RFC 4555 §3.7).",
    ),
    row(
        "synchronises",
        "`\"nothing\"`, `\"message-ids\"`, `\"replay-counters\"`, `\"all\"`",
        "`\"nothing\"`",
        "Which counters are set right after a failover of a cluster (RFC 6311).",
    ),
    row("at", "tables", "none", "What one end is told otherwise; see below."),
];

const IKE_END: &[Row] = &[
    row(
        "accept",
        "table",
        "how the other end proves itself",
        "How the other end has to prove who it is; see below.",
    ),
    row(
        "knows",
        "a certificate, or a list",
        "those of the other end",
        "For whose keys it encrypts in version 1 (RFC 2409 §5.2, §5.3).",
    ),
    row("further", "list of tables", "none", "Authentication exchanges behind the first one; see below."),
    row(
        "accept-further",
        "list of tables",
        "what the other end does",
        "What the other end has to prove in them; see below.",
    ),
    row("identity", "identity", "the peer's", "Who it says it is."),
    row("expects", "identities", "who the other end is", "Who the other end has to prove to be."),
    row(
        "asks",
        "texts such as `\"ipv4\"`, `\"dns\"` or an address",
        "all that the pools have",
        "What it asks the other end for; a wrong word is answered with the list.",
    ),
    row("redirect", "table", "nowhere", "Where it sends the other end when that one begins; see below."),
    row("remote", "address or `\"any\"`", "where the other end is", "Where it believes the other end to be."),
];

const RETRANSMIT: &[Row] = &[
    row("first", "duration", "`\"1s\"`", "From the first transmission to the second."),
    row("factor", "number from 1", "2", "Each wait is so much longer than the one before."),
    row("longest", "duration", "`\"16s\"`", "The longest wait."),
    row("tries", "1 to 100", "8", "How many times a request is sent, the first included."),
];

const NAT_TRAVERSAL: &[Row] = &[
    row("traversal", "true or false", "true", "Whether an end looks for NAT."),
    row("encapsulate", "true or false", "false", "Whether ESP goes in UDP even without NAT."),
    row("keepalive", "duration or `\"off\"`", "`\"20s\"`", "How often NAT is reminded."),
    row("port", "500 or 4500", "500", "The port at which an initiator begins."),
    row(
        "forms",
        "list of `\"rfc3947\"`, `\"draft-03\"`, `\"draft-02-lf\"`, `\"draft-02\"`",
        "all of them",
        "How version 1 speaks NAT traversal, best first.",
    ),
];

const XAUTH: &[Row] = &[
    row("client", "peer", "the first of `ends`", "The end that is asked."),
    row("user", "text", "has to be there", "Who uses it."),
    row("password", "text", "has to be there", "The password that the other end knows."),
    row("mistakes", "texts", "none", "What the user answers before it gives the right password."),
    row("tries", "1 to 100", "1", "How often the other end asks."),
];

const PPK: &[Row] = &[
    row("id", "text", "has to be there", "What both ends call it."),
    row("secret", "text", "has to be there", "The key."),
    row("required", "true or false", "false", "Whether there is to be no IKE SA without it."),
    row(
        "mixed",
        "`\"auth\"`, `\"intermediate\"`",
        "either, better in IKE_INTERMEDIATE",
        "When it is mixed in.",
    ),
];

const REDIRECT: &[Row] = &[
    row("to", "a peer, an address or a domain name", "has to be there", "The other gateway."),
    row("during", "`\"init\"`, `\"auth\"`", "`\"init\"`", "In which exchange that is said."),
];

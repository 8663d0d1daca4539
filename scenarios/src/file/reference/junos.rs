//! Proposals and policies in the statements of JUNOS.

use super::{Row, Section, Shape, nouns, row};

pub(super) const SECTIONS: &[Section] = &[
    Section {
        heading: "[ike-proposal.NAME]",
        meaning: "A transform of phase 1 in the statements of JUNOS.",
        shape: Shape::of::<nouns::JunosIkeProposal>,
        rows: IKE_PROPOSAL,
        both_ends: &[],
    },
    Section {
        heading: "[ike-policy.NAME]",
        meaning: "What an end of phase 1 offers and accepts, and with which shared key. It speaks version 1.",
        shape: Shape::of::<nouns::JunosIkePolicy>,
        rows: IKE_POLICY,
        both_ends: &[],
    },
    Section {
        heading: "pre-shared-key = { … }",
        meaning: "A shared key of ASCII characters, in one of two ways.",
        shape: Shape::of::<nouns::SharedKey>,
        rows: SHARED_KEY,
        both_ends: &[],
    },
    Section {
        heading: "[ipsec-proposal.NAME]",
        meaning: "A transform of quick mode in the statements of JUNOS.",
        shape: Shape::of::<nouns::JunosIpsecProposal>,
        rows: IPSEC_PROPOSAL,
        both_ends: &[],
    },
    Section {
        heading: "[ipsec-policy.NAME]",
        meaning: "What a child offers and accepts.",
        shape: Shape::of::<nouns::JunosIpsecPolicy>,
        rows: IPSEC_POLICY,
        both_ends: &[],
    },
    Section {
        heading: "perfect-forward-secrecy = { … }",
        meaning: "The key exchange of each quick mode.",
        shape: Shape::of::<nouns::ForwardSecrecy>,
        rows: FORWARD_SECRECY,
        both_ends: &[],
    },
];

const GROUPS: &str = "`\"group1\"`, 2, 5, 14, 15, 16, 19, 20 or 24";
const CIPHERS: &str = "`\"des-cbc\"`, `\"3des-cbc\"`, `\"aes-128-cbc\"`, 192 or 256";
const PROPOSALS: Row = row("proposals", "names", "has to be there", "The proposals, best first.");
const DESCRIPTION: Row = row("description", "text", "", "For people; nothing depends on it.");

const IKE_PROPOSAL: &[Row] = &[
    DESCRIPTION,
    row(
        "authentication-method",
        "`\"pre-shared-keys\"`, `\"rsa-signatures\"` or `\"dsa-signatures\"`",
        "has to be there",
        "How the ends prove who they are.",
    ),
    row("dh-group", GROUPS, "has to be there", "The group."),
    row("authentication-algorithm", "`\"md5\"`, `\"sha1\"` or `\"sha-256\"`", "has to be there", "The hash."),
    row("encryption-algorithm", CIPHERS, "has to be there", "The cipher."),
    row(
        "lifetime-seconds",
        "180 to 86400",
        "3600",
        "How long ISAKMP SAs last; the shorter of both ends counts.",
    ),
];

const IKE_POLICY: &[Row] = &[
    DESCRIPTION,
    row("mode", "`\"main\"` or `\"aggressive\"`", "`\"main\"`", "How phase 1 goes."),
    PROPOSALS,
    row("pre-shared-key", "table", "has to be there with `pre-shared-keys`", "The shared key."),
];

const SHARED_KEY: &[Row] = &[
    row("ascii-text", "text", "", "The key itself."),
    row("hexadecimal", "text", "", "Two digits for each octet of the key."),
];

const IPSEC_PROPOSAL: &[Row] = &[
    DESCRIPTION,
    row("protocol", "`\"esp\"`, `\"ah\"` or `\"bundle\"`", "has to be there", "ESP, AH, or AH round ESP."),
    row(
        "authentication-algorithm",
        "`\"hmac-md5-96\"`, `\"hmac-sha1-96\"` or `\"hmac-sha-256-128\"`",
        "has to be there",
        "The integrity algorithm.",
    ),
    row("encryption-algorithm", CIPHERS, "has to be there, but for AH", "The cipher of ESP."),
    row(
        "lifetime-seconds",
        "180 to 86400",
        "28800",
        "How long IPsec SAs last; the shorter of both ends counts.",
    ),
];

const IPSEC_POLICY: &[Row] = &[
    DESCRIPTION,
    PROPOSALS,
    row("perfect-forward-secrecy", "table", "no key exchange", "The group of each quick mode."),
];

const FORWARD_SECRECY: &[Row] = &[row("keys", GROUPS, "has to be there", "The group.")];

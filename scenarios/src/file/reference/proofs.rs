//! How ends prove who they are, and the laboratory's PKI.

use super::{Row, Section, Shape, nouns, row};

pub(super) const SECTIONS: &[Section] = &[
    Section {
        heading: "auth = { … }",
        meaning: "How an end proves who it is: one of these.",
        shape: Shape::of::<nouns::Auth>,
        rows: AUTH,
        both_ends: &[],
    },
    Section {
        heading: "accept = { … }",
        meaning: "How an end wants the other one to prove who it is, where that is not how it does: one of these.",
        shape: Shape::of::<nouns::Accept>,
        rows: ACCEPT,
        both_ends: &[],
    },
    Section {
        heading: "auth = { eap = { … } }",
        meaning: "What a user of EAP knows.",
        shape: Shape::of::<nouns::EapUser>,
        rows: EAP_USER,
        both_ends: &[],
    },
    Section {
        heading: "accept = { eap = { … } }",
        meaning: "What a server of EAP knows and wants.",
        shape: Shape::of::<nouns::EapServer>,
        rows: EAP_SERVER,
        both_ends: &[],
    },
    Section {
        heading: "accept = { certificate = { … } }",
        meaning: "Whose certificates count.",
        shape: Shape::of::<nouns::AcceptCertificate>,
        rows: ACCEPT_CERTIFICATE,
        both_ends: &[],
    },
    Section {
        heading: "further = [{ … }]",
        meaning: "An authentication exchange behind the first one (RFC 4739): who the end is there, and how it proves that.",
        shape: Shape::of::<nouns::FurtherProof>,
        rows: FURTHER,
        both_ends: &[],
    },
    Section {
        heading: "accept-further = [{ … }]",
        meaning: "How an end wants the other one to prove itself in a further exchange.",
        shape: Shape::of::<nouns::FurtherDemand>,
        rows: ACCEPT_FURTHER,
        both_ends: &[],
    },
    Section {
        heading: "[authority.NAME]",
        meaning: "An authority of the laboratory's PKI, whose keys come from the seed. It stands behind its issuer.",
        shape: Shape::of::<nouns::Authority>,
        rows: AUTHORITY,
        both_ends: &[],
    },
    Section {
        heading: "[certificate.NAME]",
        meaning: "A certificate that an authority has issued.",
        shape: Shape::of::<nouns::Certificate>,
        rows: CERTIFICATE,
        both_ends: &[],
    },
    Section {
        heading: "ocsp = { … }",
        meaning: "What an OCSP responder says of a certificate; its owner shows it to whoever asks (RFC 4806, RFC 6960).",
        shape: Shape::of::<nouns::Ocsp>,
        rows: OCSP,
        both_ends: &[],
    },
];

const AUTH: &[Row] = &[
    row("psk", "text", "", "A pre-shared key: a text, or octets in hexadecimal digits behind `0x`."),
    row("certificate", "certificates", "", "One of these, the first that the other end asks for."),
    row("eap", "table", "", "EAP as a user; see below."),
    row("eap-only", "true", "", "The key that EAP makes for the other end's proof (RFC 5998)."),
    row("raw-key", "a type of key", "", "A key that the other end knows without a certificate (RFC 7670)."),
    row("null", "true", "", "Nothing (RFC 7619)."),
];

const ACCEPT: &[Row] = &[
    row("psk", "text", "", "A pre-shared key: a text, or octets in hexadecimal digits behind `0x`."),
    row("certificate", "table", "", "A certificate; see below."),
    row("eap", "table", "", "EAP as a server; see below."),
    row("eap-only", "true", "", "The key that EAP makes for this end's proof."),
    row("raw-key", "a peer", "", "The raw key of this peer."),
    row("null", "true", "", "Nothing."),
];

const EAP_USER: &[Row] = &[
    row(
        "user",
        "text",
        "has to be there",
        "Who it is, and who it says it is unless `identity` says otherwise.",
    ),
    row("password", "text", "has to be there", "What it knows."),
    row(
        "methods",
        "list of `\"mschapv2\"`, `\"md5\"`, `\"gtc\"`",
        "`[\"mschapv2\"]`",
        "What it agrees to, best first.",
    ),
];

const EAP_SERVER: &[Row] = &[
    row("users", "table", "the other end's", "Passwords by user."),
    row("methods", "list as for a user", "`[\"mschapv2\"]`", "What is offered, in this order."),
    row(
        "asks-identity",
        "true or false",
        "false",
        "Whether users are asked who they are although they have said so.",
    ),
    row("notice", "text", "none", "What they are to read first."),
];

const ACCEPT_CERTIFICATE: &[Row] = &[
    row("authorities", "list of authorities", "all roots", "The trust anchors."),
    row(
        "revocation",
        "`\"where-known\"`, `\"required\"`",
        "`\"where-known\"`",
        "What has to be known about revocation.",
    ),
    row(
        "ocsp",
        "true or false",
        "false",
        "Whether the other end is asked for an OCSP response with its certificate (RFC 4806).",
    ),
    row(
        "responders",
        "list of certificates",
        "none",
        "Who may sign OCSP responses besides the issuer and whom that one has certified for it.",
    ),
    row("any-name", "true or false", "false", "Whether the certificate may be somebody else's."),
];

const OCSP: &[Row] = &[
    row(
        "says",
        "`\"good\"`, `\"revoked\"`, `\"unknown\"`",
        "whether it is revoked",
        "What the responder says of the certificate.",
    ),
    row("responder", "a certificate", "the issuer", "Who signs that."),
    row("from", "duration", "long before", "When that is said, from the beginning of the run."),
    row("until", "duration", "long after", "Until when it is good."),
];

const FURTHER: &[Row] = &[
    row("auth", "table", "has to be there", "As above."),
    row("identity", "identity", "the end's", "Who it is there."),
];

const ACCEPT_FURTHER: &[Row] = &[
    row("accept", "table", "has to be there", "As above."),
    row("expects", "identities", "who the other end is", "Who the other end has to be there."),
];

const AUTHORITY: &[Row] = &[
    row("issuer", "an authority", "it is a root", "The authority above."),
    row(
        "key",
        "`\"ecdsa-p256\"`, `\"ecdsa-p384\"`, `\"ecdsa-p521\"`, `\"rsa-2048\"`, `\"dsa-1024\"`, `\"ed25519\"`, `\"ed448\"`",
        "`\"ecdsa-p256\"`",
        "The type of its key.",
    ),
    row("subject", "distinguished name", "`CN=NAME,O=Esplanade`", "Whose certificate it is."),
    row("path-length", "number", "no limit", "How many authorities may stand below it."),
    row(
        "from",
        "duration",
        "long before",
        "When its certificate becomes valid, from the beginning of the run.",
    ),
    row("until", "duration", "long after", "When it ceases to be valid."),
    row("revoked", "true or false", "false", "Whether its issuer has revoked it."),
    row("list", "`\"none\"`, or a duration", "always current", "Until when its revocation list is current."),
];

const CERTIFICATE: &[Row] = &[
    row("issuer", "an authority", "has to be there", "Who has issued it."),
    row("key", "a type of key, as for an authority", "`\"ecdsa-p256\"`", "The type of its key."),
    row("subject", "distinguished name", "`CN=NAME,O=Esplanade`", "Whose it is."),
    row("names", "identities", "who uses it", "The alternative names."),
    row(
        "usage",
        "`\"signature\"`, `\"encipherment\"`, `\"ocsp\"`",
        "`\"signature\"`",
        "What its key is for.",
    ),
    row("from", "duration", "long before", "When it becomes valid, from the beginning of the run."),
    row("until", "duration", "long after", "When it ceases to be valid."),
    row("revoked", "true or false", "false", "Whether its issuer has revoked it."),
    row(
        "chain",
        "true or false",
        "true",
        "Whether the authorities between it and the root are sent with it.",
    ),
    row("ocsp", "table", "none", "What an OCSP responder says of it; see below."),
];

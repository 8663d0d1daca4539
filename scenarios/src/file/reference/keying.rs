//! What is negotiated or told by hand: IKE configurations and their children, proofs, pools, manual SAs, policies.

use super::{Row, Section, fields, nouns, row};

pub(super) const SECTIONS: &[Section] = &[
    Section {
        heading: "[ike.NAME]",
        meaning: "An IKE configuration that two peers share, or believe they do.",
        known: fields::of::<nouns::Ike>,
        rows: IKE,
        both_ends: &[],
    },
    Section {
        heading: "[ike.NAME.at.PEER]",
        meaning: "What one end is told, where that is not what both are.",
        known: fields::of::<nouns::IkeEnd>,
        rows: IKE_END,
        both_ends: IKE,
    },
    Section {
        heading: "lifetime = { … } of an IKE configuration",
        meaning: "How long IKE SAs last; without it for ever. At the soft limit they are replaced, at the hard one they end.",
        known: fields::of::<nouns::IkeLifetime>,
        rows: &[],
        both_ends: LIFETIME,
    },
    Section {
        heading: "retransmit = { … }",
        meaning: "How requests are repeated (RFC 7296 §2.4).",
        known: fields::of::<nouns::Retransmit>,
        rows: RETRANSMIT,
        both_ends: &[],
    },
    Section {
        heading: "nat = { … }",
        meaning: "How IKE SAs get through NAT (RFC 7296 §2.23, RFC 3947).",
        known: fields::of::<nouns::NatTraversal>,
        rows: NAT_TRAVERSAL,
        both_ends: &[],
    },
    Section {
        heading: "xauth = { … }",
        meaning: "Who uses a client of version 1 (draft-beaulieu-ike-xauth-02): between phase 1 and quick mode the other end asks.",
        known: fields::of::<nouns::Xauth>,
        rows: XAUTH,
        both_ends: &[],
    },
    Section {
        heading: "ppk = { … }",
        meaning: "A post-quantum preshared key (RFC 8784, RFC 9867).",
        known: fields::of::<nouns::Ppk>,
        rows: PPK,
        both_ends: &[],
    },
    Section {
        heading: "redirect = { … }",
        meaning: "Where a responder sends its initiators (RFC 5685).",
        known: fields::of::<nouns::Redirect>,
        rows: REDIRECT,
        both_ends: &[],
    },
    Section {
        heading: "auth = { … }",
        meaning: "How an end proves who it is: one of these.",
        known: fields::of::<nouns::Auth>,
        rows: AUTH,
        both_ends: &[],
    },
    Section {
        heading: "accept = { … }",
        meaning: "How an end wants the other one to prove who it is, where that is not how it does: one of these.",
        known: fields::of::<nouns::Accept>,
        rows: ACCEPT,
        both_ends: &[],
    },
    Section {
        heading: "auth = { eap = { … } }",
        meaning: "What a user of EAP knows.",
        known: fields::of::<nouns::EapUser>,
        rows: EAP_USER,
        both_ends: &[],
    },
    Section {
        heading: "accept = { eap = { … } }",
        meaning: "What a server of EAP knows and wants.",
        known: fields::of::<nouns::EapServer>,
        rows: EAP_SERVER,
        both_ends: &[],
    },
    Section {
        heading: "accept = { certificate = { … } }",
        meaning: "Whose certificates count.",
        known: fields::of::<nouns::AcceptCertificate>,
        rows: ACCEPT_CERTIFICATE,
        both_ends: &[],
    },
    Section {
        heading: "further = [{ … }]",
        meaning: "An authentication exchange behind the first one (RFC 4739): who the end is there, and how it proves that.",
        known: fields::of::<nouns::FurtherProof>,
        rows: FURTHER,
        both_ends: &[],
    },
    Section {
        heading: "accept-further = [{ … }]",
        meaning: "How an end wants the other one to prove itself in a further exchange.",
        known: fields::of::<nouns::FurtherDemand>,
        rows: ACCEPT_FURTHER,
        both_ends: &[],
    },
    Section {
        heading: "[authority.NAME]",
        meaning: "An authority of the laboratory's PKI, whose keys come from the seed. It stands behind its issuer.",
        known: fields::of::<nouns::Authority>,
        rows: AUTHORITY,
        both_ends: &[],
    },
    Section {
        heading: "[certificate.NAME]",
        meaning: "A certificate that an authority has issued.",
        known: fields::of::<nouns::Certificate>,
        rows: CERTIFICATE,
        both_ends: &[],
    },
    Section {
        heading: "ocsp = { … }",
        meaning: "What an OCSP responder says of a certificate; its owner shows it to whoever asks (RFC 4806, RFC 6960).",
        known: fields::of::<nouns::Ocsp>,
        rows: OCSP,
        both_ends: &[],
    },
    Section {
        heading: "[pool.NAME]",
        meaning: "Inside addresses that a peer lends, and what it tells those who get one (RFC 7296 §2.19).",
        known: fields::of::<nouns::Pool>,
        rows: POOL,
        both_ends: &[],
    },
    Section {
        heading: "[child.NAME]",
        meaning: "A configuration of SA pairs under an IKE SA.",
        known: fields::of::<nouns::Child>,
        rows: CHILD,
        both_ends: &[],
    },
    Section {
        heading: "[child.NAME.at.PEER]",
        meaning: "What one end is told, where that is not what both are.",
        known: fields::of::<nouns::ChildEnd>,
        rows: CHILD_END,
        both_ends: CHILD,
    },
    Section {
        heading: "lifetime = { … } of a child",
        meaning: "How long SAs may be used; without it for ever. At the soft limit they are replaced, at the hard one they end.",
        known: fields::of::<nouns::Lifetime>,
        rows: LIFETIME,
        both_ends: &[],
    },
    Section {
        heading: "options = { … }",
        meaning: "What the SAs of a child or of a manual pair do that most do not.",
        known: fields::of::<nouns::Options>,
        rows: OPTIONS,
        both_ends: &[],
    },
    Section {
        heading: "[manual.NAME]",
        meaning: "An SA pair whose keys stand in the file, with the statements and limits of the routers of their time.",
        known: fields::of::<nouns::Manual>,
        rows: MANUAL,
        both_ends: &[],
    },
    Section {
        heading: "[manual.NAME.at.PEER]",
        meaning: "What one end is told otherwise, to see what comes of it.",
        known: fields::of::<nouns::ManualEnd>,
        rows: MANUAL_END,
        both_ends: MANUAL,
    },
    Section {
        heading: "bidirectional = { … }",
        meaning: "The keys of both directions, or of one as `inbound` or `outbound`, which the first end sees so.",
        known: fields::of::<nouns::ManualKeying>,
        rows: MANUAL_KEYING,
        both_ends: &[],
    },
    Section {
        heading: "authentication = { … }",
        meaning: "An algorithm and its key; `encryption` likewise.",
        known: fields::of::<nouns::Algorithm>,
        rows: ALGORITHM,
        both_ends: &[],
    },
    Section {
        heading: "[policy.NAME]",
        meaning: "Packets that pass in the clear or get nowhere. Policies come before those of children and manual SAs, in their order.",
        known: fields::of::<nouns::Policy>,
        rows: POLICY,
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

const AUTH: &[Row] = &[
    row("psk", "text", "", "A pre-shared key."),
    row("certificate", "certificates", "", "One of these, the first that the other end asks for."),
    row("eap", "table", "", "EAP as a user; see below."),
    row("eap-only", "true", "", "The key that EAP makes for the other end's proof (RFC 5998)."),
    row("raw-key", "a type of key", "", "A key that the other end knows without a certificate (RFC 7670)."),
    row("null", "true", "", "Nothing (RFC 7619)."),
];

const ACCEPT: &[Row] = &[
    row("psk", "text", "", "A pre-shared key."),
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

const LIFETIME: &[Row] = &[
    row("time", "duration", "no limit", "How long."),
    row("seconds", "180 to 86400", "no limit", "The same, within the limits of routers."),
    row("bytes", "number", "no limit", "How many octets."),
    row("packets", "number", "no limit", "How many packets."),
    row("margin", "whole percent", "`\"10%\"`", "How far the soft limit lies before the hard one."),
    row("jitter", "whole percent", "`\"0%\"`", "How much of the margin is left to chance."),
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

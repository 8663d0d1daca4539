//! The file itself, peers, and the network between them.

use super::{Row, Section, Shape, nouns, row};

pub(super) const SECTIONS: &[Section] = &[
    Section {
        heading: "title = …",
        meaning: "The keys before the first table.",
        shape: Shape::of::<nouns::Top>,
        rows: TOP,
        both_ends: &[],
    },
    Section {
        heading: "allow = { … }",
        meaning: "What is no failure in this scenario.",
        shape: Shape::of::<nouns::Allow>,
        rows: ALLOW,
        both_ends: &[],
    },
    Section {
        heading: "[peer.NAME]",
        meaning: "A security gateway, or a host with IPsec of its own.",
        shape: Shape::of::<nouns::Peer>,
        rows: PEER,
        both_ends: &[],
    },
    Section {
        heading: "tickets = { … }",
        meaning: "How a peer grants tickets to resume IKE SAs with (RFC 5723). Its key outlives its restarts.",
        shape: Shape::of::<nouns::Tickets>,
        rows: TICKETS,
        both_ends: &[],
    },
    Section {
        heading: "clock = { … }",
        meaning: "How a peer's clock goes. Times in stories, reports and captures are those of the world.",
        shape: Shape::of::<nouns::Clock>,
        rows: CLOCK,
        both_ends: &[],
    },
    Section {
        heading: "[link.NAME]",
        meaning: "A link between two peers, routers, translators, firewalls or testers. Two peers that share an IKE configuration \
                  and have no way to each other get one without being told.",
        shape: Shape::of::<nouns::Link>,
        rows: LINK,
        both_ends: &[],
    },
    Section {
        heading: "[link.NAME.from.NODE]",
        meaning: "How what comes from one end fares, where that is not as told for the link.",
        shape: Shape::of::<nouns::Direction>,
        rows: &[],
        both_ends: LINK,
    },
    Section {
        heading: "outage = { … }",
        meaning: "When a link carries nothing.",
        shape: Shape::of::<nouns::Outage>,
        rows: OUTAGE,
        both_ends: &[],
    },
    Section {
        heading: "[router.NAME]",
        meaning: "A router, which cuts what is too long or tells its sender.",
        shape: Shape::of::<nouns::Router>,
        rows: ROUTER,
        both_ends: &[],
    },
    Section {
        heading: "[nat.NAME]",
        meaning: "A translator (NAT44) between two links, with each behaviour of RFC 4787.",
        shape: Shape::of::<nouns::Nat>,
        rows: NAT,
        both_ends: &[],
    },
    Section {
        heading: "[firewall.NAME]",
        meaning: "A packet filter between two links, of both IP versions, which remembers what it has let through: packets of a \
                  flow that has begun go on in both directions.",
        shape: Shape::of::<nouns::Firewall>,
        rows: FIREWALL,
        both_ends: &[],
    },
    Section {
        heading: "[tester.NAME]",
        meaning: "Somebody on the path who speaks in the name of one end, right or wrong.",
        shape: Shape::of::<nouns::Tester>,
        rows: TESTER,
        both_ends: &[],
    },
    Section {
        heading: "[traffic.NAME]",
        meaning: "Packets between two hosts, from `start` to `stop`.",
        shape: Shape::of::<nouns::Traffic>,
        rows: TRAFFIC,
        both_ends: &[],
    },
];

const TOP: &[Row] = &[
    row("title", "text", "has to be there", "What the scenario shows, in one sentence."),
    row("covers", "list such as `\"rfc7296#2.8\"`", "nothing", "The clauses that it puts to the test."),
    row("seeds", "seeds", "`\"0..20\"`", "The seeds it is run with unless the command line says otherwise."),
    row("tags", "list of words", "none", "Words to select scenarios by."),
    row(
        "include",
        "texts",
        "none",
        "Files with nouns that stand behind those of this one, from the folder of this file; no folder of scenarios that are run.",
    ),
    row(
        "known-failure",
        "text, or tables of texts",
        "it has to pass",
        "Why it fails for the time being: its failures count for themselves, and once all its seeds pass, that is a failure. \
         `known-failure.strongswan` is of another implementation in the places of peers, and \
         `known-failure.strongswan.CASE` of one case.",
    ),
    row("allow", "table", "nothing", "What is no failure here; see below."),
    row("limit", "duration", "a minute after the story", "When a run ends at the latest."),
    row(
        "faults",
        "list such as `\"wan west 12 lost\"`",
        "the seed decides",
        "Exactly what befalls packets: link, sender, the packet's number from 0, and what happens to it.",
    ),
    row(
        "story",
        "text between `'''`",
        "has to be there",
        "What happens and what has to be so; see [the story](#the-story).",
    ),
];

const ALLOW: &[Row] = &[row(
    "drops",
    "list of drop reasons",
    "none",
    "Reasons for which packets may be dropped; any other one fails the case.",
)];

const PEER: &[Row] = &[
    row(
        "address",
        "texts",
        "has to be there",
        "Its outer addresses, the first one its own; `\"192.0.2.1 by wifi\"` is at the link `wifi`.",
    ),
    row("elsewhere", "texts", "none", "Outer addresses that it may have later, by `move to` and `gain`."),
    row("protects", "networks", "none", "The networks behind it."),
    row("identity", "identity", "`NAME.example`", "Who it says it is."),
    row("mtu", "octets", "what its links take", "The longest packet that it sends to the outer side."),
    row(
        "cookies",
        "`\"never\"`, `\"always\"`, `\"when-busy\"`",
        "`\"when-busy\"`",
        "When it demands cookies as responder (RFC 7296 §2.6).",
    ),
    row("think", "duration", "no time", "How long it takes before it looks at an IKE message."),
    row("half-open", "duration", "`\"30s\"`", "How long an IKE SA may stay half open."),
    row("half-open-limit", "1 to 100000", "1000", "How many may be half open at once."),
    row("tickets", "table", "it grants none", "How it grants tickets (RFC 5723); see below."),
    row("puzzles", "number", "never", "While as many IKE SAs are half open it demands puzzles (RFC 8019)."),
    row(
        "token",
        "text",
        "none",
        "The secret of the tokens by which others learn that it has crashed (RFC 6290).",
    ),
    row("clock", "table", "it is right", "How its clock goes; see below."),
];

const TICKETS: &[Row] = &[
    row("lifetime", "whole seconds", "`\"1h\"`", "How long they can be used."),
    row(
        "at-once",
        "true or false",
        "true",
        "Whether they come with IKE_AUTH, or only when they are asked for later.",
    ),
];

const CLOCK: &[Row] = &[
    row(
        "off",
        "whole seconds, `\"-5min\"` for behind",
        "none",
        "How far ahead it is at the beginning, by which certificates and tickets are judged.",
    ),
    row(
        "drift",
        "`\"200ppm\"`, `\"-3%\"`",
        "none",
        "How fast it goes, by which everything happens that it waits for.",
    ),
];

const LINK: &[Row] = &[
    row("joins", "two names", "has to be there", "Its ends."),
    row("delay", "delay", "`\"1ms\"`", "How long packets take."),
    row(
        "spread",
        "`\"even\"`, `\"normal\"`, `\"exponential\"`",
        "`\"even\"`",
        "How delays differ: by up to the jitter, each amount as likely as any other, or in one of these distributions, with the \
         jitter as standard deviation. An exponential one stands on a least delay: few packets take far longer than most.",
    ),
    row("loss", "share", "none", "The chance to be lost."),
    row(
        "bursts",
        "`\"8 packets\"`",
        "single packets",
        "The mean length of bursts of losses; the share of lost packets stays.",
    ),
    row("reorder", "share", "none", "The chance to be overtaken by others."),
    row("duplicate", "share", "none", "The chance to arrive twice."),
    row("corrupt", "share", "none", "The chance to arrive with a wrong bit."),
    row("truncate", "share", "none", "The chance to arrive without its end."),
    row("in-order", "true or false", "false", "Whether jitter leaves the order of packets as it is."),
    row("rate", "rate of bits", "no limit", "How much fits through."),
    row("queue", "duration", "`\"100ms\"` with a rate", "How long a full queue takes to drain."),
    row(
        "codel",
        "true or false",
        "false",
        "Whether packets that wait long are dropped before the queue is full (RFC 8289).",
    ),
    row(
        "ecn",
        "true or false",
        "false",
        "Whether CoDel marks packets that understand that instead of dropping them (RFC 3168).",
    ),
    row("outage", "table", "none", "When it carries nothing; see below."),
    row("mtu", "octets", "1500", "The longest packet that fits."),
    row("from", "tables", "none", "What is otherwise for the packets of one end; see below."),
];

const OUTAGE: &[Row] = &[
    row("first", "duration", "at the beginning", "When it carries nothing for the first time."),
    row("lasts", "duration", "no outage", "How long that lasts."),
    row("every", "duration", "once", "From the beginning of one outage to that of the next."),
];

const ROUTER: &[Row] = &[
    row(
        "address",
        "texts",
        "none",
        "From where it tells senders what became of their packets; without one it tells nothing.",
    ),
    row("silent", "true or false", "false", "Whether it says nothing of packets that are too long."),
    row(
        "marks",
        "true or false",
        "false",
        "Whether it marks all packets as having met congestion, which RFC 3168 §5 forbids.",
    ),
];

const NAT: &[Row] = &[
    row("address", "IPv4 addresses", "has to be there", "Its addresses outside."),
    row("inside", "a link", "has to be there", "The link at its inside."),
    row("gateway", "IPv4 address", "`\"100.64.0.1\"`", "Its address inside."),
    row(
        "mapping",
        "`\"endpoint-independent\"`, `\"address-dependent\"`, `\"address-and-port-dependent\"`",
        "`\"endpoint-independent\"`",
        "On what of the remote endpoint a mapping depends (RFC 4787 §4.1).",
    ),
    row(
        "filtering",
        "as `mapping`",
        "`\"address-dependent\"`",
        "From where packets are let in (RFC 4787 §5).",
    ),
    row(
        "ports",
        "`\"preserving\"`, `\"overloading\"`, `\"sequential\"`, `\"random\"`",
        "`\"preserving\"`",
        "Which outside port a mapping gets (RFC 4787 §4.2.1).",
    ),
    row(
        "pooling",
        "`\"paired\"`, `\"arbitrary\"`",
        "`\"paired\"`",
        "Which of several outside addresses a mapping gets.",
    ),
    row(
        "hairpinning",
        "`\"off\"`, `\"internal-source\"`, `\"external-source\"`",
        "`\"external-source\"`",
        "Whether inside hosts reach each other by their outside endpoints (RFC 4787 §6).",
    ),
    row(
        "refresh",
        "`\"outbound\"`, `\"inbound\"`, `\"both\"`",
        "`\"outbound\"`",
        "The packets that make a mapping last (RFC 4787 §4.3).",
    ),
    row("timeout", "duration", "five minutes", "How long a mapping lasts without packets."),
    row(
        "esp",
        "`\"pass\"`, `\"drop\"`",
        "`\"pass\"`",
        "What becomes of ESP, AH and other protocols without ports.",
    ),
    row(
        "fragments",
        "`\"any-order\"`, `\"in-order\"`",
        "`\"any-order\"`",
        "Whether later fragments may come before the first one.",
    ),
    row(
        "forwards",
        "list such as `\"500 to 10.0.0.2:500\"`",
        "none",
        "Ports of the first outside address that lead to a host inside.",
    ),
];

const FIREWALL: &[Row] = &[
    row("inside", "a link", "has to be there", "The link at its inside."),
    row(
        "drops",
        "list of `\"esp\"`, `\"ah\"`, `\"esp-in-udp\"`, `\"fragments\"`, `\"icmp-errors\"`, `\"udp/500\"`",
        "nothing",
        "What it drops from either side, whatever flow that belongs to.",
    ),
    row(
        "lets-in",
        "list of `\"udp/500\"`, `\"tcp\"`, `\"icmp\"`, `\"esp\"`, `\"ah\"`, `\"everything\"`",
        "nothing",
        "What may begin outside; ports are those that packets go to.",
    ),
    row("lets-out", "as `lets-in`", "`[\"everything\"]`", "What may begin inside."),
    row(
        "timeout",
        "duration",
        "two minutes",
        "How long it remembers flows without packets, but for TCP and ICMP.",
    ),
    row("flows", "1 to 1048576", "65536", "How many flows it remembers; no other one may begin then."),
];

const TESTER: &[Row] = &[
    row("ike", "an IKE configuration", "has to be there", "The configuration, whose secret it knows."),
    row("poses", "a peer", "has to be there", "The end in whose name it speaks to the other one."),
    row("attack", "a word", "`script`", "What it says; a wrong word is answered with the list."),
    row(
        "script",
        "text between `'''`",
        "`attack`",
        "What it says and has to hear, line by line; see [scripts](#scripts).",
    ),
    row("stage", "a word", "`\"stranger\"`", "How far it goes in good order before it says that."),
    row("version", "1 or 2", "that of the end it poses as", "The version of IKE that it speaks."),
    row("victim", "a peer", "none", "For the attack `addresses`: from whose address it repeats what passes."),
    row("count", "number", "100", "How many times."),
    row("every", "duration", "`\"100ms\"`", "How long it waits between two times."),
];

const TRAFFIC: &[Row] = &[
    row(
        "between",
        "two addresses",
        "has to be there",
        "The hosts; each stands behind the peer that protects its address, or is a peer.",
    ),
    row(
        "kind",
        "`\"udp\"`, `\"ping\"`, `\"echo\"`",
        "`\"udp\"`",
        "What they send; to pings and echoes the second host answers.",
    ),
    row("rate", "rate of packets", "`\"10/s\"`", "How many each host sends."),
    row("size", "octets, or a range such as `\"64..1400\"`", "64", "Octets of payload, at least 16."),
    row("both", "true or false", "true", "Whether the second host sends too."),
    row("df", "true or false", "false", "Whether routers may not cut the packets."),
    row("hops", "1 to 255", "64", "How far packets go."),
    row("class", "0 to 255", "0", "DSCP in the upper six bits, ECN in the lower two."),
    row("fragments", "octets", "whole packets", "The hosts cut longer packets before they send them."),
    row("port", "1 to 65535", "9", "The UDP port at both ends."),
];

//! The verbs of the language, each a row.

use super::names::{Kind, Names};
use super::pattern::{Miss, Slots, fit};
use super::sentence::Act;
use super::words::Token;

/// Something that a subject can do.
#[derive(Clone, Copy, Debug)]
pub struct VerbRow {
    /// Who can do it.
    pub subject: Kind,
    /// Its word.
    pub name: &'static str,
    /// What stands behind it; words in capitals are to be filled in, what stands in brackets may be left out.
    pub arguments: &'static str,
    /// What it means.
    pub meaning: &'static str,
    make: fn(&str, &Slots) -> Act,
}

/// All verbs.
pub const VERBS: [VerbRow; 27] = [
    VerbRow {
        subject: Kind::Peer,
        name: "initiate",
        arguments: "CHILD",
        meaning: "Sets up an SA pair of the child, and the IKE SA first if there is none.",
        make: |peer, s| Act::Initiate { peer: peer.to_owned(), child: s.name.clone() },
    },
    VerbRow {
        subject: Kind::Peer,
        name: "initiate-ike",
        arguments: "IKE",
        meaning: "Sets up the IKE SA without a child, if there is none.",
        make: |peer, s| Act::InitiateIke { peer: peer.to_owned(), ike: s.name.clone() },
    },
    VerbRow {
        subject: Kind::Peer,
        name: "delete",
        arguments: "CHILD",
        meaning: "Deletes the SA pair of the child; the IKE SA stays.",
        make: |peer, s| Act::Delete { peer: peer.to_owned(), child: s.name.clone() },
    },
    VerbRow {
        subject: Kind::Peer,
        name: "rekey",
        arguments: "CHILD",
        meaning: "Replaces the SA pair of the child by a new one.",
        make: |peer, s| Act::Rekey { peer: peer.to_owned(), child: s.name.clone() },
    },
    VerbRow {
        subject: Kind::Peer,
        name: "rekey-ike",
        arguments: "IKE",
        meaning: "Replaces the IKE SA by a new one, which inherits its children.",
        make: |peer, s| Act::RekeyIke { peer: peer.to_owned(), ike: s.name.clone() },
    },
    VerbRow {
        subject: Kind::Peer,
        name: "reauthenticate",
        arguments: "IKE",
        meaning: "Sets up a new IKE SA with the same children, and deletes the old one then.",
        make: |peer, s| Act::Reauthenticate { peer: peer.to_owned(), ike: s.name.clone() },
    },
    VerbRow {
        subject: Kind::Peer,
        name: "check",
        arguments: "IKE",
        meaning: "Asks the other end at once whether it is alive.",
        make: |peer, s| Act::Check { peer: peer.to_owned(), ike: s.name.clone() },
    },
    VerbRow {
        subject: Kind::Peer,
        name: "redirect",
        arguments: "IKE to GATEWAY",
        meaning: "Sends the other end to another gateway, if it has said that it follows.",
        make: |peer, s| Act::Redirect { peer: peer.to_owned(), ike: s.name.clone(), to: s.gateway.clone() },
    },
    VerbRow {
        subject: Kind::Peer,
        name: "forget",
        arguments: "IKE",
        meaning: "Loses the IKE SA and its children without a word to the other end; a ticket to resume it stays.",
        make: |peer, s| Act::Forget { peer: peer.to_owned(), ike: s.name.clone() },
    },
    VerbRow {
        subject: Kind::Peer,
        name: "ask-configuration",
        arguments: "IKE",
        meaning: "Asks the other end once more what it tells those who get an address from it.",
        make: |peer, s| Act::AskConfiguration { peer: peer.to_owned(), ike: s.name.clone() },
    },
    VerbRow {
        subject: Kind::Peer,
        name: "terminate",
        arguments: "IKE",
        meaning: "Deletes the IKE SA and its children with it.",
        make: |peer, s| Act::Terminate { peer: peer.to_owned(), ike: s.name.clone() },
    },
    VerbRow {
        subject: Kind::Peer,
        name: "move",
        arguments: "to PLACE",
        meaning: "Has this outer address from now on, and no other one.",
        make: |peer, s| Act::Move { peer: peer.to_owned(), to: s.place() },
    },
    VerbRow {
        subject: Kind::Peer,
        name: "gain",
        arguments: "PLACE",
        meaning: "Has this outer address, too.",
        make: |peer, s| Act::Gain { peer: peer.to_owned(), address: s.place() },
    },
    VerbRow {
        subject: Kind::Peer,
        name: "lose",
        arguments: "PLACE",
        meaning: "Has this outer address no longer.",
        make: |peer, s| Act::Lose { peer: peer.to_owned(), address: s.place() },
    },
    VerbRow {
        subject: Kind::Nat,
        name: "forget",
        arguments: "",
        meaning: "Loses all its mappings but the static ones, as at a restart.",
        make: |nat, _| Act::LoseMappings { nat: nat.to_owned() },
    },
    VerbRow {
        subject: Kind::Firewall,
        name: "forget",
        arguments: "",
        meaning: "Loses all flows that it has let through, as at a restart.",
        make: |firewall, _| Act::LoseFlows { firewall: firewall.to_owned() },
    },
    VerbRow {
        subject: Kind::Peer,
        name: "crash",
        arguments: "",
        meaning: "Does nothing more, and forgets all that is not configured.",
        make: |peer, _| Act::Crash { peer: peer.to_owned() },
    },
    VerbRow {
        subject: Kind::Peer,
        name: "restart",
        arguments: "",
        meaning: "Begins anew with what is configured, crashed or not.",
        make: |peer, _| Act::Restart { peer: peer.to_owned() },
    },
    VerbRow {
        subject: Kind::Peer,
        name: "update-standby",
        arguments: "",
        meaning: "Tells the standby member of its cluster how far all SAs have come.",
        make: |peer, _| Act::UpdateStandby { peer: peer.to_owned() },
    },
    VerbRow {
        subject: Kind::Peer,
        name: "fail-over",
        arguments: "",
        meaning: "Fails, and goes on as the standby member of its cluster, which knows what it was told last.",
        make: |peer, _| Act::FailOver { peer: peer.to_owned() },
    },
    VerbRow {
        subject: Kind::Tester,
        name: "attack",
        arguments: "",
        meaning: "Says what it has to say, as often as it is told to.",
        make: |tester, _| Act::Attack { tester: tester.to_owned() },
    },
    VerbRow {
        subject: Kind::Tester,
        name: "begin",
        arguments: "",
        meaning: "Says and hears what its script has.",
        make: |tester, _| Act::Begin { tester: tester.to_owned() },
    },
    VerbRow {
        subject: Kind::Traffic,
        name: "start",
        arguments: "",
        meaning: "The hosts begin to send.",
        make: |traffic, _| Act::Start { traffic: traffic.to_owned() },
    },
    VerbRow {
        subject: Kind::Traffic,
        name: "stop",
        arguments: "",
        meaning: "The hosts send nothing more.",
        make: |traffic, _| Act::Stop { traffic: traffic.to_owned() },
    },
    VerbRow {
        subject: Kind::Link,
        name: "cut",
        arguments: "[from PEER]",
        meaning: "Carries nothing more, or nothing more of what the peer sends.",
        make: |link, s| Act::Cut { link: link.to_owned(), from: s.peers.first().cloned() },
    },
    VerbRow {
        subject: Kind::Link,
        name: "mend",
        arguments: "",
        meaning: "Carries packets again, with the faults that it had.",
        make: |link, _| Act::Mend { link: link.to_owned() },
    },
    VerbRow {
        subject: Kind::Link,
        name: "heal",
        arguments: "",
        meaning: "Carries packets again, and from now on without faults; the delay stays.",
        make: |link, _| Act::Heal { link: link.to_owned() },
    },
];

/// The row of a verb of these subjects.
pub(super) fn row(subject: Kind, name: &str) -> Option<&'static VerbRow> {
    VERBS.iter().find(|row| row.subject == subject && row.name == name)
}

/// Reads what stands behind the verb, once for each subject.
pub(super) fn read(
    row: &VerbRow,
    subjects: &[&Token<'_>],
    arguments: &[Token<'_>],
    names: &Names,
) -> Result<Vec<(Act, Slots)>, Miss> {
    let slots = fit(row.arguments, arguments, names)?;
    let one = |subject: &&Token<'_>| {
        let act = (row.make)(subject.text, &slots);
        let mut slots = slots.clone();
        if row.subject == Kind::Peer {
            slots.add_peer(subject);
        } else {
            slots.name = subject.text.to_owned();
        }
        (act, slots)
    };
    Ok(subjects.iter().map(one).collect())
}

//! Testers, which stand on the path and say what is wrong.

use std::time::Duration;

use ipsec::ikev1::{Mode, Role, Xauth};

use super::inside_quotes;
use super::problems::Problems;
use crate::diagnostic::{Problem, suggestion};
use crate::file::nouns::{self, Text};
use crate::file::read::Named;
use crate::file::scenario::{Assault, Ike, IkeEnd, Part, Proof, Tester};
use crate::node::script::read as read_script;
use crate::node::{Attack, Phase1, Script, Stage, older_cases};
use crate::quantity;
use crate::story::{Kind, Names};

/// The testers whose IKE configuration and attack are known.
pub(super) fn resolve(
    nouns: &[Named<nouns::Tester>],
    names: &Names,
    ikes: &[Ike],
    source: &str,
    problems: &mut Problems,
) -> Vec<Tester> {
    nouns.iter().filter_map(|named| tester(named, names, ikes, source, problems)).collect()
}

const MOST: i64 = 1_000_000;
const COUNT: u32 = 100;
const EVERY: Duration = Duration::from_millis(100);

fn tester(
    named: &Named<nouns::Tester>,
    names: &Names,
    ikes: &[Ike],
    source: &str,
    problems: &mut Problems,
) -> Option<Tester> {
    let noun = &named.noun;
    let Some(ike) = &noun.ike else {
        problems.missing("tester", &named.name, "ike", "an IKE configuration");
        return None;
    };
    if !problems.refers(ike, Kind::Ike, names) {
        return None;
    }
    let Some(poses) = &noun.poses else {
        problems.missing("tester", &named.name, "poses", "the end in whose name it speaks");
        return None;
    };
    let known = ikes.iter().find(|known| known.name == *ike.get_ref())?;
    if !known.ends.iter().any(|end| end.peer == *poses.get_ref()) {
        let message = format!("`{}` is no end of `{}`", poses.get_ref(), known.name);
        let ends = format!("expected `{}` or `{}`", known.ends[0].peer, known.ends[1].peer);
        problems.add(Problem::at(poses.span(), message).label(ends));
    }
    let side = known.ends.iter().position(|end| end.peer == *poses.get_ref())?;
    let ends = [&known.ends[side], &known.ends[1 - side]];
    let part = match (&noun.attack, &noun.script) {
        (Some(attack), None) => Part::Attack(assault(named, attack, ends, names, problems)?),
        (None, Some(text)) => Part::Script(script(named, text, ends[0], source, problems)?),
        (None, None) => {
            problems.missing("tester", &named.name, "attack", "what it says, or a `script`");
            return None;
        }
        (Some(_), Some(text)) => {
            problems.add(Problem::at(text.span(), "a tester has an `attack` or a `script`, not both"));
            return None;
        }
    };
    Some(Tester {
        name: named.name().to_owned(),
        ike: ike.get_ref().clone(),
        poses: poses.get_ref().clone(),
        part,
    })
}

/// A script, for a tester that knows the key that both ends prove themselves with.
fn script(
    named: &Named<nouns::Tester>,
    text: &Text,
    own: &IkeEnd,
    source: &str,
    problems: &mut Problems,
) -> Option<Script> {
    let noun = &named.noun;
    if own.older.is_some() || !matches!(own.authentication.proof, Proof::Psk(_)) {
        let message = "a script is played in version 2, under a pre-shared key";
        problems.add(Problem::at(named.name.span(), message).label("expected such an end to pose as"));
    }
    let others = [
        ("stage", noun.stage.as_ref().map(Text::span)),
        ("version", noun.version.as_ref().map(toml::Spanned::span)),
        ("victim", noun.victim.as_ref().map(Text::span)),
        ("count", noun.count.as_ref().map(toml::Spanned::span)),
        ("every", noun.every.as_ref().map(Text::span)),
    ];
    for (key, span) in others.into_iter().filter_map(|(key, span)| Some((key, span?))) {
        problems.add(Problem::at(span, format!("`{key}` says nothing of a script")));
    }
    let within = inside_quotes(source, text.span(), "script").map_err(|problem| vec![problem]);
    match within.and_then(|within| read_script(source, within)) {
        Ok(script) => Some(script),
        Err(wrong) => {
            wrong.into_iter().for_each(|problem| problems.add(problem));
            None
        }
    }
}

/// What is said again and again, by one end to the other.
fn assault(
    named: &Named<nouns::Tester>,
    attack: &Text,
    [own, other]: [&IkeEnd; 2],
    names: &Names,
    problems: &mut Problems,
) -> Option<Assault> {
    let noun = &named.noun;
    let attacks = Attack::ALL.map(|attack| (attack.name(), attack));
    let stages = Stage::ALL.map(|stage| (stage.name(), stage));
    let attack = word(attack, "attack", &attacks, problems)?;
    let victim = noun.victim.as_ref().filter(|victim| problems.refers(victim, Kind::Peer, names));
    if (attack == Attack::Addresses) != noun.victim.is_some() {
        let place = noun.victim.as_ref().map_or(named.name.span(), Text::span);
        let problem = Problem::at(place, "the attack `addresses` has a `victim`, and no other one has");
        problems.add(problem);
    }
    let stage = noun.stage.as_ref().map(|stage| word(stage, "stage", &stages, problems));
    let stage = stage.flatten().unwrap_or(Stage::Stranger);
    let older = older(noun, own, problems);
    let fits = match older {
        Some(phase1) => fits_older(attack, stage, phase1, own),
        None => fits(attack, stage, own, other),
    };
    if let Err(expected) = fits {
        let place = noun.stage.as_ref().map_or(named.name.span(), Text::span);
        let message =
            format!("the attack `{}` cannot be said at the stage `{}`", attack.name(), stage.name());
        problems.add(Problem::at(place, message).label(format!("expected {expected}")));
    }
    Some(Assault {
        attack,
        older,
        victim: victim.map(|victim| victim.get_ref().clone()),
        stage,
        count: problems.number_or(noun.count.as_ref(), 1..=MOST, "a count", COUNT),
        every: problems.read_or(noun.every.as_ref(), wait, EVERY),
    })
}

/// Whether a tester has what it takes to speak for one end to the other one.
///
/// # Errors
/// What it takes.
fn fits(attack: Attack, stage: Stage, own: &IkeEnd, other: &IkeEnd) -> Result<(), &'static str> {
    let (own, other) = (&own.authentication.proof, &other.authentication.proof);
    let (is_certified, is_shared) = (matches!(own, Proof::Certificate(_)), matches!(own, Proof::Psk(_)));
    let takes_eap = |proof: &Proof| matches!(proof, Proof::Eap { .. });
    let (fits, expected) = match (attack, stage) {
        (Attack::Signatures | Attack::Certificates, Stage::HalfOpen | Stage::Answering) => {
            (is_certified, "an end to pose as that proves itself by a certificate")
        }
        (Attack::Eap, Stage::HalfOpen) => (takes_eap(own), "an end to pose as that proves itself by EAP"),
        (Attack::Eap, Stage::Answering) => {
            (is_certified && takes_eap(other), "a certificate of its own and EAP at the other end")
        }
        (Attack::Signatures | Attack::Certificates | Attack::Eap, _) => (false, "`half-open` or `answering`"),
        (_, Stage::Answering) => (false, "one of the attacks `signatures`, `certificates` and `eap`"),
        (_, Stage::HalfOpen | Stage::Established) => {
            (is_shared, "an end to pose as that proves itself by a pre-shared key")
        }
        (_, Stage::Stranger | Stage::Passing) => (true, "nothing"),
    };
    if fits { Ok(()) } else { Err(expected) }
}

/// How a tester begins phase 1, if it speaks version 1: as the end in whose name it speaks does, unless the file says otherwise.
fn older(noun: &nouns::Tester, own: &IkeEnd, problems: &mut Problems) -> Option<Phase1> {
    let told = noun.version.as_ref().map(|version| *version.get_ref());
    if let Some(version) = noun.version.as_ref().filter(|version| ![1, 2].contains(version.get_ref())) {
        let message = format!("IKE version {} is not spoken here", version.get_ref());
        problems.add(Problem::at(version.span(), message).label("expected 1 or 2"));
    }
    let mode = own.older.or_else(|| (told == Some(1)).then_some(Mode::Main)).filter(|_| told != Some(2))?;
    let client = own.xauth.as_ref().map(|xauth| match xauth {
        Xauth::Client { .. } => Role::Initiator,
        Xauth::Server { .. } => Role::Responder,
    });
    Some(Phase1 { mode, client })
}

/// Whether a tester that speaks version 1 has something to say, and what it takes to say it.
///
/// # Errors
/// What it takes.
fn fits_older(attack: Attack, stage: Stage, phase1: Phase1, own: &IkeEnd) -> Result<(), &'static str> {
    let proof = &own.authentication.proof;
    let (is_certified, is_shared) = (matches!(proof, Proof::Certificate(_)), matches!(proof, Proof::Psk(_)));
    let (fits, expected) = match stage {
        Stage::Passing => (true, "nothing"),
        Stage::Answering => (false, "another stage, for nobody answers in version 1"),
        _ if older_cases(attack, stage, phase1.mode) == 0 => (false, "an attack of version 1 at this stage"),
        Stage::Stranger => (true, "nothing"),
        _ if attack.proves_nothing() => {
            (is_certified, "an end to pose as that proves itself by a certificate")
        }
        Stage::HalfOpen | Stage::Established => {
            (is_shared, "an end to pose as that proves itself by a pre-shared key")
        }
    };
    if fits { Ok(()) } else { Err(expected) }
}

/// What a word of a closed list means.
fn word<T: Copy>(text: &Text, what: &str, known: &[(&str, T)], problems: &mut Problems) -> Option<T> {
    let found = known.iter().find(|(name, _)| name == text.get_ref()).map(|(_, value)| *value);
    if found.is_none() {
        let names = known.iter().map(|(name, _)| *name);
        let problem = Problem::at(text.span(), format!("unknown {what} `{}`", text.get_ref()));
        problems.add(match suggestion(text.get_ref(), names.clone()) {
            Some(help) => problem.help(help),
            None => problem.help(format!("expected one of {}", names.collect::<Vec<_>>().join(", "))),
        });
    }
    found
}

fn wait(text: &str) -> Result<Duration, String> {
    match quantity::duration(text)? {
        Duration::ZERO => Err("expected more than no time".to_owned()),
        wait => Ok(wait),
    }
}

//! `esplanade replay`: one case again, told from the trace.

use std::path::PathBuf;

use clap::Args;
use ipsec::Event;
use ipsec::crypto::Provider;
use ipsec::dataplane::{Direction, SaParameters};
use ipsec::ikev1::Event as Ikev1;
use ipsec::ikev2::Event as Ikev2;
use ipsec_net::{Instant, parse_duration};
use reports::Verdict;
use reports::html::Report;
use sim::{Fault, Kind};

use super::{Outcome, Trouble, at, find};
use crate::account::{Recorder, Secrets};
use crate::node::Note;
use crate::run::{Both, CaseResult, Extra, Options, Scene, middlebox, results_of, run_case};

/// Run one case again, narrated
#[derive(Debug, Args)]
pub(super) struct Replay {
    /// The scenario
    scenario: PathBuf,
    /// The seed
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Stop at this time of the story
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    until: Option<std::time::Duration>,
    /// Show this peer's SAs at the end
    #[arg(long, value_name = "PEER")]
    show: Option<String>,
    /// Tell of ESP packets too
    #[arg(long)]
    packets: bool,
    /// Write a report in HTML of this case to this folder
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,
    /// Put the keys of all SAs into the report
    #[arg(long, requires = "report")]
    keys: bool,
}

impl Replay {
    pub(super) fn execute(self) -> Result<Outcome, Trouble> {
        let scenario = find::scenario(&self.scenario)?;
        if let Some(peer) = &self.show
            && scenario.peer(peer).is_none()
        {
            let known: Vec<&str> = scenario.peers.iter().map(|peer| peer.name.as_str()).collect();
            return Err(Trouble::Usage(format!("there is no peer {peer} here, but {}", known.join(", "))));
        }
        let (narrator, recorder) = (Narrator { packets: self.packets }, Recorder::default());
        let extra: Box<dyn Extra> = match &self.report {
            Some(_) => Box::new(Both(narrator, recorder.clone())),
            None => Box::new(narrator),
        };
        let options = Options {
            extra: Some(extra),
            until: self.until.map(|until| Instant::ZERO + until),
            ..Options::new(Provider::best(), self.scenario.display().to_string())
        };
        let result = run_case(&scenario, self.seed, options);
        if let Some(peer) = &self.show {
            show(peer, &result);
        }
        println!("\n{}\n", result.ladder.tail(60).join("\n"));
        println!("digest {}", result.case.digest);
        if let Some(folder) = &self.report {
            let name = self.scenario.display().to_string();
            let secrets = if self.keys { Secrets::Told } else { Secrets::Withheld };
            let account = recorder.account(&scenario, &name, &result, Provider::best(), secrets);
            let report = at(folder, Report::new(folder))?;
            let page = at(folder, report.page(&account))?;
            at(folder, report.finish(&results_of(&name, &scenario, &result)))?;
            println!("{}", page.display());
        }
        match &result.case.verdict {
            Verdict::Passed => {
                println!("passed");
                Ok(Outcome::Passed)
            }
            Verdict::Unsupported(reason) => {
                println!("unsupported: {reason}");
                Ok(Outcome::Passed)
            }
            Verdict::Failed(failure) => {
                if let Some(line) = &failure.line {
                    println!("failed at {}:{}: {}", self.scenario.display(), line.number, line.text);
                } else {
                    println!("failed: {}", failure.check);
                }
                println!("  expected: {}\n  happened: {}", failure.expected, failure.happened);
                Ok(Outcome::Failed)
            }
        }
    }
}

fn show(peer: &str, result: &CaseResult) {
    let Some((_, status)) = result.states.iter().find(|(name, _)| name == peer) else { return };
    println!("\n{peer} at {}", Instant::from_nanos(result.case.simulated_nanos));
    for sa in &status.ike {
        println!(
            "  IKE SA {} {:?} {:?}, SPIs {} {}, next request {}, next expected {}, {} exchanges to finish",
            sa.connection,
            sa.role,
            sa.stage,
            sa.spi_i,
            sa.spi_r,
            sa.next_request,
            sa.next_expected,
            sa.pending
        );
        for child in &sa.children {
            println!("    Child SA {}, SPIs {} in {} out", child.name, child.inbound, child.outbound);
        }
    }
    for sa in &status.ikev1.ike {
        println!(
            "  ISAKMP SA {} {:?} {}, cookies {} {}, {} exchanges to finish",
            sa.connection,
            sa.role,
            if sa.established { "established" } else { "in negotiation" },
            sa.cookie_i,
            sa.cookie_r,
            sa.pending
        );
    }
    for child in &status.ikev1.children {
        println!("  IPsec SAs {}, SPIs {} in {} out", child.name, child.inbound, child.outbound);
    }
    for sa in &status.sas {
        let direction = match sa.direction {
            Direction::Inbound => "in ",
            Direction::Outbound => "out",
        };
        println!(
            "  SA {direction} {} {} {}, {} packets, {} octets, sequence {}",
            sa.spi, sa.policy, sa.protection, sa.packets, sa.octets, sa.sequence
        );
    }
}

/// Tells each record in a line.
struct Narrator {
    packets: bool,
}

impl Extra for Narrator {
    fn record(&mut self, scene: &Scene, at: Instant, kind: &Kind<'_, Note>, label: Option<&str>) {
        let line = match kind {
            Kind::Mark(text) => Some(format!("--- {text}")),
            Kind::Sent { link, direction, ordinal, .. } if scene.is_outer(*link) => {
                let Some((from, to)) = scene.ends(*link, *direction) else { return };
                let label = label.unwrap_or("a packet");
                let shown = self.packets
                    || !["ESP", "AH", "UDP, ESP"].iter().any(|protected| label.starts_with(protected));
                shown.then(|| format!("{from} > {to}: {label} (packet {ordinal})"))
            }
            Kind::Decided { link, decision } if scene.is_outer(*link) => match decision.fault {
                Fault::Delayed(_) => None,
                fault => {
                    let ends = scene.ends(*link, decision.direction);
                    ends.map(|(from, to)| format!("{from} > {to}: packet {} is {fault}", decision.ordinal))
                }
            },
            Kind::Dropped { link, ordinal, reason, .. } if scene.is_outer(*link) => Some(format!(
                "{}: packet {ordinal} dropped: {reason}",
                scene.scenario.links[link.index()].name
            )),
            Kind::Fragmented { ordinal, pieces, .. } => {
                Some(format!("packet {ordinal} cut into {pieces} fragments"))
            }
            Kind::Note { node, note: Note::Says(case) } => {
                Some(format!("{} says: {case}", scene.name(*node)))
            }
            Kind::Note { node, note: Note::Peer(event) } => {
                event_line(event).map(|text| format!("{}: {text}", scene.name(*node)))
            }
            Kind::Note { node, note } => {
                middlebox::describe(note).map(|text| format!("{}: {text}", scene.name(*node)))
            }
            _ => None,
        };
        if let Some(line) = line {
            println!("{at:>12}  {line}");
        }
    }
}

fn event_line(event: &Event) -> Option<String> {
    match event {
        Event::Dropped(drop) => {
            let inside = drop.inside.as_ref().map_or_else(String::new, |inside| format!(", {inside}"));
            Some(format!("dropped a packet from {}: {}{inside}", drop.source, drop.reason))
        }
        Event::Manual(manual) => {
            let pair = &manual.pair;
            let spis = |inbound: &SaParameters, outbound: &SaParameters| {
                format!("{}, SPIs {} in {} out", inbound.protection, inbound.spi, outbound.spi)
            };
            let own = format!("manual SA {}, {}", pair.policy, spis(&pair.inbound, &pair.outbound));
            Some(match &pair.bundled {
                Some(ah) => format!("{own}, in {}", spis(&ah.inbound, &ah.outbound)),
                None => own,
            })
        }
        Event::Expired(expired) => Some(format!(
            "{} SPIs {} in {} out reached its {} limit of {}",
            expired.policy,
            expired.inbound,
            expired.outbound,
            expired.limit.name(),
            expired.measure.name()
        )),
        Event::Ikev2(Ikev2::Probe(probe)) => Some(format!("({probe})")),
        Event::Ikev2(event) => crate::run::describe(event),
        Event::Ikev1(Ikev1::Probe(probe)) => Some(format!("({probe})")),
        Event::Ikev1(event) => crate::run::describe_ikev1(event),
    }
}

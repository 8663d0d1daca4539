//! Cases by the wall clock: real implementations stand in the places of peers, and their packets come when they come.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use bridge::{Tun, WallClock};
use ipsec_net::Instant;
use reports::Verdict;
use sim::NodeId;

use super::{End, GLANCE, Run, settled, unsettled};
use crate::build::Built;
use crate::run::Watch;

/// Puts real implementations in the places of peers.
pub trait Cast {
    /// Sets them up in a world that has just been built, and tells where their packets come from.
    ///
    /// # Errors
    /// The verdict, when one cannot play its part.
    fn enter(&mut self, built: &mut Built<Watch>) -> Result<Vec<Device>, Verdict>;
}

/// A device through which packets come to a node.
#[derive(Clone, Debug)]
pub struct Device {
    /// The node, which takes them when it is polled.
    pub node: NodeId,
    /// The device.
    pub tun: Rc<Tun>,
}

/// What makes a case go by the wall clock.
pub(super) struct Live {
    clock: WallClock,
    devices: Vec<Device>,
}

/// How long a world with real implementations may take to settle.
const PATIENCE: Duration = Duration::from_secs(10);

impl Live {
    pub(super) fn start(devices: Vec<Device>) -> Self {
        Self { clock: WallClock::start(), devices }
    }

    /// Waits until the world has the time `next`, or a packet comes.
    fn wait(&self, next: Instant) -> io::Result<bool> {
        let devices: Vec<&Tun> = self.devices.iter().map(|device| &*device.tun).collect();
        bridge::wait(&devices, self.clock.until(next))
    }
}

impl Run {
    /// Lets the world go on with the wall clock until then, or until all that the story expects is so, and looks facts up on the
    /// way.
    pub(super) fn run_live_to(&mut self, until: Instant) -> Result<(), End> {
        let mut looked = self.built.world.now();
        loop {
            let now = self.catch_up(until)?;
            let stirred = std::mem::take(&mut self.built.world.observer_mut().stirred);
            if stirred || now >= until || now.since(looked) >= GLANCE {
                looked = now;
                self.look(false)?;
                self.look_at_deadlines(now)?;
            }
            let is_told = self.acted == self.scenario.story.steps.len() && self.open.is_empty();
            if now >= until || is_told {
                return Ok(());
            }
            self.wait_for(until.min(now + GLANCE))?;
        }
    }

    /// Lets the world go on until nothing is left half done.
    pub(super) fn settle_live(&mut self) -> Result<(), End> {
        let deadline = self.built.world.now() + PATIENCE;
        loop {
            let now = self.catch_up(deadline)?;
            let scene = &self.built.world.trace().observer.scene;
            let Some(pending) = settled::pending(scene, &|peer| self.without_fingerprints(peer)) else {
                return Ok(());
            };
            if now >= deadline {
                return Err(unsettled("10 seconds", pending));
            }
            self.wait_for(deadline.min(now + GLANCE))?;
        }
    }

    /// Works off what is due by the wall clock, but nothing after `until`; the world's time afterwards.
    fn catch_up(&mut self, until: Instant) -> Result<Instant, End> {
        let Some(live) = &self.live else { return Ok(until) };
        let now = live.clock.now().min(until);
        self.built.world.run_until(now)?;
        self.check_oracles()?;
        Ok(now)
    }

    /// Waits for a packet from outside, and gives it to its node; not longer than until `latest` or the world's next event.
    fn wait_for(&mut self, latest: Instant) -> Result<(), End> {
        let Some(live) = &self.live else { return Ok(()) };
        let next = self.built.world.next().map_or(latest, |next| next.min(latest));
        let came = live.wait(next).map_err(|error| End::Failed {
            check: "bridge".into(),
            line: None,
            expected: "packets come from outside".into(),
            happened: error.to_string(),
        })?;
        if came {
            let nodes: Vec<NodeId> = live.devices.iter().map(|device| device.node).collect();
            self.built.world.run_until(live.clock.now())?;
            for node in nodes {
                self.built.world.with(node, |_, _| ());
            }
        }
        Ok(())
    }

    /// Ends the run with a fact that has not become so in its time.
    fn look_at_deadlines(&mut self, now: Instant) -> Result<(), End> {
        match self.open.iter().any(|(_, deadline)| *deadline <= now) {
            true => self.look(true),
            false => Ok(()),
        }
    }

    /// What a peer holds, but for what only a virtual peer tells of its keys.
    fn without_fingerprints(&self, peer: &str) -> ipsec::Status {
        let mut status = self.status(peer);
        status.sas.iter_mut().for_each(|sa| sa.fingerprint = [0; 8]);
        status
    }
}

//! Every order, loss and duplication of the messages in flight, within bounds.
//!
//! A run is a list of choices: while packets are in flight, which one arrives next, is lost, or arrives and leaves a copy
//! behind; when none is, time goes on to the next event. All lists within the bounds are run, depth first, each from the
//! beginning: worlds need not be copied, only built anew.

use std::fmt;

use crate::trace::Observer;
use crate::world::Livelock;
use crate::{Node, World};

/// What happens next in a run. Packets are named by their place among those in flight, the oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Choice {
    /// The packet arrives.
    Deliver(usize),
    /// The packet is lost.
    Lose(usize),
    /// The packet arrives, and a copy of it stays in flight.
    Duplicate(usize),
    /// Time goes on to the next event while packets stay in flight: they are late.
    Wait,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deliver(place) => write!(f, "deliver {place}"),
            Self::Lose(place) => write!(f, "lose {place}"),
            Self::Duplicate(place) => write!(f, "duplicate {place}"),
            Self::Wait => f.write_str("wait"),
        }
    }
}

/// How much may go wrong in one run, and how long it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How many packets may be lost.
    pub losses: usize,
    /// How many packets may be duplicated.
    pub duplicates: usize,
    /// How often time may go on while packets are in flight.
    pub waits: usize,
    /// How many of the packets in flight, the oldest first, may be chosen: 1 keeps their order.
    pub reach: usize,
    /// After so many choices nothing goes wrong any more: the oldest packet arrives.
    pub choices: usize,
    /// After so many events without a packet in flight the run is over.
    pub idle_events: usize,
    /// How many runs there may be.
    pub runs: u64,
}

impl Default for Bounds {
    /// Any order, one loss, no duplicate, nothing late, 12 choices.
    fn default() -> Self {
        let reach = usize::MAX;
        Self { losses: 1, duplicates: 0, waits: 0, reach, choices: 12, idle_events: 64, runs: 1_000_000 }
    }
}

/// What was covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// How many runs there were, each with other choices.
    pub runs: u64,
    /// Whether these were all runs within the bounds but for [`Bounds::runs`].
    pub complete: bool,
    /// The first failure, which ended the search.
    pub failure: Option<Failure>,
}

/// A run that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The choices that lead to it; [`retrace`] makes them again.
    pub choices: Vec<Choice>,
    /// What was wrong.
    pub what: String,
}

/// `deliver 0, lose 1, …: what was wrong`.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, choice) in self.choices.iter().enumerate() {
            write!(f, "{}{choice}", if index == 0 { "" } else { ", " })?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Runs the worlds that `build` makes, which has to make the same world each time, set up with
/// [`crate::Setup::chosen_order`], through all choices within the bounds. `check` says what is wrong with a world at the
/// end of its run.
pub fn exhaust<N: Node, O: Observer<N::Note>>(
    bounds: &Bounds,
    mut build: impl FnMut() -> World<N, O>,
    mut check: impl FnMut(&World<N, O>) -> Result<(), String>,
) -> Exhausted {
    let mut path: Vec<Branch> = Vec::new();
    let mut runs = 0;
    loop {
        let mut world = build();
        let outcome = Run { bounds, path: &mut path, taken: 0 }.go(&mut world);
        runs += 1;
        let outcome = outcome.map_err(|livelock| livelock.to_string()).and_then(|()| check(&world));
        if let Err(what) = outcome {
            let choices = path.iter().map(Branch::choice).collect();
            return Exhausted { runs, complete: false, failure: Some(Failure { choices, what }) };
        }
        // The last branch that has another choice takes it; those behind it begin anew.
        while path.last().is_some_and(Branch::is_last) {
            path.pop();
        }
        let Some(branch) = path.last_mut() else { return Exhausted { runs, complete: true, failure: None } };
        if runs >= bounds.runs {
            return Exhausted { runs, complete: false, failure: None };
        }
        branch.taken += 1;
    }
}

/// Runs a world through these choices, and then until nothing is left to do within the bounds; what `observer` of the
/// world sees on the way can be shown.
///
/// # Errors
/// When time stands still.
pub fn retrace<N: Node, O: Observer<N::Note>>(
    bounds: &Bounds,
    world: &mut World<N, O>,
    choices: &[Choice],
) -> Result<(), Livelock> {
    let branch = |choice: &Choice| Branch { choices: vec![*choice], taken: 0 };
    let mut path: Vec<Branch> = choices.iter().map(branch).collect();
    // Behind the choices given, the first choice of each branch is taken: nothing goes wrong.
    Run { bounds, path: &mut path, taken: 0 }.go(world)
}

/// A place in a run where it can go several ways.
#[derive(Clone, Debug)]
struct Branch {
    choices: Vec<Choice>,
    taken: usize,
}

impl Branch {
    fn choice(&self) -> Choice {
        self.choices[self.taken]
    }

    fn is_last(&self) -> bool {
        self.taken + 1 == self.choices.len()
    }
}

struct Run<'a> {
    bounds: &'a Bounds,
    path: &'a mut Vec<Branch>,
    /// How many branches of the path this run has passed.
    taken: usize,
}

impl Run<'_> {
    fn go<N: Node, O: Observer<N::Note>>(&mut self, world: &mut World<N, O>) -> Result<(), Livelock> {
        let mut idle = 0;
        while idle < self.bounds.idle_events {
            if world.in_flight().len() == 0 {
                idle += 1;
                if !world.step()? {
                    return Ok(());
                }
                continue;
            }
            idle = 0;
            match self.choose(world) {
                Choice::Deliver(place) => world.deliver(place),
                Choice::Lose(place) => world.lose(place),
                Choice::Duplicate(place) => world.duplicate(place),
                Choice::Wait => {
                    world.step()?;
                }
            }
            world.still()?;
        }
        Ok(())
    }

    fn choose<N: Node, O: Observer<N::Note>>(&mut self, world: &World<N, O>) -> Choice {
        if self.taken == self.path.len() {
            if self.taken >= self.bounds.choices {
                return Choice::Deliver(0);
            }
            let choices = self.choices(world.in_flight().len(), world.next().is_some());
            self.path.push(Branch { choices, taken: 0 });
        }
        self.taken += 1;
        self.path[self.taken - 1].choice()
    }

    /// What can happen with so many packets in flight, the most harmless first.
    fn choices(&self, in_flight: usize, events: bool) -> Vec<Choice> {
        let spent = |kind: fn(&Choice) -> bool| {
            self.path[..self.taken].iter().map(Branch::choice).filter(kind).count()
        };
        let places = 0..in_flight.min(self.bounds.reach.max(1));
        let mut choices: Vec<Choice> = places.clone().map(Choice::Deliver).collect();
        if spent(|choice| matches!(choice, Choice::Lose(_))) < self.bounds.losses {
            choices.extend(places.clone().map(Choice::Lose));
        }
        if spent(|choice| matches!(choice, Choice::Duplicate(_))) < self.bounds.duplicates {
            choices.extend(places.map(Choice::Duplicate));
        }
        if events && spent(|choice| *choice == Choice::Wait) < self.bounds.waits {
            choices.push(Choice::Wait);
        }
        choices
    }
}

#[cfg(test)]
mod tests;

//! Every order of events: orders to the ends, arrivals of messages, and at most one misfortune on the way.

use std::collections::{BTreeMap, BTreeSet};

use ipsec_ikev2::{Event, Stage};

use crate::world::{Flight, Lowest, NAMES, Order, World};

/// What was given to the two ends, and what has to be there in the end.
pub(crate) struct Family {
    pub(crate) orders: &'static [(usize, Order)],
    /// How many of the orders are given before anything arrives; the others may come at any time.
    pub(crate) at_once: usize,
    /// Whether the nonces matter.
    pub(crate) nonces: bool,
    /// Whether a message may be lost or delayed.
    pub(crate) misfortune: bool,
    pub(crate) left: Left,
}

/// What has to be there in the end; the ends mirror each other in any case.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Left {
    /// One IKE SA with the children of these names, in order.
    Children(&'static [&'static str]),
    /// Nothing at all.
    Nothing,
    /// Whatever it is.
    Something,
}

/// What was seen in all runs of a family.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) runs: usize,
    /// In how many runs each probe, and each reason to drop a message, occurred.
    pub(crate) occurred: BTreeMap<String, usize>,
}

/// One thing that may happen next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Order(usize),
    Deliver(usize),
    /// The message never arrives.
    Lose(usize),
    /// The message arrives after all others, and after the next timer.
    Delay(usize),
}

/// Tries all orders of events from a beginning.
pub(crate) fn explore_from(family: &Family, begin: fn(Lowest) -> World) -> Seen {
    let mut seen = Seen::default();
    let lowest = if family.nonces { &Lowest::ALL[..] } else { &Lowest::ALL[..1] };
    for lowest in lowest {
        // At each fork, which way was taken and how many there were.
        let mut way: Vec<(usize, usize)> = Vec::new();
        loop {
            run(family, begin(*lowest), *lowest, &mut way, &mut seen);
            seen.runs += 1;
            while way.last().is_some_and(|(taken, all)| taken + 1 == *all) {
                way.pop();
            }
            match way.last_mut() {
                Some((taken, _)) => *taken += 1,
                None => break,
            }
        }
    }
    seen
}

/// One run along `way`, which is followed as far as it goes and then always to the first side.
fn run(family: &Family, mut world: World, lowest: Lowest, way: &mut Vec<(usize, usize)>, seen: &mut Seen) {
    let begun = world.events.each_ref().map(Vec::len);
    let (first, rest) = family.orders.split_at(family.at_once);
    first.iter().for_each(|(end, order)| world.order(*end, *order));
    let mut orders = rest.to_vec();
    let mut late: Vec<Flight> = Vec::new();
    let mut misfortune = !family.misfortune;
    let mut story = Vec::new();
    let mut fork = 0;
    loop {
        let mut steps: Vec<Step> = (0..orders.len()).map(Step::Order).collect();
        for flight in 0..world.flights.len() {
            steps.push(Step::Deliver(flight));
            if !misfortune {
                steps.extend([Step::Lose(flight), Step::Delay(flight)]);
            }
        }
        if steps.is_empty() {
            let waited = world.wait();
            let arrived = !late.is_empty();
            world.flights.append(&mut late);
            if !waited && !arrived {
                break;
            }
            continue;
        }
        if fork == way.len() {
            way.push((0, steps.len()));
        }
        assert_eq!(way[fork].1, steps.len(), "a run can be repeated");
        let step = steps[way[fork].0];
        fork += 1;
        story.push(step);
        match step {
            Step::Order(order) => {
                let (end, order) = orders.remove(order);
                world.order(end, order);
            }
            Step::Deliver(flight) => {
                let flight = world.flights.remove(flight);
                world.deliver(&flight);
            }
            Step::Lose(flight) => {
                world.flights.remove(flight);
                misfortune = true;
            }
            Step::Delay(flight) => {
                late.push(world.flights.remove(flight));
                misfortune = true;
            }
        }
    }
    count(&world, begun, seen);
    if let Err(wrong) = settled(&mut world, family.left) {
        panic!("{wrong}\nlowest nonce: {lowest:?}\n{story:?}\n{}", narrate(&world));
    }
}

fn count(world: &World, begun: [usize; 2], seen: &mut Seen) {
    let mut names = BTreeSet::new();
    for (events, begun) in world.events.iter().zip(begun) {
        for event in &events[begun..] {
            match event {
                Event::Probe(probe) => names.insert((*probe).to_owned()),
                Event::Dropped { reason, .. } => names.insert(format!("dropped: {}", reason.name())),
                Event::ChildFailed { failure, .. } => names.insert(format!("child failed: {failure}")),
                Event::IkeFailed { failure, .. } => names.insert(format!("IKE failed: {failure}")),
                _ => false,
            };
        }
    }
    names.into_iter().for_each(|name| *seen.occurred.entry(name).or_default() += 1);
}

/// Whether both ends mirror each other, hold what they should, and nothing else.
pub(crate) fn settled(world: &mut World, left: Left) -> Result<(), String> {
    let status = world.ends.each_ref().map(ipsec_ikev2::Endpoint::status);
    for end in 0..2 {
        let name = NAMES[end];
        let count = match left {
            Left::Children(_) => 1,
            Left::Nothing => 0,
            Left::Something => status[1 - end].len(),
        };
        if status[end].len() != count {
            return Err(format!("{name} has {} IKE SAs", status[end].len()));
        }
        let mut children = Vec::new();
        for sa in &status[end] {
            let other = status[1 - end].iter().find(|o| (o.spi_i, o.spi_r) == (sa.spi_i, sa.spi_r));
            let other = other.ok_or_else(|| format!("{name} has an IKE SA that the other end has not"))?;
            if sa.stage != Stage::Established || sa.pending > 0 || sa.role == other.role {
                return Err(format!("{name} has an IKE SA in disorder: {sa:?}"));
            }
            if (sa.next_request, sa.next_expected) != (other.next_expected, other.next_request) {
                return Err(format!("the message IDs do not agree: {sa:?} {other:?}"));
            }
            let keys = |end: usize| world.keys[end].get(&(sa.spi_i, sa.spi_r));
            if keys(end).is_none() || keys(end) != keys(1 - end) {
                return Err("the keys of the IKE SA differ".to_owned());
            }
            for child in &sa.children {
                let mirrored = other.children.iter().any(|o| {
                    (o.inbound, o.outbound, &o.name) == (child.outbound, child.inbound, &child.name)
                });
                if !mirrored || child.deleting {
                    return Err(format!("{name} has a child that the other end has not: {child:?}"));
                }
                children.push((child.name.as_str(), child.inbound));
            }
        }
        children.sort_unstable();
        let names: Vec<&str> = children.iter().map(|(name, _)| *name).collect();
        if matches!(left, Left::Children(expected) if names != expected) {
            return Err(format!("{name} has the children {names:?}"));
        }
        mirrored(world, end, &children)?;
    }
    alive(world, status[0].len())
}

/// Whether the data plane holds the pairs of these children and no others, with the other end's keys.
fn mirrored(world: &World, end: usize, children: &[(&str, ipsec_wire::Spi)]) -> Result<(), String> {
    let installed = &world.installed[end];
    if installed.len() != children.len() || children.iter().any(|(_, spi)| !installed.contains_key(spi)) {
        return Err(format!("{} has {:?} installed", NAMES[end], installed.keys()));
    }
    for pair in installed.values() {
        let other = world.installed[1 - end].get(&pair.outbound.spi);
        let same = other.is_some_and(|other| {
            (&other.inbound.key, &other.outbound.key) == (&pair.outbound.key, &pair.inbound.key)
        });
        if !same {
            return Err(format!("the keys of {} differ", pair.inbound.spi));
        }
    }
    Ok(())
}

/// Whether what is left still works in both directions.
fn alive(world: &mut World, sas: usize) -> Result<(), String> {
    let answered = |world: &World, end: usize| {
        let probe = |event: &&Event| matches!(event, Event::Probe("ikev2.liveness.answered"));
        world.events[end].iter().filter(probe).count()
    };
    let before = [answered(world, 0), answered(world, 1)];
    world.check();
    match (0..2).all(|end| answered(world, end) == before[end] + sas) {
        true => Ok(()),
        false => Err("a liveness check is not answered".to_owned()),
    }
}

/// What each end sent and received.
pub(crate) fn narrate(world: &World) -> String {
    let mut text = String::new();
    for (name, events) in NAMES.iter().zip(&world.events) {
        text += &format!("{name}:\n");
        for event in events {
            let line = match event {
                Event::Sent(message) => format!("-> {message}"),
                Event::Received(message) => format!("<- {message}"),
                Event::ChildUp(record) => format!("child up {} {}", record.inbound, record.outbound),
                Event::IkeKeyed(_) => continue,
                other => format!("{other:?}"),
            };
            text += &format!("  {line}\n");
        }
    }
    text
}

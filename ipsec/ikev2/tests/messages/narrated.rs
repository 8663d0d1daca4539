//! What the ends of a world tell, in lines.

use ipsec_ikev2::Event;

use crate::world::{NAMES, World};

/// What each end has told since it had told this much.
pub(crate) fn narrated(world: &World, since: [usize; 2]) -> String {
    let line = |event: &Event| match event {
        Event::Sent(message) => Some(format!("-> {message}")),
        Event::Received(message) => Some(format!("<- {message}")),
        Event::ChildUp(record) => Some(format!("child {} up", record.child)),
        Event::ChildDown { child, cause, .. } => Some(format!("child {child} down: {cause}")),
        Event::IkeUp { suite, .. } => Some(format!("IKE SA up: {suite}")),
        Event::IkeDown { cause, .. } => Some(format!("IKE SA down: {cause}")),
        Event::Dropped { reason, .. } => Some(format!("dropped: {reason}")),
        Event::Probe(probe) => Some(format!("({probe})")),
        _ => None,
    };
    let mut text = String::new();
    for end in 0..2 {
        for told in world.events[end][since[end]..].iter().filter_map(line) {
            text += &format!("{}  {told}\n", NAMES[end]);
        }
    }
    text
}

/// How much each end has told.
pub(crate) fn told(world: &World) -> [usize; 2] {
    world.events.each_ref().map(Vec::len)
}

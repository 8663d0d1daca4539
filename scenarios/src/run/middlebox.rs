//! What routers, translators and packet filters tell of themselves, in words and as counts.

use sim::middlebox::firewall::FirewallNote;
use sim::middlebox::nat::NatNote;
use sim::middlebox::router::RouterNote;

use crate::node::Note;

/// What is counted of it.
pub(super) fn counter(note: &Note) -> Option<&'static str> {
    Some(match note {
        Note::Router(RouterNote::Dropped { .. }) => "router.dropped",
        Note::Router(RouterNote::Fragmented { .. }) => "router.fragmented",
        Note::Nat(NatNote::Mapped(_)) => "nat.mapped",
        Note::Nat(NatNote::Expired(_)) => "nat.expired",
        Note::Nat(NatNote::Restarted { .. }) => "nat.restarted",
        Note::Nat(NatNote::Dropped { .. }) => "nat.dropped",
        Note::Nat(NatNote::Held { .. }) => "nat.held",
        Note::Nat(NatNote::Answered { .. }) => "nat.answered",
        Note::Nat(NatNote::Fragmented { .. }) => "nat.fragmented",
        Note::Firewall(FirewallNote::Opened { .. }) => "firewall.opened",
        Note::Firewall(FirewallNote::Expired { .. }) => "firewall.expired",
        Note::Firewall(FirewallNote::Restarted { .. }) => "firewall.restarted",
        Note::Firewall(FirewallNote::Dropped { .. }) => "firewall.dropped",
        Note::Firewall(FirewallNote::Held { .. }) => "firewall.held",
        _ => return None,
    })
}

/// Why a packet ended there, and in one line whose it was, too.
pub(crate) fn dropped(note: &Note) -> Option<(String, String)> {
    let (flow, reason) = match note {
        Note::Router(RouterNote::Dropped { reason, flow, .. }) => (flow, reason.to_string()),
        Note::Nat(NatNote::Dropped { reason, flow, .. }) => (flow, reason.to_string()),
        Note::Firewall(FirewallNote::Dropped { reason, flow }) => (flow, reason.to_string()),
        _ => return None,
    };
    let line = format!("dropped {flow}: {reason}");
    Some((reason, line))
}

/// What happened there in one line, if that is worth one.
pub(crate) fn describe(note: &Note) -> Option<String> {
    if let Some((_, line)) = dropped(note) {
        return Some(line);
    }
    match note {
        Note::Router(RouterNote::Fragmented { flow, pieces })
        | Note::Nat(NatNote::Fragmented { flow, pieces }) => {
            Some(format!("cut {flow} into {pieces} fragments"))
        }
        Note::Nat(NatNote::Mapped(binding)) => {
            Some(format!("maps {} to {}", binding.inside, binding.outside))
        }
        Note::Nat(NatNote::Expired(binding)) => {
            Some(format!("no longer maps {} to {}", binding.inside, binding.outside))
        }
        Note::Nat(NatNote::Restarted { mappings }) => Some(format!("forgets {mappings} mappings")),
        Note::Firewall(FirewallNote::Opened { flow, .. }) => Some(format!("lets {flow} begin")),
        Note::Firewall(FirewallNote::Expired { flow, .. }) => Some(format!("forgets {flow}")),
        Note::Firewall(FirewallNote::Restarted { states }) => Some(format!("forgets {states} flows")),
        _ => None,
    }
}

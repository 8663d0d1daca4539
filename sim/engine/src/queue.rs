//! The event queue. Simultaneous events are ordered by the node that caused them and that node's own count, never by the
//! order in which they were put in. A salt permutes the nodes, anew at each instant, and leaves each one's own order.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use ipsec_net::Instant;

use crate::NodeId;
use crate::wheel::Wheel;

/// A queue of wake-ups and of parcels of type `P`, soonest first.
#[derive(Debug)]
pub(crate) struct Queue<P> {
    /// The near future, sorted. It holds the next event, if there is one.
    near: BinaryHeap<Reverse<Entry>>,
    /// The farther future, when there is much of it.
    far: Wheel<Entry>,
    parcels: Vec<Option<P>>,
    free: Vec<u32>,
    salt: u64,
}

/// What happens at an instant.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event<P> {
    /// A node has asked to be woken.
    Wake(NodeId),
    /// Something arrives.
    Parcel(P),
}

/// An event's key, and the number of its parcel or, with [`WAKE`], of the node to be woken.
type Entry = (u128, u32);

const WAKE: u32 = 1 << 31;
/// With more events than this in the heap, the wheel takes what comes later.
const NEAR: usize = 256;

impl<P> Queue<P> {
    /// An empty queue. A `salt` other than 0 permutes simultaneous events on purpose.
    pub(crate) fn new(salt: u64) -> Self {
        Self { near: BinaryHeap::new(), far: Wheel::default(), parcels: Vec::new(), free: Vec::new(), salt }
    }

    /// Puts an event in that `source` caused as its `count`-th one.
    pub(crate) fn push(&mut self, at: Instant, source: NodeId, count: u64, event: Event<P>) {
        let number = match event {
            Event::Wake(node) => WAKE | node.0,
            Event::Parcel(parcel) => self.store(parcel),
        };
        let entry = (self.key(at, source, count), number);
        if self.near.len() >= NEAR
            && let Some(next) = self.next()
        {
            self.far.reach_back(next);
        } else if self.far.len() == 0 {
            return self.near.push(Reverse(entry));
        }
        if self.far.takes(at) { self.far.push(at, entry) } else { self.near.push(Reverse(entry)) }
    }

    /// When the next event is.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.near.peek().map(|Reverse((key, _))| instant(*key))
    }

    /// Takes the next event out.
    pub(crate) fn pop(&mut self) -> Option<(Instant, Event<P>)> {
        let Reverse((key, number)) = self.near.pop()?;
        while self.far.len() > 0 && self.next().is_none_or(|next| self.far.takes(next)) {
            self.far.pour(|_, entry| self.near.push(Reverse(entry)));
        }
        if number & WAKE != 0 {
            return Some((instant(key), Event::Wake(NodeId(number & !WAKE))));
        }
        let parcel = self.parcels[number as usize].take()?;
        self.free.push(number);
        Some((instant(key), Event::Parcel(parcel)))
    }

    /// Takes all events out, in order.
    #[cfg(test)]
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Event<P>> {
        std::iter::from_fn(|| self.pop().map(|(_, event)| event))
    }

    /// How many events wait.
    pub(crate) fn len(&self) -> usize {
        self.near.len() + self.far.len()
    }

    fn key(&self, at: Instant, source: NodeId, count: u64) -> u128 {
        let source = if self.salt == 0 { source.0 } else { permuted(source.0, at, self.salt) };
        let order = (u64::from(source) << COUNT_BITS) | (count & ((1 << COUNT_BITS) - 1));
        (u128::from(at.as_nanos()) << 64) | u128::from(order)
    }

    fn store(&mut self, parcel: P) -> u32 {
        if let Some(number) = self.free.pop() {
            self.parcels[number as usize] = Some(parcel);
            number
        } else {
            self.parcels.push(Some(parcel));
            (self.parcels.len() - 1) as u32
        }
    }
}

/// A node's own count takes the lower 40 bits, its number the upper 24.
const COUNT_BITS: u32 = 40;
/// An odd number without a pattern in its bits: multiplying by it permutes the numbers of any width in bits.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// A permutation of the 24-bit numbers that depends on the instant and the salt.
fn permuted(source: u32, at: Instant, salt: u64) -> u32 {
    let mixed = (at.as_nanos() ^ salt.wrapping_mul(ODD)).wrapping_mul(ODD);
    let mask = (mixed ^ (mixed >> 32)).wrapping_mul(ODD) >> COUNT_BITS;
    (u64::from(source) ^ mask).wrapping_mul(ODD) as u32 & 0x00ff_ffff
}

fn instant(key: u128) -> Instant {
    Instant::from_nanos((key >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a sorted map, with more events than the heap takes alone and pauses of all lengths.
        #[test]
        fn a_crowded_queue_keeps_the_order(
            events in prop::collection::vec((any::<bool>(), 0u32..63, any::<u64>()), 0..3000),
            first in 0usize..1000,
        ) {
            let mut queue = Queue::new(0);
            let mut model = std::collections::BTreeMap::new();
            let mut now = 0;
            for (count, (pop, bits, noise)) in events.into_iter().enumerate() {
                if pop && count >= first {
                    let expected = model.pop_first();
                    let popped = queue.pop();
                    now = expected.as_ref().map_or(now, |((at, _), _)| *at);
                    prop_assert_eq!(popped, expected.map(|((at, _), event)| (Instant::from_nanos(at), event)));
                } else {
                    let at = now.saturating_add(noise >> bits);
                    let event = || if bits % 2 == 0 { Event::Wake(NodeId(bits)) } else { Event::Parcel(count) };
                    queue.push(Instant::from_nanos(at), NodeId(0), count as u64, event());
                    model.insert((at, count), event());
                }
                prop_assert_eq!(queue.next().map(Instant::as_nanos), model.keys().next().map(|(at, _)| *at));
                prop_assert_eq!(queue.len(), model.len());
            }
            let rest: Vec<_> = model.into_values().collect();
            prop_assert_eq!(queue.drain().collect::<Vec<_>>(), rest);
        }

        #[test]
        fn order_does_not_depend_on_insertion(
            events in prop::collection::btree_set((0u64..5, 0u32..4, 0u64..6), 0..40),
            salt in prop::sample::select(vec![0u64, 1, 99]),
            shuffle: u64,
        ) {
            let mut forward = Queue::new(salt);
            let mut shuffled = Queue::new(salt);
            let push = |queue: &mut Queue<_>, event: (u64, u32, u64)| {
                queue.push(Instant::from_nanos(event.0), NodeId(event.1), event.2, Event::Parcel(event));
            };
            let list: Vec<_> = events.iter().copied().collect();
            list.iter().for_each(|event| push(&mut forward, *event));
            let mut other = list.clone();
            for index in 0..other.len() {
                let swap = (shuffle.rotate_left(index as u32) as usize) % other.len();
                other.swap(index, swap);
            }
            other.iter().for_each(|event| push(&mut shuffled, *event));
            let drained = |queue: &mut Queue<(u64, u32, u64)>| -> Vec<_> {
                queue.drain().filter_map(|event| if let Event::Parcel(p) = event { Some(p) } else { None }).collect()
            };
            let order = drained(&mut forward);
            prop_assert_eq!(&order, &drained(&mut shuffled));
            prop_assert!(order.windows(2).all(|pair| pair[0].0 <= pair[1].0));
            if salt == 0 {
                prop_assert_eq!(&order, &list);
            }
            for source in 0..4 {
                let own = |events: &[(u64, u32, u64)]| -> Vec<_> {
                    events.iter().copied().filter(|event| event.1 == source).collect()
                };
                prop_assert_eq!(own(&order), own(&list), "a source's own order stays");
            }
        }
    }

    #[test]
    fn a_salt_lets_each_of_two_sources_come_first_about_half_of_the_time() {
        let first = |salt, nanos| {
            let mut queue = Queue::new(salt);
            let at = Instant::from_nanos(nanos);
            (0..2).for_each(|source| queue.push(at, NodeId(source), 1, Event::Parcel(source)));
            match queue.pop() {
                Some((_, Event::Parcel(source))) => source,
                other => panic!("{other:?}"),
            }
        };
        let over_salts = (1..1001).filter(|salt| first(*salt, 5_000_000) == 0).count();
        let over_time = (0..1000).filter(|millis| first(42, millis * 1_000_000) == 0).count();
        assert!((400..600).contains(&over_salts), "{over_salts}");
        assert!((400..600).contains(&over_time), "{over_time}");
        assert!((0..1000).all(|nanos| first(0, nanos) == 0));
    }
}

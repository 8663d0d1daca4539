//! The event queue. Simultaneous events are ordered by the node that caused them and that node's own count, never by the
//! order in which they were put in.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use ipsec_net::Instant;

use crate::NodeId;

/// A queue of events of type `E`, soonest first.
#[derive(Debug)]
pub(crate) struct Queue<E> {
    /// Keys with the slots of their events.
    heap: BinaryHeap<Reverse<(u128, u32)>>,
    slots: Vec<Option<E>>,
    free: Vec<u32>,
    salt: u64,
}

impl<E> Queue<E> {
    /// An empty queue. A `salt` other than 0 permutes simultaneous events on purpose.
    pub(crate) fn new(salt: u64) -> Self {
        Self { heap: BinaryHeap::new(), slots: Vec::new(), free: Vec::new(), salt }
    }

    /// Puts an event in that `source` caused as its `count`-th one.
    pub(crate) fn push(&mut self, at: Instant, source: NodeId, count: u64, event: E) {
        let order = (u64::from(source.0) << COUNT_BITS) | (count & ((1 << COUNT_BITS) - 1));
        let order = if self.salt == 0 { order } else { (order ^ self.salt).wrapping_mul(ODD) };
        let key = (u128::from(at.as_nanos()) << 64) | u128::from(order);
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(event);
                slot
            }
            None => {
                self.slots.push(Some(event));
                (self.slots.len() - 1) as u32
            }
        };
        self.heap.push(Reverse((key, slot)));
    }

    /// When the next event is.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|Reverse((key, _))| instant(*key))
    }

    /// Takes the next event out.
    pub(crate) fn pop(&mut self) -> Option<(Instant, E)> {
        let Reverse((key, slot)) = self.heap.pop()?;
        let event = self.slots[slot as usize].take()?;
        self.free.push(slot);
        Some((instant(key), event))
    }

    /// How many events wait.
    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }
}

/// A node's own count takes the lower 40 bits, its number the upper 24.
const COUNT_BITS: u32 = 40;
/// Multiplication by an odd number permutes the 64-bit numbers, so that keys stay distinct.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

fn instant(key: u128) -> Instant {
    Instant::from_nanos((key >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drained(queue: &mut Queue<(u64, u32, u64)>) -> Vec<(u64, u32, u64)> {
        std::iter::from_fn(|| queue.pop().map(|(_, event)| event)).collect()
    }

    proptest! {
        #[test]
        fn order_does_not_depend_on_insertion(
            events in prop::collection::btree_set((0u64..5, 0u32..4, 0u64..6), 0..40),
            salt in prop::sample::select(vec![0u64, 1, 99]),
            shuffle: u64,
        ) {
            let mut forward = Queue::new(salt);
            let mut shuffled = Queue::new(salt);
            let push = |queue: &mut Queue<_>, event: (u64, u32, u64)| {
                queue.push(Instant::from_nanos(event.0), NodeId(event.1), event.2, event);
            };
            let list: Vec<_> = events.iter().copied().collect();
            list.iter().for_each(|event| push(&mut forward, *event));
            let mut other = list.clone();
            for index in 0..other.len() {
                let swap = (shuffle.rotate_left(index as u32) as usize) % other.len();
                other.swap(index, swap);
            }
            other.iter().for_each(|event| push(&mut shuffled, *event));
            let order = drained(&mut forward);
            prop_assert_eq!(&order, &drained(&mut shuffled));
            prop_assert!(order.windows(2).all(|pair| pair[0].0 <= pair[1].0));
            if salt == 0 {
                prop_assert_eq!(order, list);
            }
        }
    }
}

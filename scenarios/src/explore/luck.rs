//! Drawing from lists.

use sim::RandomStream;

/// One of them.
pub(super) fn pick<T: Copy>(luck: &mut RandomStream, list: &[T]) -> T {
    list[index(luck, list.len())]
}

/// From `least` to `most` of them in any order, as far as there are so many.
pub(super) fn some<T: Copy>(luck: &mut RandomStream, list: &[T], least: usize, most: usize) -> Vec<T> {
    let mut rest = list.to_vec();
    let count = least + index(luck, most - least + 1);
    (0..count.min(list.len())).map(|_| rest.swap_remove(index(luck, rest.len()))).collect()
}

/// Whether it is so, once in `times`.
pub(super) fn once_in(luck: &mut RandomStream, times: u64) -> bool {
    luck.below(times) == 0
}

/// A whole number from `low` to `high`, both included.
pub(super) fn between(luck: &mut RandomStream, low: u64, high: u64) -> u64 {
    low + luck.below(high - low + 1)
}

fn index(luck: &mut RandomStream, bound: usize) -> usize {
    usize::try_from(luck.below(bound as u64)).unwrap_or(0)
}

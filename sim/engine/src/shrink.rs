//! Makes a failure small: delta debugging (Zeller and Hildebrandt, 2002) over a list of anything, such as the decisions of
//! a run, the lines of a story, or the nouns of a scenario.

/// The items of a shortest list, as far as leaving items out can find it, for which `fails` is still true: leaving out
/// any single one of them makes the failure go away. The order stays.
///
/// `fails` has to be true of the whole list; what it was asked once it is not asked again in the same round.
pub fn shrink<T: Clone>(items: &[T], mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut kept = items.to_vec();
    if fails(&[]) {
        return Vec::new();
    }
    let mut parts = 2;
    while kept.len() > 1 {
        let size = kept.len().div_ceil(parts);
        let chunks: Vec<&[T]> = kept.chunks(size).collect();
        // One part alone may fail; with two parts the rest of one is the other.
        let alone =
            chunks.iter().map(|chunk| chunk.to_vec()).find(|part| part.len() < kept.len() && fails(part));
        if let Some(part) = alone {
            (kept, parts) = (part, 2);
            continue;
        }
        let without = |index: usize| -> Vec<T> {
            let others = chunks.iter().enumerate().filter(|(other, _)| *other != index);
            others.flat_map(|(_, chunk)| chunk.iter().cloned()).collect()
        };
        let rest = (0..chunks.len()).filter(|_| chunks.len() > 2).map(without).find(|rest| fails(rest));
        if let Some(rest) = rest {
            (kept, parts) = (rest, (parts - 1).max(2));
        } else if size > 1 {
            parts = (parts * 2).min(kept.len());
        } else {
            break;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_of_forty_are_found_in_few_attempts() {
        let items: Vec<u32> = (0..40).collect();
        let mut attempts = 0;
        let kept = shrink(&items, |part| {
            attempts += 1;
            part.contains(&7) && part.contains(&33)
        });
        assert_eq!(kept, [7, 33]);
        assert!(attempts < 120, "{attempts}");
    }

    #[test]
    fn a_failure_that_needs_nothing_shrinks_to_nothing() {
        assert_eq!(shrink(&[1, 2, 3], |_| true), []);
    }

    proptest! {
        /// Whatever fails, what is left fails, and without any one of its items it does not.
        #[test]
        fn what_is_left_fails_and_nothing_in_it_can_be_left_out(
            needed in prop::collection::btree_set(0u32..50, 1..8), odd: bool,
        ) {
            let items: Vec<u32> = (0..50).collect();
            // With `odd`, a failure that is not monotonic: an even number of the rest hides it.
            let fails = |part: &[u32]| {
                let all = needed.iter().all(|item| part.contains(item));
                all && (!odd || (part.len() - needed.len()).is_multiple_of(2))
            };
            prop_assume!(fails(&items));
            let kept = shrink(&items, fails);
            prop_assert!(fails(&kept));
            prop_assert!(kept.is_sorted());
            for index in 0..kept.len() {
                let mut fewer = kept.clone();
                fewer.remove(index);
                prop_assert!(!fails(&fewer));
            }
        }
    }
}

//! Which of two SAs survives that were both made to replace the same one (RFC 7296 §2.8.1, §2.8.2).
//!
//! ```text
//! A rekeys X:  Ni1  ------->          <-------  Ni2  B rekeys X
//!                   <-------  Nr2     Nr1  ------->
//! the SA of the exchange with the lowest of the four goes; who began the other exchange deletes X
//! ```

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum End {
    /// This one.
    Ours,
    /// The peer.
    Theirs,
}

/// Whose exchange made the SA that survives, from the two nonces of the exchange that we began and those of the peer's.
/// Nonces are compared octet by octet, and one that is the beginning of another is the lower one. Should both exchanges
/// have the same lowest nonce, which takes a peer that repeats nonces, the others decide.
pub(crate) fn survivor(ours: &[Vec<u8>; 2], theirs: &[Vec<u8>; 2]) -> End {
    if ordered(ours) < ordered(theirs) { End::Theirs } else { End::Ours }
}

fn ordered([a, b]: &[Vec<u8>; 2]) -> (&[u8], &[u8]) {
    (a.min(b), a.max(b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All orders of four.
    fn permutations() -> Vec<[usize; 4]> {
        let mut all = Vec::new();
        for code in 0..256 {
            let order = [code >> 6 & 3, code >> 4 & 3, code >> 2 & 3, code & 3];
            if (0..4).all(|rank| order.contains(&rank)) {
                all.push(order);
            }
        }
        all
    }

    #[test]
    fn in_every_order_of_four_nonces_the_exchange_with_the_lowest_loses() {
        let nonces = [vec![0], vec![0, 0], vec![0, 255, 255], vec![1]];
        let orders = permutations();
        assert_eq!(orders.len(), 24);
        for [a, b, c, d] in orders {
            let lowest_is_ours = a == 0 || b == 0;
            let expected = if lowest_is_ours { End::Theirs } else { End::Ours };
            let pair = |first: usize, second: usize| [nonces[first].clone(), nonces[second].clone()];
            assert_eq!(survivor(&pair(a, b), &pair(c, d)), expected, "{a}{b} {c}{d}");
        }
    }

    proptest! {
        #[test]
        fn both_ends_name_the_same_survivor(
            [ni1, nr2, ni2, nr1] in prop::array::uniform4(prop::collection::vec(any::<u8>(), 0..4)),
        ) {
            let (first, second) = ([ni1.clone(), nr2.clone()], [ni2, nr1]);
            let (here, there) = (survivor(&first, &second), survivor(&second, &first));
            prop_assert!(here != there || ordered(&first) == ordered(&second));
            // Within an exchange it does not matter which nonce is the initiator's.
            prop_assert_eq!(here, survivor(&[nr2, ni1], &second));
        }
    }

    #[test]
    fn a_shared_lowest_nonce_leaves_the_decision_to_the_others() {
        let pair = |first, second| [vec![first], vec![second]];
        assert_eq!(survivor(&pair(1, 2), &pair(1, 3)), End::Theirs);
        assert_eq!(survivor(&pair(1, 3), &pair(2, 1)), End::Ours);
    }
}

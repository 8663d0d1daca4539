//! Puzzles (RFC 8019 §7.1): an initiator has to spend time on four keys for which the PRF of the cookie ends in many zero
//! bits, before a responder under attack keeps state for it.
//!
//! ```text
//! SAi1 KEi Ni                    ------->
//!                                <-------     N(COOKIE), N(PUZZLE: PRF, difficulty)
//! N(COOKIE) PS SAi1 KEi Ni       ------->                 PRF(K1…K4, cookie) end in that many zero bits
//!                                <-------     SAr1 KEr Nr
//! ```

use ipsec_crypto::{Prf, PrfAlgorithm};
use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{Notify, Payload};

use crate::negotiate;

/// How many keys a solution has (RFC 8019 §7.1.3).
const KEYS: usize = 4;

/// How many zero bits an initiator looks for that may choose (RFC 8019 §7.1.1.1).
const CHOSEN: u8 = 8;

/// What is demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Puzzle {
    pub(crate) prf: PrfAlgorithm,
    /// How many zero bits; 0 leaves it to the initiator.
    pub(crate) difficulty: u8,
}

impl Puzzle {
    /// The notify that demands it.
    pub(crate) fn notify(self) -> Option<Notify> {
        let [a, b] = negotiate::prf_id(self.prf)?.to_be_bytes();
        Some(Notify::new(NotifyType::PUZZLE, vec![a, b, self.difficulty]))
    }

    /// What a notify demands; nothing when it is malformed or names a PRF that is not known here.
    pub(crate) fn of(notify: &Notify) -> Option<Self> {
        Self::read(&notify.data)
    }

    /// The same from what the notify holds.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        let [a, b, difficulty] = *<&[u8; 3]>::try_from(data).ok()?;
        Some(Self { prf: negotiate::prf(u16::from_be_bytes([a, b]))?, difficulty })
    }
}

/// The first four keys that solve a puzzle about this cookie, one behind the other; nothing when it is harder than `hardest`
/// zero bits.
pub(crate) fn solve(puzzle: Puzzle, cookie: &[u8], hardest: u8) -> Option<Vec<u8>> {
    let wanted = if puzzle.difficulty == 0 { CHOSEN.min(hardest) } else { puzzle.difficulty };
    if wanted > hardest {
        return None;
    }
    let keys = (0..=u32::MAX).map(u32::to_be_bytes);
    let fitting = keys.filter(|key| zeros(puzzle.prf, key, cookie) >= u32::from(wanted));
    Some(fitting.take(KEYS).flatten().collect())
}

/// How many zero bits a solution has reached: the fewest of its four keys (RFC 8019 §7.1.4); nothing when it is none.
pub(crate) fn zero_bits(prf: PrfAlgorithm, solution: &[u8], cookie: &[u8]) -> Option<u32> {
    let length = solution.len() / KEYS;
    if length == 0 || !solution.len().is_multiple_of(KEYS) || length > prf.preferred_key_len() {
        return None;
    }
    let mut keys: Vec<&[u8]> = solution.chunks(length).collect();
    let fewest = keys.iter().map(|key| zeros(prf, key, cookie)).min();
    keys.sort_unstable();
    keys.dedup();
    fewest.filter(|_| keys.len() == KEYS)
}

/// The number of zero bits at the end of PRF(key, cookie).
fn zeros(prf: PrfAlgorithm, key: &[u8], cookie: &[u8]) -> u32 {
    let output = Prf::new(prf, key).compute(&[cookie]);
    let mut zeros = 0;
    for octet in output.as_bytes().iter().rev() {
        zeros += octet.trailing_zeros();
        if *octet != 0 {
            break;
        }
    }
    zeros
}

/// The solution that a message brings.
pub(crate) fn solution(payloads: &[Payload]) -> Option<&[u8]> {
    payloads.iter().find_map(|payload| match payload {
        Payload::PuzzleSolution(keys) => Some(keys.as_slice()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const COOKIE: &[u8] = b"an unpredictable string";
    const PRFS: [PrfAlgorithm; 4] = [
        PrfAlgorithm::HmacSha1,
        PrfAlgorithm::HmacSha2_256,
        PrfAlgorithm::HmacSha2_512,
        PrfAlgorithm::AesXcbc,
    ];

    #[test]
    fn a_solution_reaches_the_difficulty_and_no_other_string_has_it() {
        for prf in PRFS {
            for difficulty in [1, 5] {
                let solution = solve(Puzzle { prf, difficulty }, COOKIE, 20).unwrap();
                assert_eq!(solution.len(), KEYS * size_of::<u32>());
                assert!(zero_bits(prf, &solution, COOKIE) >= Some(u32::from(difficulty)), "{prf:?}");
            }
            let solution = solve(Puzzle { prf, difficulty: 8 }, COOKIE, 20).unwrap();
            assert!(zero_bits(prf, &solution, COOKIE) >= Some(8), "{prf:?}");
            assert!(zero_bits(prf, &solution, b"another string") < Some(8), "{prf:?}");
        }
    }

    #[test]
    fn the_same_puzzle_has_the_same_solution_each_time() {
        let puzzle = Puzzle { prf: PrfAlgorithm::HmacSha2_256, difficulty: 6 };
        assert_eq!(solve(puzzle, COOKIE, 8), solve(puzzle, COOKIE, 20));
    }

    #[test]
    fn what_is_too_hard_is_left_and_a_free_choice_is_taken() {
        let puzzle = |difficulty| Puzzle { prf: PrfAlgorithm::HmacSha2_256, difficulty };
        assert_eq!(solve(puzzle(13), COOKIE, 12), None);
        let solution = solve(puzzle(0), COOKIE, 20).unwrap();
        assert!(zero_bits(PrfAlgorithm::HmacSha2_256, &solution, COOKIE) >= Some(u32::from(CHOSEN)));
    }

    #[test]
    fn four_different_keys_of_one_length_are_a_solution_and_nothing_else() {
        let prf = PrfAlgorithm::HmacSha2_256;
        let bits = |keys: &[u8]| zero_bits(prf, keys, COOKIE);
        assert!(bits(&[1, 2, 3, 4]).is_some() && bits(&[1; 4]).is_none());
        assert!(bits(&[]).is_none() && bits(&[1, 2, 3, 4, 5]).is_none());
        let long: Vec<u8> = (0..132).collect();
        assert!(bits(&long[..128]).is_some() && bits(&long).is_none(), "keys of 32 and of 33 octets");
    }

    #[test]
    fn a_puzzle_is_read_as_it_was_written() {
        let puzzle = Puzzle { prf: PrfAlgorithm::HmacSha2_384, difficulty: 17 };
        let notify = puzzle.notify().unwrap();
        assert_eq!(notify.data, [0, 6, 17]);
        assert_eq!(Puzzle::of(&notify), Some(puzzle));
        let unknown = Notify::new(NotifyType::PUZZLE, vec![0, 99, 17]);
        assert_eq!(
            (Puzzle::of(&unknown), Puzzle::of(&Notify::new(NotifyType::PUZZLE, vec![0, 5]))),
            (None, None)
        );
    }
}

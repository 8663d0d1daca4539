//! What a tester on the path does to messages of others: it sends changed copies ahead of them, or old ones again.

use std::collections::VecDeque;

use super::Luck;
use super::attack::Attack;

/// The last messages that passed.
#[derive(Default)]
pub(super) struct Passing(VecDeque<Vec<u8>>);

/// So many of them are remembered.
const MOST: usize = 256;

impl Passing {
    pub(super) fn remember(&mut self, octets: &[u8]) {
        self.0.push_back(octets.to_vec());
        if self.0.len() > MOST {
            self.0.pop_front();
        }
    }

    /// What is sent ahead of a message, to the same end.
    pub(super) fn change(&self, attack: Attack, octets: &[u8], luck: &mut Luck) -> Vec<Vec<u8>> {
        let mut copy = octets.to_vec();
        match attack {
            Attack::Replays => {
                let old = (!self.0.is_empty()).then(|| self.0[luck.below(self.0.len())].clone());
                return old.into_iter().chain([copy]).collect();
            }
            Attack::Lengths => {
                let cut = luck.below(copy.len());
                copy.truncate(cut);
                if let Some(length) = copy.get_mut(24..28).filter(|_| luck.below(2) == 0) {
                    length.copy_from_slice(&u32::try_from(cut).unwrap_or(0).to_be_bytes());
                }
            }
            Attack::Exchanges => {
                let at = luck.pick(&[18, 19, 20, 21, 22, 23]);
                if let Some(octet) = copy.get_mut(at) {
                    *octet ^= 1 << luck.below(8);
                }
            }
            _ => {
                let bit = luck.below(copy.len() * 8);
                if let Some(octet) = copy.get_mut(bit / 8) {
                    *octet ^= 1 << (bit % 8);
                }
            }
        }
        vec![copy]
    }
}

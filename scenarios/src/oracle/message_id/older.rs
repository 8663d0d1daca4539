//! In version 1 phase 1 has the message ID 0 and each exchange of phase 2 an ID of its own (RFC 2408 §3.1); the responder's
//! cookie stands in all messages but the first (§2.5.3). Either end may repeat its last message, and no other one, and not without end: repeats that answer repeats would never cease.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use ipsec::wire::IkeSpi;
use ipsec::wire::registry::v1::ExchangeType;
use ipsec::wire::v1::Header;

use super::super::Violation;
use crate::run::Scene;

/// What was said under each initiator's cookie and message ID.
#[derive(Default)]
pub(super) struct Older {
    exchanges: BTreeMap<(IkeSpi, u32), Exchange>,
    /// The exchanges in the order in which they began.
    order: VecDeque<(IkeSpi, u32)>,
}

/// One exchange.
struct Exchange {
    kind: ExchangeType,
    /// What each gateway has said in it, in order, with how often.
    said: BTreeMap<usize, Vec<(Vec<u8>, u32)>>,
}

/// So many exchanges are remembered.
const REMEMBERED: usize = 4_096;

impl Older {
    /// A gateway, by its number, sends a message.
    pub(super) fn sent(
        &mut self,
        scene: &Scene,
        (here, from): (usize, IpAddr),
        header: &Header,
        octets: &[u8],
    ) -> Result<(), Violation> {
        let (kind, id) = (header.exchange, header.message_id);
        let is_phase1 = [ExchangeType::MAIN, ExchangeType::AGGRESSIVE].contains(&kind);
        if is_phase1 != (id == 0) {
            let happened = format!("{from} sends {kind} with message ID {id:08x}");
            return Err(Violation::new("the message ID is 0 in phase 1 and not after it", happened));
        }
        let key = (header.spi_i, id);
        let begun = Exchange { kind, said: BTreeMap::new() };
        if !self.exchanges.contains_key(&key) {
            self.order.push_back(key);
            if self.order.len() > REMEMBERED
                && let Some(oldest) = self.order.pop_front()
            {
                self.exchanges.remove(&oldest);
            }
        }
        let exchange = self.exchanges.entry(key).or_insert(begun);
        if exchange.kind != kind {
            let happened =
                format!("{from} sends {kind} under message ID {id:08x}, which was {}", exchange.kind);
            return Err(Violation::new("one message ID is for one exchange", happened));
        }
        let said = exchange.said.entry(here).or_default();
        let last = said.len().saturating_sub(1);
        match said.iter().position(|(before, _)| before == octets) {
            None if is_phase1 && !said.is_empty() && header.spi_r == IkeSpi(0) => {
                let happened = format!("{from} goes on in {kind} without the responder's cookie");
                Err(Violation::new("both cookies stand in all messages but the first", happened))
            }
            None => {
                said.push((octets.to_vec(), 1));
                Ok(())
            }
            Some(place) if place < last => {
                let happened = format!("{from} repeats a message of {kind} that it has gone beyond");
                Err(Violation::new("only the last message of an exchange is repeated", happened))
            }
            Some(_) => {
                let times = said.last_mut().map_or(0, |(_, times)| {
                    *times += 1;
                    *times
                });
                check_times(scene, times, from, kind)
            }
        }
    }
}

/// By itself an end sends a message as often as configured, and when it is asked to no more than once more as often.
fn check_times(scene: &Scene, times: u32, from: IpAddr, kind: ExchangeType) -> Result<(), Violation> {
    let tries = scene.scenario.ikes.iter().map(|ike| ike.retransmission.tries).max().unwrap_or(1);
    let most = tries.saturating_mul(2);
    if times <= most {
        return Ok(());
    }
    let happened = format!("{from} sends a message of {kind} for the {times}th time");
    Err(Violation::new(format!("no message is sent more than {most} times"), happened))
}

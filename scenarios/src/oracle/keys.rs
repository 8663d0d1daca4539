//! Both ends of an SA hold the same algorithms and the same key.

use std::collections::BTreeMap;

use ipsec::Event;
use ipsec::crypto::Secret;
use ipsec::ikev1::{self, Event as Ikev1};
use ipsec::ikev2::{ChildRecord, Event as Ikev2, IkeKeyRecord};
use ipsec::wire::{IkeSpi, Spi};
use ipsec_net::Instant;
use sim::Kind;

use super::{Oracle, Violation};
use crate::node::Note;
use crate::run::{Scene, as_newer};

/// What each end told of its keys.
#[derive(Default)]
pub(super) struct Keys {
    /// By receiver and SPI: algorithms and key of a Child SA. The receiver is known by its number, since the two ends may
    /// see it at different addresses.
    esp: BTreeMap<(usize, Spi), (String, Secret)>,
    /// By peer and SPIs: what the IKE SA is keyed with.
    keyed: BTreeMap<(usize, IkeSpi, IkeSpi), IkeKeyRecord>,
    /// By SPIs: what an end that is established has.
    established: BTreeMap<(IkeSpi, IkeSpi), IkeKeyRecord>,
    /// The same two for version 1.
    older_keyed: BTreeMap<(usize, IkeSpi, IkeSpi), ikev1::IkeKeyRecord>,
    older_established: BTreeMap<(IkeSpi, IkeSpi), ikev1::IkeKeyRecord>,
}

impl Oracle for Keys {
    fn name(&self) -> &'static str {
        "keys"
    }

    fn record(&mut self, scene: &Scene, _at: Instant, kind: &Kind<'_, Note>) -> Result<(), Violation> {
        let Kind::Note { node, note: Note::Peer(event) } = kind else { return Ok(()) };
        let event = match event {
            Event::Ikev2(event) => event,
            Event::Ikev1(event) => return self.older(scene, node.index(), event),
            Event::Manual(_) | Event::Expired(_) | Event::Dropped(_) => return Ok(()),
        };
        match event {
            Ikev2::ChildUp(record) => {
                let Some(other) = other_end(scene, node.index(), &record.child) else { return Ok(()) };
                self.child(scene, (node.index(), other), record)
            }
            Ikev2::IkeKeyed(record) => {
                self.keyed.insert((node.index(), record.spi_i, record.spi_r), record.clone());
                Ok(())
            }
            Ikev2::IkeUp { spi_i, spi_r, .. } => {
                let Some(own) = self.keyed.remove(&(node.index(), *spi_i, *spi_r)) else { return Ok(()) };
                let other = self.established.entry((*spi_i, *spi_r)).or_insert_with(|| own.clone());
                if *other == own {
                    return Ok(());
                }
                let happened = format!("they differ for the IKE SA {spi_i} {spi_r}");
                Err(Violation::new("both ends of an IKE SA have the same keys", happened))
            }
            _ => Ok(()),
        }
    }
}

impl Keys {
    /// The same for version 1, in which both ends encrypt with one key.
    fn older(&mut self, scene: &Scene, node: usize, event: &Ikev1) -> Result<(), Violation> {
        match event {
            Ikev1::ChildUp(record) => {
                let record = as_newer(record);
                let Some(other) = other_end(scene, node, &record.child) else { return Ok(()) };
                self.child(scene, (node, other), &record)
            }
            Ikev1::IkeKeyed(record) => {
                self.older_keyed.insert((node, record.cookie_i, record.cookie_r), record.clone());
                Ok(())
            }
            Ikev1::IkeUp { cookie_i, cookie_r, .. } => {
                let Some(own) = self.older_keyed.remove(&(node, *cookie_i, *cookie_r)) else { return Ok(()) };
                let other =
                    self.older_established.entry((*cookie_i, *cookie_r)).or_insert_with(|| own.clone());
                if *other == own {
                    return Ok(());
                }
                let happened = format!("they differ for the ISAKMP SA {cookie_i} {cookie_r}");
                Err(Violation::new("both ends of an ISAKMP SA have the same keys", happened))
            }
            _ => Ok(()),
        }
    }

    fn child(
        &mut self,
        scene: &Scene,
        (here, there): (usize, usize),
        record: &ChildRecord,
    ) -> Result<(), Violation> {
        let text = format!("{} {}", record.protection, record.extended_sequence_numbers);
        self.compare(scene, (here, record.inbound), &text, &record.inbound_key)?;
        self.compare(scene, (there, record.outbound), &text, &record.outbound_key)
    }

    fn compare(
        &mut self,
        scene: &Scene,
        sa: (usize, Spi),
        text: &str,
        key: &Secret,
    ) -> Result<(), Violation> {
        let own = (text.to_owned(), key.clone());
        let other = self.esp.entry(sa).or_insert_with(|| own.clone());
        if *other == own {
            return Ok(());
        }
        let receiver = scene.scenario.peers.get(sa.0).map_or("?", |peer| &peer.name);
        let happened = format!("they differ for SPI {} of {receiver}", sa.1);
        Err(Violation::new("both ends of a Child SA have the same algorithms and keys", happened))
    }
}

/// The number of the peer at the other end of a child.
fn other_end(scene: &Scene, here: usize, child: &str) -> Option<usize> {
    let scenario = &scene.scenario;
    let ike = scenario.ike(&scenario.child(child)?.ike)?;
    let here = &scenario.peers.get(here)?.name;
    let other = ike.ends.iter().find(|end| end.peer != *here)?;
    scenario.peers.iter().position(|peer| peer.name == other.peer)
}

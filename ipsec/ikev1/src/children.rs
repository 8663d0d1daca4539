//! The IPsec SAs of an endpoint. They are set up under an ISAKMP SA, and outlive it.

use std::collections::VecDeque;

use ipsec_dataplane::Path;
use ipsec_net::Instant;
use ipsec_wire::registry::v1::ProtocolId;
use ipsec_wire::v1::{Delete, Payload};
use ipsec_wire::{IkeSpi, Spi};

use crate::config::Connection;
use crate::event::{Cause, Event};
use crate::negotiate::Spis;
use crate::output::Output;

/// A pair of IPsec SAs, or with a bundle two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChildSa {
    pub(crate) name: String,
    pub(crate) connection: String,
    /// Whether we began the quick mode that made it.
    pub(crate) initiator: bool,
    pub(crate) inbound: Spis,
    pub(crate) outbound: Spis,
    /// Our cookie of the ISAKMP SA that it was made under.
    pub(crate) under: IkeSpi,
    /// Where its packets run.
    pub(crate) path: Path,
    pub(crate) since: Instant,
    /// When it is to go, because another one has taken its place.
    pub(crate) retire: Option<Instant>,
}

impl ChildSa {
    /// What tells the peer that we no longer have it.
    pub(crate) fn deletion(&self) -> Vec<Payload> {
        let payload = |(protocol, spi)| Payload::Delete(Delete::ipsec(protocol, [spi]));
        self.inbound.each().map(payload).collect()
    }

    /// Whether we send under this SPI.
    pub(crate) fn sends_under(&self, protocol: ProtocolId, spi: Spi) -> bool {
        self.outbound.each().any(|own| own == (protocol, spi))
    }
}

/// All of them, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Children {
    list: Vec<ChildSa>,
}

impl Children {
    /// Whether we receive under this SPI.
    pub(crate) fn receives_under(&self, spi: Spi) -> bool {
        self.iter().any(|child| child.inbound.each().any(|(_, own)| own == spi))
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &ChildSa> {
        self.list.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut ChildSa> {
        self.list.iter_mut()
    }

    pub(crate) fn add(&mut self, child: ChildSa) {
        self.list.push(child);
    }

    /// The one that the data plane knows by this SPI.
    pub(crate) fn known_by(&self, inbound: Spi) -> Option<&ChildSa> {
        self.iter().find(|child| child.inbound.first() == inbound)
    }

    /// Ends those that `which` picks, and gives them back.
    pub(crate) fn end(
        &mut self,
        which: impl Fn(&ChildSa) -> bool,
        cause: &Cause,
        out: &mut VecDeque<Output>,
    ) -> Vec<ChildSa> {
        let (ended, left) = std::mem::take(&mut self.list).into_iter().partition(|child| which(child));
        self.list = left;
        let ended: Vec<ChildSa> = ended;
        for child in &ended {
            out.push_back(Output::Remove { inbound: child.inbound.first() });
            out.push_back(Output::Event(Event::ChildDown {
                child: child.name.clone(),
                inbound: child.inbound.first(),
                outbound: child.outbound.first(),
                cause: cause.clone(),
            }));
        }
        ended
    }

    /// Lets those of a connection run elsewhere that have run on this path.
    pub(crate) fn move_to(
        &mut self,
        connection: &Connection,
        before: &Path,
        path: &Path,
        out: &mut VecDeque<Output>,
    ) {
        let outer = path.outer(connection.encapsulate, connection.keepalive);
        let own = |child: &&mut ChildSa| child.connection == connection.name && child.path.joins_same(before);
        for child in self.iter_mut().filter(own) {
            child.path = *path;
            out.push_back(Output::Readdress { inbound: child.inbound.first(), outer });
        }
    }

    /// When the next one is to go.
    pub(crate) fn next_retirement(&self) -> Option<Instant> {
        self.iter().filter_map(|child| child.retire).min()
    }
}

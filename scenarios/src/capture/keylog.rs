//! All keys of a run in one file, as `explain` reads them: those of IKE of both versions, of ESP and of AH, also where Wireshark
//! has no name for an algorithm.

use std::collections::BTreeSet;
use std::io;
use std::net::IpAddr;
use std::path::Path;

use explain::Record;
use ipsec::dataplane::SaPair;
use ipsec::ikev1;
use ipsec::ikev2::{ChildRecord, IkeKeyRecord};

/// The records of a run. Both ends tell of the same keys; each stands once.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyLog {
    records: BTreeSet<Record>,
}

impl KeyLog {
    /// Adds an IKE SA.
    pub(super) fn ike(&mut self, record: &IkeKeyRecord) {
        let spis = (record.spi_i, record.spi_r);
        self.records.insert(Record::ikev2(spis, &record.suite, &record.keys));
    }

    /// Adds an ISAKMP SA of version 1.
    pub(super) fn isakmp(&mut self, record: &ikev1::IkeKeyRecord) {
        self.records.insert(Record::ikev1(record.cookie_i, &record.key));
    }

    /// Adds both SAs of a pair, between any addresses: on the way they may be translated, and later ones may be others.
    pub(super) fn child(&mut self, record: &ChildRecord) {
        for (spi, key) in [(record.inbound, &record.inbound_key), (record.outbound, &record.outbound_key)] {
            self.records.insert(Record::sa(spi, None, &record.protection, key));
        }
    }

    /// Adds a pair with the SAs of AH round it, between these addresses or any.
    pub(super) fn pair(&mut self, pair: &SaPair, ends: Option<(IpAddr, IpAddr)>) {
        let bundled =
            pair.bundled.iter().flat_map(|bundled| [(&bundled.inbound, true), (&bundled.outbound, false)]);
        for (sa, is_inbound) in [(&pair.inbound, true), (&pair.outbound, false)].into_iter().chain(bundled) {
            let ends = ends.map(|(here, there)| if is_inbound { (there, here) } else { (here, there) });
            self.records.insert(Record::sa(sa.spi, ends, &sa.protection, &sa.key));
        }
    }

    /// Writes the log.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let text: String = self.records.iter().map(Record::line).collect();
        reports::write(path, text.as_bytes())
    }
}

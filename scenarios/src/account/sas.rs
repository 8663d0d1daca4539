//! Who held which SA when.

use std::collections::BTreeMap;

use ipsec::Event;
use ipsec::dataplane::{Limit, Mode};
use ipsec::ikev1::{self, Event as Ikev1};
use ipsec::ikev2::{ChildRecord, Event as Ikev2};
use ipsec_net::Instant;
use reports::account::SaSpan;

use crate::run::as_newer;

/// So many SAs are told of, the first ones.
const MOST: usize = 2_000;

/// The SAs of a run.
#[derive(Default)]
pub(super) struct Sas {
    spans: Vec<SaSpan>,
    /// Those that are there, by their holder and what tells them from each other.
    there: BTreeMap<(String, String), usize>,
}

impl Sas {
    pub(super) fn spans(self) -> Vec<SaSpan> {
        self.spans
    }

    pub(super) fn event(&mut self, at: Instant, holder: &str, event: &Event) {
        match event {
            Event::Ikev2(event) => self.newer(at, holder, event),
            Event::Ikev1(event) => self.older(at, holder, event),
            Event::Manual(manual) => {
                let (inbound, outbound) = (&manual.pair.inbound, &manual.pair.outbound);
                let spis = format!("{} in {} out", inbound.spi, outbound.spi);
                let about = format!("{}, {}", inbound.protection, mode(inbound.mode));
                let known = inbound.spi.to_string();
                self.begin(at, holder, known, "manual SA", &manual.pair.policy, spis, about);
            }
            Event::Expired(expired) => {
                let (limit, measure) = (expired.limit.name(), expired.measure.name());
                let key = (holder.to_owned(), expired.inbound.to_string());
                if let Some(span) = self.there.get(&key).and_then(|place| self.spans.get_mut(*place)) {
                    span.marks.push((at.as_nanos(), format!("{limit} limit of {measure}")));
                }
                if expired.limit == Limit::Hard {
                    self.end(
                        at,
                        holder,
                        expired.inbound.to_string(),
                        format!("its {limit} limit of {measure}"),
                    );
                }
            }
            Event::Dropped(_) => {}
        }
    }

    fn newer(&mut self, at: Instant, holder: &str, event: &Ikev2) {
        match event {
            Ikev2::IkeUp { connection, spi_i, spi_r, suite, .. } => {
                let spis = format!("{spi_i} {spi_r}");
                self.begin(at, holder, spis.clone(), "IKE SA", connection, spis, suite.to_string());
            }
            Ikev2::IkeDown { spi_i, spi_r, cause, .. } => {
                self.end(at, holder, format!("{spi_i} {spi_r}"), cause.to_string());
            }
            Ikev2::ChildUp(record) => self.child(at, holder, "Child SA", record),
            Ikev2::ChildDown { inbound, cause, .. } => {
                self.end(at, holder, inbound.to_string(), cause.to_string());
            }
            _ => {}
        }
    }

    fn older(&mut self, at: Instant, holder: &str, event: &Ikev1) {
        match event {
            Ikev1::IkeUp { connection, cookie_i, cookie_r, suite, .. } => {
                let spis = format!("{cookie_i} {cookie_r}");
                self.begin(at, holder, spis.clone(), "ISAKMP SA", connection, spis, suite.to_string());
            }
            Ikev1::IkeDown { cookie_i, cookie_r, cause, .. } => {
                self.end(at, holder, format!("{cookie_i} {cookie_r}"), cause.to_string());
            }
            Ikev1::ChildUp(record) => self.child(at, holder, "IPsec SAs", &as_newer(record)),
            Ikev1::ChildDown { inbound, cause, .. } => {
                let cause: &ikev1::Cause = cause;
                self.end(at, holder, inbound.to_string(), cause.to_string());
            }
            _ => {}
        }
    }

    fn child(&mut self, at: Instant, holder: &str, kind: &str, record: &ChildRecord) {
        let spis = format!("{} in {} out", record.inbound, record.outbound);
        let esn = if record.extended_sequence_numbers { ", extended sequence numbers" } else { "" };
        let replaces = record.replaces.map_or_else(String::new, |spi| format!(", replaces {spi}"));
        let about = format!("{}, {}{esn}{replaces}", record.protection, mode(record.mode));
        self.begin(at, holder, record.inbound.to_string(), kind, &record.child, spis, about);
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one record")]
    fn begin(
        &mut self,
        at: Instant,
        holder: &str,
        known: String,
        kind: &str,
        name: &str,
        spis: String,
        about: String,
    ) {
        if self.spans.len() == MOST {
            return;
        }
        self.there.insert((holder.to_owned(), known), self.spans.len());
        self.spans.push(SaSpan {
            holder: holder.to_owned(),
            kind: kind.to_owned(),
            name: name.to_owned(),
            spis,
            about,
            from_nanos: at.as_nanos(),
            end: None,
            marks: Vec::new(),
        });
    }

    fn end(&mut self, at: Instant, holder: &str, known: String, why: String) {
        let place = self.there.remove(&(holder.to_owned(), known));
        if let Some(span) = place.and_then(|place| self.spans.get_mut(place)) {
            span.end.get_or_insert((at.as_nanos(), why));
        }
    }

    /// A peer has lost all that it had.
    pub(super) fn crashed(&mut self, at: Instant, holder: &str) {
        for ((_, _), place) in self.there.extract_if(.., |(own, _), _| own == holder) {
            if let Some(span) = self.spans.get_mut(place) {
                span.end.get_or_insert((at.as_nanos(), "lost in a crash".to_owned()));
            }
        }
    }
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Tunnel { .. } => "tunnel mode",
        Mode::Transport => "transport mode",
    }
}

//! What is known of one IKE SA of version 2.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use ipsec_wire::IkeSpi;
use ipsec_wire::registry::{ExchangeType, PayloadType, Prf, ProtocolId};
use ipsec_wire::v2::{FragmentNumber, SecurityAssociation};

use super::keyed::{Beginning, Keyed};
use crate::seen::Recent;
use crate::told::IkeSummary;

/// An IKE SA as a capture shows it.
pub(super) struct Sa {
    pub(super) spis: (IkeSpi, IkeSpi),
    /// Its initiator and its responder.
    pub(super) ends: [SocketAddr; 2],
    /// Whether all of its messages are in the capture, from the first on.
    pub(super) is_whole: bool,
    /// Its keys; those that opened the last message stand first.
    pub(super) keyed: Vec<Keyed>,
    /// What its first exchange gives to its keys.
    pub(super) beginning: Beginning,
    /// Whether there were `IKE_INTERMEDIATE` exchanges.
    pub(super) is_intermediate: bool,
    pub(super) prf: Option<Prf>,
    /// What the initiator and the responder ask.
    pub(super) sides: [Side; 2],
    /// The IVs of the last messages that each of them sent, and the digests of these messages.
    pub(super) ivs: [Recent<Vec<u8>, u64>; 2],
    /// The cookie that the initiator has to return.
    pub(super) cookie: Option<Vec<u8>>,
    pub(super) stage: Stage,
    pub(super) summary: IkeSummary,
}

/// How far an IKE SA has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Begun,
    Answered,
    Authenticating,
    Established,
    Ended,
}

/// The requests of one end.
pub(super) struct Side {
    pub(super) exchanges: Recent<u32, Exchange>,
    /// The highest message ID that it has used.
    pub(super) highest: Option<u32>,
    /// How many requests the other end takes at a time.
    pub(super) window: u32,
    /// Messages in pieces: by message ID, and whether they are responses.
    pub(super) pieces: Recent<(u32, bool), Pieces>,
}

/// A request and its response.
pub(super) struct Exchange {
    pub(super) kind: ExchangeType,
    /// What went by of it.
    pub(super) parts: Vec<Part>,
    /// What the request asks.
    pub(super) asks: Asks,
    pub(super) is_answered: bool,
    /// Whether an answer asks for the request once more, with other content.
    pub(super) may_change: bool,
}

/// A message, or a piece of one.
pub(super) struct Part {
    pub(super) is_response: bool,
    pub(super) fragment: Option<FragmentNumber>,
    pub(super) digest: u64,
    pub(super) frame: u64,
    pub(super) label: String,
    /// Whether it carries the SA payload of a first exchange.
    pub(super) decides: bool,
}

/// What a request asks, as far as its response has to fit to it.
#[derive(Clone, Debug, Default)]
pub(super) struct Asks {
    pub(super) offered: Option<SecurityAssociation>,
    /// The Child SA that is to be replaced.
    pub(super) rekeys: Option<u32>,
    /// Its nonce.
    pub(super) nonce: Option<Vec<u8>>,
    /// Its public value.
    pub(super) public: Option<Vec<u8>>,
}

/// A message of which pieces came, opened.
pub(super) struct Pieces {
    pub(super) total: u16,
    pub(super) first: PayloadType,
    pub(super) octets: BTreeMap<u16, Vec<u8>>,
}

impl Pieces {
    /// The payloads' octets, once all pieces are there.
    pub(super) fn whole(&self) -> Option<Vec<u8>> {
        (self.octets.len() == usize::from(self.total))
            .then(|| self.octets.values().flatten().copied().collect())
    }
}

impl Sa {
    pub(super) fn new(
        number: usize,
        spis: (IkeSpi, IkeSpi),
        ends: [SocketAddr; 2],
        is_whole: bool,
        at: u64,
    ) -> Self {
        let side = || Side {
            exchanges: Recent::new(MOST_EXCHANGES),
            highest: None,
            window: 1,
            pieces: Recent::new(MOST_IN_PIECES),
        };
        let ivs = || Recent::new(MOST_IVS);
        Self {
            spis,
            ends,
            is_whole,
            keyed: Vec::new(),
            beginning: Beginning::default(),
            is_intermediate: false,
            prf: None,
            sides: [side(), side()],
            ivs: [ivs(), ivs()],
            cookie: None,
            stage: if is_whole { Stage::Begun } else { Stage::Established },
            summary: IkeSummary {
                number,
                version: 2,
                spi_i: spis.0.to_string(),
                spi_r: spis.1.to_string(),
                initiator: ends[0],
                responder: ends[1],
                suite: Vec::new(),
                messages: 0,
                repeats: 0,
                closed: 0,
                outcome: if is_whole { "begun" } else { "in use; its beginning was not captured" }.to_owned(),
                is_established: false,
                children: Vec::new(),
                first_nanos: at,
                last_nanos: at,
                identities: [None, None],
                method: None,
                behind_nat: [false; 2],
                replaces: None,
                keys: None,
                mode: None,
            },
        }
    }

    /// Sets how it stands.
    pub(super) fn becomes(&mut self, stage: Stage, outcome: impl Into<String>) {
        self.stage = stage;
        self.summary.outcome = outcome.into();
        self.summary.is_established |= stage == Stage::Established;
    }

    /// The Child SA under whose SPI this end (0 the initiator) receives.
    pub(super) fn child(
        &mut self,
        end: usize,
        protocol: ProtocolId,
        spi: u32,
    ) -> Option<&mut crate::told::ChildSummary> {
        let (spi, protocol) = (format!("{spi:08x}"), protocol.to_string());
        self.summary
            .children
            .iter_mut()
            .rev()
            .find(|child| child.protocol == protocol && [&child.spi_i, &child.spi_r][end.min(1)] == &spi)
    }
}

/// So many exchanges of each end are remembered.
const MOST_EXCHANGES: usize = 16;
/// So many messages of each end may be incomplete.
const MOST_IN_PIECES: usize = 4;
/// So many IVs of each end are remembered.
const MOST_IVS: usize = 64;
/// So many Child SAs of an IKE SA are told.
pub(super) const MOST_CHILDREN: usize = 64;
/// So many parts of an exchange are remembered.
pub(super) const MOST_PARTS: usize = 48;
/// The most pieces of a message, and the most octets that they may have together.
pub(super) const MOST_PIECES: (u16, usize) = (64, 128 * 1024);

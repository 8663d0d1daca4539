//! A message as an exchange sees it: read, and in the clear.

use std::ops::Range;

use ipsec_dataplane::Path;
use ipsec_wire::Malformed;
use ipsec_wire::registry::v1::PayloadType;
use ipsec_wire::v1::{
    Certificate, CertificateRequest, Chain, Header, Identification, Payload, SecurityAssociation, parse_chain,
};

/// A message in the clear.
pub(crate) struct Opened {
    pub(crate) header: Header,
    /// Where it has come.
    pub(crate) came: Path,
    pub(crate) payloads: Vec<Payload>,
    /// Where each payload lies in `octets`.
    places: Vec<Range<usize>>,
    /// Where the last payload ends.
    end: usize,
    octets: Vec<u8>,
}

impl Opened {
    /// Reads a message from its octets in the clear.
    pub(crate) fn read(header: Header, came: Path, octets: Vec<u8>) -> Result<Self, Malformed> {
        let Chain { payloads, places, end } =
            parse_chain(header.next_payload, &octets[Header::LEN..], Header::LEN)?;
        Ok(Self { header, came, payloads, places, end, octets })
    }

    /// What the hashes of phase 2 cover: all payloads behind the first one, which is the hash.
    pub(crate) fn behind_hash(&self) -> &[u8] {
        let begin = self.places.first().map_or(self.end, |place| place.end);
        &self.octets[begin..self.end]
    }

    /// The content of the first payload that `wanted` picks, without its generic header, as it stood on the wire.
    pub(crate) fn body(&self, wanted: impl Fn(&Payload) -> bool) -> &[u8] {
        let index = self.payloads.iter().position(wanted);
        let place = index.and_then(|index| self.places.get(index));
        place.map_or(&[], |place| &self.octets[place.start + GENERIC_HEADER_LEN..place.end])
    }

    /// The types of the payloads and their contents, as they stood on the wire.
    pub(crate) fn bodies(&self) -> impl Iterator<Item = (PayloadType, &[u8])> {
        let content = |place: &Range<usize>| &self.octets[place.start + GENERIC_HEADER_LEN..place.end];
        self.payloads.iter().map(Payload::kind).zip(self.places.iter().map(content))
    }

    pub(crate) fn sa(&self) -> Option<&SecurityAssociation> {
        self.find(|payload| if let Payload::Sa(sa) = payload { Some(sa) } else { None })
    }

    pub(crate) fn ke(&self) -> Option<&[u8]> {
        self.find(|payload| if let Payload::Ke(ke) = payload { Some(ke.as_slice()) } else { None })
    }

    pub(crate) fn nonce(&self) -> Option<&[u8]> {
        self.find(|payload| if let Payload::Nonce(nonce) = payload { Some(nonce.as_slice()) } else { None })
    }

    pub(crate) fn hash(&self) -> Option<&[u8]> {
        self.find(|payload| if let Payload::Hash(hash) = payload { Some(hash.as_slice()) } else { None })
    }

    pub(crate) fn signature(&self) -> Option<&[u8]> {
        self.find(
            |payload| if let Payload::Sig(signature) = payload { Some(signature.as_slice()) } else { None },
        )
    }

    /// The certificates in order.
    pub(crate) fn certificates(&self) -> Vec<&Certificate> {
        self.all(|payload| if let Payload::Cert(certificate) = payload { Some(certificate) } else { None })
    }

    /// The requests for certificates.
    pub(crate) fn certificate_requests(&self) -> Vec<&CertificateRequest> {
        self.all(|payload| if let Payload::CertReq(request) = payload { Some(request) } else { None })
    }

    /// The identities in order.
    pub(crate) fn ids(&self) -> Vec<&Identification> {
        self.all(|payload| if let Payload::Id(id) = payload { Some(id) } else { None })
    }

    fn all<'a, T>(&'a self, pick: impl Fn(&'a Payload) -> Option<T>) -> Vec<T> {
        self.payloads.iter().filter_map(pick).collect()
    }

    fn find<'a, T>(&'a self, pick: impl Fn(&'a Payload) -> Option<T>) -> Option<T> {
        self.payloads.iter().find_map(pick)
    }
}

/// The length of the generic payload header in octets.
const GENERIC_HEADER_LEN: usize = 4;

//! Quick mode (RFC 2409 §5.5): IPsec SAs under an ISAKMP SA, with a key exchange of their own or without.
//!
//! ```text
//! initiator                                responder
//! {HASH(1) SA Nonce [KE] [IDci IDcr]} ---->
//!                                     <----    {HASH(2) SA Nonce [KE] [IDci IDcr]}
//! {HASH(3)}                           ---->
//! ```

mod initiator;
mod outcome;
mod responder;

use std::net::IpAddr;

use ipsec_crypto::{Prf, Secret};
use ipsec_net::AddressRange;
use ipsec_wire::v1::{Payload, emit_chain};

pub(crate) use initiator::Initiator;
pub(crate) use responder::{Responder, Unfit};

use crate::config::ChildConfig;
use crate::message::Opened;
use crate::negotiate::Side;
use crate::refusal::{DropReason, Refusal};
use crate::sa::IsakmpSa;

/// The hashes of one quick mode, and those of informational exchanges, whose messages look like its first one.
pub(super) struct Hashes<'a> {
    /// Under SKEYID_a.
    pub(super) prf: &'a Prf,
    pub(super) message_id: u32,
}

impl Hashes<'_> {
    /// HASH(1) over what follows it.
    pub(super) fn first(&self, rest: &[u8]) -> Secret {
        self.prf.compute(&[&self.message_id.to_be_bytes(), rest])
    }

    /// HASH(2) over what follows it.
    fn second(&self, nonce_i: &[u8], rest: &[u8]) -> Secret {
        self.prf.compute(&[&self.message_id.to_be_bytes(), nonce_i, rest])
    }

    /// HASH(3).
    fn third(&self, nonce_i: &[u8], nonce_r: &[u8]) -> Secret {
        self.prf.compute(&[&[0], &self.message_id.to_be_bytes(), nonce_i, nonce_r])
    }
}

/// The sides of a child, ours first, with an inside address in the place of the side that it is of.
fn sides_of(sa: &IsakmpSa, child: &ChildConfig) -> [Side; 2] {
    let inside = |side: Side| {
        let own = sa.inside.addresses.iter().filter_map(|address| host(*address));
        let own = own.map(|addresses| Side { addresses, ..side }).find(|own| side.has_room_for(own));
        own.unwrap_or(side)
    };
    match sa.lends {
        true => [child.local, inside(child.remote)],
        false => [inside(child.local), child.remote],
    }
}

fn host(address: IpAddr) -> Option<AddressRange> {
    AddressRange::new(address, address)
}

/// The payloads with their hash before them.
pub(super) fn hashed(payloads: Vec<Payload>, hash: impl Fn(&[u8]) -> Secret) -> Vec<Payload> {
    let mut octets = Vec::new();
    emit_chain(&payloads, &mut octets);
    let hash = Payload::Hash(hash(&octets).as_bytes().to_vec());
    std::iter::once(hash).chain(payloads).collect()
}

/// Checks the hash of a message, in constant time.
pub(super) fn check_hash(message: &Opened, expected: &Secret) -> Result<(), Refusal> {
    let found = message.hash().ok_or(Refusal::Ignore(DropReason::Undecipherable))?;
    if *expected == Secret::from(found) { Ok(()) } else { Err(Refusal::Ignore(DropReason::Integrity)) }
}

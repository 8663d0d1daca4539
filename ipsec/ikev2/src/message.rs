//! IKE messages on their way in and out. This is the one place where a message is put together.

use ipsec_wire::registry::{ExchangeType, NotifyType, PayloadType};
use ipsec_wire::v2::{Message, Notify, Payload, emit_chain};
use ipsec_wire::{Flags, Header, IkeSpi, Version};

use crate::context::Context;
use crate::keys::int_auth_content;
use crate::path::Path;
use crate::protect::{Cut, Protection};
use crate::sa::{IkeSa, Role};

/// A message that was parsed and, where it had to be, decrypted.
pub(crate) struct Opened<'a> {
    pub(crate) header: Header,
    /// The payloads, those inside SK in place of it.
    pub(crate) payloads: Vec<Payload>,
    /// The message as it came; of one in pieces, the one that came last.
    pub(crate) octets: &'a [u8],
    /// How many pieces it came in, and the length of the longest.
    pub(crate) pieces: (usize, usize),
    /// Between which addresses and ports it came.
    pub(crate) came: Path,
    /// The request that it answers, if it is a response.
    pub(crate) request: &'a [u8],
    /// What `IKE_AUTH` proves of a message of `IKE_INTERMEDIATE` (RFC 9242 §3.3.2); empty for all others.
    pub(crate) content: Vec<u8>,
}

/// What a message is, before it has payloads.
#[derive(Clone, Copy)]
pub(crate) struct Envelope {
    pub(crate) spi_i: IkeSpi,
    pub(crate) spi_r: IkeSpi,
    pub(crate) exchange: ExchangeType,
    pub(crate) sender: Role,
    pub(crate) response: bool,
    pub(crate) message_id: u32,
}

impl Envelope {
    /// The envelope of a message that we send on `sa`.
    pub(crate) fn on(sa: &IkeSa, exchange: ExchangeType, response: bool, message_id: u32) -> Self {
        Self { spi_i: sa.spi_i, spi_r: sa.spi_r, exchange, sender: sa.role, response, message_id }
    }

    /// The octets of a message in the clear.
    pub(crate) fn clear(&self, payloads: &[Payload]) -> Vec<u8> {
        Message { header: self.header(), payloads: payloads.to_vec() }.emit()
    }

    /// The octets of a message whose payloads are all inside SK; where it is to be cut, of its pieces.
    pub(crate) fn sealed(
        &self,
        payloads: &[Payload],
        cut: Option<Cut>,
        protection: &mut Protection,
        cx: &mut Context<'_>,
    ) -> Vec<Vec<u8>> {
        protection.seal(&self.header(), payloads, cut, cx.entropy)
    }

    /// What `IKE_AUTH` proves of the message with these payloads inside SK (RFC 9242 §3.3.2).
    pub(crate) fn content(&self, payloads: &[Payload]) -> Vec<u8> {
        let mut inner = Vec::new();
        let first = emit_chain(payloads, PayloadType::NONE, &mut inner);
        int_auth_content(&self.header(), first, 0, &inner)
    }

    fn header(&self) -> Header {
        Header {
            spi_i: self.spi_i,
            spi_r: self.spi_r,
            next_payload: PayloadType::NONE,
            version: Version::V2,
            exchange: self.exchange,
            flags: Flags {
                initiator: self.sender == Role::Initiator,
                response: self.response,
                version: false,
            },
            message_id: self.message_id,
            length: 0,
        }
    }
}

/// The first notify of this type.
pub(crate) fn find_notify(payloads: &[Payload], kind: NotifyType) -> Option<&Notify> {
    notifies(payloads).find(|notify| notify.kind == kind)
}

/// The first error notify.
pub(crate) fn find_error(payloads: &[Payload]) -> Option<&Notify> {
    notifies(payloads).find(|notify| notify.kind.is_error())
}

/// The notifies in order.
pub(crate) fn notifies(payloads: &[Payload]) -> impl Iterator<Item = &Notify> {
    payloads.iter().filter_map(|payload| match payload {
        Payload::Notify(notify) => Some(notify),
        _ => None,
    })
}

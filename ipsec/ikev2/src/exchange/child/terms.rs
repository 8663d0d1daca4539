//! What the notifies beside a child's SA payload say (RFC 7296 §1.3.1, RFC 9611 §4): encapsulation, padding, fragments,
//! resources. Compression (IPCOMP_SUPPORTED) is never offered and an offer of it never taken up (§2.22).

use ipsec_dataplane::Selector;
use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{Notify, Payload};

use crate::config::ChildConfig;
use crate::message::find_notify;

/// The terms of a child: those that one end states, or those that both agree on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Terms {
    /// Transport mode is asked for, or agreed to.
    pub(super) transport: bool,
    /// Whoever says so does not take padded packets.
    pub(super) no_padding: bool,
    /// Later fragments go with the first ones.
    pub(super) non_first_fragments: bool,
    /// It is one of several, for one resource; what its sender calls that.
    pub(super) resource: Option<Vec<u8>>,
}

impl Terms {
    /// What one end states.
    pub(super) fn of(payloads: &[Payload]) -> Self {
        let says = |kind| find_notify(payloads, kind).is_some();
        Self {
            transport: says(NotifyType::USE_TRANSPORT_MODE),
            no_padding: says(NotifyType::ESP_TFC_PADDING_NOT_SUPPORTED),
            non_first_fragments: says(NotifyType::NON_FIRST_FRAGMENTS_ALSO),
            resource: find_notify(payloads, NotifyType::SA_RESOURCE_INFO).map(|notify| notify.data.clone()),
        }
    }

    /// What we state as initiator.
    pub(super) fn wanted(config: &ChildConfig, resource: Option<u32>) -> Self {
        Self {
            transport: config.transport,
            no_padding: !config.takes_padding,
            // In transport mode no fragments are protected.
            non_first_fragments: config.non_first_fragments && !config.transport && has_ports(config),
            resource: resource.map(identifier),
        }
    }

    /// What we state as responder to an initiator that states `theirs`, having agreed to transport mode or not.
    pub(super) fn answered(
        config: &ChildConfig,
        theirs: &Self,
        transport: bool,
        resource: Option<u32>,
    ) -> Self {
        Self {
            transport,
            no_padding: !config.takes_padding,
            non_first_fragments: config.non_first_fragments && theirs.non_first_fragments && !transport,
            resource: resource.map(identifier),
        }
    }

    /// The notifies that say so.
    pub(super) fn payloads(&self) -> Vec<Payload> {
        let flags = [
            (self.transport, NotifyType::USE_TRANSPORT_MODE),
            (self.no_padding, NotifyType::ESP_TFC_PADDING_NOT_SUPPORTED),
            (self.non_first_fragments, NotifyType::NON_FIRST_FRAGMENTS_ALSO),
        ];
        let said =
            flags.into_iter().filter(|(stated, _)| *stated).map(|(_, kind)| Notify::new(kind, Vec::new()));
        let resource = self.resource.clone().map(|name| Notify::new(NotifyType::SA_RESOURCE_INFO, name));
        said.chain(resource).map(Payload::Notify).collect()
    }
}

/// Whether the child is for some ports only, so that it matters where fragments without them go.
pub(super) fn has_ports(config: &ChildConfig) -> bool {
    config.services.iter().any(|s| s.local_ports != Selector::ANY || s.remote_ports != Selector::ANY)
}

fn identifier(resource: u32) -> Vec<u8> {
    resource.to_be_bytes().to_vec()
}

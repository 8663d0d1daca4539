//! What a quick mode comes to: keys, and the pair of SAs that they are for (RFC 2409 §5.5).

use std::net::IpAddr;

use ipsec_crypto::Secret;
use ipsec_dataplane::{Bundled, Limits, Mode, Protection, SaOptions, SaPair, SaParameters, UdpEncapsulation};
use ipsec_wire::registry::v1::ProtocolId;

use crate::children::ChildSa;
use crate::config::ChildConfig;
use crate::context::Context;
use crate::effect::{Effect, NewChild};
use crate::event::ChildRecord;
use crate::keys::{self, Material, prf_of};
use crate::negotiate::{ChildSuite, Spis};
use crate::sa::{Crypto, IsakmpSa};

/// What both ends agreed on.
pub(super) struct Outcome<'a> {
    pub(super) config: &'a ChildConfig,
    pub(super) initiator: bool,
    pub(super) suite: ChildSuite,
    pub(super) inbound: Spis,
    pub(super) outbound: Spis,
    /// The secret of its own key exchange, where there is one.
    pub(super) secret: Option<&'a Secret>,
    pub(super) nonces: (&'a [u8], &'a [u8]),
    /// Source and destination of what the peer sends as it sees them, where transport mode goes through NAT.
    pub(super) original: Option<(IpAddr, IpAddr)>,
    /// How long the SAs may be used: the shorter of what the ends want.
    pub(super) limits: Limits,
}

impl Outcome<'_> {
    /// The child, under the keys of this ISAKMP SA.
    pub(super) fn child(&self, sa: &IsakmpSa, crypto: &Crypto, cx: &mut Context<'_>) -> Effect {
        let (local, remote) = (sa.path.local.ip(), sa.path.remote.ip());
        let tunnel = match self.config.transport {
            true => Mode::Transport,
            false => Mode::Tunnel { local, remote },
        };
        let esp = self.suite.esp.map(Protection::Esp);
        let ah = self.suite.ah.map(Protection::Ah);
        let sas = |protection: Protection, mode: Mode| {
            let spi = |spis: Spis| if matches!(protection, Protection::Ah(_)) { spis.ah } else { spis.esp };
            let one = |spis| {
                self.parameters(spi(spis).unwrap_or_default(), protection, mode, (sa, crypto), cx.provider)
            };
            (one(self.inbound), one(self.outbound))
        };
        // AH round ESP is in transport mode: it protects the packets that ESP makes.
        let (pair, around) = match (esp, ah) {
            (Some(esp), around) => (sas(esp, tunnel), around.map(|ah| sas(ah, Mode::Transport))),
            (None, Some(ah)) => (sas(ah, tunnel), None),
            (None, None) => return Effect::Report(crate::event::Event::Probe("ikev1.quick.nothing")),
        };
        let mut pair = SaPair::new(&self.config.name, pair.0, pair.1);
        // The responder has the SAs only when it has read the third message, and nothing says when.
        pair.yields = self.initiator;
        pair.bundled = around.map(|(inbound, outbound)| Box::new(Bundled { inbound, outbound }));
        let mut policy = self.config.lifetime;
        policy.hard.time = min(policy.hard.time, self.limits.time);
        policy.hard.octets = min(policy.hard.octets, self.limits.octets);
        pair.lifetime = policy.draw(cx.entropy);
        let child = ChildSa {
            name: self.config.name.clone(),
            connection: sa.connection.name.clone(),
            initiator: self.initiator,
            inbound: self.inbound,
            outbound: self.outbound,
            under: sa.cookie(),
            path: sa.path,
            since: cx.now,
            retire: None,
        };
        let record = ChildRecord {
            child: self.config.name.clone(),
            initiator: self.initiator,
            suite: self.suite,
            addresses: (local, remote),
            pair,
        };
        Effect::AddChild(Box::new(NewChild { child, record }))
    }

    fn parameters(
        &self,
        spi: ipsec_wire::Spi,
        protection: Protection,
        mode: Mode,
        (sa, crypto): (&IsakmpSa, &Crypto),
        provider: &ipsec_crypto::Provider,
    ) -> SaParameters {
        let is_ah = matches!(protection, Protection::Ah(_));
        let protocol = if is_ah { ProtocolId::AH } else { ProtocolId::ESP };
        let material = Material { secret: self.secret, protocol, spi, nonces: self.nonces };
        let length = protection.key_material_len();
        let key = keys::keymat(provider, prf_of(crypto.suite.hash), &crypto.keys.d, &material, length);
        let in_udp = sa.path.outer(sa.connection.encapsulate, sa.connection.keepalive).encapsulation;
        let in_udp = in_udp.filter(|_| !is_ah).map(|udp| UdpEncapsulation { original: self.original, ..udp });
        SaParameters {
            spi,
            protection,
            key,
            mode,
            selectors: vec![self.config.selector()],
            extended_sequence_numbers: self.suite.extended_sequence_numbers,
            replay_window: self.config.replay_window,
            options: SaOptions { encapsulation: in_udp, ..self.config.options },
        }
    }
}

/// The smaller of two limits, of which there may be none.
fn min<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    [one, other].into_iter().flatten().min()
}

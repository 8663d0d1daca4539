//! Keys of IKE SAs, and those that follow from them (RFC 7296 §2.14, §2.17, §2.18, RFC 9370 §2.2.2): where the log has `SK_d`, or
//! what a key exchange came to can be computed.
//!
//! ```text
//! first exchange, IKE_INTERMEDIATE, CREATE_CHILD_SA for an IKE SA    keys of an IKE SA
//! IKE_AUTH, CREATE_CHILD_SA for a Child SA                           keys of ESP and AH
//! ```

use ipsec_crypto::{Provider, Secret};
use ipsec_dataplane::Protection;
use ipsec_ikev2::keys::{self, Shared};
use ipsec_ikev2::{ChildSuite, IkeSuite};
use ipsec_wire::IkeSpi;
use ipsec_wire::registry::NotifyType;
use ipsec_wire::v2::{KeyExchange, Payload, Proposal, SecurityAssociation};

use super::{Asks, Sa};
use crate::keys::{Direction, IkeKeys, Keys, Roots};
use crate::open::Opener;
use crate::owners::Owners;
use crate::told::KeySource;

/// What opens the messages of an IKE SA, its initiator's and its responder's, and what further keys are made of.
pub(super) struct Keyed {
    pub(super) openers: [Opener; 2],
    pub(super) roots: Option<Roots>,
    pub(super) source: KeySource,
}

impl Keyed {
    /// None where the keys do not fit the algorithms.
    pub(super) fn new(keys: &IkeKeys) -> Option<Self> {
        let [i, r] = &keys.pair;
        Some(Self {
            openers: [Opener::new(i)?, Opener::new(r)?],
            roots: keys.roots.clone(),
            source: KeySource::Given,
        })
    }

    fn of(suite: &IkeSuite, skeyseed: &Secret, shared: &Shared<'_>) -> Option<Self> {
        let keys = keys::ike_keys(Provider::best(), suite, skeyseed, shared).ok()?;
        let direction = |encryption: &Secret, integrity: &Secret| {
            Direction::of(&suite.protection, &[encryption.as_bytes(), integrity.as_bytes()].concat())
        };
        let pair = [direction(&keys.ei, &keys.ai)?, direction(&keys.er, &keys.ar)?];
        let roots = Some(Roots { prf: suite.prf, d: keys.d, p: [keys.pi, keys.pr] });
        Some(Self { source: KeySource::Computed, ..Self::new(&IkeKeys { pair, roots })? })
    }
}

/// What the first exchange of an IKE SA gives to its keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Beginning {
    pub(super) suite: Option<IkeSuite>,
    /// Both nonces.
    pub(super) nonces: [Vec<u8>; 2],
    /// What the first request of `IKE_AUTH` offers for a Child SA.
    pub(super) offered: Option<SecurityAssociation>,
    /// Both messages, where somebody wants to prove something with them.
    pub(super) messages: [Vec<u8>; 2],
    /// Whether another key comes in that is not known here: a post-quantum one (RFC 8784).
    pub(super) has_ppk: bool,
}

impl Beginning {
    fn shared(&self, spis: (IkeSpi, IkeSpi)) -> Shared<'_> {
        Shared { nonce_i: &self.nonces[0], nonce_r: &self.nonces[1], spi_i: spis.0, spi_r: spis.1 }
    }
}

fn key_exchange(payloads: &[Payload]) -> Option<&KeyExchange> {
    payloads.iter().find_map(|payload| match payload {
        Payload::Ke(value) => Some(value),
        _ => None,
    })
}

pub(super) fn nonce(payloads: &[Payload]) -> Option<&[u8]> {
    payloads.iter().find_map(|payload| match payload {
        Payload::Nonce(nonce) => Some(nonce.as_slice()),
        _ => None,
    })
}

/// The public value in a message.
pub(super) fn public(payloads: &[Payload]) -> Option<&[u8]> {
    key_exchange(payloads).map(KeyExchange::public)
}

/// The keys that follow from the response of the first exchange, whose algorithms are `chosen`.
pub(super) fn begin(
    sa: &mut Sa,
    spi_r: IkeSpi,
    chosen: &Proposal,
    (asks, payloads): (&Asks, &[Payload]),
    known: &Keys,
) {
    let (Some(nonce_i), Some(nonce_r)) = (&asks.nonce, nonce(payloads)) else { return };
    sa.beginning.nonces = [nonce_i.clone(), nonce_r.to_vec()];
    sa.beginning.suite = IkeSuite::of(chosen);
    let Some(suite) = &sa.beginning.suite else { return };
    let Some(secret) = agreed(asks, payloads, known) else { return };
    let shared = sa.beginning.shared((sa.spis.0, spi_r));
    let skeyseed = keys::skeyseed(Provider::best(), suite.prf, &shared, &secret);
    // Those of the log come first. There may be several responses of which one is true.
    if known.ike((sa.spis.0, spi_r)).is_empty() && sa.keyed.len() < MOST_RESPONSES {
        sa.keyed.extend(Keyed::of(suite, &skeyseed, &shared));
    }
}

/// The keys that follow from an additional key exchange in `IKE_INTERMEDIATE`. Where they cannot be computed, those before say
/// nothing any more, unless the log has all of them.
pub(super) fn further(sa: &mut Sa, asks: &Asks, payloads: &[Payload], known: &Keys) {
    // A post-quantum key that both ends know comes in, too (RFC 9867).
    let has_ppk = payloads
        .iter()
        .any(|payload| matches!(payload, Payload::Notify(notify) if notify.kind == NotifyType::PPK_IDENTITY));
    if public(payloads).is_none() && !has_ppk || !known.ike(sa.spis).is_empty() {
        return;
    }
    let compute = || {
        let (roots, suite) = (roots(sa)?, sa.beginning.suite.as_ref()?);
        let secret = agreed(asks, payloads, known).filter(|_| !has_ppk)?;
        let shared = sa.beginning.shared(sa.spis);
        let skeyseed = keys::rekeyed_skeyseed(Provider::best(), roots.prf, &roots.d, &shared, &secret, &[]);
        Keyed::of(suite, &skeyseed, &shared)
    };
    sa.keyed = compute().into_iter().collect();
}

/// The keys of the IKE SA with these SPIs that takes the place of this one, and what they were made of.
pub(super) fn replacement(
    sa: &Sa,
    spis: (IkeSpi, IkeSpi),
    chosen: &Proposal,
    (asks, payloads): (&Asks, &[Payload]),
    known: &Keys,
) -> (Beginning, Option<Keyed>) {
    let nonces = [asks.nonce.clone().unwrap_or_default(), nonce(payloads).unwrap_or_default().to_vec()];
    let beginning = Beginning { suite: IkeSuite::of(chosen), nonces, ..Beginning::default() };
    let compute = || {
        let (roots, suite) = (roots(sa)?, beginning.suite.as_ref()?);
        let is_computed = suite.additional.iter().all(Option::is_none) && !sa.beginning.has_ppk;
        let secret = agreed(asks, payloads, known).filter(|_| is_computed)?;
        let shared = beginning.shared(spis);
        let skeyseed = keys::rekeyed_skeyseed(Provider::best(), roots.prf, &roots.d, &shared, &secret, &[]);
        Keyed::of(suite, &skeyseed, &shared)
    };
    let keyed = compute();
    (beginning, keyed)
}

/// The keys of both SAs of a Child SA whose algorithms are `chosen`: under `asked` its exchange's initiator receives, and
/// under `answered` its responder.
pub(super) fn child(
    sa: &Sa,
    chosen: &Proposal,
    (asked, answered): (u32, u32),
    (asks, payloads): (&Asks, &[Payload]),
    (known, owners): (&Keys, &mut Owners),
) {
    let (Some(roots), Some(suite)) = (roots(sa), ChildSuite::of(chosen)) else { return };
    if suite.additional.iter().any(Option::is_some) || sa.beginning.has_ppk {
        return;
    }
    let own = (&asks.nonce, nonce(payloads));
    let nonces = match own {
        (Some(nonce_i), Some(nonce_r)) => (nonce_i.as_slice(), nonce_r),
        // In IKE_AUTH they are those of the first exchange.
        _ => (sa.beginning.nonces[0].as_slice(), sa.beginning.nonces[1].as_slice()),
    };
    if nonces.0.is_empty() {
        return;
    }
    let secret = match public(payloads) {
        Some(_) => match agreed(asks, payloads, known) {
            Some(secret) => Some(secret),
            None => return,
        },
        None => None,
    };
    let length = match &suite.protection {
        Protection::Esp(suite) => suite.key_material_len(),
        Protection::Ah(integrity) => integrity.key_len(),
    };
    let provider = Provider::best();
    let secrets = (secret.as_ref(), &[][..]);
    let material = keys::key_material(provider, roots.prf, &roots.d, secrets, nonces, 2 * length);
    let Ok(material) = material else { return };
    let (initiator, responder) = material.as_bytes().split_at(length);
    owners.keyed(answered, &suite.protection, initiator);
    owners.keyed(asked, &suite.protection, responder);
}

/// What the keys with which the last message was opened were made of.
pub(super) fn roots(sa: &Sa) -> Option<&Roots> {
    sa.keyed.first()?.roots.as_ref()
}

/// What the key exchange of a request and its response came to.
fn agreed(asks: &Asks, payloads: &[Payload], known: &Keys) -> Option<Secret> {
    known.exchanged([asks.public.as_deref()?, public(payloads)?])
}

/// To so many first responses of an IKE SA keys are computed.
const MOST_RESPONSES: usize = 4;

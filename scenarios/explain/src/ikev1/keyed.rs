//! Keys of ISAKMP SAs, and those of IPsec SAs under them, where what the key exchange came to is known (RFC 2409 §5, §5.5): with
//! signatures that is all it takes, else the shared key comes in.

use ipsec_crypto::{Provider, Secret};
use ipsec_dataplane::Protection;
use ipsec_ikev1::keys::{self, Material, Shared};
use ipsec_ikev1::{IkeSuite, protection};
use ipsec_wire::Spi;
use ipsec_wire::registry::v1::AuthMethod;
use ipsec_wire::v1::{Header, Phase1, Proposal, parse_chain};

use super::Sa;
use super::cipher::Opener;
use crate::keys::Keys;
use crate::owners::Owners;

/// `SKEYID_d`, and the PRF that it belongs to.
pub(super) struct Root {
    prf: ipsec_crypto::PrfAlgorithm,
    skeyid_d: Secret,
}

/// What opens the messages of an ISAKMP SA: of the keys that may be, the one with which this message makes sense.
pub(super) fn opener(sa: &Sa, header: &Header, octets: &[u8], known: &Keys) -> Option<(Opener, Root)> {
    let taken = sa.taken.as_ref()?;
    let said = Phase1::read(&taken.proposals.first()?.transforms.first()?.attributes).ok()?;
    let suite = IkeSuite::read(&said)?;
    let [Some(public_i), Some(public_r)] = &sa.publics else { return None };
    let [Some(nonce_i), Some(nonce_r)] = &sa.nonces else { return None };
    let secret = known.exchanged([public_i, public_r])?;
    let shared = Shared { nonce_i, nonce_r, cookie_i: sa.cookies.0, cookie_r: sa.cookies.1 };
    let (provider, prf) = (Provider::best(), keys::prf_of(suite.hash));
    let skeyids = if SHARED.contains(&said.auth?) {
        known.shared().iter().map(|key| keys::skeyid_psk(provider, prf, key, &shared)).collect()
    } else {
        vec![keys::skeyid_signatures(provider, prf, &secret, &shared)]
    };
    skeyids.into_iter().find_map(|skeyid| {
        let made = keys::keys(provider, prf, skeyid, &secret, &shared);
        let key = keys::encryption_key(provider, prf, &made.e, suite.key_len);
        let mut opener = Opener::new(key.as_bytes(), taken, &[public_i.clone(), public_r.clone()])?;
        let text = opener.open(header, octets).ok()??;
        parse_chain(header.next_payload, &text, Header::LEN).ok()?;
        Some((opener, Root { prf, skeyid_d: made.d }))
    })
}

/// What both messages of a quick mode with its keys have.
pub(super) struct Quick<'a> {
    /// Both nonces, its initiator's first.
    pub(super) nonces: [&'a [u8]; 2],
    /// Both public values, where it has a key exchange of its own.
    pub(super) publics: [Option<&'a [u8]>; 2],
}

/// The keys of both SAs that a quick mode agreed on: each has its own, by its SPI.
pub(super) fn child(
    root: &Root,
    taken: &Proposal,
    spis: [u32; 2],
    quick: &Quick<'_>,
    (known, owners): (&Keys, &mut Owners),
) {
    let transform = taken.transforms.first();
    let Some(protection) = transform.and_then(|transform| protection(taken.protocol, transform)) else {
        return;
    };
    let secret = match quick.publics {
        [Some(i), Some(r)] => match known.exchanged([i, r]) {
            Some(secret) => Some(secret),
            None => return,
        },
        _ => None,
    };
    let length = match &protection {
        Protection::Esp(suite) => suite.key_material_len(),
        Protection::Ah(integrity) => integrity.key_len(),
    };
    for spi in spis {
        let material = Material {
            secret: secret.as_ref(),
            protocol: taken.protocol,
            spi: Spi(spi),
            nonces: (quick.nonces[0], quick.nonces[1]),
        };
        let material = keys::keymat(Provider::best(), root.prf, &root.skeyid_d, &material, length);
        owners.keyed(spi, &protection, material.as_bytes());
    }
}

/// Methods of authentication in whose keys a shared key is.
const SHARED: [AuthMethod; 3] =
    [AuthMethod::PRE_SHARED_KEY, AuthMethod::XAUTH_INIT_PRE_SHARED, AuthMethod::XAUTH_RESP_PRE_SHARED];

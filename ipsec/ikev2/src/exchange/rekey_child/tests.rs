use std::sync::Arc;

use ipsec_crypto::{AeadAlgorithm, Secret};
use ipsec_dataplane::{Encryption, Mode, Protection, SaPair, SaParameters, Suite};
use ipsec_net::Instant;
use ipsec_wire::IkeSpi;
use ipsec_wire::v2::TrafficSelector;

use super::*;
use crate::config::Connection;
use crate::event::ChildRecord;
use crate::path::Path;
use crate::sa::{Ends, Role};

const OLD: Spi = Spi(0x100);
const OURS: Spi = Spi(0x200);
const THEIRS: Spi = Spi(0x300);

fn network(third: u8) -> Vec<TrafficSelector> {
    vec![TrafficSelector::any([10, third, 0, 0].into(), [10, third, 255, 255].into())]
}

fn child(retired: Option<End>) -> ChildSa {
    ChildSa {
        name: "net".into(),
        protocol: ProtocolId::ESP,
        inbound: OLD,
        outbound: Spi(0x101),
        local: network(1),
        remote: network(2),
        resource: None,
        extended_sequence_numbers: false,
        deleting: false,
        retired,
        unreplaced: false,
    }
}

fn ike_sa(children: Vec<ChildSa>, rival_child: Option<Rival<Spi>>) -> IkeSa {
    let (local, remote) = ([192, 0, 2, 1], [192, 0, 2, 2]);
    let connection = Connection::new("site", local.into(), remote.into(), Secret::from(Vec::new()));
    let path = Path::new((local, 500).into(), (remote, 500).into());
    let ends = Ends { path, spi_i: IkeSpi(1), spi_r: IkeSpi(2) };
    let rival_child = rival_child.map(Box::new);
    IkeSa { children, rival_child, ..IkeSa::new(Role::Initiator, Arc::new(connection), ends, Instant::ZERO) }
}

/// The pair that our exchange with these nonces made.
fn new(nonces: [u8; 2], local: Vec<TrafficSelector>) -> NewChild {
    let suite = Suite { encryption: Encryption::Aead(AeadAlgorithm::AesGcm16), key_len: 16, integrity: None };
    let (key, mode) = (Secret::from(vec![0; 20]), Mode::Transport);
    let record = ChildRecord {
        child: "net".into(),
        initiator: true,
        inbound: OURS,
        outbound: Spi(0x201),
        replaces: Some(OLD),
        protection: Protection::Esp(suite),
        mode,
        extended_sequence_numbers: false,
        local,
        remote: network(2),
        resource: None,
        addresses: ([192, 0, 2, 1].into(), [192, 0, 2, 2].into()),
        inbound_key: key.clone(),
        outbound_key: key.clone(),
    };
    let parameters = |spi| SaParameters {
        spi,
        protection: record.protection,
        key: key.clone(),
        mode,
        selectors: Vec::new(),
        extended_sequence_numbers: false,
        replay_window: 64,
        options: Default::default(),
    };
    let pair = SaPair::new("net", parameters(OURS), parameters(record.outbound));
    NewChild { record, pair, nonces: nonces.map(|octet| vec![octet; 16]) }
}

/// Which pairs go, and who deletes each.
fn retired(effects: &[Effect]) -> Vec<(Spi, End)> {
    let retired = |effect: &Effect| match effect {
        Effect::Retire { inbound, by } => Some((*inbound, *by)),
        _ => None,
    };
    effects.iter().filter_map(retired).collect()
}

#[test]
fn without_a_rival_the_old_pair_goes() {
    let (effects, doomed) = sequel(&ike_sa(vec![child(None)], None), OLD, new([1, 2], network(1)));
    assert_eq!((retired(&effects), doomed), (vec![(OLD, End::Ours)], OLD));
    assert!(matches!(effects[0], Effect::AddChild(_)), "the new one is there before the old one goes");
}

#[test]
fn of_two_new_pairs_the_one_with_the_lowest_nonce_goes_by_its_makers_hand() {
    for order in 0..24u8 {
        // The position of the lowest nonce, and the order of the others.
        let (lowest, rest) = (usize::from(order / 6), order % 6);
        let mut nonces = [10 + rest, 20 - rest, 30 + rest * 3, 40 - rest];
        nonces[lowest] = 1;
        let [a, b, c, d] = nonces;
        let rival = Rival { spi: THEIRS, nonces: [vec![c; 16], vec![d; 16]] };
        let sa = ike_sa(vec![child(Some(End::Theirs))], Some(rival));
        let (effects, doomed) = sequel(&sa, OLD, new([a, b], network(1)));
        let expected = match lowest {
            0 | 1 => (vec![(OURS, End::Ours)], OURS),
            _ => (vec![(THEIRS, End::Theirs), (OLD, End::Ours)], OLD),
        };
        assert_eq!((retired(&effects), doomed), expected, "{nonces:?}");
        let yields = |effect: &Effect| matches!(effect, Effect::AddChild(new) if new.pair.yields);
        assert_eq!(effects.iter().any(yields), doomed == OURS, "what is doomed does not send");
    }
}

#[test]
fn a_child_that_only_the_peer_has_lost_is_forgotten_and_made_anew() {
    let removes = |effects: &[Effect]| effects.iter().any(|e| matches!(e, Effect::RemoveChild { .. }));
    let (effects, anew) = not_found(&ike_sa(vec![child(None)], None), OLD);
    assert!(anew && removes(&effects));
    for children in [Vec::new(), vec![child(Some(End::Theirs))]] {
        let (effects, anew) = not_found(&ike_sa(children, None), OLD);
        assert!(!anew && !removes(&effects), "the peer has replaced or deleted it");
    }
}

#[test]
fn a_new_pair_may_be_wider_than_the_old_one_but_not_narrower() {
    let selectors = |first: [u8; 4], last: [u8; 4]| vec![TrafficSelector::any(first.into(), last.into())];
    assert_eq!(covers(&child(None), &new([1, 2], network(1))), Ok(()));
    let wider = selectors([10, 0, 0, 0], [10, 255, 255, 255]);
    assert_eq!(covers(&child(None), &new([1, 2], wider)), Ok(()));
    let narrower = selectors([10, 1, 0, 0], [10, 1, 0, 255]);
    let failure = covers(&child(None), &new([1, 2], narrower)).unwrap_err();
    let text = "TS_UNACCEPTABLE: 10.1.0.0-10.1.0.255 === 10.2.0.0-10.2.255.255 is narrower than \
                10.1.0.0-10.1.255.255 === 10.2.0.0-10.2.255.255, which is in use";
    assert_eq!(failure.to_string(), text);
}

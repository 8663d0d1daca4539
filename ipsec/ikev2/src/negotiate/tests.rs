//! Agreement on suites and selectors, against what the RFC says and against models.

use std::collections::BTreeSet;

use ipsec_crypto::{AeadAlgorithm, CipherAlgorithm, IntegrityAlgorithm, KeyExchangeAlgorithm, PrfAlgorithm};
use ipsec_dataplane::Encryption;
use ipsec_wire::Spi;
use ipsec_wire::registry::TransformType;
use ipsec_wire::v2::{Proposal, Transform};
use proptest::prelude::*;
use proptest::sample::subsequence;

use super::*;

const GCM: Encryption = Encryption::Aead(AeadAlgorithm::AesGcm16);
const CBC: Encryption = Encryption::Cipher(CipherAlgorithm::AesCbc);

fn gcm(key_len: usize) -> IkeProposal {
    IkeProposal {
        encryption: vec![(GCM, key_len)],
        integrity: Vec::new(),
        prf: vec![PrfAlgorithm::HmacSha2_256],
        key_exchange: vec![KeyExchangeAlgorithm::X25519],
        additional: Default::default(),
    }
}

fn cbc() -> IkeProposal {
    IkeProposal {
        encryption: vec![(CBC, 16)],
        integrity: vec![IntegrityAlgorithm::HmacSha2_256_128],
        prf: vec![PrfAlgorithm::HmacSha2_256, PrfAlgorithm::HmacSha2_384],
        key_exchange: vec![KeyExchangeAlgorithm::Ecp256, KeyExchangeAlgorithm::Modp2048],
        additional: Default::default(),
    }
}

fn chosen(configured: &[IkeProposal], offered: &[IkeProposal]) -> Result<IkeSuite, String> {
    let chosen = select(&ike_offer(configured, None), &ike_offer(offered, None))
        .map_err(|mismatch| mismatch.to_string())?;
    assert!(
        check_choice(&ike_offer(offered, None), std::slice::from_ref(&chosen)).is_ok(),
        "the initiator accepts the choice"
    );
    IkeSuite::of(&chosen).ok_or_else(|| "no suite".to_owned())
}

fn child(extended: &[bool], groups: &[KeyExchangeAlgorithm]) -> ChildProposal {
    ChildProposal {
        encryption: vec![(GCM, 16)],
        integrity: Vec::new(),
        key_exchange: groups.to_vec(),
        additional: Default::default(),
        extended_sequence_numbers: extended.to_vec(),
    }
}

#[test]
fn the_responders_own_order_decides() {
    let offered = [cbc(), gcm(16), gcm(32)];
    assert_eq!(chosen(&[gcm(32), cbc()], &offered).unwrap().to_string(), "aes256gcm16-prfsha256-x25519");
    assert_eq!(chosen(&[cbc(), gcm(32)], &offered).unwrap().protection.key_len, 16);
    let ours = IkeProposal { prf: vec![PrfAlgorithm::HmacSha2_384, PrfAlgorithm::HmacSha2_256], ..cbc() };
    assert_eq!(chosen(&[ours], &offered).unwrap().prf, PrfAlgorithm::HmacSha2_384);
}

#[test]
fn another_key_length_is_another_algorithm() {
    let error = chosen(&[gcm(32)], &[gcm(16)]).unwrap_err();
    assert!(
        error.starts_with("encryption: offered ENCR_AES_GCM_16-128, configured ENCR_AES_GCM_16-256"),
        "{error}"
    );
}

#[test]
fn the_transform_of_the_closest_proposal_is_the_one_that_is_named() {
    let near = IkeProposal { key_exchange: vec![KeyExchangeAlgorithm::Ecp384], ..gcm(16) };
    let error = chosen(&[gcm(16)], &[cbc(), near]).unwrap_err();
    assert!(error.starts_with("key exchange: offered ECP_384, configured CURVE25519 (offer: "), "{error}");
    assert!(
        error.contains("IKE ENCR_AES_CBC-128") && error.contains("configuration: IKE ENCR_AES_GCM_16-128"),
        "{error}"
    );
}

#[test]
fn an_empty_offer_is_told_as_such() {
    let configured = "IKE ENCR_AES_GCM_16-128 PRF_HMAC_SHA2_256 CURVE25519";
    let expected = format!("the offer is empty (configuration: {configured})");
    assert_eq!(chosen(&[gcm(16)], &[]).unwrap_err(), expected);
}

#[test]
fn a_combined_cipher_is_never_taken_together_with_integrity() {
    let mut both = ike_offer(&[gcm(16)], None);
    both[0].transforms.push(Transform::new(TransformType::INTEG, 12, None));
    assert!(select(&ike_offer(&[gcm(16)], None), &both).is_err());
    assert!(IkeSuite::of(&both[0]).is_none());
    let mut bare = ike_offer(&[cbc()], None);
    bare[0].transforms.retain(|transform| transform.kind != TransformType::INTEG);
    assert!(IkeSuite::of(&bare[0]).is_none(), "nor a cipher without integrity");
}

#[test]
fn integrity_none_beside_a_combined_cipher_means_the_same_as_leaving_it_out() {
    let mut offered = ike_offer(&[gcm(16)], None);
    offered[0].transforms.push(Transform::new(TransformType::INTEG, 0, None));
    let chosen = select(&ike_offer(&[gcm(16)], None), &offered).unwrap();
    assert!(check_choice(&offered, std::slice::from_ref(&chosen)).is_ok());
    assert_eq!(IkeSuite::of(&chosen).unwrap().protection.integrity, None);
}

#[test]
fn a_transform_with_an_unknown_attribute_is_passed_over() {
    let mut offered = ike_offer(&[gcm(16)], None);
    offered[0].transforms[0].unknown.push((0x8063, vec![0, 1]));
    assert!(select(&ike_offer(&[gcm(16)], None), &offered).is_err());
}

#[test]
fn a_child_takes_extended_sequence_numbers_only_where_both_have_them() {
    let suite = |configured: &[bool], offered: &[bool]| {
        let offer = |extended, spi| child_offer(&[child(extended, &[])], Spi(spi), true);
        select(&offer(configured, 7), &offer(offered, 0x1001)).ok().and_then(|chosen| ChildSuite::of(&chosen))
    };
    let agreed =
        |configured, offered| suite(configured, offered).map(|suite| suite.extended_sequence_numbers);
    assert_eq!(agreed(&[true, false], &[false, true]), Some(true));
    assert_eq!(agreed(&[false], &[false, true]), Some(false));
    assert_eq!(agreed(&[true], &[false]), None);
    assert_eq!(suite(&[false], &[false]).unwrap().spi, Spi(0x1001), "the SPI is the offer's");
}

#[test]
fn a_child_in_ike_auth_offers_no_key_exchange() {
    let groups = [KeyExchangeAlgorithm::X25519];
    let first = child_offer(&[child(&[false], &groups)], Spi(1), false);
    let fresh = child_offer(&[child(&[false], &groups)], Spi(1), true);
    assert!(!offers_group(&first[0], 31) && offers_group(&fresh[0], 31));
    assert!(
        select(&fresh, &child_offer(&[child(&[false], &[])], Spi(2), true)).is_err(),
        "PFS is not optional"
    );
}

fn hybrid(lists: &[&[Option<KeyExchangeAlgorithm>]]) -> IkeProposal {
    let mut additional = AdditionalKeyExchanges::default();
    additional.iter_mut().zip(lists).for_each(|(own, list)| *own = list.to_vec());
    IkeProposal { additional, ..gcm(32) }
}

const MLKEM: Option<KeyExchangeAlgorithm> = Some(KeyExchangeAlgorithm::MlKem768);

#[test]
fn additional_key_exchanges_are_agreed_on_type_by_type() {
    let suite = |ours: &[&[_]], theirs: &[&[_]]| {
        chosen(&[hybrid(ours)], &[hybrid(theirs)]).map(|suite| suite.to_string())
    };
    let p384 = Some(KeyExchangeAlgorithm::Ecp384);
    let both = suite(&[&[MLKEM], &[], &[p384, None]], &[&[MLKEM], &[], &[None, p384]]);
    assert_eq!(both.unwrap(), "aes256gcm16-prfsha256-x25519-ke1_mlkem768-ke3_ecp384");
    assert_eq!(
        suite(&[&[MLKEM, None]], &[]).unwrap(),
        "aes256gcm16-prfsha256-x25519",
        "NONE can be left out"
    );
    assert_eq!(suite(&[], &[&[None, MLKEM]]).unwrap(), "aes256gcm16-prfsha256-x25519");
    let error = suite(&[&[MLKEM]], &[]).unwrap_err();
    let expected = "additional key exchange 1: offered nothing, configured ML_KEM_768 (offer: ";
    assert!(error.starts_with(expected), "{error}");
    let error = suite(&[&[], &[MLKEM]], &[&[MLKEM]]).unwrap_err();
    assert!(
        error.starts_with("additional key exchange 1: offered ML_KEM_768, configured nothing"),
        "{error}"
    );
}

#[test]
fn no_key_exchange_method_is_agreed_on_twice() {
    let x25519 = Some(KeyExchangeAlgorithm::X25519);
    let offer = [hybrid(&[&[x25519, MLKEM], &[MLKEM, None]])];
    let suite = chosen(&offer, &offer).unwrap();
    assert_eq!(suite.to_string(), "aes256gcm16-prfsha256-x25519-ke1_mlkem768");
    let offer = [hybrid(&[&[x25519]])];
    let error = chosen(&offer, &offer).unwrap_err();
    let expected = "additional key exchange 1: offered CURVE25519, configured CURVE25519, which would repeat";
    assert!(error.starts_with(expected), "{error}");
    let twice = ike_offer(&offer, None);
    assert_eq!(check_choice(&twice, &twice).unwrap_err(), "a key exchange method was chosen twice");
}

#[test]
fn where_additional_key_exchanges_cannot_happen_only_proposals_count_that_can_do_without() {
    assert_eq!(hybrid(&[&[MLKEM]]).without_additional(), None);
    assert_eq!(hybrid(&[&[MLKEM, None]]).without_additional(), Some(gcm(32)));
    assert_eq!(gcm(16).without_additional(), Some(gcm(16)));
}

#[test]
fn a_childs_additional_key_exchange_needs_one_to_follow() {
    let mut alone = child_offer(&[child(&[false], &[])], Spi(1), true);
    alone[0].transforms.push(Transform::new(TransformType::ADDKE1, 36, None));
    assert!(ChildSuite::of(&alone[0]).is_none());
}

#[test]
fn a_choice_that_was_not_offered_is_refused() {
    let offered = ike_offer(&[cbc(), gcm(16)], None);
    let choice = select(&ike_offer(&[cbc()], None), &offered).unwrap();
    let refused = |change: fn(&mut Proposal)| {
        let mut choice = choice.clone();
        change(&mut choice);
        check_choice(&offered, &[choice]).unwrap_err()
    };
    assert_eq!(refused(|c| c.number = 7), "the chosen proposal was not offered");
    assert_eq!(refused(|c| c.number = 2), "a transform was chosen that was not offered");
    assert_eq!(
        refused(|c| c.transforms[0].key_bits = Some(256)),
        "a transform was chosen that was not offered"
    );
    assert_eq!(
        refused(|c| drop(c.transforms.remove(0))),
        "no transform was chosen of a type that was offered"
    );
    assert_eq!(
        refused(|c| c.transforms.push(c.transforms[0].clone())),
        "two transforms of one type were chosen"
    );
    assert!(check_choice(&offered, &[]).is_err() && check_choice(&offered, &offered).is_err());
}

/// A proposal with algorithms taken from small tables, each list in its own order.
fn any_proposal() -> impl Strategy<Value = IkeProposal> {
    let prfs = vec![PrfAlgorithm::HmacSha1, PrfAlgorithm::HmacSha2_256, PrfAlgorithm::HmacSha2_384];
    let groups =
        vec![KeyExchangeAlgorithm::Modp2048, KeyExchangeAlgorithm::Ecp256, KeyExchangeAlgorithm::X25519];
    let macs = vec![IntegrityAlgorithm::HmacSha1_96, IntegrityAlgorithm::HmacSha2_256_128];
    let keys = || subsequence(vec![16, 24, 32], 1..=3).prop_shuffle();
    let methods = vec![
        None,
        Some(KeyExchangeAlgorithm::X25519),
        Some(KeyExchangeAlgorithm::Ecp256),
        Some(KeyExchangeAlgorithm::MlKem768),
    ];
    let additional = || subsequence(methods.clone(), 0..=3).prop_shuffle();
    let parts = (
        subsequence(prfs, 1..=3).prop_shuffle(),
        subsequence(groups, 1..=3).prop_shuffle(),
        (additional(), additional()),
    );
    (any::<bool>(), keys(), subsequence(macs, 1..=2).prop_shuffle(), parts).prop_map(
        |(combined, keys, macs, (prf, key_exchange, (first, third)))| {
            let cipher = if combined { GCM } else { CBC };
            let encryption = keys.into_iter().map(|key| (cipher, key)).collect();
            let integrity = if combined { Vec::new() } else { macs };
            let mut additional = AdditionalKeyExchanges::default();
            (additional[0], additional[2]) = (first, third);
            IkeProposal { encryption, integrity, prf, key_exchange, additional }
        },
    )
}

/// All suites that a list of proposals allows.
fn suites(proposals: &[IkeProposal]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for proposal in proposals {
        for (encryption, key_len) in &proposal.encryption {
            let macs: Vec<_> = proposal.integrity.iter().copied().map(Some).collect();
            for integrity in if macs.is_empty() { vec![None] } else { macs } {
                for prf in proposal.prf.iter().copied() {
                    for (key_exchange, additional) in key_exchanges(proposal) {
                        let protection =
                            ipsec_dataplane::Suite { encryption: *encryption, key_len: *key_len, integrity };
                        all.insert(format!("{:?}", IkeSuite { protection, prf, key_exchange, additional }));
                    }
                }
            }
        }
    }
    all
}

/// All that a proposal allows to be exchanged, in which nothing occurs twice.
fn key_exchanges(proposal: &IkeProposal) -> Vec<(KeyExchangeAlgorithm, [Option<KeyExchangeAlgorithm>; 7])> {
    let mut all: Vec<_> = proposal.key_exchange.iter().map(|first| (*first, [None; 7])).collect();
    for (at, list) in proposal.additional.iter().enumerate().filter(|(_, list)| !list.is_empty()) {
        let longer = |(first, chosen): (KeyExchangeAlgorithm, [Option<KeyExchangeAlgorithm>; 7])| {
            let fits = move |method: &&Option<KeyExchangeAlgorithm>| {
                method.is_none() || (**method != Some(first) && !chosen.contains(*method))
            };
            list.iter().filter(fits).map(move |method| {
                let mut chosen = chosen;
                chosen[at] = *method;
                (first, chosen)
            })
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    all
}

proptest! {
    /// Two ends agree if and only if some suite is allowed by both, and what they agree on is one of those.
    #[test]
    fn what_is_selected_is_in_both_offers_and_nothing_is_only_if_nothing_is(
        configured in prop::collection::vec(any_proposal(), 1..4), offered in prop::collection::vec(any_proposal(), 1..4),
    ) {
        let (ours, theirs) = (suites(&configured), suites(&offered));
        let common: BTreeSet<&String> = ours.intersection(&theirs).collect();
        match chosen(&configured, &offered) {
            Ok(suite) => {
                let suite = format!("{suite:?}");
                prop_assert!(common.contains(&suite));
            }
            Err(text) => {
                prop_assert!(common.is_empty(), "{} are common, but: {}", common.len(), text);
                prop_assert!(text.contains("offered") && text.contains("configured"));
            }
        }
    }
}

#[test]
fn a_suite_is_a_choice_from_the_proposals_that_hold_it_and_from_no_other() {
    let mut hybrid = gcm(32);
    hybrid.additional[0] = vec![Some(KeyExchangeAlgorithm::MlKem768), None];
    let mut strict = gcm(32);
    strict.additional[0] = vec![Some(KeyExchangeAlgorithm::MlKem768)];
    let all = [cbc(), gcm(16), gcm(32), hybrid, strict];
    let held = |suite: &IkeSuite| {
        let suite = [IkeProposal::of(suite)];
        all.each_ref().map(|proposal| chosen(std::slice::from_ref(proposal), &suite).is_ok())
    };
    let of = |at: usize| chosen(&all[at..=at], &all[at..=at]).unwrap();
    assert_eq!(held(&of(0)), [true, false, false, false, false]);
    assert_eq!(held(&of(1)), [false, true, false, false, false]);
    assert_eq!(held(&of(2)), [false, false, true, true, false]);
    assert_eq!(held(&of(3)), [false, false, false, true, true]);
    assert_eq!(IkeProposal::of(&of(1)), gcm(16));
}

#[test]
fn a_refusal_tells_which_transform_type_was_apart_and_has_both_offers() {
    let (ours, theirs) = (ike_offer(&[gcm(16)], None), ike_offer(&[gcm(32)], None));
    let why = select(&ours, &theirs).unwrap_err();
    assert_eq!(why.kind, Some(TransformType::ENCR));
    assert_eq!((&why.offered, &why.configured), (&theirs, &ours));
    assert_eq!(select(&ours, &[]).unwrap_err().kind, None);
    let other = child_offer(&[child(&[false], &[])], Spi(1), false);
    let why = select(&ours, &other).unwrap_err();
    assert!(why.to_string().starts_with("no proposal is for the same protocol (offer: ESP "), "{why}");
    let told = Disagreement::told(&theirs).to_string();
    assert!(told.starts_with("the responder accepts none of ours: IKE ENCR_AES_GCM_16-256"), "{told}");
}

/// RFC 7296 §3.3.6: the others in the payload are still looked at.
#[test]
fn a_proposal_without_a_type_that_it_must_have_is_passed_over() {
    let ike = ike_offer(&[gcm(16), gcm(16)], None);
    let esp = child_offer(&[child(&[false], &[]), child(&[false], &[])], Spi(0x1000), false);
    let lacking = [
        (&ike, TransformType::ENCR),
        (&ike, TransformType::PRF),
        (&ike, TransformType::KE),
        (&esp, TransformType::ENCR),
        (&esp, TransformType::SN),
    ];
    for (configured, kind) in lacking {
        let mut offered = configured.clone();
        offered[0].transforms.retain(|transform| transform.kind != kind);
        assert!(select(configured, &offered[..1]).is_err(), "{kind}");
        assert_eq!(select(configured, &offered).unwrap().number, 2, "{kind}");
        assert!(check_choice(configured, &offered[..1]).is_err(), "{kind}");
    }
}

#[test]
fn a_cipher_of_several_key_lengths_is_not_taken_without_one() {
    for proposal in [gcm(16), cbc()] {
        let configured = ike_offer(&[proposal], None);
        let mut offered = configured.clone();
        offered[0].transforms[0].key_bits = None;
        assert!(select(&configured, &offered).is_err());
    }
}

/// RFC 7296 §3.14, §5: ENCR_NULL, ENCR_NULL_AUTH_AES_GMAC, and ciphers that send no IV (RFC 8750).
#[test]
fn what_hides_nothing_protects_no_ike_messages() {
    let bare = |encryption, key_len| IkeProposal { encryption: vec![(encryption, key_len)], ..cbc() };
    let null = ike_offer(&[bare(Encryption::Cipher(CipherAlgorithm::Null), 0)], None);
    assert!(IkeSuite::of(&null[0]).is_none());
    let combined = |encryption| IkeProposal { integrity: Vec::new(), ..bare(encryption, 16) };
    for encryption in [AeadAlgorithm::AesGmac, AeadAlgorithm::AesGcm16].map(Encryption::Aead) {
        let suite = IkeSuite::of(&ike_offer(&[combined(encryption)], None)[0]);
        assert_eq!(suite.is_some(), encryption == GCM);
    }
    let implicit = ike_offer(&[combined(Encryption::AeadImplicitIv(AeadAlgorithm::AesGcm16))], None);
    assert!(IkeSuite::of(&implicit[0]).is_none());
}

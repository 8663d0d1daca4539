use ipsec_crypto::PORTABLE;

use super::*;

const PRF: PrfAlgorithm = PrfAlgorithm::HmacSha1;

fn prf(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    Prf::new(PRF, key).compute(parts).as_bytes().to_vec()
}

#[test]
fn a_short_skeyid_e_is_stretched_as_appendix_b_says() {
    let skeyid_e = Secret::from(vec![7; 20]);
    let k1 = prf(&[7; 20], &[&[0]]);
    let k2 = prf(&[7; 20], &[&k1]);
    let key = |length| encryption_key(&PORTABLE, PRF, &skeyid_e, length).as_bytes().to_vec();
    assert_eq!(key(32), [&k1[..], &k2[..12]].concat());
    assert_eq!(key(24), [&k1[..], &k2[..4]].concat());
    assert_eq!(key(20), [7; 20], "one that is long enough is not stretched");
    assert_eq!(key(8), [7; 8]);
}

#[test]
fn key_material_is_chained_and_differs_by_protocol_spi_and_exchange() {
    let skeyid_d = Secret::from(vec![9; 20]);
    let plain =
        Material { secret: None, protocol: ProtocolId::ESP, spi: Spi(0x1234_5678), nonces: (b"Ni", b"Nr") };
    let material = |material: &Material<'_>| keymat(&PORTABLE, PRF, &skeyid_d, material, 50);
    let seed: [&[u8]; 4] = [&[3], &[0x12, 0x34, 0x56, 0x78], b"Ni", b"Nr"];
    let k1 = prf(&[9; 20], &seed);
    let k2 = prf(&[9; 20], &[&k1, seed[0], seed[1], seed[2], seed[3]]);
    let k3 = prf(&[9; 20], &[&k2, seed[0], seed[1], seed[2], seed[3]]);
    assert_eq!(material(&plain).as_bytes(), [&k1[..], &k2[..], &k3[..10]].concat());

    let secret = Secret::from(vec![5; 128]);
    let fresh = Material { secret: Some(&secret), ..plain };
    let k1 = prf(&[9; 20], &[&[5; 128], seed[0], seed[1], seed[2], seed[3]]);
    let k2 = prf(&[9; 20], &[&k1, &[5; 128], seed[0], seed[1], seed[2], seed[3]]);
    assert_eq!(material(&fresh).as_bytes()[..40], [k1, k2].concat());
    for other in [
        Material { protocol: ProtocolId::AH, ..plain },
        Material { spi: Spi(0x1234_5679), ..plain },
        Material { nonces: (b"Nr", b"Ni"), ..plain },
        fresh,
    ] {
        assert_ne!(material(&other), material(&plain));
    }
}

#[test]
fn secrets_follow_from_each_other_as_section_5_says() {
    let (nonce_i, nonce_r) = (&b"initiator"[..], &b"responder"[..]);
    let shared = Shared { nonce_i, nonce_r, cookie_i: IkeSpi(1), cookie_r: IkeSpi(2) };
    let secret = Secret::from(vec![3; 128]);
    let psk = skeyid_psk(&PORTABLE, PRF, &Secret::from(b"psk".to_vec()), &shared);
    assert_eq!(psk.as_bytes(), prf(b"psk", &[nonce_i, nonce_r]));
    let signed = skeyid_signatures(&PORTABLE, PRF, &secret, &shared);
    assert_eq!(signed.as_bytes(), prf(b"initiatorresponder", &[&[3; 128]]));
    let cookies = [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2];
    let made = keys(&PORTABLE, PRF, psk.clone(), &secret, &shared);
    let d = prf(psk.as_bytes(), &[&[3; 128], &cookies, &[0]]);
    let a = prf(psk.as_bytes(), &[&d, &[3; 128], &cookies, &[1]]);
    let e = prf(psk.as_bytes(), &[&a, &[3; 128], &cookies, &[2]]);
    assert_eq!((made.d.as_bytes(), made.a.as_bytes(), made.e.as_bytes()), (&d[..], &a[..], &e[..]));
}

#[test]
fn the_prf_is_hmac_with_the_hash() {
    for hash in HashAlgorithm::ALL {
        let prf = prf_of(*hash);
        assert_eq!(prf.output_len(), hash.output_len());
        assert!(prf.name().starts_with("PRF-HMAC"), "{}", prf.name());
    }
}

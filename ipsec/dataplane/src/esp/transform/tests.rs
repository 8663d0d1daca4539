use ipsec_crypto::{AeadAlgorithm, CipherAlgorithm, FixedEntropy, IntegrityAlgorithm, PORTABLE};
use ipsec_net::protocol;

use super::*;

fn octets(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn transform(encryption: Encryption, key_len: usize, key: &str, extended: bool) -> Transform {
    let suite = Suite { encryption, key_len, integrity: None };
    Transform::new(&PORTABLE, &suite, &Secret::from(octets(key)), extended).unwrap()
}

fn gmac(key: &str, extended: bool) -> Transform {
    transform(Encryption::Aead(AeadAlgorithm::AesGmac), 16, key, extended)
}

/// Seals the payload, compares with the published packet, and opens that again.
fn check(
    transform: &Transform,
    iv: &str,
    spi: u32,
    sequence: u64,
    next_header: u8,
    payload: &str,
    packet: &str,
) {
    let mut buffer = Buffer::copy_of(&octets(payload));
    transform.seal_with_iv(&octets(iv), Spi(spi), sequence, next_header, &mut buffer).unwrap();
    assert_eq!(hex::encode(&*buffer), packet);
    assert_eq!(transform.open(sequence, &mut buffer), Ok(next_header));
    assert_eq!(hex::encode(&*buffer), payload);
}

#[test]
fn the_transport_mode_packet_of_rfc_3602_case_6_is_reproduced() {
    let aes = Encryption::Cipher(CipherAlgorithm::AesCbc);
    check(
        &transform(aes, 16, "90d382b410eeba7ad938c46cec1a82bf", false),
        "69d08df7d203329db093fc4924e5bd80",
        0x4321,
        8,
        protocol::ICMP,
        "0800b5e8a80a0500a69c083d0b660e00777777777777777777777777",
        "000043210000000869d08df7d203329db093fc4924e5bd80\
         f51995881ec4e0c4488987ce742e8109689bb379d2d750c0d915dca346a89f75",
    );
}

#[test]
fn the_tunnel_mode_packet_of_rfc_3602_case_8_is_reproduced() {
    let aes = Encryption::Cipher(CipherAlgorithm::AesCbc);
    check(
        &transform(aes, 16, "0123456789abcdef0123456789abcdef", false),
        "85d47224b5f3dd5d2101d4ea8dffab22",
        0x8765,
        5,
        protocol::IPV4,
        "45000044090c00004001f990c0a87b03c0a87bc80800d63caa0a0200c69c083d\
         a3de0300ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "000087650000000585d47224b5f3dd5d2101d4ea8dffab22\
         15b92683819596a8047232cc00f7048fe45318e11f8a0f62ede3c3fc61203bb5\
         0f980a08c9843fd3a1b06d5c07ff9639b7eb7dfb3512e5de435e7207ed971ef3\
         d2726d9b5ef6affc6d17a0decbb13892",
    );
}

#[test]
fn a_packet_of_draft_mcgrew_gcm_test_with_extended_numbers_is_reproduced() {
    let gcm = Encryption::Aead(AeadAlgorithm::AesGcm16);
    check(
        &transform(gcm, 16, "4c80cdefbb5d10da906ac73c3613a6342e443b68", true),
        "4956ed7e3b244cfe",
        0x4321,
        0x8765_4321_0000_0000,
        protocol::ICMP,
        "45000048699a000080114db7c0a80102c0a801010a9bf15638d301000001000000000000045f736970045f756470\
         037369700963796265726369747902646b0000210001",
        "00004321000000004956ed7e3b244cfefecf537e729d5b07dc30df528dd22b768d1b98736696a6fd348509fa13ce\
         ac34cfa2436f14a3f3cf65925bf1f4a13c5d15b21e1884f5ff6247aeabb786b93bce61bc17d768fd973245901814\
         8f6cbe722fd04796562dfdb4",
    );
}

#[test]
fn a_packet_of_draft_mcgrew_gcm_test_with_a_key_of_256_bits_is_reproduced() {
    let gcm = Encryption::Aead(AeadAlgorithm::AesGcm16);
    check(
        &transform(
            gcm,
            32,
            "abbccddef00112233445566778899aababbccddef00112233445566778899aab11223344",
            false,
        ),
        "0102030405060708",
        0x4a2c_bfe3,
        2,
        protocol::ICMP,
        "4500003069a6400080062690c0a801029389155e0a9e008b2dc57ee0000000007002400020bf0000020405b401010402",
        "4a2cbfe3000000020102030405060708\
         ff425c9b724599df7a3bcd510194e00d6a78107f1b0b1cbf06efae9d65a5d763748a637985771d347f0545659f14e99def842d8e\
         b335f4eecfdbf831824b4c4915956c96",
    );
}

/// Case 15 of draft-mcgrew-gcm-test.
const GMAC_PAYLOAD: &str = "45000030da3a00008001df3bc0a80005c0a800010800c6cd02000700616263\
                            6465666768696a6b6c6d6e6f7071727374";

#[test]
fn the_gmac_packet_of_draft_mcgrew_gcm_test_is_reproduced() {
    check(
        &gmac("4c80cdefbb5d10da906ac73c3613a63422433c64", false),
        "0000000000000000",
        0x4321,
        7,
        protocol::IPV4,
        GMAC_PAYLOAD,
        &["00004321000000070000000000000000", GMAC_PAYLOAD, "01020204", "594f4055428d399a9d66c15e77023a98"]
            .concat(),
    );
}

/// RFC 4543, Figure 3, over AES-GCM: there is no published packet with extended sequence numbers.
#[test]
fn gmac_covers_the_upper_half_of_the_sequence_number_and_the_iv() {
    let key = "4c80cdefbb5d10da906ac73c3613a63422433c64";
    let payload = octets(GMAC_PAYLOAD);
    let (spi, sequence, iv) = (0x4321u32, 0x8765_4321_0000_0007u64, [1, 2, 3, 4, 5, 6, 7, 8]);
    let text = [&payload[..], &[1, 2, 2, protocol::IPV4]].concat();
    let aad = [&spi.to_be_bytes()[..], &sequence.to_be_bytes(), &iv, &text].concat();
    let (nonce, mut icv) = ([&octets(key)[16..], &iv].concat(), [0; 16]);
    let gcm = (PORTABLE.aead)(AeadAlgorithm::AesGcm16, &octets(key)[..16]).unwrap();
    gcm.seal(&nonce, &aad, &mut [], &mut icv).unwrap();
    let packet = [&spi.to_be_bytes()[..], &7u32.to_be_bytes(), &iv, &text, &icv].concat();

    let mut buffer = Buffer::copy_of(&payload);
    gmac(key, true).seal_with_iv(&iv, Spi(spi), sequence, protocol::IPV4, &mut buffer).unwrap();
    assert_eq!(hex::encode(&*buffer), hex::encode(&packet));
    assert_eq!(gmac(key, true).open(sequence ^ 1 << 32, &mut buffer), Err(DropReason::Integrity));
    let mut buffer = Buffer::copy_of(&packet);
    assert_eq!(gmac(key, true).open(sequence, &mut buffer), Ok(protocol::IPV4));
    assert_eq!(&*buffer, payload);
}

#[test]
fn the_packet_of_rfc_7634_appendix_a_is_reproduced() {
    let chacha = Encryption::Aead(AeadAlgorithm::ChaCha20Poly1305);
    check(
        &transform(
            chacha,
            32,
            "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3",
            false,
        ),
        "1011121314151617",
        0x0102_0304,
        5,
        protocol::IPV4,
        "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b0c0d0e0f\
         101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637",
        "0102030400000005101112131415161724039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c6\
         14ee8099d52844eb61aa95dfab4c02f72aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da\
         9165b82829f641e076aaa8266b7fb0f7b11b369907e1ad43",
    );
}

#[test]
fn keys_that_do_not_fit_are_told_with_their_lengths() {
    let gcm = |key_len, material: usize| {
        let suite = Suite { encryption: Encryption::Aead(AeadAlgorithm::AesGcm16), key_len, integrity: None };
        let error = Transform::new(&PORTABLE, &suite, &Secret::from(vec![1; material]), false).err();
        error.map(|error| error.to_string())
    };
    assert_eq!(gcm(16, 20), None);
    assert_eq!(gcm(16, 16).unwrap(), "aes128gcm16 takes 20 octets of key material, not 16");
    assert_eq!(gcm(17, 21).unwrap(), "AES-GCM-16 takes a key of 16 or 24 or 32 bytes, not of 17");
}

#[test]
fn a_combined_mode_algorithm_takes_no_integrity_algorithm_beside_it() {
    let encryption = Encryption::Aead(AeadAlgorithm::AesGcm16);
    let suite = Suite { encryption, key_len: 16, integrity: Some(IntegrityAlgorithm::HmacSha1_96) };
    let error = Transform::new(&PORTABLE, &suite, &Secret::from(vec![1; 40]), false).err().unwrap();
    assert_eq!(
        error.to_string(),
        "aes128gcm16-sha1 has integrity twice: a combined-mode algorithm gives its own"
    );
}

#[test]
fn an_iv_of_another_length_seals_nothing() {
    let gcm = transform(Encryption::Aead(AeadAlgorithm::AesGcm16), 16, &"00".repeat(20), false);
    let mut buffer = Buffer::copy_of(b"payload");
    let error = gcm.seal_with_iv(&[0; 12], Spi(256), 1, protocol::IPV4, &mut buffer).unwrap_err();
    assert_eq!(error.to_string(), "AES-GCM-16 takes a nonce of 12 bytes, not of 16");
    assert_eq!(&*buffer, b"payload");
}

#[test]
fn no_entropy_is_drawn_for_a_counter_and_a_block_of_it_for_cbc() {
    let drawn = |encryption, key: &str| {
        let mut entropy = FixedEntropy::new(vec![7; 64]);
        let mut buffer = Buffer::copy_of(b"payload");
        transform(encryption, 16, key, false)
            .seal(&mut entropy, Spi(256), 1, protocol::IPV4, &mut buffer)
            .unwrap();
        entropy.drawn()
    };
    assert_eq!(drawn(Encryption::Aead(AeadAlgorithm::AesGcm16), &"00".repeat(20)), 0);
    assert_eq!(drawn(Encryption::Cipher(CipherAlgorithm::AesCtr), &"00".repeat(20)), 0);
    assert_eq!(drawn(Encryption::Cipher(CipherAlgorithm::AesCbc), &"00".repeat(16)), 16);
}

#[test]
fn the_trailer_ends_on_the_boundary_with_as_little_padding_as_does() {
    for (align, lengths) in
        [(4, [(0, 4), (1, 4), (2, 4), (3, 8)]), (16, [(13, 16), (14, 16), (15, 32), (16, 32)])]
    {
        for (payload, whole) in lengths {
            let mut buffer = Buffer::copy_of(&vec![9; payload]);
            append_trailer(&mut buffer, align, protocol::IPV4);
            assert_eq!(buffer.len(), whole);
            assert_eq!(take_trailer(&mut buffer), Ok(protocol::IPV4));
            assert_eq!(&*buffer, vec![9; payload]);
        }
    }
}

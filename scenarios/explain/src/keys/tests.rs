use ipsec_crypto::{FixedEntropy, Initiator, KeyExchangeAlgorithm};
use ipsec_dataplane::Protection;

use super::*;

fn complaint(text: &str) -> String {
    Keys::default().add("table", text).unwrap_err().to_string()
}

#[test]
fn rows_of_all_tables_are_found_by_what_they_belong_to() {
    let text = "\
# a comment

0123456789abcdef,00112233445566778899aabbccddeeff
0000000000000001,0000000000000002,000102030405060708090a0b0c0d0e0f10111213,000102030405060708090a0b0c0d0e0f10111214,\"AES-GCM-128 with 16 octet ICV [RFC5282]\",,,\"NONE [RFC4306]\"
\"IPv4\",\"*\",\"192.0.2.1\",\"0x00000100\",\"AES-CBC [RFC3602]\",\"0x000102030405060708090a0b0c0d0e0f\",\"HMAC-MD5-96 [RFC2403]\",\"0x000102030405060708090a0b0c0d0e0f\"
\"IPv6\",\"*\",\"*\",\"*\",\"NULL\",\"\",\"NULL\",\"\"
";
    let mut keys = Keys::default();
    keys.add("table", text).unwrap();
    assert_eq!(keys.isakmp(IkeSpi(0x0123_4567_89ab_cdef)).map(<[u8]>::len), Some(16));
    let [pair] = keys.ike((IkeSpi(1), IkeSpi(2))) else { panic!("one pair") };
    assert_eq!((pair.pair[0].key[19], pair.pair[1].key[19]), (0x13, 0x14));
    let (a, b): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
    let found = keys.esp(Spi(0x100), b, a).next().unwrap();
    assert_eq!(found.integrity, Integrity::Algorithm(IntegrityAlgorithm::HmacMd5_96));
    assert_eq!(keys.esp(Spi(0x100), a, b).count(), 0, "to another address");
    assert_eq!(keys.esp(Spi(0x101), b, a).count(), 0, "another SPI");
    assert_eq!(keys.esp(Spi(7), IpAddr::from([0; 16]), IpAddr::from([1; 16])).count(), 1, "any SPI");
}

#[test]
fn complaints_name_the_line_and_what_was_expected() {
    assert_eq!(
        complaint("\n0123,00"),
        "table:2: \"0123\" is no SPI of an IKE SA, expected 16 hexadecimal digits"
    );
    assert_eq!(
        complaint("1,2,3"),
        "table:1: 3 columns, expected 2 columns for a key of IKEv1, 8 for those of IKEv2 or of ESP"
    );
    assert_eq!(
        complaint("IPv4,*,*,0x1,AES-CBX,00,NULL,"),
        "table:1: \"AES-CBX\" is no cipher of ESP that is known here; did you mean \"AES-CBC [RFC3602]\"?"
    );
    assert_eq!(
        complaint("IPv4,*,*,0x1,AES-CBC,0x00,NULL,"),
        "table:1: a key of 1 octets for AES-CBC, expected 16 or 24 or 32"
    );
    assert_eq!(
        complaint("0123456789abcdef,0"),
        "table:1: \"0\" is no key, expected pairs of hexadecimal digits"
    );
    assert_eq!(
        complaint("IPv4,east,*,0x1,NULL,,NULL,"),
        "table:1: \"east\" is no address, expected one or *"
    );
}

fn hexed(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

#[test]
fn the_log_holds_keys_of_every_kind_and_may_stand_among_rows_of_tables() {
    let text = r#"
# keys of four kinds
{"ikev2":{"spi_i":"0000000000000001","spi_r":"0000000000000002","encryption":"AES-CBC","integrity":"HMAC-SHA1-96","sk_ei":"00112233445566778899aabbccddeeff","sk_er":"00112233445566778899aabbccddeefe","sk_ai":"0102030405060708090a0b0c0d0e0f1011121314","sk_ar":"0102030405060708090a0b0c0d0e0f1011121314","prf":"PRF-HMAC-SHA1","sk_d":"07","sk_pi":"08","sk_pr":"09"}}
{"ikev1":{"cookie_i":"0000000000000003","key":"00ff"}}
{"esp":{"spi":"100","to":"192.0.2.1","encryption":"AES-GCM-16 with implicit IV","key":"00112233445566778899aabbccddeeff00000000"}}
{"ah":{"spi":"100","integrity":"HMAC-MD5-96","key":"00112233445566778899aabbccddeeff"}}
{"shared":{"text":"secret"}}
{"shared":{"octets":"ff00"}}
0000000000000004,aa
"#;
    let mut keys = Keys::default();
    keys.add("keys", text).unwrap();
    let [ike] = keys.ike((IkeSpi(1), IkeSpi(2))) else { panic!("one IKE SA") };
    assert_eq!((ike.roots.as_ref().unwrap().d.as_bytes(), ike.pair[1].key[15]), (&[7][..], 0xfe));
    assert_eq!((keys.isakmp(IkeSpi(3)), keys.isakmp(IkeSpi(4))), (Some(&[0, 0xff][..]), Some(&[0xaa][..])));
    let (a, b): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
    assert_eq!((keys.esp(Spi(0x100), b, a).count(), keys.esp(Spi(0x100), a, b).count()), (1, 0));
    assert_eq!(keys.ah(Spi(0x100), a, b).next().unwrap().key.len(), 16);
    let shared: Vec<&[u8]> = keys.shared().iter().map(Secret::as_bytes).collect();
    assert_eq!(shared, [&b"secret"[..], &[0xff, 0]]);
}

#[test]
fn a_key_exchange_is_known_by_a_private_value_of_either_end_or_by_what_it_came_to() {
    for algorithm in
        [KeyExchangeAlgorithm::X25519, KeyExchangeAlgorithm::Ecp256, KeyExchangeAlgorithm::Modp1024]
    {
        let made = |octet: u8| {
            let mut entropy = FixedEntropy::new(vec![octet; 64]);
            let half = Initiator::new(algorithm, &mut entropy);
            (half, vec![octet; entropy.drawn()])
        };
        let ((i, private_i), (r, private_r)) = (made(3), made(4));
        let publics = [i.public().to_vec(), r.public().to_vec()];
        let secret = i.finish(&publics[1]).unwrap();
        let (group, public) = (algorithm.keyword(), hexed(&publics[0]));
        let lines = [
            format!(r#"{{"private":{{"group":"{group}","value":"{}"}}}}"#, hexed(&private_i)),
            format!(r#"{{"private":{{"group":"{group}","value":"{}"}}}}"#, hexed(&private_r)),
            format!(r#"{{"agreed":{{"public":"{public}","secret":"{}"}}}}"#, hexed(secret.as_bytes())),
        ];
        for line in lines {
            let mut keys = Keys::default();
            keys.add("keys", &line).unwrap();
            assert_eq!(keys.exchanged([&publics[0], &publics[1]]), Some(secret.clone()), "{line}");
            assert_eq!(keys.exchanged([&[1; 32], &[2; 32]]), None);
        }
    }
}

#[test]
fn a_line_that_is_written_is_read() {
    let suite = Suite {
        encryption: Encryption::Cipher(ipsec_crypto::CipherAlgorithm::AesCbc),
        key_len: 16,
        integrity: Some(IntegrityAlgorithm::HmacSha2_256_128),
    };
    let ends = Some(([192, 0, 2, 1].into(), [192, 0, 2, 2].into()));
    let record = Record::sa(Spi(0x100), ends, &Protection::Esp(suite), &Secret::from(vec![7; 48]));
    let mut keys = Keys::default();
    keys.add("keys", &record.line()).unwrap();
    let found = keys.esp(Spi(0x100), [192, 0, 2, 1].into(), [192, 0, 2, 2].into()).next().unwrap();
    assert_eq!(Some(found.clone()), Direction::of(&suite, &[7; 48]));
}

#[test]
fn complaints_about_the_log_name_what_is_near() {
    let cases = [
        (
            r#"{"esp":{"spi":"1","encryption":"AES-GCN-16","key":""}}"#,
            "table:1: \"AES-GCN-16\" is no cipher that is known here; did you mean \"AES-GCM-16\"?",
        ),
        (
            r#"{"private":{"group":"x25519","value":"00"}}"#,
            "table:1: a private value of 1 octets for x25519, expected 32; what both ends came to does as well",
        ),
        (
            r#"{"private":{"group":"x25518","value":"00"}}"#,
            "table:1: \"x25518\" is no key exchange method that is known here; did you mean \"x25519\"?",
        ),
        (r#"{"shared":{}}"#, "table:1: a shared key is either \"text\" or \"octets\""),
        (
            r#"{"ah":{"spi":"1","integrity":"HMAC-MD5-96","key":"00"}}"#,
            "table:1: a key of 1 octets for HMAC-MD5-96, expected 16",
        ),
        (
            r#"{"isakmp":{}}"#,
            "table:1: unknown variant `isakmp`, expected one of `ikev2`, `ikev1`, `esp`, `ah`, `private`, `agreed`, \
             `shared`, at column 9",
        ),
        (
            r#"{"ikev1":{"cookie":"1"}}"#,
            "table:1: unknown field `cookie`, expected `cookie_i` or `key`, at column 18",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(complaint(line), expected);
    }
}

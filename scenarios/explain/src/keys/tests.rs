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
    assert_eq!((pair[0].key[19], pair[1].key[19]), (0x13, 0x14));
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

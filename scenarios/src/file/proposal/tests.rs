use super::*;

#[test]
fn proposals_write_themselves_again() {
    for text in ["aes256gcm16-prfsha384-ecp384", "aes128-aes256-sha256-sha512-prfsha1-modp2048-x25519"] {
        assert_eq!(IkeProposal::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(
        IkeProposal::parse("modp2048-sha1-aes128").unwrap().to_string(),
        "aes128-sha1-prfsha1-modp2048"
    );
    assert_eq!(
        ChildProposal::parse("aes256-sha256-curve25519").unwrap().to_string(),
        "aes256-sha256-x25519-noesn"
    );
    let hybrid = "aes256gcm16-prfsha384-x25519-ke1_mlkem768-ke1_none-ke3_ecp384";
    assert_eq!(IkeProposal::parse(hybrid).unwrap().to_string(), hybrid);
    let child = "aes256gcm16-x25519-ke1_mlkem512-esn";
    assert_eq!(ChildProposal::parse(child).unwrap().to_string(), child);
    assert_eq!(
        ChildProposal::parse("aes128gcm16-esn-noesn").unwrap().extended_sequence_numbers,
        [true, false]
    );
}

#[test]
fn proposals_that_make_no_sense_are_refused() {
    for text in
        ["", "aes128", "sha256-modp2048", "aes128-aes128gcm16-sha256-modp2048", "aes128gcm16-sha256-modp2048"]
    {
        assert!(IkeProposal::parse(text).is_err(), "{text}");
    }
    for text in ["", "esn", "aes128", "aes128-sha256-sha256", "aes128gcm16-sha256", "aes128-sha256-prfsha256"]
    {
        assert!(ChildProposal::parse(text).is_err(), "{text}");
    }
}

#[test]
fn mistakes_in_additional_key_exchanges_are_told() {
    let ike = |end: &str| IkeProposal::parse(&format!("aes128gcm16-prfsha256-x25519-{end}")).unwrap_err();
    assert_eq!(ike("ke1_mlkem786"), "`ke1_mlkem786` is no algorithm: did you mean `ke1_mlkem768`?");
    assert_eq!(ike("ke1_nine"), "`ke1_nine` is no algorithm: did you mean `ke1_none`?");
    assert!(ike("ke8_mlkem768").contains("`ke1_…` to `ke7_…`"));
    assert_eq!(ike("ke2_x25519"), "`x25519` would be exchanged twice (RFC 9370 section 2.2.1)");
    assert_eq!(ike("ke1_mlkem768-ke1_mlkem768"), "`ke1_mlkem768` is named twice");
    let child = ChildProposal::parse("aes128gcm16-ke1_mlkem768").unwrap_err();
    assert!(child.ends_with("add a group such as `x25519`"), "{child}");
}

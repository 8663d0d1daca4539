use super::*;

#[test]
fn every_method_authenticates_who_knows_the_password() {
    for &method in EapMethod::ALL {
        let story = talk(alice(&[method]), config(&[method]), Some("alice@example.org"));
        let (server, peer) = (story.server.unwrap(), story.peer.unwrap());
        assert_eq!(server, peer);
        assert_eq!(server.user(), "alice@example.org");
        assert_eq!(server.identity(), Identity::Email("alice@example.org".into()));
        assert_eq!(server.msk().map(Secret::len), (method == EapMethod::MsChapV2).then_some(64));
    }
}

#[test]
fn a_conversation_goes_as_rfc_3748_and_rfc_2759_draw_it() {
    let config = EapServerConfig { notice: Some("Mind the gap".into()), ..config(&[EapMethod::MsChapV2]) };
    let story = talk(alice(&[EapMethod::MsChapV2]), config, None);
    let expected = [
        "> Identity",
        "< Identity",
        "> Notification",
        "< Notification",
        "> MSCHAPv2",
        "< MSCHAPv2",
        "> MSCHAPv2",
        "< MSCHAPv2",
        "> Success",
    ];
    assert_eq!(kinds(&story.packets), expected);
    assert_eq!(story.notices, ["Mind the gap"]);
    // A response has the identifier of its request, the next request another, Success that of the last response.
    let identifiers: Vec<u8> = story.packets.iter().map(|packet| packet.emit()[1]).collect();
    let first = identifiers[0];
    let steps: Vec<u8> = identifiers.iter().map(|identifier| identifier.wrapping_sub(first)).collect();
    assert_eq!(steps, [0, 0, 1, 1, 2, 2, 3, 3, 3]);
    assert!(story.server.is_ok() && story.peer.is_ok());
}

#[test]
fn the_packets_of_mschapv2_carry_the_values_of_rfc_2759() {
    let unhex = |digits: &str| hex::decode(digits).unwrap();
    let authenticator = unhex("5b5d7c7d7b3f2f3e3c2c602132262628");
    let ours = &mut FixedEntropy::new([&[0x41], &authenticator[..]].concat());
    let theirs = &mut FixedEntropy::new(unhex("21402324255e262a28295f2b3a337c7e"));
    let (mut server, step) = EapServer::begin(config(&[EapMethod::MsChapV2]), Some("User".into()), ours);
    let ServerStep::Request(challenge) = step else { panic!("{step:?}") };
    let expected =
        format!("0142001e 1a 01420019 10 {} 67617465", hex::encode(&authenticator)).replace(' ', "");
    assert_eq!(hex::encode(&challenge), expected);
    let mut peer = EapPeer::new("User", "clientPass".into(), vec![EapMethod::MsChapV2]);
    let PeerStep::Respond { packet: response, .. } = peer.handle(&challenge, theirs).unwrap() else {
        panic!("a response");
    };
    let expected = "0242003f 1a 0242003a 31 21402324255e262a28295f2b3a337c7e 0000000000000000 \
                    82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df 00 55736572";
    assert_eq!(hex::encode(&response), expected.replace(' ', ""));
    let ServerStep::Request(success) = server.handle(&response, ours).unwrap() else { panic!("a request") };
    let text = b"S=407A5589115FD0D6209F510FE9C04566932CDA56 M=Welcome";
    assert_eq!(success, [&[1, 0x43, 0, 61, 26, 3, 0x42, 0, 56], &text[..]].concat());
    let PeerStep::Respond { packet: last, .. } = peer.handle(&success, theirs).unwrap() else {
        panic!("a response");
    };
    assert_eq!(last, [2, 0x43, 0, 6, 26, 3]);
    assert!(matches!(server.handle(&last, ours).unwrap(), ServerStep::Succeeded(..)));
    assert_eq!((ours.drawn(), theirs.drawn()), (17, 16));
}

#[test]
fn a_nak_leads_to_a_method_that_both_want() {
    let story = talk(alice(&[EapMethod::Gtc]), config(EapMethod::ALL), Some("alice@example.org"));
    let expected = ["> MSCHAPv2", "< Nak", "> GTC", "< GTC", "> Success"];
    assert_eq!(kinds(&story.packets), expected);
    assert!(matches!(&story.packets[1], EapPacket::Response { data, .. } if data == &[6]));
    assert!(story.server.is_ok());
}

#[test]
fn without_a_common_method_the_conversation_fails() {
    for (methods, nak, why) in [
        (&[EapMethod::Gtc][..], &[6][..], "the peer wants GTC and is offered none of that"),
        (&[], &[0], "the peer wants nothing and is offered none of that"),
    ] {
        let offered = config(&[EapMethod::Md5Challenge, EapMethod::MsChapV2]);
        let story = talk(alice(methods), offered, Some("alice@example.org"));
        assert_eq!(kinds(&story.packets), ["> MD5-Challenge", "< Nak", "> Failure"]);
        assert!(matches!(&story.packets[1], EapPacket::Response { data, .. } if data == nak));
        assert_eq!(story.server.unwrap_err().to_string(), why);
        assert_eq!(story.peer.unwrap_err().to_string(), "the server refuses");
    }
}

#[test]
fn a_wrong_password_and_an_unknown_user_look_the_same() {
    for &method in EapMethod::ALL {
        let conversations = [("alice@example.org", "looking-glass"), ("mallory@example.org", "wonderland")];
        let stories = conversations.map(|(user, password)| {
            let peer = EapPeer::new(user, password.into(), vec![method]);
            let story = talk(peer, config(&[method]), Some(user));
            let failure = EapFailure::WrongPassword { user: user.to_owned() };
            assert_eq!(story.server, Err(failure));
            (kinds(&story.packets), story.peer.unwrap_err())
        });
        assert_eq!(stories[0], stories[1]);
        let said = "the server refuses: error 691 (authentication failure) Authentication failure";
        let expected = if method == EapMethod::MsChapV2 { said } else { "the server refuses" };
        assert_eq!(stories[0].1.to_string(), expected);
    }
}

#[test]
fn a_repeated_request_gets_the_same_response() {
    let entropy = &mut Seeded::new(1);
    let (_, step) = EapServer::begin(config(&[EapMethod::MsChapV2]), Some("User".into()), entropy);
    let ServerStep::Request(challenge) = step else { panic!("{step:?}") };
    let mut peer = alice(&[EapMethod::MsChapV2]);
    let first = peer.handle(&challenge, entropy).unwrap();
    assert_eq!(peer.handle(&challenge, entropy).unwrap(), first);
}

#[test]
fn auth_after_eap_is_made_with_the_key_of_the_method_or_with_that_of_the_sender() {
    let prf = PrfAlgorithm::HmacSha2_256;
    for method in [EapMethod::MsChapV2, EapMethod::Gtc] {
        let story = talk(alice(&[method]), config(&[method]), Some("alice@example.org"));
        let (server, peer) = (story.server.unwrap(), story.peer.unwrap());
        let sk_p = Secret::from(vec![7; 32]);
        let octets =
            SignedOctets { message: b"message", nonce: b"nonce", id: b"id", sk_p: &sk_p, int_auth: b"" };
        let auth = peer.prove(&PORTABLE, prf, &octets);
        let secret = server.msk().unwrap_or(&sk_p);
        assert_eq!(auth.data, prove_psk(&PORTABLE, prf, secret, &octets));
        let proven = server.verify(&PORTABLE, prf, &octets, &auth, server.identity()).unwrap();
        assert_eq!(proven.identity(), &Identity::Email("alice@example.org".into()));
        let other = SignedOctets { nonce: b"Nonce", ..octets };
        let refused = server.verify(&PORTABLE, prf, &other, &auth, server.identity());
        assert_eq!(refused, Err(NotProven::SharedSecret));
        let null = Authentication { method: AuthMethod::NULL, data: auth.data };
        assert!(server.verify(&PORTABLE, prf, &octets, &null, server.identity()).is_err());
    }
}

#[test]
fn the_value_of_md5_challenge_covers_identifier_password_and_challenge() {
    let challenge: Vec<u8> = (0..16).collect();
    let data = [&[16], &challenge[..], b"gate"].concat();
    let request = EapPacket::Request { identifier: 7, kind: EapType::MD5_CHALLENGE, data }.emit();
    let step = alice(&[EapMethod::Md5Challenge]).handle(&request, &mut FixedEntropy::new([])).unwrap();
    let PeerStep::Respond { packet, .. } = step else { panic!("{step:?}") };
    // MD5(07 | "wonderland" | 00 01 .. 0f), computed apart from this code.
    let value = hex::decode("1303d97e4880a5fccdd7cf3725f26e18").unwrap();
    assert_eq!(packet, [&[2, 7, 0, 39, 4, 16], &value[..], b"alice@example.org"].concat());
}

use proptest::prelude::*;

use super::*;

/// The peer after its response to a challenge, with the challenge.
fn challenged() -> (EapPeer, EapServer, Vec<u8>, Vec<u8>) {
    let entropy = &mut Seeded::new(1);
    let user = Some("alice@example.org".to_owned());
    let (server, step) = EapServer::begin(config(EapMethod::ALL), user, entropy);
    let ServerStep::Request(challenge) = step else { panic!("{step:?}") };
    let mut peer = alice(EapMethod::ALL);
    let PeerStep::Respond { packet, .. } = peer.handle(&challenge, entropy).unwrap() else {
        panic!("a response");
    };
    (peer, server, challenge, packet)
}

fn request(identifier: u8, kind: EapType, data: &[u8]) -> Vec<u8> {
    EapPacket::Request { identifier, kind, data: data.to_vec() }.emit()
}

fn discarded(peer: &mut EapPeer, octets: &[u8]) -> String {
    peer.handle(octets, &mut Seeded::new(5)).unwrap_err().to_string()
}

#[test]
fn a_peer_discards_what_has_no_place() {
    let (mut peer, _, challenge, _) = challenged();
    let identifier = challenge[1];
    let success = EapPacket::Success { identifier }.emit();
    assert_eq!(discarded(&mut peer, &success), "Success before the method ended");
    let other = EapPacket::Failure { identifier: identifier ^ 1 }.emit();
    let expected = format!("expected the identifier {identifier}, found {}", identifier ^ 1);
    assert_eq!(discarded(&mut peer, &other), expected);
    for kind in [EapType::GTC, EapType::IDENTITY, EapType::NAK, EapType(13)] {
        let octets = request(identifier.wrapping_add(1), kind, b"x");
        assert_eq!(discarded(&mut peer, &octets), format!("{kind} has no place now"));
    }
    let response = EapPacket::Response { identifier, kind: EapType::GTC, data: vec![1] }.emit();
    assert_eq!(discarded(&mut peer, &response), "expected a request, Success or Failure");
    assert_eq!(discarded(&mut peer, &[]), "expected an EAP packet of at least 4 octets, found 0");
    let failure = EapPacket::Failure { identifier }.emit();
    let refused = PeerStep::Failed(EapFailure::Refused { message: None });
    assert_eq!(peer.handle(&failure, &mut Seeded::new(5)), Ok(refused));
    assert_eq!(discarded(&mut peer, &challenge), "the conversation is over");
}

#[test]
fn a_success_at_once_is_none() {
    let mut peer = alice(EapMethod::ALL);
    let success = EapPacket::Success { identifier: 1 }.emit();
    assert_eq!(discarded(&mut peer, &success), "Success before the method ended");
}

#[test]
fn a_success_belongs_to_the_last_response() {
    let mut peer = alice(&[EapMethod::Gtc]);
    let entropy = &mut Seeded::new(5);
    assert!(peer.handle(&request(7, EapType::GTC, b"?"), entropy).is_ok());
    let success = |identifier| EapPacket::Success { identifier }.emit();
    assert_eq!(discarded(&mut peer, &success(8)), "expected the identifier 7, found 8");
    assert!(matches!(peer.handle(&success(7), entropy), Ok(PeerStep::Succeeded(_))));
}

#[test]
fn a_server_discards_what_has_no_place() {
    let (_, mut server, challenge, response) = challenged();
    let entropy = &mut Seeded::new(5);
    let mut discarded = |octets: &[u8]| server.handle(octets, entropy).unwrap_err().to_string();
    assert_eq!(discarded(&challenge), "expected a response");
    let identifier = challenge[1];
    let answer = |kind, identifier| EapPacket::Response { identifier, kind, data: vec![1] }.emit();
    let expected = format!("expected the identifier {identifier}, found {}", identifier ^ 1);
    assert_eq!(discarded(&answer(EapType::MSCHAPV2, identifier ^ 1)), expected);
    assert_eq!(discarded(&answer(EapType::GTC, identifier)), "GTC has no place now");
    assert_eq!(discarded(&answer(EapType::IDENTITY, identifier)), "Identity has no place now");
    // A Nak after the peer agreed to the method.
    assert!(matches!(server.handle(&response, entropy), Ok(ServerStep::Request(_))));
    let nak = answer(EapType::NAK, identifier.wrapping_add(1));
    assert_eq!(server.handle(&nak, entropy).unwrap_err().to_string(), "Nak has no place now");
}

#[test]
fn a_server_that_does_not_know_the_password_is_found_out() {
    let text: [&[u8]; 4] = [
        b"S=0000000000000000000000000000000000000000 M=Welcome",
        b"S=",
        b"",
        "S=\u{e9}00000000000000000000000000000000000000000".as_bytes(),
    ];
    for text in text {
        let (mut peer, _, challenge, _) = challenged();
        let length = u8::try_from(text.len() + 4).unwrap();
        let data = [&[3, 1, 0, length], text].concat();
        let success = request(challenge[1].wrapping_add(1), EapType::MSCHAPV2, &data);
        let step = peer.handle(&success, &mut Seeded::new(5)).unwrap();
        assert_eq!(step, PeerStep::Failed(EapFailure::WrongServer));
    }
}

#[test]
fn what_is_not_of_the_method_ends_the_conversation_and_is_named() {
    let refused = |kind, data: &[u8]| {
        let mut peer = alice(EapMethod::ALL);
        match peer.handle(&request(1, kind, data), &mut Seeded::new(5)).unwrap() {
            PeerStep::Failed(failure) => failure.to_string(),
            step => panic!("{step:?}"),
        }
    };
    let header = "MSCHAPv2: expected a header of 4 octets";
    assert_eq!(refused(EapType::MSCHAPV2, &[1, 2, 0]), header);
    let length = "MSCHAPv2: expected an MS-Length that is the length of the message";
    assert_eq!(refused(EapType::MSCHAPV2, &[1, 2, 0, 5]), length);
    let challenge = "MSCHAPv2: expected a challenge of 16 octets";
    assert_eq!(refused(EapType::MSCHAPV2, &[1, 2, 0, 6, 16, 1]), challenge);
    assert_eq!(refused(EapType::MSCHAPV2, &[1, 2, 0, 6, 1, 1]), challenge);
    assert_eq!(refused(EapType::MSCHAPV2, &[3, 2, 0, 4]), "MSCHAPv2: expected a Challenge first");
    let code = "MSCHAPv2: expected a Challenge, a Response, Success or Failure";
    assert_eq!(refused(EapType::MSCHAPV2, &[7, 2, 0, 4]), code);
    let value = "MD5-Challenge: expected a value with its size before it";
    for data in [&[][..], &[0], &[2, 1]] {
        assert_eq!(refused(EapType::MD5_CHALLENGE, data), value);
    }
}

#[test]
fn a_server_takes_no_response_to_another_challenge() {
    let (_, mut server, _, mut response) = challenged();
    // Of the method's own identifier one bit.
    response[6] ^= 1;
    let step = server.handle(&response, &mut Seeded::new(5)).unwrap();
    let ServerStep::Failed(_, failure) = step else { panic!("{step:?}") };
    assert_eq!(failure.to_string(), "MSCHAPv2: expected the MS-CHAPv2-ID of the Challenge");
}

#[test]
fn a_response_of_mschapv2_has_49_octets_with_zeros_among_them() {
    // The size before them, and the reserved ones.
    for index in [9, 9 + 1 + 16, 9 + 1 + 16 + 7] {
        let (_, mut server, _, mut response) = challenged();
        response[index] ^= 1;
        let step = server.handle(&response, &mut Seeded::new(5)).unwrap();
        let ServerStep::Failed(_, failure) = step else { panic!("{step:?}") };
        let expected = "MSCHAPv2: expected a response of 49 octets with reserved octets of zero";
        assert_eq!(failure.to_string(), expected);
    }
}

#[test]
fn passwords_are_not_printed() {
    assert_eq!(format!("{:?}", Password::from("wonderland")), "Password(Secret(10 bytes))");
}

proptest! {
    #[test]
    fn changed_packets_never_authenticate(
        kind in 0usize..3,
        index in any::<prop::sample::Index>(),
        bit in 0u8..8,
    ) {
        let method = EapMethod::ALL[kind];
        let entropy = &mut Seeded::new(1);
        let user = Some("alice@example.org".to_owned());
        let (mut server, step) = EapServer::begin(config(&[method]), user, entropy);
        let ServerStep::Request(challenge) = step else { panic!("{step:?}") };
        let mut peer = alice(&[method]);
        let PeerStep::Respond { packet: mut response, .. } = peer.handle(&challenge, entropy).unwrap() else {
            panic!("a response");
        };
        // The flags of MSCHAPv2 are not looked at.
        let index = index.index(response.len());
        prop_assume!(method != EapMethod::MsChapV2 || index != 58);
        response[index] ^= 1 << bit;
        if let Ok(ServerStep::Request(next)) = server.handle(&response, entropy) {
            let PeerStep::Respond { packet: response, .. } = peer.handle(&next, entropy).unwrap() else {
                return Ok(());
            };
            prop_assert!(matches!(server.handle(&response, entropy), Ok(ServerStep::Failed(..))));
        }
    }

    #[test]
    fn any_packets_are_taken_without_a_panic(
        packets in prop::collection::vec((0u8..5, 0u8..3, any::<u8>(), prop::collection::vec(any::<u8>(), 0..70)), 1..6),
    ) {
        let entropy = &mut Seeded::new(1);
        let (mut server, _) = EapServer::begin(config(EapMethod::ALL), None, entropy);
        let mut peer = alice(EapMethod::ALL);
        for (code, identifier, kind, data) in packets {
            let length = u16::try_from(data.len() + 5).unwrap().to_be_bytes();
            let octets = [&[code, identifier], &length[..], &[kind % 30], &data].concat();
            prop_assert!(!matches!(peer.handle(&octets, entropy), Ok(PeerStep::Succeeded(_))));
            prop_assert!(!matches!(server.handle(&octets, entropy), Ok(ServerStep::Succeeded(..))));
        }
    }
}

//! The first messages (RFC 7296 §1.2, §2.1, §2.3, §2.6, §2.21.2): repeats, strangers with the same SPI, cookies, other groups,
//! and requests that come too early.

use std::net::SocketAddr;

use ipsec_crypto::KeyExchangeAlgorithm;
use ipsec_ikev2::{Connection, Event, Output};
use ipsec_wire::registry::{ConfigAttributeType, ConfigType, ExchangeType, NotifyType, PayloadType};
use ipsec_wire::v2::{ConfigAttribute, ConfigValue, Configuration, KeyExchange, Message, Payload};
use ipsec_wire::{Flags, Header, IkeSpi, Spi};

use crate::speech::{changed, count, header, heard, kinds, notify, opened, said_to};
use crate::world::{Flight, Lowest, Order, World, connection};

/// West has begun, and its first request is on its way.
fn begun(connections: [Connection; 2]) -> World {
    let mut world = World::unborn(connections, Lowest::ALL[0]);
    world.order(0, Order::CreateNet);
    assert_eq!(world.flights.len(), 1);
    world
}

fn plain() -> [Connection; 2] {
    [0, 1].map(connection)
}

/// West offers two groups and begins with the first, east takes only the second.
fn of_two_groups() -> [Connection; 2] {
    let groups = [
        vec![KeyExchangeAlgorithm::X25519, KeyExchangeAlgorithm::Ecp256],
        vec![KeyExchangeAlgorithm::Ecp256],
    ];
    [0, 1].map(|side| {
        let mut connection = connection(side);
        connection.proposals[0].key_exchange.clone_from(&groups[side]);
        connection
    })
}

/// `IKE_SA_INIT` is through, and west's request of `IKE_AUTH` has been lost.
fn half_open() -> World {
    let mut world = begun(plain());
    for _ in 0..2 {
        let flight = world.flights.remove(0);
        world.deliver(&flight);
    }
    world.flights.clear();
    world
}

fn response(request: &[u8], payloads: Vec<Payload>) -> Vec<u8> {
    let flags = Flags { initiator: false, response: true, version: false };
    let header = Header { flags, ..Header::parse(request).unwrap() };
    Message { header, payloads }.emit()
}

#[test]
fn a_repeated_first_request_gets_the_same_response_until_ike_auth_has_come() {
    let mut world = begun(plain());
    let request = world.flights.remove(0);
    let mut responses = Vec::new();
    for _ in 0..3 {
        world.deliver(&request);
        responses.extend(world.flights.drain(..).map(|flight| flight.octets));
    }
    assert_eq!(responses.len(), 3);
    assert!(responses[1..].iter().all(|other| *other == responses[0]));
    world.deliver(&Flight { to: 0, octets: responses[0].clone() });
    world.deliver_all();
    assert_eq!(world.installed[1].len(), 1);
    world.deliver(&request);
    assert_eq!(world.flights.len(), 0);
}

/// Two hosts behind one NAT.
#[test]
fn two_initiators_with_the_same_spi_and_address_are_two() {
    let mut world = begun(plain());
    let request = world.flights.remove(0).octets;
    let east = SocketAddr::new([198, 51, 100, 1].into(), 500);
    let spis = [500, 40_001, 500, 40_001].map(|port| {
        let now = world.now;
        world.ends[1].handle(now, SocketAddr::new([192, 0, 2, 1].into(), port), east, &request);
        let response = std::iter::from_fn(|| world.ends[1].poll()).find_map(|output| match output {
            Output::Datagram { destination, octets, .. } => Some((destination.port(), octets)),
            _ => None,
        });
        let (to, response) = response.unwrap();
        assert_eq!(to, port);
        Header::parse(&response).unwrap().spi_r
    });
    assert!(spis[0] != spis[1] && spis[..2] == spis[2..] && !spis.contains(&IkeSpi(0)), "{spis:?}");
}

#[test]
fn requests_that_come_before_ike_auth_are_not_granted() {
    let mut world = half_open();
    for exchange in [ExchangeType::CREATE_CHILD_SA, ExchangeType::INFORMATIONAL] {
        let request = header(&world, 0, (exchange, false), 1);
        let cp = Configuration { kind: ConfigType::CFG_REQUEST, attributes: Vec::new() };
        let said = said_to(&mut world, 0, &request, &[Payload::Cp(cp)]);
        let granted = said.iter().any(|(_, payloads)| payloads.iter().any(|p| matches!(p, Payload::Cp(_))));
        assert!(!granted && world.installed[1].is_empty(), "{said:?}");
    }
    let up = |event: &Event| matches!(event, Event::IkeUp { .. } | Event::ChildUp(_));
    assert_eq!(count(&world, 1, up), 0);
}

/// RFC 7296 §2.21.2: nothing of the request is looked at.
#[test]
fn in_ike_auth_a_critical_payload_that_is_not_known_and_a_malformed_message_lead_to_that_notify_alone() {
    let unknown = || Payload::Unknown { kind: PayloadType(200), critical: true, body: vec![0; 4] };
    // A nonce may not be so short: the message cannot be read.
    let cases = [
        (vec![unknown()], NotifyType::UNSUPPORTED_CRITICAL_PAYLOAD),
        (
            vec![Payload::Unknown { kind: PayloadType::AUTH, critical: false, body: vec![1] }],
            NotifyType::INVALID_SYNTAX,
        ),
    ];
    for (payloads, expected) in cases {
        let mut world = half_open();
        let request = header(&world, 0, (ExchangeType::IKE_AUTH, false), 1);
        let said = said_to(&mut world, 0, &request, &payloads);
        let [(_, payloads)] = said.as_slice() else { panic!("{said:?}") };
        assert_eq!((kinds(payloads), payloads.len()), (vec![expected], 1));
        assert!(world.installed[1].is_empty());
    }
}

#[test]
fn a_cookie_goes_first_and_all_else_stays_whatever_spi_it_came_with() {
    for spi_r in [0, 7] {
        let mut world = begun(plain());
        let request = world.flights.remove(0).octets;
        let cookie = vec![notify(NotifyType::COOKIE, &[5; 20])];
        let mut demand = response(&request, cookie.clone());
        demand[8..16].copy_from_slice(&u64::to_be_bytes(spi_r));
        let again = heard(&mut world, 0, demand);
        let [(header, payloads)] = again.as_slice() else { panic!("{again:?}") };
        let (first, before) = opened(&world, &request);
        assert_eq!((header.message_id, header.spi_i, header.spi_r), (0, first.spi_i, IkeSpi(0)));
        assert_eq!(*payloads, [cookie, before].concat());
    }
}

#[test]
fn an_initiator_that_is_asked_for_ever_more_cookies_gives_up() {
    let mut world = begun(plain());
    let mut asked = 0;
    while let Some(request) = world.flights.pop() {
        asked += 1;
        assert!(asked < 20, "it goes on and on");
        let octets = response(&request.octets, vec![notify(NotifyType::COOKIE, &[asked; 20])]);
        world.deliver(&Flight { to: 0, octets });
    }
    assert!(asked > 1);
}

#[test]
fn after_another_group_all_suites_are_offered_again_and_another_cookie_is_given() {
    let mut world = begun(of_two_groups());
    let first = world.flights.remove(0).octets;
    let demanded = heard(&mut world, 0, response(&first, vec![notify(NotifyType::COOKIE, &[1; 8])]));
    let (header, payloads) = &demanded[0];
    let octets = Message { header: *header, payloads: payloads.clone() }.emit();
    let refused = heard(&mut world, 1, octets.clone());
    assert_eq!(kinds(&refused[0].1), [NotifyType::INVALID_KE_PAYLOAD]);
    assert_eq!(refused[0].0.spi_r, IkeSpi(0));
    let regrouped = heard(&mut world, 0, response(&octets, refused[0].1.clone()));
    let offer = |payloads: &[Payload]| {
        let sa = payloads.iter().find(|payload| matches!(payload, Payload::Sa(_)));
        sa.cloned().unwrap()
    };
    assert_eq!(offer(&regrouped[0].1), offer(payloads), "nobody has authenticated the refusal");
    let octets = Message { header: regrouped[0].0, payloads: regrouped[0].1.clone() }.emit();
    let again = heard(&mut world, 0, response(&octets, vec![notify(NotifyType::COOKIE, &[2; 8])]));
    assert_eq!(again[0].1[0], notify(NotifyType::COOKIE, &[2; 8]));
    world.deliver(&Flight {
        to: 1,
        octets: Message { header: again[0].0, payloads: again[0].1.clone() }.emit(),
    });
    world.deliver_all();
    assert_eq!(world.installed.each_ref().map(std::collections::BTreeMap::len), [1, 1]);
}

#[test]
fn a_refusal_of_the_first_request_has_no_spi_of_the_responder() {
    let mut connections = plain();
    connections[1].proposals[0].encryption[0].1 = 32;
    let mut world = begun(connections);
    let request = world.flights.remove(0).octets;
    let said = heard(&mut world, 1, request);
    assert_eq!((said[0].0.spi_r, kinds(&said[0].1)), (IkeSpi(0), vec![NotifyType::NO_PROPOSAL_CHOSEN]));
}

/// INVALID_SYNTAX is said only encrypted (RFC 7296 §3.10.1).
#[test]
fn a_public_value_that_is_none_is_not_answered_in_the_clear() {
    let mut world = begun(plain());
    let request = changed(&mut world, |payloads| {
        for payload in payloads {
            if let Payload::Ke(ke) = payload {
                *ke = KeyExchange::new(ke.group(), vec![0; 3]);
            }
        }
    });
    assert_eq!(heard(&mut world, 1, request.octets), []);
}

#[test]
fn the_order_of_the_first_payloads_says_nothing() {
    let mut world = begun(plain());
    let request = changed(&mut world, |payloads| payloads.reverse());
    let said = heard(&mut world, 1, request.octets);
    assert!(said[0].1.iter().any(|payload| matches!(payload, Payload::Sa(_))), "{said:?}");
}

#[test]
fn one_request_is_open_at_a_time_until_ike_auth_is_through_whatever_the_ends_take() {
    let ends = [0, 1].map(|side| Connection { window: 4, ..connection(side) });
    let mut world = begun(ends);
    world.order(0, Order::CreateOther);
    let mut told = Vec::new();
    while !world.flights.is_empty() {
        let up = count(&world, 0, |event| matches!(event, Event::IkeUp { .. }));
        let of_west = world.flights.iter().filter(|flight| flight.to == 1).count();
        assert!(of_west <= 1 || up == 1);
        let flight = world.flights.remove(0);
        let (_, payloads) = opened(&world, &flight.octets);
        told.extend(payloads.into_iter().filter_map(|payload| match payload {
            Payload::Notify(notify) if notify.kind == NotifyType::SET_WINDOW_SIZE => Some(notify.data),
            _ => None,
        }));
        world.deliver(&flight);
    }
    assert_eq!(told, [[0, 0, 0, 4], [0, 0, 0, 4]]);
}

/// RFC 7296 §1.5: in the clear, with the SPI, to the port that the packet came from.
#[test]
fn where_there_is_no_ike_sa_an_unknown_spi_is_told_to_the_port_that_it_came_from() {
    for (ports, expected) in [(None, (500, 500)), (Some((40_000, 4500)), (40_000, 4500))] {
        let mut world = World::unborn(plain(), Lowest::ALL[0]);
        let (west, east) = ("192.0.2.1".parse().unwrap(), "198.51.100.1".parse().unwrap());
        let now = world.now;
        world.ends[1].unknown_spi(now, (west, east), ports, Spi(0x0a0b_0c0d));
        let sent = std::iter::from_fn(|| world.ends[1].poll()).find_map(|output| match output {
            Output::Datagram { source, destination, octets } => Some((source, destination, octets)),
            _ => None,
        });
        let (source, destination, octets) = sent.unwrap();
        assert_eq!((destination.port(), source.port()), expected);
        assert_eq!(
            Message::parse(&octets).unwrap().payloads,
            [notify(NotifyType::INVALID_SPI, &[10, 11, 12, 13])]
        );
    }
}

/// RFC 7296 §2.19: CP stands before SA, and no CFG_REPLY comes where nothing was asked.
#[test]
fn what_is_asked_of_the_network_inside_stands_before_the_child() {
    for asks in [true, false] {
        let [mut west, east] = plain();
        if asks {
            let kind = ConfigAttributeType::INTERNAL_IP4_ADDRESS;
            west.asks = vec![ConfigAttribute { kind, value: ConfigValue::Empty }];
        }
        let mut world = begun([west, east]);
        for _ in 0..2 {
            let flight = world.flights.remove(0);
            world.deliver(&flight);
        }
        let (_, payloads) = opened(&world, &world.flights[0].octets);
        let place = |of: fn(&Payload) -> bool| payloads.iter().position(of);
        let (cp, sa) = (place(|p| matches!(p, Payload::Cp(_))), place(|p| matches!(p, Payload::Sa(_))));
        assert_eq!(cp.is_some(), asks);
        assert!(cp < sa, "{payloads:?}");
    }
}

/// Who says nothing of it sends no two requests at once (RFC 7296 §2.3): a new IKE SA begins with that, too.
#[test]
fn an_ike_sa_that_replaces_another_begins_with_a_window_of_one() {
    let ends = [0, 1].map(|side| Connection { window: [1, 4][side], ..connection(side) });
    let mut world = World::of(ends, Lowest::ALL[0]);
    world.order(0, Order::RekeyIke);
    for _ in 0..2 {
        let flight = world.flights.remove(0);
        world.deliver(&flight);
    }
    let old = world.flights.len();
    world.order(0, Order::CreateOther);
    world.order(0, Order::RekeyChild);
    assert_eq!(world.flights.len(), old + 1, "east takes four, but has not said so on this one");
    world.deliver_all();
}

#[test]
fn no_two_nonces_are_the_same() {
    let mut world = begun(plain());
    let mut nonces = Vec::new();
    for order in [None, Some(Order::RekeyChild), Some(Order::RekeyChild), Some(Order::RekeyIke)] {
        if let Some(order) = order {
            world.order(0, order);
        }
        while !world.flights.is_empty() {
            let flight = world.flights.remove(0);
            let (_, payloads) = opened(&world, &flight.octets);
            nonces.extend(payloads.into_iter().filter_map(|payload| match payload {
                Payload::Nonce(nonce) => Some(nonce),
                _ => None,
            }));
            world.deliver(&flight);
        }
    }
    let all = nonces.len();
    nonces.sort_unstable();
    nonces.dedup();
    assert_eq!((nonces.len(), all), (8, 8));
}

/// RFC 7296 §2.3: a request ahead of the window is not answered, and the peer is told in an exchange of its own, seldom.
#[test]
fn a_request_ahead_of_the_window_is_told_of_once() {
    let mut world = World::new(Lowest::ALL[0]);
    let request = header(&world, 0, (ExchangeType::INFORMATIONAL, false), 7);
    let said = said_to(&mut world, 0, &request, &[]);
    let [(header, payloads)] = said.as_slice() else { panic!("{said:?}") };
    assert!(!header.flags.response && header.exchange == ExchangeType::INFORMATIONAL);
    assert_eq!(*payloads, [notify(NotifyType::INVALID_MESSAGE_ID, &[0, 0, 0, 7])]);
    for message_id in 8..12 {
        let request = Header { message_id, ..request };
        assert_eq!(said_to(&mut world, 0, &request, &[]), []);
    }
}

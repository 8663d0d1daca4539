//! Errors between two ends that know each other (RFC 7296 §2.21.3, §2.21.4, §3.10.1).

use ipsec_ikev2::{Connection, Event, Synchronisation};
use ipsec_net::Instant;
use ipsec_wire::Spi;
use ipsec_wire::registry::{
    ConfigAttributeType, ConfigType, ExchangeType, NotifyType, PayloadType, ProtocolId, TransformType,
};
use ipsec_wire::v2::{ConfigAttribute, ConfigValue, Configuration, Notify, Payload, Transform};

use crate::speech::{changed, count, header, heard, is_down, kinds, notify, opened, said_to, sealed};
use crate::world::{Flight, Lowest, Order, World, connection};

const CREATE: ExchangeType = ExchangeType::CREATE_CHILD_SA;
const INFORMATIONAL: ExchangeType = ExchangeType::INFORMATIONAL;

fn world() -> World {
    World::new(Lowest::ALL[0])
}

/// West has asked for another child, and this is the request.
fn asked(order: Order) -> World {
    let mut world = world();
    world.order(0, order);
    world
}

/// The response to what west has asked, changed.
fn answered(order: Order, change: impl FnOnce(&mut Vec<Payload>)) -> World {
    let mut world = asked(order);
    let request = world.flights.remove(0);
    world.deliver(&request);
    let response = changed(&mut world, change);
    world.deliver(&response);
    world
}

fn is_up(event: &Event) -> bool {
    matches!(event, Event::ChildUp(_))
}

#[test]
fn a_request_of_a_type_that_is_not_known_is_answered_and_ends_the_ike_sa() {
    for exchange in [ExchangeType(99), ExchangeType::IKE_AUTH] {
        let mut world = world();
        let request = header(&world, 0, (exchange, false), 2);
        let answers = said_to(&mut world, 0, &request, &[]);
        let [(answer, payloads)] = answers.as_slice() else { panic!("{answers:?}") };
        assert!(answer.flags.response && (answer.exchange, answer.message_id) == (exchange, 2));
        assert_eq!(kinds(payloads), [NotifyType::INVALID_SYNTAX]);
        assert_eq!((count(&world, 1, is_down), world.installed[1].len()), (1, 0));
    }
}

#[test]
fn a_malformed_request_ends_the_ike_sa_at_both_ends_without_a_delete() {
    let mut world = asked(Order::CreateOther);
    let request = changed(&mut world, |payloads| {
        payloads.retain(|payload| !matches!(payload, Payload::Nonce(_)));
    });
    world.deliver(&request);
    assert_eq!(world.flights.len(), 1);
    world.deliver_all();
    assert_eq!([0, 1].map(|end| count(&world, end, is_down)), [1, 1]);
    assert_eq!(world.installed.each_ref().map(std::collections::BTreeMap::len), [0, 0]);
}

#[test]
fn a_request_to_replace_the_ike_sa_without_a_key_exchange_makes_none() {
    for drops_payload in [false, true] {
        let mut world = asked(Order::RekeyIke);
        let request = changed(&mut world, |payloads| {
            for payload in payloads.iter_mut() {
                if let Payload::Sa(sa) = payload {
                    let transforms = &mut sa.proposals[0].transforms;
                    transforms.retain(|transform| transform.kind != TransformType::KE);
                    transforms.push(Transform::new(TransformType::KE, 0, None));
                }
            }
            payloads.retain(|payload| !(drops_payload && matches!(payload, Payload::Ke(_))));
        });
        world.deliver(&request);
        world.deliver_all();
        assert_eq!(world.keys.each_ref().map(std::collections::BTreeMap::len), [1, 1]);
    }
}

/// RFC 7296 §2.21.4: what is told so changes no SA.
#[test]
fn an_spi_that_the_peer_does_not_know_is_noted_and_nothing_ends() {
    let mut world = world();
    let outbound = *world.installed[0].keys().next().unwrap();
    let request = header(&world, 0, (INFORMATIONAL, false), 2);
    let told = notify(NotifyType::INVALID_SPI, &outbound.0.to_be_bytes());
    let answers = said_to(&mut world, 0, &request, &[told]);
    assert_eq!(answers[0].1, []);
    assert_eq!((count(&world, 1, is_down), world.installed[1].len()), (0, 1));
    assert_eq!(count(&world, 1, |event| *event == Event::Probe("ikev2.invalid-spi.received")), 1);
}

#[test]
fn the_peer_of_an_ike_sa_is_told_in_it_of_an_spi_that_is_not_known() {
    let mut world = world();
    let (west, east) = ("192.0.2.1".parse().unwrap(), "198.51.100.1".parse().unwrap());
    world.ends[1].unknown_spi(Instant::ZERO, (west, east), None, Spi(0x0102_0304));
    world.order(1, Order::RekeyChild);
    let (header, payloads) = opened(&world, &world.flights[0].octets);
    assert!(!header.flags.response && header.exchange == INFORMATIONAL);
    assert_eq!(payloads, [notify(NotifyType::INVALID_SPI, &[1, 2, 3, 4])]);
}

#[test]
fn notifies_that_are_not_known_are_ignored_in_requests() {
    let mut world = world();
    let request = header(&world, 0, (INFORMATIONAL, false), 2);
    let strange = [notify(NotifyType(9999), &[1]), notify(NotifyType(40_000), &[2])];
    let answers = said_to(&mut world, 0, &request, &strange);
    assert_eq!((answers.len(), &answers[0].1), (1, &Vec::new()));
    assert_eq!(count(&world, 1, is_down), 0);
    let mut world = asked(Order::CreateOther);
    let request = changed(&mut world, |payloads| payloads.extend(strange));
    world.deliver(&request);
    world.deliver_all();
    assert_eq!([0, 1].map(|end| count(&world, end, is_up)), [2, 2]);
}

#[test]
fn a_status_that_is_not_known_is_ignored_in_a_response_and_an_error_means_that_there_is_nothing() {
    let status = answered(Order::CreateOther, |payloads| payloads.push(notify(NotifyType(40_000), &[])));
    assert_eq!(count(&status, 0, is_up), 2);
    let error = answered(Order::CreateOther, |payloads| payloads.push(notify(NotifyType(9999), &[])));
    assert_eq!(count(&error, 0, is_up), 1);
    assert_eq!(count(&error, 0, |event| matches!(event, Event::ChildFailed { .. })), 1);
}

/// What the responder believes to be there is deleted (RFC 7296 §2.21, §2.22, §3.3.6).
#[test]
fn a_response_that_chooses_what_was_not_offered_makes_no_child_and_is_undone() {
    let compressed = |payloads: &mut Vec<Payload>| {
        payloads.push(notify(NotifyType::IPCOMP_SUPPORTED, &[0, 7, 2]));
    };
    let another = |payloads: &mut Vec<Payload>| {
        for payload in payloads {
            if let Payload::Sa(sa) = payload {
                sa.proposals[0].transforms[0] = Transform::new(TransformType::ENCR, 20, Some(256));
            }
        }
    };
    for change in [compressed as fn(&mut Vec<Payload>), another] {
        let mut world = answered(Order::CreateOther, change);
        assert_eq!((count(&world, 0, is_up), count(&world, 1, is_up)), (1, 2));
        let (request, payloads) = opened(&world, &world.flights[0].octets);
        assert_eq!(request.exchange, INFORMATIONAL);
        assert!(
            matches!(payloads.as_slice(), [Payload::Delete(delete)] if delete.protocol == ProtocolId::ESP)
        );
        world.deliver_all();
        assert_eq!(world.installed.each_ref().map(std::collections::BTreeMap::len), [1, 1]);
    }
}

/// RFC 7296 §4: the peer makes no more SAs within this IKE SA, so that another one takes its place.
#[test]
fn where_replacing_is_refused_for_good_a_new_ike_sa_is_made_and_the_old_one_deleted() {
    for order in [Order::RekeyChild, Order::RekeyIke] {
        let mut world = asked(order);
        world.flights.clear();
        let response = header(&world, 1, (CREATE, true), 2);
        let octets = sealed(&world, &response, &[notify(NotifyType::NO_ADDITIONAL_SAS, &[])]);
        world.deliver(&Flight { to: 0, octets });
        world.deliver_all();
        // East knows nothing of the request under message ID 2, which the Delete would have to follow.
        assert_eq!(world.keys.each_ref().map(std::collections::BTreeMap::len), [2, 2], "{order:?}");
        assert_eq!(count(&world, 0, is_up), 2, "{order:?}");
    }
}

/// RFC 7296 §2.8: the lifetime of a child is over that could not be replaced.
#[test]
fn where_a_child_could_not_be_replaced_its_end_is_that_of_the_ike_sa() {
    for refused in [false, true] {
        let mut world = asked(Order::RekeyChild);
        let request = world.flights.remove(0);
        let old = *world.installed[0].keys().next().unwrap();
        if refused {
            let octets = {
                let response = header(&world, 1, (CREATE, true), 2);
                sealed(&world, &response, &[notify(NotifyType::NO_PROPOSAL_CHOSEN, &[])])
            };
            assert!(heard(&mut world, 0, octets).is_empty());
        } else {
            world.deliver(&request);
            world.deliver_all();
        }
        let now = world.now;
        world.ends[0].expire(now, old);
        world.order(0, Order::CreateOther);
        let deletes_ike = world.flights.iter().any(|flight| {
            let (_, payloads) = opened(&world, &flight.octets);
            matches!(payloads.as_slice(), [Payload::Delete(delete)] if delete.protocol == ProtocolId::IKE)
        });
        assert_eq!(deletes_ike, refused);
    }
}

#[test]
fn a_child_to_replace_that_is_not_there_is_named_in_the_refusal() {
    let mut world = asked(Order::RekeyChild);
    let request = changed(&mut world, |payloads| {
        for payload in payloads {
            if let Payload::Notify(notify) = payload
                && notify.kind == NotifyType::REKEY_SA
            {
                notify.spi = vec![9, 8, 7, 6];
            }
        }
    });
    let answers = heard(&mut world, 1, request.octets);
    let expected = Notify {
        protocol: ProtocolId::ESP,
        spi: vec![9, 8, 7, 6],
        kind: NotifyType::CHILD_SA_NOT_FOUND,
        data: Vec::new(),
    };
    assert_eq!(answers[0].1, [Payload::Notify(expected)]);
}

#[test]
fn the_order_of_payloads_says_nothing() {
    let mut world = asked(Order::CreateOther);
    let request = changed(&mut world, |payloads| payloads.reverse());
    world.deliver(&request);
    let response = changed(&mut world, |payloads| payloads.reverse());
    world.deliver(&response);
    assert_eq!([0, 1].map(|end| count(&world, end, is_up)), [2, 2]);
}

#[test]
fn the_flag_for_a_higher_version_and_the_protocol_of_a_notify_without_an_spi_are_ignored() {
    let mut world = world();
    let mut request = header(&world, 0, (INFORMATIONAL, false), 2);
    request.flags.version = true;
    let size = Notify {
        protocol: ProtocolId::AH,
        ..Notify::new(NotifyType::SET_WINDOW_SIZE, 4u32.to_be_bytes().to_vec())
    };
    assert_eq!(said_to(&mut world, 0, &request, &[Payload::Notify(size)]).len(), 1);
    world.order(1, Order::CreateOther);
    world.order(1, Order::RekeyChild);
    assert_eq!(world.flights.len(), 2, "west takes four");
}

#[test]
fn a_critical_payload_that_is_not_known_is_all_that_a_response_speaks_of() {
    let mut world = asked(Order::CreateOther);
    let request = changed(&mut world, |payloads| {
        payloads.push(Payload::Unknown { kind: PayloadType(200), critical: true, body: vec![0; 4] });
    });
    let answers = heard(&mut world, 1, request.octets);
    assert_eq!(answers[0].1, [notify(NotifyType::UNSUPPORTED_CRITICAL_PAYLOAD, &[200])]);
    assert_eq!((count(&world, 1, is_up), count(&world, 1, is_down)), (1, 0));
}

/// RFC 7296 §2.2: a peer that has failed over says that its counters are near their end (RFC 6311).
#[test]
fn an_ike_sa_that_has_no_more_message_ids_is_closed() {
    for (next, deletes) in [(u32::MAX - 2, 0), (u32::MAX - 1, 1), (u32::MAX, 0)] {
        let synchronises = Synchronisation { message_ids: true, replay_counters: false };
        let ends = [0, 1].map(|side| Connection { synchronises, ..connection(side) });
        let mut world = World::of(ends, Lowest::ALL[0]);
        let request = header(&world, 0, (INFORMATIONAL, false), 0);
        let data = [[1, 2, 3, 4], 2u32.to_be_bytes(), next.to_be_bytes()].concat();
        let counters = notify(NotifyType::IKEV2_MESSAGE_ID_SYNC, &data);
        let said = said_to(&mut world, 0, &request, &[counters]);
        let requests: Vec<_> = said.iter().filter(|(header, _)| !header.flags.response).collect();
        assert_eq!(requests.len(), deletes, "{said:?}");
        let last = (next == u32::MAX - 1).then_some((next, true));
        let is_delete = |payloads: &[Payload]| matches!(payloads, [Payload::Delete(_)]);
        assert_eq!(requests.first().map(|(header, p)| (header.message_id, is_delete(p))), last);
        assert_eq!(count(&world, 1, is_down), usize::from(next == u32::MAX));
    }
}

/// RFC 7296 §3.15: nothing is set here.
#[test]
fn what_is_to_be_set_is_acknowledged_as_nothing() {
    let mut world = world();
    let request = header(&world, 0, (INFORMATIONAL, false), 2);
    let set = |kind, attributes| Payload::Cp(Configuration { kind, attributes });
    let dns = ConfigAttribute { kind: ConfigAttributeType::INTERNAL_IP4_DNS, value: ConfigValue::Empty };
    let said = said_to(&mut world, 0, &request, &[set(ConfigType::CFG_SET, vec![dns])]);
    assert_eq!(said[0].1, [set(ConfigType::CFG_ACK, Vec::new())]);
}

/// RFC 7296 §1.4.1: what we receive under stays until the response to our own request, and neither response names the pair.
#[test]
fn of_a_pair_that_both_ends_delete_the_outbound_sa_goes_first() {
    let mut world = world();
    world.order(0, Order::DeleteChild);
    world.order(1, Order::DeleteChild);
    let [ours, theirs] = [world.flights.remove(0), world.flights.remove(0)];
    for (request, end) in [(theirs, 0), (ours, 1)] {
        world.deliver(&request);
        let pair = world.installed[end].values().next().unwrap();
        assert!(pair.outbound.selectors.is_empty() && !pair.inbound.selectors.is_empty());
    }
    let answers: Vec<_> = world.flights.iter().map(|flight| opened(&world, &flight.octets).1).collect();
    assert_eq!(answers, [[], []]);
    world.deliver_all();
    assert_eq!(world.installed.each_ref().map(std::collections::BTreeMap::len), [0, 0]);
}

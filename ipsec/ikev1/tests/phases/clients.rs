//! What comes between phase 1 and quick mode: users who prove who they are, and inside addresses.

use std::net::IpAddr;

use ipsec_auth::{PoolConfig, XauthUsers};
use ipsec_crypto::Secret;
use ipsec_ikev1::{Assigns, Connection, Event, Mode, Xauth};
use ipsec_net::AddressRange;
use ipsec_wire::registry::v1::ConfigAttribute;
use ipsec_wire::v1::Attribute;

use crate::world::{EAST, Fate, WEST, World};

fn secret(text: &str) -> Secret {
    Secret::from(text.as_bytes())
}

/// East asks for a user, of which it knows alice alone; west answers these passwords.
fn xauth(end: usize, passwords: &[&str]) -> Xauth {
    match end {
        EAST => Xauth::Server { users: XauthUsers::from([("alice".to_owned(), secret("wonder"))]), tries: 3 },
        _ => Xauth::Client {
            user: "alice".to_owned(),
            passwords: passwords.iter().map(|password| secret(password)).collect(),
        },
    }
}

fn with_user(passwords: &'static [&'static str]) -> World {
    World::new(move |end, connection| connection.xauth = Some(xauth(end, passwords)))
}

fn user(world: &World, end: usize) -> Option<String> {
    world.ends[end].status().ike.first().and_then(|sa| sa.user.clone())
}

#[test]
fn a_user_proves_who_it_is_whichever_end_begins_in_either_mode() {
    for mode in [Mode::Main, Mode::Aggressive] {
        for end in [WEST, EAST] {
            let mut world = World::new(|end, connection| {
                connection.mode = mode;
                connection.xauth = Some(xauth(end, &["wonder"]));
            });
            world.initiate(end);
            world.run(1);
            assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]), "{}", world.log.join("\n"));
            assert_eq!((user(&world, EAST).as_deref(), user(&world, WEST)), (Some("alice"), None));
            assert_eq!([WEST, EAST].map(|end| world.drops(end)), [vec![], vec![]] as [Vec<&str>; 2]);
        }
    }
}

#[test]
fn xauth_and_the_configuration_method() {
    let mut world = World::new(|end, connection| {
        connection.xauth = Some(xauth(end, &["wonder"]));
        configured(end, connection, false);
    });
    lend(&mut world);
    world.initiate(WEST);
    world.run(1);
    insta::assert_snapshot!(world.log.join("\n"));
}

#[test]
fn a_user_may_mistype_its_password_as_often_as_the_server_asks() {
    let mut world = with_user(&["winder", "wander", "wonder"]);
    world.initiate(WEST);
    world.run(1);
    assert_eq!(world.pairs(), [1, 1], "{}", world.log.join("\n"));
    let mut world = with_user(&["winder", "wander", "wunder", "wonder"]);
    world.initiate(WEST);
    world.run(1);
    assert_eq!((world.pairs(), world.established()), ([0, 0], [0, 0]));
    assert_eq!(world.failures(EAST), ["XAUTH failed: the password of \"alice\" is wrong"]);
    assert_eq!(world.failures(WEST), ["XAUTH failed: the server does not believe \"alice\""]);
    assert!([WEST, EAST].iter().all(|end| world.ends[*end].status().ike.is_empty()), "nothing is left");
}

#[test]
fn who_has_no_further_password_says_so() {
    let mut world = with_user(&["winder"]);
    world.initiate(WEST);
    world.run(1);
    assert_eq!(world.failures(EAST), ["XAUTH failed: the client gives no name and password"]);
}

#[test]
fn an_end_without_xauth_and_one_with_it_have_no_common_method() {
    let mut world = World::new(|end, connection| {
        connection.xauth = Some(xauth(end, &["wonder"])).filter(|_| end == EAST);
    });
    world.initiate(WEST);
    world.run(1);
    let expected = "no proposal was chosen: authentication method: offered aes128-sha1-ecp256 by shared-key, \
                    configured aes128-sha1-ecp256 by shared-key with xauth";
    assert_eq!(world.failures(EAST), [expected]);
}

#[test]
fn transactions_survive_losses_and_repeats() {
    for fate in [Fate::Lost, Fate::Twice, Fate::Late] {
        for victim in 4..14 {
            let world = World::new(|end, connection| {
                connection.xauth = Some(xauth(end, &["wonder"]));
                configured(end, connection, false);
            });
            let mut world = world.unlucky(move |number| if number == victim { fate } else { Fate::Arrives });
            lend(&mut world);
            world.initiate(WEST);
            world.run(60);
            let what = format!("{fate:?} {victim}: {}", world.log.join("\n"));
            assert_eq!((world.pairs(), world.established()), ([1, 1], [1, 1]), "{what}");
            assert_eq!(inside(&world, WEST), ["10.1.0.7"], "{what}");
        }
    }
}

#[test]
fn a_client_whose_server_does_not_ask_gives_up() {
    let world = with_user(&["wonder"]);
    // From the first question on nothing of the server arrives.
    let mut world = world.unlucky(|number| if number < 6 { Fate::Arrives } else { Fate::Lost });
    world.initiate(WEST);
    world.run(600);
    assert_eq!(world.established(), [0, 0]);
    assert_eq!(world.failures(WEST), ["the peer does not answer: XAUTH did not come to an end"]);
    assert_eq!(
        world.failures(EAST),
        ["the peer does not answer: XAUTH, the user's name and password did not come"]
    );
}

/// West asks east for an address and a name server, or is told them.
fn configured(end: usize, connection: &mut Connection, unasked: bool) {
    let dns = Attribute::variable(ConfigAttribute::INTERNAL_IP4_DNS.0, [10, 2, 0, 53]);
    if end == EAST {
        connection.assigns =
            Some(Assigns { pools: vec!["clients".to_owned()], attributes: vec![dns], unasked });
    } else if unasked {
        connection.is_told = true;
    } else {
        connection.asks = vec![ConfigAttribute::INTERNAL_IP4_ADDRESS, ConfigAttribute::INTERNAL_IP4_DNS];
    }
}

/// East has one address to lend.
fn lend(world: &mut World) {
    let address: IpAddr = [10, 1, 0, 7].into();
    let ranges = vec![AddressRange::new(address, address).expect("one address is a range")];
    world.reconfigure(EAST, |config| config.pools = vec![PoolConfig { name: "clients".to_owned(), ranges }]);
}

fn inside(world: &World, end: usize) -> Vec<String> {
    let status = world.ends[end].status();
    status.ike.iter().flat_map(|sa| &sa.inside).map(ToString::to_string).collect()
}

#[test]
fn an_address_is_asked_for_or_told_and_the_child_is_for_it_alone() {
    for unasked in [false, true] {
        let mut world = World::new(|end, connection| configured(end, connection, unasked));
        lend(&mut world);
        world.initiate(WEST);
        world.run(1);
        assert_eq!(world.pairs(), [1, 1], "{}", world.log.join("\n"));
        assert_eq!([WEST, EAST].map(|end| inside(&world, end)), [["10.1.0.7"], ["10.1.0.7"]]);
        let selector = &world.installed[EAST].values().next().expect("one pair").inbound.selectors[0];
        assert_eq!(
            (selector.remote.first(), selector.remote.last()),
            ([10, 1, 0, 7].into(), [10, 1, 0, 7].into())
        );
        for end in [EAST, WEST] {
            world.order(end, |now, endpoint| endpoint.rekey(now, "net").expect("it is there"));
            world.run(10);
            assert_eq!(world.pairs(), [1, 1], "{}", world.log.join("\n"));
        }
    }
}

#[test]
fn an_address_is_kept_while_one_isakmp_sa_replaces_another_and_given_back_at_the_end() {
    let mut world = World::new(|end, connection| configured(end, connection, false));
    lend(&mut world);
    world.initiate(WEST);
    world.run(1);
    for end in [EAST, WEST] {
        world.order(end, |now, endpoint| endpoint.rekey_ike(now, "site").expect("it is there"));
        world.run(5);
        assert_eq!(world.established(), [1, 1], "{}", world.log.join("\n"));
        assert_eq!([WEST, EAST].map(|end| inside(&world, end)), [["10.1.0.7"], ["10.1.0.7"]]);
    }
    world.order(WEST, |now, west| west.terminate(now, "site").expect("it is there"));
    world.run(5);
    world.initiate(WEST);
    world.run(1);
    assert_eq!((world.pairs(), inside(&world, WEST)), ([1, 1], vec!["10.1.0.7".to_owned()]));
}

#[test]
fn without_an_address_to_lend_there_is_no_isakmp_sa() {
    let mut world = World::new(|end, connection| configured(end, connection, false));
    world.initiate(WEST);
    world.run(1);
    assert_eq!((world.pairs(), world.established()), ([0, 0], [0, 0]));
    assert_eq!(world.failures(WEST), ["no inside address was assigned"]);
    assert!(world.events[EAST].contains(&Event::Probe("ikev1.pool.exhausted")));
}

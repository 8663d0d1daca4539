//! Every message of each mode lost, duplicated or overtaken: the tunnel comes up all the same.

use ipsec_ikev1::Mode;

use crate::world::{Fate, WEST, World};

/// The messages until a child is up: six or three of phase 1, INITIAL-CONTACT, three of quick mode.
fn messages(mode: Mode) -> usize {
    match mode {
        Mode::Main => 10,
        Mode::Aggressive => 7,
    }
}

fn comes_up(mode: Mode, decide: impl Fn(usize) -> Fate + 'static) -> World {
    let mut world = World::new(|_, connection| connection.mode = mode).unlucky(decide);
    world.initiate(WEST);
    world.run(60);
    assert_eq!(world.pairs(), [1, 1], "{}", world.log.join("\n"));
    assert_eq!(world.established(), [1, 1], "{}", world.log.join("\n"));
    world
}

#[test]
fn so_many_messages_make_a_tunnel() {
    for mode in [Mode::Main, Mode::Aggressive] {
        assert_eq!(comes_up(mode, |_| Fate::Arrives).sent, messages(mode));
    }
}

#[test]
fn any_message_may_be_lost_or_come_twice_or_be_overtaken() {
    for mode in [Mode::Main, Mode::Aggressive] {
        for unlucky in 0..messages(mode) {
            for fate in [Fate::Lost, Fate::Twice, Fate::Late] {
                let world =
                    comes_up(mode, move |number| if number == unlucky { fate } else { Fate::Arrives });
                let extra = world.sent - messages(mode);
                assert!(
                    extra <= 4,
                    "{fate:?} of message {unlucky} cost {extra} more\n{}",
                    world.log.join("\n")
                );
            }
        }
    }
}

#[test]
fn any_two_messages_may_be_lost_or_come_twice() {
    for mode in [Mode::Main, Mode::Aggressive] {
        for first in 0..messages(mode) {
            for second in first + 1..messages(mode) + 3 {
                for fate in [Fate::Lost, Fate::Twice] {
                    comes_up(
                        mode,
                        move |number| {
                            if number == first || number == second { fate } else { Fate::Arrives }
                        },
                    );
                }
            }
        }
    }
}

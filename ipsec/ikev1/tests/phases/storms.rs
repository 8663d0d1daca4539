//! More misfortunes than can be tried in every order, by luck: either end may repeat, and yet it comes to an end.

use ipsec_ikev1::Mode;
use proptest::prelude::*;

use crate::world::{EAST, Fate, WEST, World};

/// With so many losses at most no exchange is given up: each message is sent eight times.
const MOST_LOSSES: usize = 5;

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_befalls_messages_both_ends_agree_and_fall_silent(
        fates in prop::collection::vec(0..10_u8, 40),
        aggressive in any::<bool>(),
        both in any::<bool>(),
    ) {
        let mut losses = 0;
        let mode = if aggressive { Mode::Aggressive } else { Mode::Main };
        let mut world = World::new(|_, connection| connection.mode = mode).unlucky(move |number| {
            match fates.get(number) {
                Some(0 | 1) if losses < MOST_LOSSES => {
                    losses += 1;
                    Fate::Lost
                }
                Some(2 | 3) => Fate::Twice,
                Some(4 | 5) => Fate::Late,
                _ => Fate::Arrives,
            }
        });
        world.initiate(WEST);
        if both {
            world.initiate(EAST);
        }
        world.run(120);
        let sent = world.sent;
        prop_assert!(sent < 90, "{sent} messages\n{}", world.log.join("\n"));
        world.run(300);
        prop_assert_eq!(world.sent, sent, "they have fallen silent");
        prop_assert!(world.common_pairs() >= 1, "{}", world.log.join("\n"));
    }
}

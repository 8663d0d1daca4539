//! More orders and misfortunes than can be tried in every order, by luck.

use proptest::prelude::*;

use crate::explore::{Left, narrate, settled};
use crate::world::{Lowest, Order, World};

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Order(usize, Order),
    Deliver(prop::sample::Index),
    /// The message arrives now and once more later.
    Duplicate(prop::sample::Index),
    Lose(prop::sample::Index),
    Wait,
}

/// Few enough that no request is given up: each is sent eight times.
const MOST_LOSSES: usize = 5;

fn steps(orders: &'static [Order]) -> impl Strategy<Value = Vec<Step>> {
    let which = any::<prop::sample::Index>;
    let step = prop_oneof![
        2 => (0usize..2, prop::sample::select(orders)).prop_map(|(end, order)| Step::Order(end, order)),
        8 => which().prop_map(Step::Deliver),
        1 => which().prop_map(Step::Duplicate),
        1 => which().prop_map(Step::Lose),
        1 => Just(Step::Wait),
    ];
    prop::collection::vec(step, 1..60)
}

fn run(steps: &[Step], left: Left) -> Result<(), String> {
    let mut world = World::new(Lowest::ALL[0]);
    let mut losses = 0;
    for step in steps {
        match *step {
            Step::Order(end, order) => world.order(end, order),
            Step::Wait if losses < MOST_LOSSES => {
                losses += 1;
                world.wait();
            }
            Step::Wait => {}
            _ if world.flights.is_empty() => {}
            Step::Deliver(which) => {
                let flight = world.flights.remove(which.index(world.flights.len()));
                world.deliver(&flight);
            }
            Step::Duplicate(which) => {
                let flight = world.flights[which.index(world.flights.len())].clone();
                world.deliver(&flight);
            }
            Step::Lose(which) if losses < MOST_LOSSES => {
                losses += 1;
                world.flights.remove(which.index(world.flights.len()));
            }
            Step::Lose(_) => {}
        }
    }
    world.deliver_all();
    while world.wait() {
        world.deliver_all();
    }
    settled(&mut world, left).map_err(|wrong| format!("{wrong}\n{}", narrate(&world)))
}

const REKEYING: &[Order] = &[Order::RekeyChild, Order::RekeyIke];
const CHILDREN: &[Order] = &[Order::RekeyChild, Order::RekeyIke, Order::CreateOther, Order::DeleteChild];
const ENDING: &[Order] = &[Order::RekeyChild, Order::RekeyIke, Order::DeleteChild, Order::Terminate];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn however_often_both_ends_rekey_one_child_is_left(steps in steps(REKEYING)) {
        run(&steps, Left::Children(&["net"])).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn whatever_both_ends_do_to_children_they_agree_in_the_end(steps in steps(CHILDREN)) {
        run(&steps, Left::Something).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn whatever_both_ends_do_at_all_they_agree_in_the_end(steps in steps(ENDING)) {
        run(&steps, Left::Something).map_err(TestCaseError::fail)?;
    }
}

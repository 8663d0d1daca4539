//! Models that are wrong on purpose, which the properties have to find out.

use esplanade::file::{Demand, Proof, Scenario};
use esplanade::model::agreement::{self, Course};
use ipsec::auth::IdentityPattern;
use ipsec::ikev2::FullTranscript;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use crate::configurations::{Pair, careful, ends, proving};
use crate::properties::{Model, plays};

/// Whether the property finds out that a model is wrong.
fn is_found_out(model: Model) -> bool {
    is_found_out_by(&ends(), model)
}

fn is_found_out_by(pairs: &impl Strategy<Value = Pair>, model: Model) -> bool {
    // Which case finds it out does not matter.
    let config = Config { cases: 600, max_shrink_iters: 0, failure_persistence: None, ..Config::default() };
    let luck = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let result = TestRunner::new_with_rng(config, luck).run(pairs, |pair| plays(model, &pair, "west"));
    matches!(result, Err(TestError::Fail(..)))
}

/// The scenario with something changed, for a model that does not see it.
fn blind(scenario: &Scenario, change: fn(&mut Scenario)) -> Option<Course> {
    let mut changed = scenario.clone();
    change(&mut changed);
    agreement::initiate(&changed, "net", "west")
}

#[test]
fn a_model_in_which_the_initiators_order_decides_is_found_out() {
    assert!(is_found_out(|scenario, child, _| agreement::initiate(scenario, child, "east")));
}

#[test]
fn a_model_that_forgets_other_groups_is_found_out() {
    assert!(is_found_out(|scenario, child, initiator| {
        let course = agreement::initiate(scenario, child, initiator)?;
        Some(Course { regroups: Vec::new(), ..course })
    }));
}

#[test]
fn a_model_that_does_not_compare_keys_or_identities_is_found_out() {
    assert!(is_found_out(|scenario, _, _| blind(scenario, |scenario| {
        for end in &mut scenario.ikes[0].ends {
            end.authentication.proof = Proof::Psk("same".to_owned());
            end.authentication.demand = Demand::Psk("same".to_owned());
        }
    })));
    assert!(is_found_out(|scenario, _, _| blind(scenario, |scenario| {
        for side in 0..2 {
            let asserted = scenario.ikes[0].ends[1 - side].authentication.identity.clone();
            scenario.ikes[0].ends[side].expects = IdentityPattern::Exactly(asserted);
        }
    })));
}

#[test]
fn a_model_blind_to_networks_modes_or_sequence_numbers_is_found_out() {
    assert!(is_found_out(|scenario, _, _| blind(scenario, |scenario| {
        let local = scenario.children[0].ends[0].local.clone();
        scenario.children[0].ends[1].remote = local;
    })));
    assert!(is_found_out(|scenario, _, _| blind(scenario, |scenario| {
        scenario.children[0].ends[1].mode = scenario.children[0].ends[0].mode;
    })));
    assert!(is_found_out(|scenario, _, _| blind(scenario, |scenario| {
        let proposals = scenario.children[0].ends.iter_mut().flat_map(|end| &mut end.offer);
        proposals.for_each(|proposal| proposal.extended_sequence_numbers = vec![false, true]);
    })));
}

#[test]
fn a_model_blind_to_what_careful_ends_do_is_found_out() {
    let blind: [(&str, Model); 4] = [
        ("additional key exchanges", |scenario, _, _| {
            blind(scenario, |scenario| {
                let ends = scenario.ikes[0].ends.iter_mut();
                ends.flat_map(|end| &mut end.offer).for_each(|offer| offer.additional = Default::default());
            })
        }),
        ("IKE_INTERMEDIATE", |scenario, _, _| {
            blind(scenario, |scenario| {
                scenario.ikes[0].ends.iter_mut().for_each(|end| end.quantum.intermediate = true);
            })
        }),
        ("post-quantum preshared keys", |scenario, _, _| {
            blind(scenario, |scenario| {
                scenario.ikes[0].ends.iter_mut().for_each(|end| end.quantum.ppk = None);
            })
        }),
        ("proofs of the whole of IKE_SA_INIT", |scenario, _, _| {
            blind(scenario, |scenario| {
                let ends = scenario.ikes[0].ends.iter_mut();
                ends.for_each(|end| end.quantum.full_transcript = FullTranscript::Off);
            })
        }),
    ];
    for (to_what, model) in blind {
        assert!(is_found_out_by(&careful(), model), "{to_what}");
    }
}

#[test]
fn a_model_blind_to_how_ends_prove_themselves_is_found_out() {
    let blind: [(&str, Model); 6] = [
        ("kinds of proof", |scenario, _, _| {
            blind(scenario, |scenario| {
                for end in &mut scenario.ikes[0].ends {
                    end.authentication.proof = Proof::Null;
                    end.authentication.demand = Demand::Null;
                }
            })
        }),
        ("hash functions", |scenario, _, _| {
            blind(scenario, |scenario| {
                scenario.ikes[0].ends.iter_mut().for_each(|end| end.authentication.hashes = None);
            })
        }),
        ("announcements", |scenario, _, _| {
            blind(scenario, |scenario| {
                scenario.ikes[0].ends.iter_mut().for_each(|end| end.authentication.announces_methods = false);
            })
        }),
        ("further proofs", |scenario, _, _| {
            blind(scenario, |scenario| {
                for end in &mut scenario.ikes[0].ends {
                    end.authentication.further.clear();
                    end.authentication.further_demands.clear();
                }
            })
        }),
        ("revocation", |scenario, _, _| {
            blind(scenario, |scenario| {
                scenario.certificates.iter_mut().for_each(|certificate| certificate.revoked = false);
            })
        }),
        ("users and their passwords", |scenario, _, _| {
            blind(scenario, |scenario| {
                for end in &mut scenario.ikes[0].ends {
                    if let Demand::Eap { users, .. } = &mut end.authentication.demand {
                        let all = ["alice@example.org", "bob.example"];
                        *users = all.map(|user| (user.to_owned(), "open".to_owned())).into();
                    }
                }
            })
        }),
    ];
    for (to_what, model) in blind {
        assert!(is_found_out_by(&proving(), model), "{to_what}");
    }
}

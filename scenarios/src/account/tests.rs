use std::path::Path;

use ipsec::crypto::FAST;
use reports::Verdict;
use reports::account::{Entry, LineFate, Message, Mood};

use super::*;
use crate::file;
use crate::run::{Options, run_case};

/// The account of a scenario of the repository, such as `ikev2/clean`.
fn account(name: &str, seed: u64, secrets: Secrets) -> Account {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("suites").join(format!("{name}.toml"));
    let scenario = Arc::new(file::load(&path).unwrap());
    told(&scenario, seed, secrets)
}

fn told(scenario: &Arc<Scenario>, seed: u64, secrets: Secrets) -> Account {
    let recorder = Recorder::default();
    let extra: Option<Box<dyn Extra>> = Some(Box::new(recorder.clone()));
    let options = Options { extra, ..Options::new(&FAST, "told.toml") };
    let result = run_case(scenario, seed, options);
    recorder.account(scenario, "told.toml", &result, &FAST, secrets)
}

fn messages(account: &Account) -> Vec<&Message> {
    let message = |entry: &'_ Entry| matches!(entry, Entry::Message(_));
    let entries = account.sequence.entries.iter().filter(|entry| message(entry));
    entries.map(|entry| if let Entry::Message(message) = entry { message } else { unreachable!() }).collect()
}

#[test]
fn a_clean_run_is_told_whole() {
    let account = account("ikev2/clean", 0, Secrets::Withheld);
    assert_eq!(account.case.verdict, Verdict::Passed);
    assert!(account.story.iter().all(|told| matches!(told.fate, LineFate::Done | LineFate::Held { .. })));
    let all = messages(&account);
    let labels: Vec<&str> = all.iter().map(|message| message.exchange.as_str()).collect();
    assert_eq!(labels[..4], ["IKE_SA_INIT", "IKE_SA_INIT", "IKE_AUTH", "IKE_AUTH"]);
    assert_eq!((all[0].at_nanos, all[0].arrivals.as_slice()), (0, &[20_000_000][..]));
    let tree = all[2].tree.as_ref().unwrap();
    assert!(tree.contains("\n  IDi\n    ") && tree.contains("\n  TSi\n    10.1.0.0"), "{tree}");
    assert!(all.iter().any(|message| message.packets > 6 && message.label.starts_with("ESP SPI ")));
    let ups = account.sequence.entries.iter().filter(
        |entry| matches!(entry, Entry::Remark(remark) if remark.mood == Mood::Up && remark.at.is_some()),
    );
    assert_eq!(ups.count(), 4, "an IKE SA and a Child SA at each end");
    assert_eq!(account.sas.len(), 4);
    assert!(account.sas.iter().all(|sa| sa.end.is_some()), "the story ends them");
    let names: Vec<&str> = account.topology.sites.iter().map(|site| site.name.as_str()).collect();
    assert_eq!(names, ["west", "east", "10.1.0.0/16", "10.2.0.0/16"]);
    let arrived = account.series.iter().find(|series| series.name.ends_with(", arrived")).unwrap();
    assert!(arrived.values.iter().sum::<u64>() > 1_000);
}

#[test]
fn what_befell_messages_is_told_where_it_befell_them() {
    let account = account("ikev2/loss-30", 1, Secrets::Withheld);
    let all = messages(&account);
    let lost = |message: &&&Message| message.end.as_ref().is_some_and(|(_, why)| why == "lost");
    let single = all.iter().filter(lost).find(|message| message.packets == 1).unwrap();
    assert!(single.arrivals.is_empty());
    assert!(all.iter().any(|message| message.repeats > 0 && message.label.contains("transmission")));
    let rows = &account.misfortunes.rows;
    assert!(rows.iter().any(|row| row.text == "lost" && row.decision.starts_with("wan ")), "{rows:?}");
    assert!(account.series.iter().any(|series| series.name == "wan: lost"));
}

#[test]
fn every_message_of_both_versions_is_opened() {
    let scenarios = [
        "ikev2/loss-5",
        "ikev2/suites-cbc",
        "ikev1/main-mode",
        "ikev1/aggressive-mode",
        "ikev1-nat/main-mode-key-by-address",
        "ikev1-clients/xauth-config-behind-nat",
        "ikev1-fragments/main-mode",
    ];
    for scenario in scenarios {
        let account = account(scenario, 0, Secrets::Withheld);
        let trees: Vec<&String> = messages(&account).into_iter().filter_map(|m| m.tree.as_ref()).collect();
        assert!(trees.len() > 4, "{scenario}");
        for tree in trees {
            let shut = ["no peer has told", "not known here", "opened, but"];
            assert!(!shut.iter().any(|word| tree.contains(word)), "{scenario}: {tree}");
        }
    }
}

#[test]
fn what_testers_say_is_told_too() {
    let account = account("ikev2/cookie-per-address", 0, Secrets::Withheld);
    let place = account.sequence.participants.iter().position(|name| name == "mallory").unwrap();
    let all = messages(&account);
    let said = all.iter().find(|message| message.from == place).unwrap();
    assert!(said.label.starts_with("IKE_SA_INIT request 0 [SA KE"), "{}", said.label);
    assert!(said.tree.as_ref().unwrap().contains("  Nonce\n"));
}

#[test]
fn keys_are_told_only_when_asked_for() {
    for (scenario, owner) in [("ikev2/clean", "IKE SA "), ("ikev1/main-mode", "ISAKMP SA ")] {
        assert_eq!(account(scenario, 0, Secrets::Withheld).keys, None);
        let keys = account(scenario, 0, Secrets::Told).keys.unwrap();
        assert!(keys[0].owner.starts_with(owner), "{keys:?}");
        assert!(keys.iter().any(|material| material.owner.starts_with("SPI ")), "{keys:?}");
    }
}

#[test]
fn an_account_is_the_same_each_time() {
    let once = account("ikev2/loss-30", 3, Secrets::Told);
    assert_eq!(once, account("ikev2/loss-30", 3, Secrets::Told));
}

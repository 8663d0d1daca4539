use ipsec_wire::v2::{Identification, Notify};

use super::*;

fn nonce() -> Payload {
    Payload::Nonce(vec![1; 32])
}

#[test]
fn a_payload_that_may_stand_but_once_is_refused_the_second_time() {
    let once = [nonce(), Payload::VendorId(vec![1]), Payload::VendorId(vec![1])];
    assert_eq!(check(ExchangeType::IKE_SA_INIT, &once), Ok(()));
    let twice = [nonce(), nonce()];
    assert_eq!(check(ExchangeType::IKE_SA_INIT, &twice), Err(Broken::TooMany(PayloadType::NONCE)));
    assert_eq!(check(ExchangeType::CREATE_CHILD_SA, &twice), Err(Broken::TooMany(PayloadType::NONCE)));
    assert_eq!(check(ExchangeType::INFORMATIONAL, &twice), Ok(()), "skipped where it means nothing");
    let id = || Payload::IdI(Identification::new(ipsec_wire::registry::IdType::FQDN, b"west"));
    assert_eq!(check(ExchangeType::IKE_AUTH, &[id(), id()]), Err(Broken::TooMany(PayloadType::ID_I)));
}

#[test]
fn each_rule_is_in_force() {
    for rule in RULES {
        let payload = Payload::Unknown { kind: rule.payload, critical: false, body: Vec::new() };
        let most = vec![payload.clone(); rule.most];
        assert_eq!(check(rule.exchange, &most), Ok(()));
        let more = vec![payload; rule.most + 1];
        assert_eq!(check(rule.exchange, &more), Err(Broken::TooMany(rule.payload)));
    }
}

#[test]
fn an_unknown_payload_is_skipped_unless_it_is_critical() {
    let unknown = |critical| Payload::Unknown { kind: PayloadType(200), critical, body: vec![1] };
    let notify = || Payload::Notify(Notify::new(ipsec_wire::registry::NotifyType::COOKIE, vec![1]));
    assert_eq!(check(ExchangeType::IKE_SA_INIT, &[notify(), unknown(false), notify()]), Ok(()));
    assert_eq!(
        check(ExchangeType::IKE_SA_INIT, &[unknown(false), unknown(true)]),
        Err(Broken::Critical(PayloadType(200)))
    );
}

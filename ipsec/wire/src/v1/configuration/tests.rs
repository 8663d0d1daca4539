use proptest::prelude::*;

use super::*;
use crate::registry::v1::{PayloadType, XauthStatus};
use crate::v1::written::{both_ways, complaint, read};
use crate::v1::{Payload, arbitrary};
use crate::v2::written::octets;

/// draft-dukes-ike-mode-cfg-02 §3.2.
const REQUEST: &str = "
    00 00 00 14 ; no next payload, length 20
    01 00       ; ISAKMP_CFG_REQUEST, reserved
    be ef       ; identifier
    00 01 00 00 ; INTERNAL_IP4_ADDRESS, no octets
    40 89 00 00 ; XAUTH-USER-NAME, no octets
    40 8a 00 00 ; XAUTH-USER-PASSWORD, no octets";

fn request() -> Configuration {
    let ask = |class: ConfigAttribute| Attribute::variable(class.0, []);
    Configuration {
        kind: ConfigType::REQUEST,
        identifier: 0xbeef,
        attributes: vec![
            ask(ConfigAttribute::INTERNAL_IP4_ADDRESS),
            ask(ConfigAttribute::XAUTH_USER_NAME),
            ask(ConfigAttribute::XAUTH_USER_PASSWORD),
        ],
    }
}

#[test]
fn a_request_lies_where_the_draft_draws_it() {
    both_ways(&Payload::Configuration(request()), REQUEST);
    assert_eq!(request().value(ConfigAttribute::XAUTH_USER_NAME), Some(&Value::Variable(Vec::new())));
    assert_eq!(request().value(ConfigAttribute::XAUTH_STATUS), None);
}

#[test]
fn the_status_of_xauth_is_basic() {
    let status = Attribute::basic(ConfigAttribute::XAUTH_STATUS.0, XauthStatus::OK.0);
    let set = Configuration { kind: ConfigType::SET, identifier: 1, attributes: vec![status] };
    both_ways(&Payload::Configuration(set.clone()), "00 00 00 0c  03 00 00 01  c0 8f 00 01");
    assert_eq!(set.value(ConfigAttribute::XAUTH_STATUS), Some(&Value::Basic(1)));
}

#[test]
fn the_reserved_octet_is_ignored() {
    let mut octets = octets(REQUEST);
    octets[5] = 0xff;
    assert_eq!(read(PayloadType::ATTRIBUTES, &octets), Payload::Configuration(request()));
}

#[test]
fn an_acknowledgement_may_be_empty_but_not_without_its_fields() {
    let ack = Configuration { kind: ConfigType::ACK, identifier: 1, attributes: Vec::new() };
    both_ways(&Payload::Configuration(ack), "00 00 00 08  04 00 00 01");
    assert_eq!(complaint(PayloadType::ATTRIBUTES, "00 00 00 07  04 00 00").0, 6);
}

#[test]
fn half_an_attribute_is_malformed() {
    let told = complaint(PayloadType::ATTRIBUTES, "00 00 00 0f  02 00 00 01  00 01 00 04 0a0000");
    assert_eq!(told, (12, "an attribute's value needs 4 octets, but 3 are left".to_owned()));
}

proptest! {
    #[test]
    fn a_written_configuration_reads_as_itself(configuration in arbitrary::configuration()) {
        let mut octets = Vec::new();
        configuration.emit(&mut octets);
        prop_assert_eq!(Configuration::parse(&mut Cursor::new(&octets, 0)), Ok(configuration));
    }
}

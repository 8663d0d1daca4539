use ipsec_crypto::{FixedEntropy, KeyExchangeAlgorithm, PORTABLE, PrfAlgorithm};
use ipsec_dataplane::{Encryption, Suite};
use proptest::prelude::*;

use super::*;

fn tickets(key: u8) -> Tickets {
    let lifetime = Duration::from_secs(3600);
    Tickets::new(TicketPolicy { key: Secret::from(vec![key; 32]), lifetime, at_once: true })
}

fn state() -> Resumable {
    Resumable {
        suite: IkeSuite {
            protection: Suite {
                encryption: Encryption::Aead(AeadAlgorithm::AesGcm16),
                key_len: 32,
                integrity: None,
            },
            prf: PrfAlgorithm::HmacSha2_384,
            key_exchange: KeyExchangeAlgorithm::X25519,
            additional: [Some(KeyExchangeAlgorithm::MlKem768), None, None, None, None, None, None],
        },
        sk_d: Secret::from(vec![9; 48]),
        id_i: Identity::Fqdn("west.example".into()),
        id_r: Identity::Address([192, 0, 2, 1].into()),
        spis: (IkeSpi(1), IkeSpi(2)),
    }
}

fn at(seconds: u64) -> Instant {
    Instant::ZERO + Duration::from_secs(seconds)
}

fn granted(tickets: &Tickets, until: u64) -> Vec<u8> {
    let mut entropy = FixedEntropy::new((0..12).collect::<Vec<u8>>());
    tickets.grant(&PORTABLE, &mut entropy, &state(), at(until)).unwrap()
}

#[test]
fn a_ticket_gives_back_what_it_was_made_of() {
    let tickets = tickets(1);
    let ticket = granted(&tickets, 100);
    let (serial, until, opened) = tickets.take(&PORTABLE, at(99), &ticket).unwrap();
    assert_eq!((serial.as_slice(), until, opened), (&ticket[4..16], at(100), state()));
}

#[test]
fn a_ticket_is_good_until_its_time_and_once() {
    let mut tickets = tickets(1);
    let ticket = granted(&tickets, 100);
    assert_eq!(tickets.take(&PORTABLE, at(100), &ticket), Err(Unfit::Expired));
    let (serial, until, _) = tickets.take(&PORTABLE, at(1), &ticket).unwrap();
    tickets.spend(at(2), serial, until);
    assert_eq!(tickets.take(&PORTABLE, at(3), &ticket), Err(Unfit::Spent));
    tickets.spend(at(101), [0; 12], at(200));
    assert_eq!(tickets.spent.len(), 1, "what has expired is not remembered");
}

#[test]
fn the_key_decides_whose_ticket_it_is() {
    let ticket = granted(&tickets(1), 100);
    assert_eq!(tickets(2).take(&PORTABLE, at(1), &ticket), Err(Unfit::Forged));
    let policy = TicketPolicy { key: Secret::from(vec![1; 31]), ..tickets(1).policy };
    let mut entropy = FixedEntropy::new(vec![0; 12]);
    assert!(Tickets::new(policy).grant(&PORTABLE, &mut entropy, &state(), at(1)).is_none());
}

/// A ticket that a gateway granted before an update has to work after it.
#[test]
fn the_format_stays() {
    let ticket = granted(&tickets(1), 100);
    let digest = HashAlgorithm::Sha2_256.digest(&[&ticket]);
    insta::assert_snapshot!(format!("{} octets, SHA-256 {digest:02x?}", ticket.len()));
}

proptest! {
    #[test]
    fn a_changed_ticket_is_forged(index in any::<prop::sample::Index>(), bit in 0..8u8) {
        let tickets = tickets(1);
        let mut ticket = granted(&tickets, 100);
        let place = index.index(ticket.len());
        ticket[place] ^= 1 << bit;
        prop_assert_eq!(tickets.take(&PORTABLE, at(1), &ticket), Err(Unfit::Forged));
    }

    #[test]
    fn any_octets_are_read_without_panic(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(tickets(1).take(&PORTABLE, at(1), &octets), Err(Unfit::Forged));
        let _ = parse(&octets);
    }
}

//! Tickets as text.

use bramble_net::tls::KeyId;
use proptest::prelude::*;

use super::{Ticket, TicketError, secret_hash, secret_matches};

fn ticket() -> Ticket {
    Ticket::new(vec!["10.0.0.1:4433".parse().unwrap()], KeyId([7; 32])).unwrap()
}

#[test]
fn survives_copy_and_paste() {
    let ticket = ticket();
    assert_eq!(format!("  {ticket}\n").parse(), Ok(ticket));
}

#[test]
fn no_two_are_alike() {
    assert_ne!(ticket().secret, ticket().secret);
    assert_ne!(ticket().id, ticket().id);
    assert_eq!(ticket().secret.len(), 64);
}

#[test]
fn says_what_is_wrong() {
    let check = |text: &str, expected| {
        assert_eq!(text.parse::<Ticket>(), Err(expected), "{text}");
    };
    let whole = ticket().to_string();
    check("", TicketError::NotATicket);
    check("hello", TicketError::NotATicket);
    check("bramble2.AAAA", TicketError::Newer);
    check("bramble1.", TicketError::Damaged);
    check("bramble1.????", TicketError::Damaged);
    check(&whole[..whole.len() - 1], TicketError::Damaged);
    check(&format!("bramble1.{}", "A".repeat(5000)), TicketError::Damaged);
}

#[test]
fn a_secret_is_known_by_its_hash() {
    let hash = secret_hash("a");
    assert!(secret_matches("a", &hash));
    assert!(!secret_matches("b", &hash));
    assert!(!secret_matches("a", "no hash"));
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        let _ = text.parse::<Ticket>();
        let _ = format!("bramble1.{text}").parse::<Ticket>();
    }
}

//! Tickets: whatever text is refused, or says the same when it is written again.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bramble_cluster::ticket::{Ticket, TicketError};

/// The longest that is read, without its prefix.
const ENCODED_BYTES: usize = 4096;

/// Checks what holds for any bytes that come as a ticket, or as what a ticket holds.
pub fn check(input: &[u8]) {
    if let Ok(text) = std::str::from_utf8(input) {
        check_text(text);
    }
    check_text(&format!("bramble1.{}", URL_SAFE_NO_PAD.encode(input)));
}

fn check_text(text: &str) {
    let ticket: Ticket = match text.parse() {
        Ok(ticket) => ticket,
        Err(error) => return check_refused(text, error),
    };
    let written = ticket.to_string();
    assert!(written.bytes().all(|byte| byte.is_ascii_graphic()), "{written}");
    // An address can take more room as we write it, and then more than may be read.
    if written.len() <= ENCODED_BYTES {
        assert_eq!(written.parse(), Ok(ticket.clone()));
        assert_eq!(format!("\t{written} \r\n").parse(), Ok(ticket));
    }
}

fn check_refused(text: &str, error: TicketError) {
    let is_ours = text.trim().starts_with("bramble1.");
    assert_eq!(is_ours, error == TicketError::Damaged);
    assert!(!error.to_string().is_empty());
}

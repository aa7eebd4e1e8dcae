//! What a client hears before its answer: interim answers, above all the 100 that some wait for
//! before they send a body (RFC 9110 sections 10.1.1 and 15.2).

use std::time::Duration;

use bramble_http::{ForwardResponse, Version, forward_response};
use bramble_net::Buffer;

use super::Exchange;
use super::upload::Consent;
use crate::connection::Connection;
use crate::wait::{self, WaitError};

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// When we tell a client to go on with its body ourselves, where the backend says nothing: many
/// apps know no expectations and wait for the body. curl itself waits no longer.
pub(super) const CONTINUE_AFTER: Duration = Duration::from_secs(1);

/// Tells a client that still waits for a word to go on with its body.
pub(super) async fn ask_for_body(
    c: &mut Connection,
    exchange: &mut Exchange,
) -> Result<(), WaitError> {
    if exchange.awaits_consent() {
        c.head.expect_continue = false;
        exchange.decide(Consent::Given);
        wait::send(&mut c.stream, [CONTINUE, &[], &[]], &c.timer, &mut c.reading).await?;
    }
    Ok(())
}

/// Passes an interim answer on, as early hints; a 100 only to a client that waits for one. An
/// HTTP/1.0 client knows none of them (RFC 9110 section 15.2).
pub(super) async fn pass_on(
    c: &mut Connection,
    buffer: &Buffer,
    exchange: &mut Exchange,
) -> Result<(), WaitError> {
    match c.answer.status {
        _ if c.head.version == Version::Http10 => return Ok(()),
        100 if !exchange.awaits_consent() => return Ok(()),
        100 => {
            c.head.expect_continue = false;
            exchange.decide(Consent::Given);
        }
        // Once a byte of an answer has gone to the client, nothing is repeated.
        _ => exchange.spent = true,
    }
    let date = c.core.date();
    let how = ForwardResponse {
        date: &date,
        keep_alive: true,
        client_version: c.head.version,
        request_was_head: c.is_head(),
        back: None,
        extra: &[],
    };
    c.out.clear();
    forward_response(&mut c.out, buffer.unread(), &c.answer, &how);
    let parts = [&c.out[..], &[], &[]];
    let sent = wait::send(&mut c.stream, parts, &c.timer, &mut c.reading).await;
    c.out.clear();
    sent.map(drop)
}

//! Sending a file: head and small bodies in one write, large ones by `sendfile`.

use std::io;
use std::os::fd::OwnedFd;

use bramble_http::{Body as Framing, response_head, write_date};

use super::CACHE_CONTROL;
use super::cache::{Body, Entry};
use crate::connection::{Connection, End, Next};
use crate::counters::add;
use crate::wait;

/// Most that one `sendfile` is asked for, so that one client does not hold up the core.
const SEND_FILE_BYTES: u64 = 512 * 1024;

/// Sends a whole file with this status.
pub(super) async fn file(c: &mut Connection, status: u16, entry: &Entry) -> Result<Next, End> {
    let next = if c.body.is_done() { c.next() } else { Next::Close };
    let date = c.core.date();
    let modified = entry.modified_unix_s.map(date_text);
    let mut fields = vec![
        ("Date", date.as_str()),
        ("Content-Type", entry.media_type),
        ("ETag", entry.etag.as_str()),
        CACHE_CONTROL,
        ("X-Content-Type-Options", "nosniff"),
    ];
    fields.extend(modified.as_deref().map(|date| ("Last-Modified", date)));
    c.out.clear();
    let framing = Framing::Length(entry.len);
    response_head(&mut c.out, status, &fields, framing, next == Next::Request);
    c.core.counters.answered(status);
    if c.is_head() {
        c.send_out(&[]).await?;
        return Ok(next);
    }
    match &entry.body {
        Body::Memory(bytes) => c.send_out(bytes).await?,
        Body::File(file) if c.stream.is_plain() => send_file(c, file, entry.len).await?,
        Body::File(file) => copy_file(c, file, entry.len).await?,
    }
    Ok(next)
}

fn date_text(unix_s: u64) -> String {
    let mut date = Vec::new();
    write_date(&mut date, unix_s);
    String::from_utf8(date).unwrap_or_default()
}

/// From the page cache to the socket, not through this process.
async fn send_file(c: &mut Connection, file: &OwnedFd, len: u64) -> Result<(), End> {
    c.send_out(&[]).await?;
    let (mut offset, limit) = (0, c.table.times.body);
    while offset < len {
        tokio::task::coop::consume_budget().await;
        let count = usize::try_from((len - offset).min(SEND_FILE_BYTES)).unwrap_or(usize::MAX);
        let stream = &mut c.stream;
        let sent =
            wait::within(&c.timer, limit, |cx| stream.poll_send_file(cx, file, &mut offset, count));
        match sent.await? {
            // It became shorter while it was sent.
            0 => return Err(End::Cut),
            n => add(&c.core.counters.bytes_out, n as u64),
        }
    }
    Ok(())
}

/// TLS has to see every byte.
async fn copy_file(c: &mut Connection, file: &OwnedFd, len: u64) -> Result<(), End> {
    c.send_out(&[]).await?;
    let mut bytes = vec![0; 64 * 1024];
    let (mut offset, limit) = (0, c.table.times.body);
    while offset < len {
        tokio::task::coop::consume_budget().await;
        let n = read_at(file, &mut bytes, offset).map_err(|_| End::Cut)?;
        let most = usize::try_from(len - offset).unwrap_or(usize::MAX);
        let part = bytes.get(..n.min(most)).unwrap_or_default();
        if part.is_empty() {
            return Err(End::Cut);
        }
        wait::send(&mut c.stream, [part, &[], &[]], &c.timer, limit).await?;
        offset += part.len() as u64;
        add(&c.core.counters.bytes_out, part.len() as u64);
    }
    Ok(())
}

fn read_at(file: &OwnedFd, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    Ok(rustix::io::pread(file, bytes, offset)?)
}

/// Where a folder is: built from the decoded path, whose empty segments are gone, so that it
/// never becomes `//host`.
pub(super) fn folder_location(path: &[u8], query: &[u8]) -> String {
    let mut location = String::with_capacity(path.len() + query.len() + 2);
    for byte in path {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                location.push(char::from(*byte));
            }
            other => location.push_str(&format!("%{other:02X}")),
        }
    }
    location.push('/');
    if !query.is_empty() {
        location.push('?');
        location.push_str(&String::from_utf8_lossy(query));
    }
    location
}

#[cfg(test)]
mod tests;

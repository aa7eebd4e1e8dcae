//! Sending files, whole or in parts: head and small bodies in one write, large ones piece by
//! piece.

use std::io::{self, IoSlice};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::task::{Context, Poll};

use bramble_http::{
    Body as Framing, begin_head, content_range, end_head, last_boundary, part_head,
};

use super::entry::{Body, Entry};
use super::tags;
use crate::balance::report::{self, Text};
use crate::connection::{Connection, End, Next};
use crate::wait;

/// Most that one `sendfile` is asked for, so that one client does not hold up the core.
const SEND_FILE_BYTES: u64 = 512 * 1024;

/// What is read at once of a file that can't be sent so. More would be read in vain for a client
/// that takes less.
const COPY_BYTES: usize = 64 * 1024;

/// Sends a whole file.
pub(super) async fn whole(c: &mut Connection, entry: &Entry) -> Result<Next, End> {
    let next = c.next();
    c.out.clear();
    finish(c, next);
    c.answered(200);
    let memory = match &entry.body {
        Body::Memory(bytes) if !c.is_head() => bytes.as_slice(),
        _ => &[],
    };
    let file = match &entry.body {
        Body::File(file) | Body::Sealed(file) if !c.is_head() => Some(file),
        _ => None,
    };
    let parts = [&entry.head, &c.out[..], memory];
    let sent = wait::send(&mut c.stream, parts, &c.timer, &mut c.reading).await?;
    c.sent(sent);
    if let Some(file) = file {
        large(c, entry, file, 0..entry.len).await?;
    }
    Ok(next)
}

/// Sends a file as the page that goes with a status. It is not what was asked for, so nothing is
/// said by which a client could keep it.
pub(super) async fn page(
    c: &mut Connection,
    status: u16,
    entry: &Entry,
    more: &[(&str, &str)],
) -> Result<Next, End> {
    let mut fields = vec![
        ("Content-Type", entry.about.media_type),
        ("Cache-Control", "no-cache"),
        ("X-Content-Type-Options", "nosniff"),
    ];
    fields.extend_from_slice(more);
    let next = begin(c, status, &fields, entry.len);
    match c.is_head() {
        true => c.send_out(&[]).await?,
        false => bytes(c, entry, 0..entry.len).await?,
    }
    Ok(next)
}

/// Sends one part of a file.
pub(super) async fn part(
    c: &mut Connection,
    entry: &Entry,
    part: &Range<u64>,
) -> Result<Next, End> {
    let range = content_range(part, entry.len);
    let mut fields = entry.about.fields();
    fields.extend([("Content-Type", entry.about.media_type), ("Content-Range", &range)]);
    let next = begin(c, 206, &fields, part.end - part.start);
    bytes(c, entry, part.clone()).await?;
    Ok(next)
}

/// Sends several parts of a file as one body.
pub(super) async fn parts(
    c: &mut Connection,
    entry: &Entry,
    parts: &[Range<u64>],
) -> Result<Next, End> {
    let boundary = tags::boundary(&entry.about.etag);
    let head = |part: &Range<u64>| {
        let mut head = Vec::new();
        part_head(&mut head, &boundary, entry.about.media_type, part, entry.len);
        head
    };
    let heads: Vec<Vec<u8>> = parts.iter().map(head).collect();
    let mut last = Vec::new();
    last_boundary(&mut last, &boundary);
    let framing: usize = heads.iter().map(Vec::len).sum::<usize>() + last.len();
    let len = parts.iter().map(|part| part.end - part.start).sum::<u64>() + framing as u64;
    let media_type = format!("multipart/byteranges; boundary={boundary}");
    let mut fields = entry.about.fields();
    fields.push(("Content-Type", &media_type));
    let next = begin(c, 206, &fields, len);
    for (head, part) in heads.iter().zip(parts) {
        c.out.extend_from_slice(head);
        bytes(c, entry, part.clone()).await?;
        c.out.clear();
    }
    c.out.extend_from_slice(&last);
    c.send_out(&[]).await?;
    Ok(next)
}

/// Puts the head of an answer with a body of `len` bytes into `out`.
fn begin(c: &mut Connection, status: u16, fields: &[(&str, &str)], len: u64) -> Next {
    let next = c.next();
    c.out.clear();
    begin_head(&mut c.out, status, fields, Framing::Length(len));
    finish(c, next);
    c.answered(status);
    next
}

/// Adds to `out` what no head has ready.
fn finish(c: &mut Connection, next: Next) {
    let (date, load) = (c.core.date(), c.load());
    let fields = [("Date", &*date), (report::FIELD, load.as_ref().map_or("", Text::as_str))];
    let count = 1 + usize::from(load.is_some());
    end_head(&mut c.out, fields.get(..count).unwrap_or_default(), next == Next::Request);
}

/// Sends what is in `out` and this part of a file.
async fn bytes(c: &mut Connection, entry: &Entry, part: Range<u64>) -> Result<(), End> {
    match &entry.body {
        Body::Memory(bytes) => {
            let at = |offset| usize::try_from(offset).unwrap_or(usize::MAX);
            c.send_out(bytes.get(at(part.start)..at(part.end)).unwrap_or_default()).await
        }
        Body::File(file) | Body::Sealed(file) => {
            c.send_out(&[]).await?;
            large(c, entry, file, part).await
        }
    }
}

async fn large(
    c: &mut Connection,
    entry: &Entry,
    file: &OwnedFd,
    part: Range<u64>,
) -> Result<(), End> {
    match entry.is_constant() && c.stream.is_plain() {
        true => send_file(c, file, part).await,
        false => copy_file(c, entry, file, part).await,
    }
}

/// From the page cache to the socket, not through this process. Only for what never changes: the
/// socket holds on to the very pages, so that a file that is shortened or written to shows in
/// what is under way, however whole that looks.
async fn send_file(c: &mut Connection, file: &OwnedFd, part: Range<u64>) -> Result<(), End> {
    let mut offset = part.start;
    while offset < part.end {
        tokio::task::coop::consume_budget().await;
        let count = (part.end - offset).min(SEND_FILE_BYTES);
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let stream = &mut c.stream;
        let sent = wait::above(&mut c.reading, &c.timer, |cx| {
            stream.poll_send_file(cx, file, &mut offset, count)
        });
        match sent.await? {
            0 => return Err(End::Cut),
            n => c.sent(n),
        }
    }
    Ok(())
}

/// By way of a buffer, which all connections of the core share: whatever was not taken is read
/// again, so that a client that reads slowly holds no memory here.
async fn copy_file(
    c: &mut Connection,
    entry: &Entry,
    file: &OwnedFd,
    part: Range<u64>,
) -> Result<(), End> {
    let mut offset = part.start;
    while offset < part.end {
        tokio::task::coop::consume_budget().await;
        let (stream, scratch) = (&mut c.stream, &c.core.scratch);
        let step = |cx: &mut Context<'_>| {
            scratch.with(COPY_BYTES, |bytes| match read(entry, file, offset..part.end, bytes)? {
                [] => Poll::Ready(Ok(0)),
                read => stream.poll_write(cx, &[IoSlice::new(read)]),
            })
        };
        match wait::above(&mut c.reading, &c.timer, step).await? {
            0 => return Err(End::Cut),
            n => {
                offset += n as u64;
                c.sent(n);
            }
        }
    }
    // What TLS still holds back.
    c.out.clear();
    c.send_out(&[]).await
}

/// The first bytes of a part; none if the file has changed since it was opened. Then half of the
/// old and half of the new would look whole.
fn read<'a>(
    entry: &Entry,
    file: &OwnedFd,
    part: Range<u64>,
    buffer: &'a mut [u8],
) -> io::Result<&'a [u8]> {
    let most = usize::try_from(part.end - part.start).unwrap_or(usize::MAX).min(buffer.len());
    let room = buffer.get_mut(..most).unwrap_or_default();
    let n = rustix::io::pread(file, &mut *room, part.start)?;
    // Asked behind the reading: what is in the buffer does not change any more.
    let n = if entry.is_intact() { n } else { 0 };
    Ok(room.get(..n).unwrap_or_default())
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

//! A client of our own, for what needs a fixed number of requests instead of a time: one request
//! after the other, over a few connections in turn.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::load::Shape;

const TURNS: usize = 4;
const ANSWER: Duration = Duration::from_secs(20);
/// Beyond it an answer is none of ours.
const ANSWER_BYTES: usize = 64 << 20;

/// Asks so many times.
pub(super) fn ask(address: SocketAddr, shape: Shape, requests: usize) -> Result<()> {
    if !shape.keeps {
        return (0..requests).try_for_each(|_| get(&mut connect(address)?, shape));
    }
    let connections = (0..TURNS).map(|_| connect(address)).collect::<Result<Vec<_>>>()?;
    let in_turn = connections.iter().cycle().take(requests);
    in_turn.into_iter().try_for_each(|mut stream| get(&mut stream, shape))
}

/// Opens so many connections at that rate, each with one request, and keeps them.
pub(super) fn hold(
    address: SocketAddr,
    shape: Shape,
    connections: usize,
    per_s: u32,
) -> Result<Vec<TcpStream>> {
    let (start, apart) = (Instant::now(), Duration::from_secs(1) / per_s);
    let mut held = Vec::with_capacity(connections);
    for _ in 0..connections {
        let mut stream = connect(address)?;
        get(&mut stream, shape)?;
        held.push(stream);
        let due = apart * u32::try_from(held.len())?;
        sleep(due.saturating_sub(start.elapsed()));
    }
    Ok(held)
}

/// Those that the other side has closed.
pub(super) fn closed(held: &[TcpStream]) -> usize {
    let is_open = |stream: &TcpStream| {
        stream.set_nonblocking(true).is_ok()
            && stream
                .peek(&mut [0])
                .is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    };
    held.iter().filter(|stream| !is_open(stream)).count()
}

fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, ANSWER)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn get(stream: &mut (impl Read + Write), shape: Shape) -> Result<()> {
    let close = if shape.keeps { "" } else { "Connection: close\r\n" };
    let request = format!("GET {} HTTP/1.1\r\nHost: bench\r\n{close}\r\n", shape.path);
    stream.write_all(request.as_bytes())?;
    answer(stream)?;
    if shape.keeps { Ok(()) } else { end(stream) }
}

/// Waits for the other side's end: who of both closes first makes a difference to counts.
fn end(stream: &mut impl Read) -> Result<()> {
    match stream.read(&mut [0])? {
        0 => Ok(()),
        _ => bail!("bytes after the answer"),
    }
}

/// Reads an answer with `Content-Length`, the only kind that there is here.
fn answer(stream: &mut impl Read) -> Result<()> {
    let mut buffer = vec![0; 64 << 10];
    let (mut head, mut read) = (Vec::new(), 0);
    let mut whole = None;
    while whole.is_none_or(|whole| read < whole) {
        let count = stream.read(&mut buffer)?;
        let bytes = buffer.get(..count).filter(|bytes| !bytes.is_empty());
        let bytes = bytes.context("the connection ended before the answer did")?;
        read += count;
        if whole.is_none() {
            head.extend_from_slice(bytes);
            whole = length(&head)?;
        }
    }
    Ok(())
}

/// Of head and body together, once the head is there whole.
fn length(start: &[u8]) -> Result<Option<usize>> {
    let text = String::from_utf8_lossy(start);
    let Some((head, _)) = text.split_once("\r\n\r\n") else {
        return Ok(None);
    };
    if !head.starts_with("HTTP/1.1 200") {
        bail!("the answer is `{}`", head.lines().next().unwrap_or_default());
    }
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let (_, length) = lengths.next().context("an answer without Content-Length")?;
    let body: usize = length.trim().parse()?;
    if body > ANSWER_BYTES {
        bail!("an answer of {body} bytes");
    }
    Ok(Some(head.len() + 4 + body))
}

#[cfg(test)]
mod tests;

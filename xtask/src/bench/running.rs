//! A peer that runs and answers.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::origin::Place;
use super::peer::{Filling, Peer, Spread};
use super::process::Process;
use super::setup::Setup;

/// Under valgrind too.
const START: Duration = Duration::from_secs(30);
const CHECK_MS: u32 = 1000;
/// None in the time that a count takes.
const CHECK_NEVER_MS: u32 = 3_600_000;

/// Ended when it is dropped.
pub(super) struct Running {
    pub peer: Peer,
    pub process: Process,
    pub address: SocketAddr,
}

impl Running {
    /// Starts it before the backends, and waits until it answers.
    pub fn start(peer: Peer, setup: Setup, place: &Place, origin_port: u16) -> Result<Self> {
        Self::start_spreading(peer, Spread::default(), setup, place, origin_port)
    }

    /// The same with a method of its own.
    pub fn start_spreading(
        peer: Peer,
        spread: Spread,
        setup: Setup,
        place: &Place,
        origin_port: u16,
    ) -> Result<Self> {
        let filling = filling(setup, place, origin_port, CHECK_MS, spread)?;
        Self::launch(peer, place, &filling, |command| command)
    }

    /// As one process, with no work of its own between requests, below another program.
    pub fn start_below(
        program: &[String],
        peer: Peer,
        setup: Setup,
        place: &Place,
        origin_port: u16,
    ) -> Result<Self> {
        let filling = filling(setup, place, origin_port, CHECK_NEVER_MS, Spread::default())?;
        Self::launch(peer, place, &filling, |mut command| {
            command.extend(peer.alone().iter().map(|word| (*word).to_owned()));
            [program, &command].concat()
        })
    }

    fn launch(
        peer: Peer,
        place: &Place,
        filling: &Filling<'_>,
        dress: impl FnOnce(Vec<String>) -> Vec<String>,
    ) -> Result<Self> {
        let (folder, setup) = (&place.folder, filling.setup);
        let file = folder.join(format!("{}.conf", peer.name()));
        std::fs::write(&file, peer.configuration(filling))?;
        let command = dress(peer.command(&file, &place.bramble)?);
        let mut process = Process::start(peer.name(), &command, setup.peer_cores(), folder)?;
        let address = (Ipv4Addr::LOCALHOST, filling.port).into();
        wait(&mut process, address, setup.probe(), folder)
            .with_context(|| format!("starting {}", peer.name()))?;
        Ok(Self { peer, process, address })
    }
}

fn filling(
    setup: Setup,
    place: &Place,
    origin_port: u16,
    check_ms: u32,
    spread: Spread,
) -> Result<Filling<'_>> {
    let (folder, port) = (&place.folder, free_port()?);
    Ok(Filling { folder, setup, port, origin_port, check_ms, spread })
}

pub(super) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?.local_addr()?.port())
}

/// Until it answers 200. With 500 it says that it never will.
pub(super) fn wait(
    process: &mut Process,
    address: SocketAddr,
    path: &str,
    folder: &Path,
) -> Result<()> {
    let deadline = Instant::now() + START;
    loop {
        process.check_alive(folder)?;
        match status(address, path) {
            Ok(line) if line.starts_with("HTTP/1.1 200") => return Ok(()),
            Ok(line) if line.starts_with("HTTP/1.1 500") => bail!("{address} answers `{line}`"),
            answer if Instant::now() > deadline => {
                bail!("{address} does not answer 200 after {START:?}: {answer:?}")
            }
            _ => sleep(Duration::from_millis(50)),
        }
    }
}

fn status(address: SocketAddr, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned())
}

//! The balancers and the origin: their configuration from a template, their start.

use std::fmt::Write;
use std::io::{Read, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use super::process::Process;
use crate::needs;

const START: Duration = Duration::from_secs(10);
const BACKENDS: std::ops::RangeInclusive<u8> = 11..=18;
const BODY_BYTES: usize = 2083;
const APACHE_MODULES: &str = "/usr/lib/apache2/modules";

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Peer {
    Apache,
    Bramble,
    Haproxy,
    Nginx,
}

/// A peer that runs and answers.
pub(super) struct Running {
    pub peer: Peer,
    pub process: Process,
    pub url: String,
}

/// Where things lie, the same for all peers.
pub(super) struct Place {
    /// For configurations and what the programs say.
    pub folder: PathBuf,
    pub bramble: PathBuf,
    pub peer_core: usize,
    pub load_core: usize,
}

impl Peer {
    pub fn name(self) -> &'static str {
        match self {
            Self::Apache => "apache",
            Self::Bramble => "bramble",
            Self::Haproxy => "haproxy",
            Self::Nginx => "nginx",
        }
    }

    /// Starts it before the backends, and waits until it answers.
    pub fn start(self, place: &Place, origin_port: u16) -> Result<Running> {
        let port = free_port()?;
        let file = place.folder.join(format!("{}.conf", self.name()));
        let backends = lines(|host| self.backend(host, origin_port));
        let config = self
            .template()
            .replace("{backends}", &backends)
            .replace("{dir}", &place.folder.display().to_string())
            .replace("{modules}", APACHE_MODULES)
            .replace("{port}", &port.to_string());
        std::fs::write(&file, config)?;
        let command = self.command(&file, &place.bramble)?;
        let mut process = Process::start(self.name(), &command, place.peer_core, &place.folder)?;
        wait(&mut process, (Ipv4Addr::LOCALHOST, port).into(), &place.folder)
            .with_context(|| format!("starting {}", self.name()))?;
        Ok(Running { peer: self, process, url: format!("http://127.0.0.1:{port}/") })
    }

    /// The version that it says of itself, on one line.
    pub fn version(self, bramble: &Path) -> String {
        let (program, word) = match self {
            Self::Apache => (needs::find("apache2"), "-v"),
            Self::Bramble => (Some(bramble.display().to_string()), "version"),
            Self::Haproxy => (needs::find("haproxy"), "-v"),
            Self::Nginx => (needs::find("nginx"), "-v"),
        };
        let Some(output) = program.and_then(|path| Command::new(path).arg(word).output().ok())
        else {
            return "unknown version".to_owned();
        };
        let said = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&said).lines().next().unwrap_or_default().to_owned()
    }

    fn template(self) -> &'static str {
        match self {
            Self::Apache => include_str!("templates/apache.conf"),
            Self::Bramble => include_str!("templates/bramble.toml"),
            Self::Haproxy => include_str!("templates/haproxy.cfg"),
            Self::Nginx => include_str!("templates/nginx.conf"),
        }
    }

    fn backend(self, host: u8, port: u16) -> String {
        let address = format!("127.0.0.{host}:{port}");
        match self {
            Self::Apache => format!("    BalancerMember http://{address}"),
            Self::Bramble => format!("[[pool.backend]]\naddress = \"{address}\""),
            Self::Haproxy => format!("    server b{host} {address}"),
            Self::Nginx => format!("        server {address};"),
        }
    }

    fn command(self, file: &Path, bramble: &Path) -> Result<Vec<String>> {
        let file = file.display().to_string();
        let find =
            |program| needs::find(program).with_context(|| format!("{program} is not installed"));
        Ok(match self {
            Self::Apache => {
                [&find("apache2")?, "-DFOREGROUND", "-f", &file].map(str::to_owned).to_vec()
            }
            Self::Bramble => [&bramble.display().to_string(), "run", "--config", &file]
                .map(str::to_owned)
                .to_vec(),
            Self::Haproxy => [&find("haproxy")?, "-db", "-f", &file].map(str::to_owned).to_vec(),
            Self::Nginx => [&find("nginx")?, "-c", &file].map(str::to_owned).to_vec(),
        })
    }
}

/// Starts the backends: one process on 127.0.0.11 to .18, beside the load.
pub(super) fn start_origin(place: &Place) -> Result<(Process, u16)> {
    let port = free_port()?;
    let listens = lines(|host| format!("        listen 127.0.0.{host}:{port} backlog=4096;"));
    let config = include_str!("templates/origin.nginx.conf")
        .replace("{body}", &"bramble bench ".repeat(BODY_BYTES)[..BODY_BYTES])
        .replace("{dir}", &place.folder.display().to_string())
        .replace("{listens}", &listens);
    let file = place.folder.join("origin.conf");
    std::fs::write(&file, config)?;
    let nginx = needs::find("nginx").context("nginx is not installed")?;
    let command = [&nginx, "-c", &file.display().to_string()].map(str::to_owned);
    let mut process = Process::start("origin", &command, place.load_core, &place.folder)?;
    for host in BACKENDS {
        wait(&mut process, (Ipv4Addr::new(127, 0, 0, host), port).into(), &place.folder)
            .context("starting the backends")?;
    }
    Ok((process, port))
}

fn lines(line: impl Fn(u8) -> String) -> String {
    let mut text = String::new();
    for host in BACKENDS {
        // Writing to a String can't fail.
        let _ = writeln!(text, "{}", line(host));
    }
    text
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0))?.local_addr()?.port())
}

/// Until it answers 200.
fn wait(process: &mut Process, address: SocketAddr, folder: &Path) -> Result<()> {
    let deadline = Instant::now() + START;
    loop {
        process.check_alive(folder)?;
        match status(address) {
            Ok(line) if line.starts_with("HTTP/1.1 200") => return Ok(()),
            answer if Instant::now() > deadline => {
                bail!("{address} does not answer 200 after {START:?}: {answer:?}")
            }
            _ => sleep(Duration::from_millis(50)),
        }
    }
}

fn status(address: SocketAddr) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(1)))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned())
}

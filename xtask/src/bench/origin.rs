//! What stands behind the peers: 8 backends that are one nginx, and the files.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::peer::lines;
use super::process::Process;
use super::running::{free_port, wait};
use super::setup::Setup;
use crate::needs;
use crate::step;

/// 127.0.0.11 to .18.
pub(super) const BACKENDS: std::ops::RangeInclusive<u8> = 11..=18;
/// The folder of the files, below that of the bench.
pub(super) const WWW: &str = "www";

const BODY_BYTES: usize = 2083;
/// Of what is downloaded by a client far away.
pub(super) const DOWNLOAD_BYTES: usize = 48 << 20;
const FILES: [(&str, usize); 4] =
    [("2k.html", 2 << 10), ("100k.jpg", 100 << 10), ("1m", 1 << 20), ("48m", DOWNLOAD_BYTES)];

/// Where things lie, the same for all peers.
pub(super) struct Place {
    /// For configurations and what the programs say.
    pub folder: PathBuf,
    pub bramble: PathBuf,
}

impl Place {
    /// A folder of this process below `target/bench`, with the files in it.
    pub fn make(name: &str, bramble: PathBuf) -> Result<Self> {
        let folder = step::target().join("bench").join(format!("{name}-{}", std::process::id()));
        let www = folder.join(WWW);
        std::fs::create_dir_all(&www)?;
        for (name, bytes) in FILES {
            std::fs::write(www.join(name), text(bytes))?;
        }
        Ok(Self { folder, bramble })
    }
}

/// Backends that run.
pub(super) struct Origin {
    pub port: u16,
    _process: Process,
}

impl Origin {
    /// Beside the load.
    pub fn start(place: &Place, setup: Setup) -> Result<Self> {
        let port = free_port()?;
        let listens = lines(|host| format!("        listen 127.0.0.{host}:{port} backlog=4096;"));
        let www = place.folder.join(WWW);
        let config = include_str!("templates/origin.nginx.conf")
            .replace("{body}", &text(BODY_BYTES))
            .replace("{dir}", &place.folder.display().to_string())
            .replace("{www}", &www.display().to_string())
            .replace("{listens}", &listens);
        let file = place.folder.join("origin.conf");
        std::fs::write(&file, config)?;
        let nginx = needs::find("nginx").context("nginx is not installed")?;
        let command = [&nginx, "-c", &file.display().to_string()].map(str::to_owned);
        let mut process = Process::start("origin", &command, setup.load_cores(), &place.folder)?;
        for host in BACKENDS {
            let address = (Ipv4Addr::new(127, 0, 0, host), port).into();
            wait(&mut process, address, "/", &place.folder).context("starting the backends")?;
        }
        Ok(Self { port, _process: process })
    }
}

fn text(bytes: usize) -> String {
    "bramble bench ".chars().cycle().take(bytes).collect()
}

//! What stands before the workers: the real balancer, or a peer for comparison.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

use bramble_tests::{Address, Bramble, Config, Folder, Program, eventually};

/// A check of health twice a second.
const CHECK: &str = "[pool.health]\npath = \"/health\"\ninterval_ms = 500";

/// Whose balancer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Bramble,
    Haproxy,
    Nginx,
}

/// A balancer that runs.
pub enum Front {
    Bramble(Bramble),
    Peer { address: Address, _program: Program, _folder: Folder },
}

impl Who {
    /// Bramble, and the peers where they are asked for.
    pub fn all() -> Vec<Self> {
        match std::env::var_os("FAULTS_PEERS") {
            Some(_) => vec![Self::Bramble, Self::Haproxy, Self::Nginx],
            None => vec![Self::Bramble],
        }
    }

    /// Runs it before these workers, with checks of their health at `path` or without. It
    /// listens when this ends.
    pub fn before(self, workers: &[SocketAddr], checks: Option<&str>) -> Front {
        match self {
            Self::Bramble => Front::Bramble(bramble(workers, checks)),
            Self::Haproxy => Front::peer("haproxy", &["-db", "-f"], |address, _| {
                haproxy(address, workers, checks)
            }),
            Self::Nginx => {
                Front::peer("nginx", &["-c"], |address, folder| nginx(address, workers, folder))
            }
        }
    }
}

impl Front {
    fn peer(
        program: &str,
        arguments: &[&str],
        config: impl Fn(SocketAddr, &Path) -> String,
    ) -> Self {
        let (address, folder) = (Address::free(), Folder::empty());
        folder.write("peer.conf", config(address.socket(), folder.path()));
        let mut command = Command::new(format!("/usr/sbin/{program}"));
        command.args(arguments).arg(folder.join("peer.conf"));
        let program = Program::start_as(command);
        eventually("the peer listens", || TcpStream::connect(address.socket()).is_ok());
        Self::Peer { address, _program: program, _folder: folder }
    }

    pub fn address(&self) -> SocketAddr {
        match self {
            Self::Bramble(bramble) => bramble.address(),
            Self::Peer { address, .. } => address.socket(),
        }
    }
}

fn bramble(workers: &[SocketAddr], checks: Option<&str>) -> Bramble {
    let config = workers.iter().fold(Config::default(), |config, at| config.backend(*at, ""));
    let Some(path) = checks else { return config.run() };
    let bramble = config.with(&CHECK.replace("/health", path)).run();
    // Backends get no visitors before their first pass.
    eventually("all are up", || bramble.log().count("up=true") >= workers.len());
    bramble
}

fn haproxy(address: SocketAddr, workers: &[SocketAddr], checks: Option<&str>) -> String {
    let mut text = format!(
        "defaults\n mode http\n timeout connect 5s\n timeout client 1m\n timeout server 1m\n\
         \x20option redispatch\n retry-on conn-failure empty-response\n\
         frontend web\n bind {address}\n default_backend app\nbackend app\n"
    );
    if let Some(path) = checks {
        let _ = writeln!(text, " option httpchk GET {path}\n default-server check inter 500ms");
    }
    for (i, worker) in workers.iter().enumerate() {
        let _ = writeln!(text, " server worker{i} {worker}");
    }
    text
}

fn nginx(address: SocketAddr, workers: &[SocketAddr], folder: &Path) -> String {
    let folder = folder.display();
    let servers: String = workers.iter().map(|at| format!("server {at};")).collect();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {folder}/{kind};"))
        .concat();
    format!(
        "daemon off; user root; pid {folder}/pid; error_log {folder}/log error;\n\
         events {{ worker_connections 4096; }}\n\
         http {{ access_log off; {temporary}\n\
         upstream app {{ {servers} keepalive 64; }}\n\
         server {{ listen {address}; location / {{ proxy_pass http://app;\n\
         proxy_http_version 1.1; proxy_set_header Connection \"\"; }} }} }}\n"
    )
}

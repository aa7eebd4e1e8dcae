//! The proxies: bramble and its peers, each with a plain configuration before one backend.

use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use bramble_tests::{Address, Folder, Program, bramble_binary, eventually};

/// Where Debian puts Apache's modules.
const APACHE_MODULES: &str = "/usr/lib/apache2/modules";

/// Whose proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Peer {
    Apache,
    Bramble,
    Haproxy,
    Nginx,
}

/// One that runs.
pub(crate) struct Proxy {
    _program: Program,
    address: Address,
    _folder: Folder,
}

impl Peer {
    pub const ALL: [Self; 4] = [Self::Bramble, Self::Nginx, Self::Haproxy, Self::Apache];

    pub fn name(self) -> &'static str {
        match self {
            Self::Apache => "Apache",
            Self::Bramble => "bramble",
            Self::Haproxy => "HAProxy",
            Self::Nginx => "nginx",
        }
    }

    /// Starts it and waits until it listens.
    pub fn start(self, backend: SocketAddr) -> Proxy {
        let (folder, address) = (Folder::empty(), Address::free());
        let config = self
            .template()
            .replace("{address}", &address.socket().to_string())
            .replace("{backend}", &backend.to_string())
            .replace("{dir}", folder.path().to_str().unwrap())
            .replace("{modules}", APACHE_MODULES);
        folder.write("config", config);
        let program = Program::start_as(self.command(folder.join("config").to_str().unwrap()));
        let proxy = Proxy { _program: program, address, _folder: folder };
        eventually("it listens", || TcpStream::connect(proxy.address()).is_ok());
        proxy
    }

    fn command(self, config: &str) -> Command {
        let (program, arguments) = match self {
            Self::Apache => ("/usr/sbin/apache2".into(), vec!["-DFOREGROUND", "-f", config]),
            Self::Bramble => (bramble_binary(), vec!["run", "--config", config]),
            Self::Haproxy => ("/usr/sbin/haproxy".into(), vec!["-db", "-f", config]),
            Self::Nginx => ("/usr/sbin/nginx".into(), vec!["-c", config]),
        };
        assert!(program.exists(), "no {}: cargo xtask test --all", program.display());
        let mut command = Command::new(program);
        command.args(arguments);
        command
    }

    fn template(self) -> &'static str {
        match self {
            Self::Apache => include_str!("peers/apache.conf"),
            Self::Bramble => include_str!("peers/bramble.toml"),
            Self::Haproxy => include_str!("peers/haproxy.cfg"),
            Self::Nginx => include_str!("peers/nginx.conf"),
        }
    }
}

impl Proxy {
    pub fn address(&self) -> SocketAddr {
        self.address.socket()
    }
}

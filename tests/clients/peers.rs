//! The backends, as programs of their own, and the two ways to each.

use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use bramble_tests::{Address, Bramble, Config, Folder, Program, eventually, python};

/// Where Debian has it: a user's PATH leaves `sbin` out.
const NGINX: &str = "/usr/sbin/nginx";

/// A backend that runs, in a folder of its own.
pub struct Peer {
    _program: Program,
    address: Address,
    folder: Folder,
}

/// The two ways to a backend.
pub struct Ways {
    pub direct: SocketAddr,
    pub through: SocketAddr,
    _balancer: Bramble,
}

impl Peer {
    /// nginx with what lies in `site/` of this folder; takes uploads below `put/`.
    pub fn nginx(folder: Folder) -> Self {
        let address = Address::free();
        let settings = include_str!("nginx.conf");
        folder.write("nginx.conf", settings.replace("ADDRESS", &address.socket().to_string()));
        for needed in ["temp", "put", "small"] {
            std::fs::create_dir_all(folder.join(needed)).unwrap();
        }
        let mut command = Command::new(NGINX);
        command.arg("-p").arg(folder.path()).arg("-c").arg(folder.join("nginx.conf"));
        Self::start(command.args(["-e", "stderr"]), address, folder)
    }

    /// The application with what lies in this folder.
    pub fn app(folder: Folder) -> Self {
        Self::python("app.py", folder)
    }

    /// WebSocket, said again.
    pub fn echo() -> Self {
        Self::python("echo.py", Folder::empty())
    }

    /// The same by Autobahn, message by message.
    pub fn autobahn_echo() -> Self {
        Self::python("autobahn_echo.py", Folder::empty())
    }

    fn python(name: &str, folder: Folder) -> Self {
        let address = Address::free();
        let mut command = Command::new(python::interpreter());
        command.arg(script(name)).arg(address.socket().port().to_string());
        Self::start(command.arg(folder.path()), address, folder)
    }

    fn start(command: &mut Command, address: Address, folder: Folder) -> Self {
        let command = std::mem::replace(command, Command::new(""));
        let program = Program::start_as(command);
        let peer = Self { _program: program, address, folder };
        eventually("the backend listens", || TcpStream::connect(peer.address()).is_ok());
        peer
    }

    pub fn address(&self) -> SocketAddr {
        self.address.socket()
    }

    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Puts a balancer with default settings before it.
    pub fn ways(&self) -> Ways {
        Ways::to(self.address())
    }
}

impl Ways {
    /// Straight to this address, and through a balancer before it.
    pub fn to(direct: SocketAddr) -> Self {
        let balancer = Config::default().backend(direct, "").run();
        Self { direct, through: balancer.address(), _balancer: balancer }
    }
}

/// A file beside this one.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(name)
}

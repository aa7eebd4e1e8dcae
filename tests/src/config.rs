//! Configuration files, put together from what a scenario cares about.

use std::fmt::Write as _;
use std::net::SocketAddr;

use crate::backend::Backend;
use crate::folder::Folder;
use crate::program::Bramble;

/// Keys of a pool whose backends take turns, so that a scenario knows who is next.
pub const TURNS: &str = "method = \"by_requests\"";

/// A configuration in the making; its listener gets a free address when it is run.
#[derive(Clone, Debug, Default)]
pub struct Config {
    top: String,
    pool: String,
    backends: String,
    more: String,
}

/// A running balancer with default settings before these backends.
#[must_use]
#[track_caller]
pub fn balancer(backends: &[&Backend]) -> Bramble {
    Config::balancer(backends).run()
}

/// A running file server with default settings.
#[must_use]
#[track_caller]
pub fn files(folder: &Folder) -> Bramble {
    Config::files(folder, "").run()
}

impl Config {
    /// What is written here and nothing else.
    #[must_use]
    pub fn of(more: &str) -> Self {
        Self::default().with(more)
    }

    /// A pool of these backends, all alike.
    #[must_use]
    pub fn balancer(backends: &[&Backend]) -> Self {
        backends.iter().fold(Self::default(), |config, b| config.backend(b.address(), ""))
    }

    /// A site in this folder, with further keys.
    #[must_use]
    pub fn files(folder: &Folder, keys: &str) -> Self {
        let root = folder.path().display();
        Self::of(&format!("[[site]]\nname = \"site\"\nroot = \"{root}\"\n{keys}"))
    }

    /// Adds a backend, with further keys.
    #[must_use]
    pub fn backend(mut self, address: SocketAddr, keys: &str) -> Self {
        let _ = write!(self.backends, "[[pool.backend]]\naddress = \"{address}\"\n{keys}\n");
        self
    }

    /// Adds keys of the whole file.
    #[must_use]
    pub fn top(mut self, keys: &str) -> Self {
        self.top += &format!("{keys}\n");
        self
    }

    /// Adds keys of the pool.
    #[must_use]
    pub fn pool(mut self, keys: &str) -> Self {
        self.pool += &format!("{keys}\n");
        self
    }

    /// Adds tables behind all others.
    #[must_use]
    pub fn with(mut self, tables: &str) -> Self {
        self.more += &format!("{tables}\n");
        self
    }

    /// As a file, listening at `address`.
    #[must_use]
    pub fn text(&self, address: SocketAddr) -> String {
        let Self { top, pool, backends, more } = self;
        let listener = format!("[[listener]]\nname = \"web\"\naddress = \"{address}\"\n");
        let pool = match backends.is_empty() {
            true => String::new(),
            false => format!("[[pool]]\nname = \"pool\"\n{pool}{backends}"),
        };
        format!("{top}{listener}{pool}{more}")
    }

    /// Runs the program with it, until it listens.
    #[must_use]
    #[track_caller]
    pub fn run(&self) -> Bramble {
        Bramble::run(self, None)
    }

    /// The same with so many file descriptors, which is less than it reckons with.
    #[must_use]
    #[track_caller]
    pub fn run_with_open_files(&self, most: u64) -> Bramble {
        Bramble::run(self, Some(most))
    }
}

//! Workers that are processes of their own, to be killed, stopped and slowed.

use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;

use bramble_tests::{Address, Folder, Program, bramble_binary, eventually};
use rustix::process::Signal;

use crate::pages::{PAGES, page};

/// A worker at one address, whichever process it is at the moment.
pub struct Worker {
    address: Address,
    program: std::path::PathBuf,
    arguments: Vec<String>,
    process: Option<Program>,
    _folder: Folder,
}

impl Worker {
    /// `bramble run` with a folder of all pages.
    pub fn files() -> Self {
        let (address, folder) = (Address::free(), Folder::empty());
        for (path, _) in PAGES {
            folder.write(&format!("site{path}"), page(path));
        }
        let config = folder.join("worker.toml");
        folder.write("worker.toml", files_config(address.socket(), &folder.join("site")));
        let arguments = vec!["run".into(), "--config".into(), config.display().to_string()];
        Self::start(address, bramble_binary(), arguments, folder)
    }

    /// An app that serves all pages and writes orders down, with so much work for each request.
    pub fn app(ledger: &Path, work_ms: u64) -> Self {
        let address = Address::free();
        let own = [address.socket().to_string(), ledger.display().to_string(), work_ms.to_string()];
        let program = env!("CARGO_BIN_EXE_faults-app").into();
        Self::start(address, program, own.to_vec(), Folder::empty())
    }

    fn start(
        address: Address,
        program: std::path::PathBuf,
        arguments: Vec<String>,
        folder: Folder,
    ) -> Self {
        let mut worker = Self { address, program, arguments, process: None, _folder: folder };
        worker.start_again();
        eventually("the worker listens", || TcpStream::connect(worker.address()).is_ok());
        worker
    }

    pub fn address(&self) -> SocketAddr {
        self.address.socket()
    }

    /// Starts it, and does not wait until it listens.
    pub fn start_again(&mut self) {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        self.process = Some(Program::start_as(command));
    }

    /// Kills it, until nothing is left of it.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.signal(Signal::KILL);
            process.wait();
        }
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        if let Some(process) = &self.process {
            process.signal(signal);
        }
    }
}

fn files_config(address: SocketAddr, root: &Path) -> String {
    let root = root.display();
    format!(
        "[[listener]]\nname = \"web\"\naddress = \"{address}\"\n\
         [[site]]\nname = \"site\"\nroot = \"{root}\"\n"
    )
}

/// Where all of them are.
pub fn addresses(workers: &[Worker]) -> Vec<SocketAddr> {
    workers.iter().map(Worker::address).collect()
}

//! A cluster on this machine: each node a real agent with real roles in a folder of its own.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use crate::address::Address;
use crate::answer::Answer;
use crate::client::Client;
use crate::command::{Outcome, bramble};
use crate::disk;
use crate::eventually;
use crate::folder::Folder;
use crate::processes;
use crate::program::{Program, bramble_binary};

/// The first node, called `first`, and what others need to join it.
pub struct Cluster {
    /// The node that runs the manager.
    pub first: Node,
    address: Address,
    folder: Folder,
}

/// One node; gone with everything it runs when dropped.
pub struct Node {
    name: String,
    data: PathBuf,
    binary: PathBuf,
    program: Option<Program>,
}

impl Cluster {
    /// One node with all roles and the built-in configuration.
    #[must_use]
    #[track_caller]
    pub fn up() -> Self {
        Self::with_roles("manager,balancer,worker")
    }

    /// A first node with these roles.
    #[must_use]
    #[track_caller]
    pub fn with_roles(roles: &str) -> Self {
        let mut cluster = Self::new();
        let listen = cluster.address().to_string();
        cluster.first.start(&["up", "--name", "first", "--roles", roles, "--listen", &listen]);
        cluster.wait_until_up();
        cluster
    }

    /// One node with all roles and a configuration file: the built-in one, with more at its end.
    #[must_use]
    #[track_caller]
    pub fn with_file(more: &str) -> Self {
        Self::with_binary(&bramble_binary(), more)
    }

    /// The same from another file of the binary.
    #[must_use]
    #[track_caller]
    pub fn with_binary(binary: &Path, more: &str) -> Self {
        let mut cluster = Self::new();
        cluster.first.binary = binary.to_owned();
        cluster.configure(more);
        let file = cluster.file();
        cluster.first.start(&["up", "--name", "first", "--config", &file]);
        cluster.wait_until_up();
        cluster
    }

    /// One node with all roles on a disk of its own that has so much room. It can't be started
    /// again: the disk goes with its agent.
    #[must_use]
    #[track_caller]
    pub fn on_disk(kib: u32) -> Self {
        let mut cluster = Self::new();
        let listen = cluster.address().to_string();
        let data = cluster.first.data.clone();
        std::fs::create_dir(&data).unwrap();
        let arguments =
            ["up", "--name", "first", "--listen", &listen, "--data", data.to_str().unwrap()];
        let me = std::process::id().to_string();
        let arguments = [&arguments[..], &["--end-with-parent", &me]].concat();
        let agent = Program::start_as(disk::with_disk(&data, kib, &arguments));
        cluster.first.data = disk::seen_by(agent.id(), &data);
        cluster.first.program = Some(agent);
        cluster.wait_until_up();
        cluster
    }

    fn new() -> Self {
        let (folder, address) = (Folder::empty(), Address::free());
        Self { first: Node::at(&folder, "first"), address, folder }
    }

    /// Writes the file of [`Self::with_file`] anew.
    pub fn configure(&self, more: &str) {
        let address = self.address();
        self.folder.write(
            "cluster.toml",
            format!(
                "[[listener]]\nname = \"web\"\naddress = \"{address}\"\n\
                 [[site]]\nname = \"default\"\n{more}"
            ),
        );
    }

    /// The file of [`Self::with_file`].
    #[must_use]
    pub fn file(&self) -> String {
        self.folder.join("cluster.toml").display().to_string()
    }

    /// Starts the first node again, after it was stopped or killed.
    #[track_caller]
    pub fn start_first_again(&mut self) {
        self.first.start(&["up"]);
        self.wait_until_up();
    }

    #[track_caller]
    fn wait_until_up(&self) {
        eventually("the manager answers", || self.call(&["status"]).code == Some(0));
        if self.first.role("balancer").is_some() {
            self.wait_until_it_listens();
        }
    }

    /// Waits until somebody accepts visitors.
    #[track_caller]
    pub fn wait_until_it_listens(&self) {
        let listens = || std::net::TcpStream::connect(self.address()).is_ok();
        eventually("somebody listens for visitors", listens);
    }

    /// Lets a worker join, and waits until the manager knows it.
    #[track_caller]
    pub fn join(&self, name: &str) -> Node {
        self.join_as(name, "worker")
    }

    /// Lets a node with these roles join, and waits until the manager knows it.
    #[must_use]
    #[track_caller]
    pub fn join_as(&self, name: &str, roles: &str) -> Node {
        self.join_with(&self.ticket(&["--role", roles]), name)
    }

    /// Lets a node join by a ticket, and waits until the manager knows it.
    #[must_use]
    #[track_caller]
    pub fn join_with(&self, ticket: &str, name: &str) -> Node {
        let mut node = Node::at(&self.folder, name);
        node.binary.clone_from(&self.first.binary);
        node.start(&["join", ticket, "--name", name]);
        let known = || self.node(name).is_some_and(|node| node["report"].is_object());
        eventually("the manager hears of the node", known);
        node
    }

    /// A new ticket.
    #[must_use]
    #[track_caller]
    pub fn ticket(&self, arguments: &[&str]) -> String {
        let outcome = self.call(&[&["invite"], arguments].concat());
        outcome.expect(0).output.trim().to_owned()
    }

    /// Calls the program on the manager's machine.
    #[must_use]
    #[track_caller]
    pub fn call(&self, arguments: &[&str]) -> Outcome {
        let data = self.first.data.to_str().unwrap();
        bramble(self.folder.path(), &[arguments, &["--data", data]].concat())
    }

    /// Publishes a folder as the site `default`.
    #[must_use]
    #[track_caller]
    pub fn publish(&self, folder: &Folder) -> Outcome {
        self.call(&["publish", "--site", "default", folder.path().to_str().unwrap()])
    }

    /// What `status --json` says of a node.
    #[must_use]
    #[track_caller]
    pub fn node(&self, name: &str) -> Option<Value> {
        let status = self.status();
        let nodes = status["nodes"].as_array().unwrap();
        nodes.iter().find(|node| node["name"] == name).cloned()
    }

    /// What `status --json` says.
    #[must_use]
    #[track_caller]
    pub fn status(&self) -> Value {
        serde_json::from_str(&self.call(&["status", "--json"]).expect(0).output).unwrap()
    }

    /// Names of the workers that visitors are served by.
    #[must_use]
    #[track_caller]
    pub fn serving(&self) -> Vec<String> {
        let status = self.status();
        let nodes = status["nodes"].as_array().unwrap().iter();
        let works = |node: &&Value| node["roles"].as_array().unwrap().contains(&"worker".into());
        let serving = nodes.filter(works).filter(|node| node["serving"] == true);
        serving.map(|node| node["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Waits until exactly these nodes serve.
    #[track_caller]
    pub fn wait_until_serving(&self, names: &[&str]) {
        let wanted: BTreeSet<_> = names.iter().map(ToString::to_string).collect();
        eventually(&format!("{names:?} serve"), || {
            self.serving().into_iter().collect::<BTreeSet<_>>() == wanted
        });
    }

    /// Where visitors come.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address.socket()
    }

    /// A visitor's new connection.
    #[must_use]
    #[track_caller]
    pub fn client(&self) -> Client {
        Client::connect(self.address())
    }

    /// Asks for a path on a connection of its own.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.client().get(path)
    }

    /// Where the nodes' folders are.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }
}

impl Node {
    fn at(folder: &Folder, name: &str) -> Self {
        let (name, data) = (name.to_owned(), folder.join(name));
        Self { name, data, binary: bramble_binary(), program: None }
    }

    /// Starts its agent.
    #[track_caller]
    fn start(&mut self, arguments: &[&str]) {
        let data = self.data.to_str().unwrap();
        let me = std::process::id().to_string();
        let mut command = Command::new(&self.binary);
        command.args(arguments).args(["--data", data, "--end-with-parent", &me]);
        self.program = Some(Program::start_as(command));
    }

    /// Starts a node that joined, again.
    #[track_caller]
    pub fn start_again(&mut self) {
        self.start(&["join"]);
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Its agent.
    #[track_caller]
    pub fn program(&mut self) -> &mut Program {
        self.program.as_mut().expect("it runs")
    }

    /// Its agent and its roles.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        let agent = self.program.iter().map(Program::id);
        agent.flat_map(|id| [vec![id], processes::children(id)].concat()).collect()
    }

    /// The process of one of its roles.
    #[must_use]
    pub fn role(&self, role: &str) -> Option<u32> {
        let is_it = |id: &u32| processes::command(*id).contains(&format!(" role {role} "));
        self.processes().into_iter().find(is_it)
    }

    /// Stops it in order.
    #[track_caller]
    pub fn stop(&mut self) {
        self.program().signal(Signal::TERM);
        let status = self.program().wait();
        assert_eq!(status.code(), Some(0), "{}", self.program().log.text());
        self.program = None;
    }

    /// Kills agent and roles at one blow.
    pub fn kill(&mut self) {
        let all = self.processes();
        all.iter().for_each(|id| processes::signal(*id, Signal::KILL));
        self.program = None;
        eventually("all of them are gone", || !all.iter().any(|id| processes::runs(*id)));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- what the manager says\n{}---", self.call(&["status"]).output);
        }
    }
}

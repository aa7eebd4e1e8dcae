//! The demo's cluster: agents as child processes, seen through the manager's operator socket.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bramble_cluster::api::{Invite, InviteRequest, NodeStatus, Role, Status};
use bramble_cluster::link::Link;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::Child;
use tokio::time::{Instant, sleep, timeout};

use super::command::{Binary, text};
use crate::exit::{Doing, Failure};

/// The site that is published.
pub(super) const SITE: &str = "demo";
/// How long an agent may take to stop its roles.
const STOP_LIMIT: Duration = Duration::from_secs(12);
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// Agents, and where everything lies.
pub(super) struct Cluster {
    pub(super) folder: PathBuf,
    pub(super) address: SocketAddr,
    pub(super) operator: Link,
    binary: Binary,
    worker_rate: Option<u32>,
    stay: bool,
    agents: Vec<Agent>,
    workers: u8,
}

struct Agent {
    name: String,
    child: Child,
}

impl Cluster {
    /// A cluster of nobody yet, that will answer visitors on a free port.
    pub(super) fn new(
        folder: &Path,
        binary: &Binary,
        worker_rate: Option<u32>,
        stay: bool,
    ) -> Result<Self, Failure> {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
        let data = folder.join("main");
        Ok(Self {
            folder: folder.to_owned(),
            address: free.doing("can't find a free port")?,
            operator: Link::operator(&data.join("run").join("manager-api.sock")),
            binary: binary.clone(),
            worker_rate,
            stay,
            agents: Vec::new(),
            workers: 0,
        })
    }

    /// Data folder of the node that runs manager and balancer.
    pub(super) fn data(&self) -> String {
        text(&self.folder.join("main"))
    }

    /// The file that `up` is given and `reload` reads again.
    pub(super) fn config_file(&self) -> PathBuf {
        self.folder.join("bramble.toml")
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Writes the configuration, with `more` at its end.
    pub(super) fn configure(&self, more: &str) -> Result<(), Failure> {
        let text = format!(
            "[[listener]]\nname = \"web\"\naddress = \"{}\"\n\n\
             [[site]]\nname = \"{SITE}\"\nnot_found = \"404.html\"\n{more}",
            self.address
        );
        std::fs::write(self.config_file(), text).doing("can't write the configuration")
    }

    /// Starts manager and balancer.
    pub(super) async fn up(&mut self) -> Result<(), Failure> {
        self.configure("")?;
        let (data, file) = (self.data(), text(&self.config_file()));
        let mut args = vec!["up", "--data", &data, "--config", &file, "--name", "main"];
        args.extend(["--roles", "manager,balancer"]);
        let (args, name) = (args.into_iter().map(str::to_owned).collect(), "main".to_owned());
        self.start(name, args)?;
        let up = |s: &Status| has_process(s, Role::Balancer) && has_process(s, Role::Manager);
        self.until("manager and balancer are up", Duration::from_secs(15), up).await.map(drop)
    }

    /// Lets `count` more workers join, each on an address of its own, each by a ticket.
    pub(super) async fn join(&mut self, count: u8) -> Result<(), Failure> {
        for _ in 0..count {
            self.workers += 1;
            let wish = InviteRequest { roles: vec![Role::Worker], expires_s: 60 };
            let invite: Invite = self.operator.post_json("/v1/invite", &wish).await?;
            let (name, address) = (self.worker_name(), format!("127.0.0.{}", 10 + self.workers));
            let data = text(&self.folder.join(&name));
            let rate = self.worker_rate.map_or("off".to_owned(), |rate| rate.to_string());
            let args = [
                "join",
                &invite.ticket,
                "--data",
                &data,
                "--name",
                &name,
                "--address",
                &address,
                "--worker-rate",
                &rate,
            ];
            self.start(name.clone(), args.map(str::to_owned).to_vec())?;
        }
        Ok(())
    }

    fn worker_name(&self) -> String {
        format!("worker{}", self.workers)
    }

    fn start(&mut self, name: String, mut args: Vec<String>) -> Result<(), Failure> {
        if !self.stay {
            args.push(format!("--end-with-parent={}", std::process::id()));
        }
        let log = self.folder.join(format!("{name}.log"));
        let log = File::create(&log).doing("can't write a log")?;
        let copy = log.try_clone().doing("can't write a log")?;
        let mut command = self.binary.command(&args);
        let child = command.stdout(copy).stderr(log).kill_on_drop(!self.stay).spawn();
        self.agents.push(Agent { name, child: child.doing("can't start a node")? });
        Ok(())
    }

    pub(super) async fn status(&self) -> Result<Status, Failure> {
        Ok(self.operator.get_json("/v1/status").await?)
    }

    /// Waits until the cluster is as it should be.
    pub(super) async fn until(
        &mut self,
        what: &str,
        limit: Duration,
        is_so: impl Fn(&Status) -> bool,
    ) -> Result<Status, Failure> {
        let end = Instant::now() + limit;
        loop {
            let status = self.status().await;
            if let Ok(status) = &status
                && is_so(status)
            {
                return Ok(status.clone());
            }
            self.check_agents()?;
            if Instant::now() >= end {
                let seen = status.map_or_else(|_| "no status".to_owned(), |s| serving(&s));
                return Err(Failure::failed(format!(
                    "after {} s it is still not so that {what} ({seen})",
                    limit.as_secs()
                )));
            }
            sleep(LOOK_INTERVAL).await;
        }
    }

    /// An agent that ended says why in its log.
    fn check_agents(&mut self) -> Result<(), Failure> {
        for agent in &mut self.agents {
            if let Ok(Some(status)) = agent.child.try_wait() {
                let log = self.folder.join(format!("{}.log", agent.name));
                let log = std::fs::read_to_string(log).unwrap_or_default();
                let last: Vec<_> = log.lines().rev().take(4).collect();
                let last: Vec<_> = last.into_iter().rev().collect();
                let name = &agent.name;
                return Err(Failure::failed(format!(
                    "node {name} ended ({status}):\n{}",
                    last.join("\n")
                )));
            }
        }
        Ok(())
    }

    /// Waits until so many workers get traffic, by the manager's word and the balancer's check.
    pub(super) async fn until_serving(&mut self, count: usize) -> Result<Status, Failure> {
        let what = format!("{count} workers get traffic");
        let all_up = |s: &Status| {
            workers(s).filter(|w| w.serving).count() == count && up_backends(s) == count
        };
        self.until(&what, Duration::from_secs(25), all_up).await
    }

    /// The agents' processes.
    pub(super) fn agent_pids(&self) -> Vec<u32> {
        self.agents.iter().filter_map(|agent| agent.child.id()).collect()
    }

    /// Stops every agent, the balancer's first, so that no request goes to a worker that is
    /// gone, and waits until they have ended.
    pub(super) async fn stop(&mut self) {
        let (main, joined): (Vec<_>, Vec<_>) =
            self.agents.drain(..).partition(|agent| agent.name == "main");
        for group in [main, joined] {
            group.iter().for_each(|agent| signal(agent.child.id(), Signal::TERM));
            for mut agent in group {
                if timeout(STOP_LIMIT, agent.child.wait()).await.is_err() {
                    signal(agent.child.id(), Signal::KILL);
                    // Its roles die with it.
                    let _ = agent.child.wait().await;
                }
            }
        }
    }
}

/// Sends a signal to a process that this one started or was told of.
pub(super) fn signal(pid: Option<u32>, signal: Signal) {
    let pid = pid.and_then(|pid| Pid::from_raw(pid.cast_signed()));
    // One that has ended meanwhile needs none.
    let _ = pid.map(|pid| kill_process(pid, signal));
}

pub(super) fn workers(status: &Status) -> impl Iterator<Item = &NodeStatus> {
    status.nodes.iter().filter(|node| node.roles.contains(&Role::Worker))
}

fn up_backends(status: &Status) -> usize {
    let roles = status.nodes.iter().flat_map(|node| &node.report.roles);
    let backends = roles.flat_map(|facts| &facts.server.backends);
    backends.filter(|backend| backend.state == "up").count()
}

fn has_process(status: &Status, role: Role) -> bool {
    status.nodes.iter().flat_map(|node| &node.report.roles).any(|facts| facts.role == role)
}

fn serving(status: &Status) -> String {
    let node = |n: &NodeStatus| match &n.why_not {
        Some(why) => format!("{}: {why}", n.name),
        None => format!("{}: serving", n.name),
    };
    status.nodes.iter().map(node).collect::<Vec<_>>().join(", ")
}

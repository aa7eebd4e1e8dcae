//! The story, step by step.

use std::path::PathBuf;
use std::time::Duration;

use bramble_cluster::api::{Role, Status};
use bramble_load::report::demo::{
    DemoEvent, DemoProcess, DemoReport, DemoRun, DemoWorker, EventKind,
};
use rustix::process::Signal;
use tokio::time::sleep;

use super::cluster::{Cluster, SITE, signal, workers};
use super::command::{Binary, text};
use super::evidence::{BalancerUse, Look, judge, role};
use super::screen::Screen;
use super::traffic::Traffic;
use super::verify::Verifier;
use super::{Options, broken, site, table};
use crate::exit::{Doing, Failure};

/// Measured seconds of a test.
const TEST: Duration = Duration::from_secs(8);
/// Between two changes, so that each is seen for itself.
const APART: Duration = Duration::from_secs(1);
/// Users of the tests.
const FEW: u32 = 200;
const MANY: u32 = 800;
/// Users during changes: what is left of the cluster can take them.
const STEADY: u32 = 400;

/// The demo under way.
pub(super) struct Story {
    pub(super) screen: Screen,
    options: Options,
    binary: Binary,
    cluster: Cluster,
    folder: PathBuf,
    runs: Vec<DemoRun>,
    changes: Vec<DemoRun>,
    events: Vec<DemoEvent>,
    workers: Vec<DemoWorker>,
    broken: Vec<String>,
}

/// An event that has begun.
struct Begun {
    kind: EventKind,
    at_s: f64,
    before: (u64, u64),
}

impl Story {
    pub(super) async fn new(options: Options, screen: Screen) -> Result<Self, Failure> {
        let binary = Binary::own()?;
        let folder = tempfile::Builder::new().prefix("bramble-demo-").tempdir();
        let folder = folder.doing("can't make a folder for the demo")?.keep();
        let cluster = Cluster::new(&folder, &binary, options.worker_rate, options.stay)?;
        Ok(Self {
            options,
            screen,
            binary,
            cluster,
            folder,
            runs: Vec::new(),
            changes: Vec::new(),
            events: Vec::new(),
            workers: Vec::new(),
            broken: Vec::new(),
        })
    }

    /// Tells it all and writes the reports.
    pub(super) async fn tell(&mut self) -> Result<(), Failure> {
        self.start().await?;
        let mut verifier = self.publish().await?;
        self.screen.step("Testing 4 workers, as siege -d1 does: each user thinks 0 or 1 s")?;
        self.test(FEW).await?;
        self.test(MANY).await?;
        self.grow(&verifier).await?;
        self.screen.step("Testing 8 workers")?;
        self.test(FEW).await?;
        self.test(MANY).await?;
        self.shake(&mut verifier).await?;
        self.report(&verifier).await
    }

    async fn start(&mut self) -> Result<(), Failure> {
        self.screen.step("Starting a manager, a balancer and 4 workers")?;
        let speed = match self.options.worker_rate {
            Some(rate) => format!("slowed to one old board, {rate} requests/s (--worker-rate)"),
            None => "at full speed (--worker-rate off)".to_owned(),
        };
        self.screen.say(&format!("Each worker has an address of its own and is {speed}."));
        self.cluster.up().await?;
        self.cluster.join(4).await?;
        let joined = |s: &Status| workers(s).filter(|w| w.report.worker_address.is_some()).count();
        let limit = Duration::from_secs(20);
        self.cluster.until("4 workers have joined", limit, |s| joined(s) == 4).await?;
        self.screen.say(&format!("Up: {} (data in {})", self.cluster.url(), text(&self.folder)));
        Ok(())
    }

    async fn publish(&mut self) -> Result<Verifier, Failure> {
        self.screen.step("Publishing the sample site")?;
        site::unpack(&self.site())?;
        self.publish_site().await?;
        let status = self.cluster.until_serving(4).await?;
        let verifier = Verifier::new(&self.cluster.operator, &self.site()).await?;
        self.verify(&verifier, &status).await?;
        Ok(verifier)
    }

    async fn publish_site(&self) -> Result<(), Failure> {
        let (folder, data) = (text(&self.site()), self.cluster.data());
        let args = ["publish", &folder, "--site", SITE, "--data", &data, "--json"];
        self.binary.run(&args).await.map(drop)
    }

    async fn verify(&mut self, verifier: &Verifier, status: &Status) -> Result<(), Failure> {
        self.screen.live("fetching and hashing every file from every worker".to_owned());
        self.workers = verifier.check(status).await?;
        self.screen.quiet();
        self.screen.say(&format!(
            "Release {}: all {} files fetched from each of {} workers, every hash is right.",
            verifier.release(),
            verifier.files(),
            self.workers.len()
        ));
        Ok(())
    }

    /// One load test with nothing else going on.
    async fn test(&mut self, users: u32) -> Result<(), Failure> {
        let start_s = self.screen.elapsed_s();
        let traffic = self.traffic(users, TEST)?;
        self.follow(&traffic, Duration::ZERO).await;
        let before = Look::new(self.cluster.status().await?);
        self.follow(&traffic, traffic.nearly_over()).await;
        let after = Look::new(self.cluster.status().await?);
        let run = self.finish(traffic, start_s, &before, &after).await?;
        self.screen.say(&format!(
            "{users} users: {:.1}/s, {} % available, mean {:.1} ms, p99 {:.1} ms",
            run.load.achieved_per_s, run.load.availability, run.load.mean_ms, run.load.p99_ms
        ));
        self.screen.say(&run.load.explanation);
        self.runs.push(run);
        Ok(())
    }

    fn traffic(&self, users: u32, duration: Duration) -> Result<Traffic, Failure> {
        Traffic::start(&self.binary, &self.cluster.url(), &site::paths(), users, duration)
    }

    /// Shows what the generator says until `until` of the measured time has passed.
    async fn follow(&self, traffic: &Traffic, until: Duration) {
        let done = traffic.measured(until);
        tokio::pin!(done);
        loop {
            tokio::select! {
                () = &mut done => return,
                () = sleep(Duration::from_millis(250)) => self.show(traffic),
            }
        }
    }

    fn show(&self, traffic: &Traffic) {
        if let Some(line) = traffic.now() {
            self.screen.live(format!(
                "{:6.0} requests/s   p99 {:6.1} ms   {} answered, {} failed",
                line.rate_per_s, line.p99_ms, line.counts.completed, line.counts.failed
            ));
        }
    }

    async fn finish(
        &mut self,
        traffic: Traffic,
        start_s: f64,
        before: &Look,
        after: &Look,
    ) -> Result<DemoRun, Failure> {
        let mut load = traffic.finish().await?;
        self.screen.quiet();
        let failed = load.failed + load.warm_up_failed;
        if failed > 0 {
            self.broken.push(format!("{failed} requests of {} users failed", load.users));
        }
        let BalancerUse { cpu_ms, rss_kib } = judge(&mut load, before, after);
        let status = self.cluster.status().await?;
        let workers = workers(&status).filter(|w| w.serving).count();
        Ok(DemoRun {
            name: format!("{} users, {workers} workers", load.users),
            start_s,
            workers: u32::try_from(workers).unwrap_or(u32::MAX),
            balancer_cpu_ms: cpu_ms,
            balancer_rss_kib: rss_kib,
            load,
        })
    }

    /// Four more workers while traffic runs.
    async fn grow(&mut self, verifier: &Verifier) -> Result<(), Failure> {
        self.screen.step("Adding 4 workers while 200 users go on")?;
        let (start_s, traffic) = (self.screen.elapsed_s(), self.traffic(FEW, TEST)?);
        self.follow(&traffic, Duration::ZERO).await;
        let before = Look::new(self.cluster.status().await?);
        let begun = self.begin(EventKind::Join, &traffic);
        self.cluster.join(4).await?;
        let status = self.cluster.until_serving(8).await?;
        let took = self.screen.elapsed_s() - begun.at_s;
        self.verify(verifier, &status).await?;
        let detail = format!("4 workers joined by ticket and got traffic after {took:.1} s");
        self.event(begun, &traffic, detail).await;
        self.change(traffic, start_s, &before).await
    }

    /// A killed worker, a changed site and a changed configuration, each under load.
    async fn shake(&mut self, verifier: &mut Verifier) -> Result<(), Failure> {
        self.screen.step("Killing a worker, publishing and reloading while 400 users go on")?;
        let (start_s, traffic) = (self.screen.elapsed_s(), self.traffic(STEADY, TEST + 2 * APART)?);
        self.follow(&traffic, Duration::ZERO).await;
        let before = Look::new(self.cluster.status().await?);
        self.kill(&traffic).await?;
        sleep(APART).await;
        self.republish(&traffic, verifier).await?;
        sleep(APART).await;
        self.reload(&traffic).await?;
        self.change(traffic, start_s, &before).await?;
        let status = self.cluster.until_serving(8).await?;
        self.verify(verifier, &status).await
    }

    async fn kill(&mut self, traffic: &Traffic) -> Result<(), Failure> {
        let status = self.cluster.status().await?;
        let victim = workers(&status).last();
        let victim = victim.and_then(|w| Some((w.name.clone(), role(w, Role::Worker)?.pid)));
        let (name, pid) = victim.ok_or_else(|| Failure::failed("no worker to kill"))?;
        let begun = self.begin(EventKind::Kill, traffic);
        signal(Some(pid), Signal::KILL);
        let is_back = |s: &Status| {
            workers(s).filter_map(|w| role(w, Role::Worker)).all(|facts| facts.pid != pid)
        };
        let limit = Duration::from_secs(10);
        self.cluster.until("the killed worker is started again", limit, is_back).await?;
        self.cluster.until_serving(8).await?;
        let took = self.screen.elapsed_s() - begun.at_s;
        let detail = format!("{name} killed with SIGKILL, serving again after {took:.1} s");
        self.event(begun, traffic, detail).await;
        Ok(())
    }

    async fn republish(
        &mut self,
        traffic: &Traffic,
        verifier: &mut Verifier,
    ) -> Result<(), Failure> {
        site::change(&self.site())?;
        verifier.expect(&self.site())?;
        let begun = self.begin(EventKind::Publish, traffic);
        self.publish_site().await?;
        let took = self.screen.elapsed_s() - begun.at_s;
        let home = self.get("/").await?;
        if !home.contains("published under load") {
            self.broken.push("the changed page is not served".to_owned());
        }
        let detail = format!("release {} everywhere after {took:.1} s", verifier.release());
        self.event(begun, traffic, detail).await;
        Ok(())
    }

    async fn reload(&mut self, traffic: &Traffic) -> Result<(), Failure> {
        let more = "\n[[route]]\npath_prefix = \"/blackberries\"\n\
                    redirect = { status = 302, location = \"/berries/\" }\n";
        self.cluster.configure(more)?;
        let begun = self.begin(EventKind::Reload, traffic);
        let data = self.cluster.data();
        self.binary.run(&["reload", "--data", &data]).await?;
        let mut redirected = false;
        for _ in 0..20 {
            redirected = self.get("/blackberries").await?.starts_with("HTTP/1.1 302");
            if redirected {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
        if !redirected {
            self.broken.push("the reloaded configuration is not in force".to_owned());
        }
        let took = self.screen.elapsed_s() - begun.at_s;
        let detail = format!("a new route, in force after {took:.1} s");
        self.event(begun, traffic, detail).await;
        Ok(())
    }

    fn begin(&self, kind: EventKind, traffic: &Traffic) -> Begun {
        Begun { kind, at_s: self.screen.elapsed_s(), before: traffic.counts() }
    }

    /// Ends an event's window a moment later, when what it broke would have shown.
    async fn event(&mut self, begun: Begun, traffic: &Traffic, detail: String) {
        sleep(Duration::from_millis(750)).await;
        let (requests, failed) = traffic.counts();
        let (requests, failed) = (requests - begun.before.0, failed - begun.before.1);
        self.screen.say(&format!("{detail}: {requests} requests meanwhile, {failed} failed"));
        if requests == 0 {
            self.broken.push(format!("no traffic at: {detail}"));
        }
        let Begun { kind, at_s, .. } = begun;
        self.events.push(DemoEvent { kind, at_s, requests, failed, detail });
    }

    /// Ends the traffic of a change.
    async fn change(
        &mut self,
        traffic: Traffic,
        start_s: f64,
        before: &Look,
    ) -> Result<(), Failure> {
        self.follow(&traffic, traffic.nearly_over()).await;
        let after = Look::new(self.cluster.status().await?);
        let run = self.finish(traffic, start_s, before, &after).await?;
        self.changes.push(run);
        Ok(())
    }

    /// A request of our own, with a time limit.
    async fn get(&self, path: &str) -> Result<String, Failure> {
        let answer = tokio::time::timeout(Duration::from_secs(10), self.ask(path)).await;
        answer.doing("the balancer does not answer")?
    }

    async fn ask(&self, path: &str) -> Result<String, Failure> {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let connected = tokio::net::TcpStream::connect(self.cluster.address).await;
        let mut stream = connected.doing("can't reach the balancer")?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.doing("asking the balancer")?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.doing("asking the balancer")?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    async fn report(&mut self, verifier: &Verifier) -> Result<(), Failure> {
        let status = self.cluster.status().await?;
        let report = DemoReport {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            release: verifier.release(),
            worker_rate_per_s: self.options.worker_rate.map(f64::from),
            elapsed_s: self.screen.elapsed_s(),
            processes: self.processes(&status),
            workers: self.workers.clone(),
            runs: self.runs.clone(),
            changes: self.changes.clone(),
            events: self.events.clone(),
        };
        self.screen.step("What it comes to")?;
        self.screen.print(&table::runs(&report.runs));
        self.screen.print(&table::sentences(&report.runs));
        self.screen.print(&table::events(&report));
        let (json, html) = (self.file("demo-report.json"), self.file("demo-report.html"));
        let text = serde_json::to_string_pretty(&report).doing("the report")?;
        std::fs::write(&json, text + "\n").doing(format!("can't write {}", json.display()))?;
        std::fs::write(&html, report.to_html()).doing(format!("can't write {}", html.display()))?;
        self.screen.print(&format!("Reports: {}, {}", html.display(), json.display()));
        if self.broken.is_empty() { Ok(()) } else { Err(broken(&self.broken)) }
    }

    fn processes(&self, status: &Status) -> Vec<DemoProcess> {
        let roles = status.nodes.iter().flat_map(|node| &node.report.roles);
        let roles = roles.map(|facts| {
            let role = match facts.role {
                Role::Balancer => "balancer",
                Role::Manager => "manager",
                Role::Worker => "worker",
            };
            DemoProcess { role: role.to_owned(), pid: facts.pid }
        });
        let agents = self.cluster.agent_pids().into_iter();
        roles.chain(agents.map(|pid| DemoProcess { role: "node".to_owned(), pid })).collect()
    }

    /// Stops everything and removes the demo's folder, or says what is left as asked.
    pub(super) async fn end(&mut self, is_told: bool) {
        self.screen.quiet();
        if self.options.stay && is_told {
            let pids: Vec<_> = self.cluster.agent_pids().iter().map(u32::to_string).collect();
            self.screen.print(&format!(
                "The cluster stays up: {}\nIts data: {}\nTo look at it: bramble status --data {}\n\
                 To stop it: kill {}; then remove its data",
                self.cluster.url(),
                text(&self.folder),
                self.cluster.data(),
                pids.join(" ")
            ));
            return;
        }
        self.cluster.stop().await;
        if let Err(error) = std::fs::remove_dir_all(&self.folder) {
            self.screen.print(&format!("can't remove {}: {error}", text(&self.folder)));
        }
    }

    fn site(&self) -> PathBuf {
        self.folder.join("site")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.options.report.join(name)
    }
}

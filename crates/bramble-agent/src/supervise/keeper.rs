//! Keeps one role running: its service, and older processes that have made way for it.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use bramble_cluster::api::Role;
use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tracing::{info, warn};

use super::child::Child;
use super::{KeptRole, Launch, Process};
use crate::backoff::Backoff;
use crate::control::Control;
use crate::node::role_name;

const RESTART_FIRST: Duration = Duration::from_millis(100);
const RESTART_LAST: Duration = Duration::from_secs(5);
/// A process that lived so long did not fail at its start.
const SETTLED: Duration = Duration::from_secs(10);
/// Between SIGTERM and SIGKILL.
const TERM_LIMIT: Duration = Duration::from_secs(1);
/// To start and to take over. The process that is to make way waits for 30 s.
const READY_LIMIT: Duration = Duration::from_secs(32);
const READY_LOOK: Duration = Duration::from_millis(20);

/// What it is told.
#[derive(Debug)]
pub(super) enum Order {
    Leave(oneshot::Sender<KeptRole>),
    Stop,
    Tell(oneshot::Sender<KeptRole>),
    Upgrade(oneshot::Sender<Result<(), String>>),
}

pub(super) struct Keeper {
    launch: Launch,
    role: Role,
    control: Control,
    process: watch::Sender<Process>,
    /// That any child has ended.
    ends: unix::Signal,
    /// None while it waits to be started again.
    service: Option<Child>,
    /// Those that serve again if whoever came after them fails; the latest last.
    older: Vec<Child>,
    /// Those that were told never to serve again.
    retired: Vec<Child>,
    backoff: Backoff,
    /// When the service was started last, and when it is again.
    began: Instant,
    next: Instant,
}

impl Keeper {
    pub(super) fn new(
        launch: Launch,
        role: Role,
        process: watch::Sender<Process>,
        kept: KeptRole,
    ) -> io::Result<Self> {
        let now = Instant::now();
        let began = now.checked_sub(Duration::from_millis(kept.uptime_ms)).unwrap_or(now);
        let service = kept.service.and_then(Child::kept);
        let pid = service.as_ref().map(Child::id);
        let started = pid.map(|_| began);
        process.send_replace(Process { pid, restarts: kept.restarts, started });
        Ok(Self {
            control: Control::new(&launch.data, role),
            launch,
            role,
            process,
            ends: unix::signal(SignalKind::child())?,
            service,
            older: kept.older.into_iter().filter_map(Child::kept).collect(),
            retired: kept.retired.into_iter().filter_map(Child::kept).collect(),
            backoff: Backoff::new(RESTART_FIRST, RESTART_LAST),
            began,
            next: now,
        })
    }

    pub(super) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        loop {
            self.look();
            if self.service.is_none() && Instant::now() >= self.next {
                self.start();
            }
            tokio::select! {
                _ = self.ends.recv() => {}
                () = sleep_until(self.next), if self.service.is_none() => {}
                order = orders.recv() => match order {
                    Some(Order::Upgrade(answer)) => self.upgrade(answer).await,
                    Some(Order::Leave(answer)) => return drop(answer.send(self.leave())),
                    Some(Order::Tell(answer)) => drop(answer.send(self.kept())),
                    // Without a word nobody wants it any more.
                    Some(Order::Stop) | None => return self.stop().await,
                }
            }
        }
    }

    /// Sees who has ended, and who serves then.
    fn look(&mut self) {
        self.look_at_older();
        let Some(status) = self.service.as_mut().and_then(Child::ended) else { return };
        self.service = None;
        if status.success() {
            self.older.iter().for_each(|old| old.signal(Signal::TERM));
            self.retired.append(&mut self.older);
        } else if let Some(old) = self.older.pop() {
            let role = role_name(self.role);
            warn!(role, %status, pid = old.id(), "ended; the one before serves");
            return self.serves(old);
        }
        self.log_end(status);
        self.wait();
    }

    /// A process that ends in order has said to those before it that they are not to serve.
    fn look_at_older(&mut self) {
        let is_in_order = |old: &mut Child| old.ended().is_some_and(|status| status.success());
        if let Some(last) = self.older.iter_mut().rposition(is_in_order) {
            self.retired.extend(self.older.drain(..=last));
        }
        for left in [&mut self.older, &mut self.retired] {
            left.retain_mut(|old| old.ended().is_none());
        }
    }

    fn start(&mut self) {
        self.began = Instant::now();
        match self.spawn(false) {
            Ok(child) => self.serves(child),
            Err(error) => {
                self.log_failure(&error);
                self.wait();
            }
        }
    }

    fn serves(&mut self, child: Child) {
        self.process.send_modify(|process| {
            process.pid = Some(child.id());
            process.started = Some(Instant::now());
        });
        self.service = Some(child);
    }

    /// Before it is started again.
    fn wait(&mut self) {
        self.process.send_modify(|process| {
            *process = Process { restarts: process.restarts + 1, ..Process::default() };
        });
        if self.began.elapsed() >= SETTLED {
            self.backoff.reset();
        }
        self.next = Instant::now() + self.backoff.delay();
    }

    fn spawn(&self, is_heir: bool) -> io::Result<Child> {
        let mut command = Command::new(&self.launch.executable);
        command
            .args(["role", role_name(self.role), "--data"])
            .arg(&self.launch.data)
            .args(["--parent", &std::process::id().to_string()])
            .args(is_heir.then_some("--heir"))
            .stdin(Stdio::null())
            // Ctrl-C in a terminal is for the agent, which stops its roles in order.
            .process_group(0);
        let child = Child::spawn(&mut command)?;
        info!(role = role_name(self.role), pid = child.id(), "started");
        Ok(child)
    }

    async fn upgrade(&mut self, mut answer: oneshot::Sender<Result<(), String>>) {
        let upgraded = match self.role {
            Role::Balancer | Role::Worker => self.hand_over(&mut answer).await,
            // No visitor waits for it.
            Role::Manager => self.restart(&mut answer).await,
        };
        if let Err(why) = &upgraded {
            warn!(role = role_name(self.role), why, "not upgraded");
        }
        let _ = answer.send(upgraded);
    }

    /// The process that is there makes way for an heir, and serves on if that does not come to
    /// serve.
    async fn hand_over(
        &mut self,
        answer: &mut oneshot::Sender<Result<(), String>>,
    ) -> Result<(), String> {
        if self.service.is_none() {
            return Err(format!("there is no {} process to take over from", role_name(self.role)));
        }
        let mut heir = self.spawn(true).map_err(|error| self.cannot_run(&error))?;
        self.ready(&mut heir, answer).await?;
        self.older.extend(self.service.take());
        self.began = Instant::now();
        self.serves(heir);
        Ok(())
    }

    async fn restart(
        &mut self,
        answer: &mut oneshot::Sender<Result<(), String>>,
    ) -> Result<(), String> {
        if let Some(service) = self.service.take() {
            self.end(service).await;
        }
        self.start();
        match self.service.take() {
            Some(mut service) => {
                let ready = self.ready(&mut service, answer).await;
                // Also if it is not: from here on it is kept running as ever.
                self.service = Some(service);
                ready
            }
            None => Err(format!("{} can't be run", self.launch.executable.display())),
        }
    }

    /// Until a process that was just started has the control socket, which is the last that it
    /// does.
    async fn ready(
        &self,
        child: &mut Child,
        answer: &oneshot::Sender<Result<(), String>>,
    ) -> Result<(), String> {
        let role = role_name(self.role);
        let start = Instant::now();
        while self.control.process().await != Some(child.id()) {
            if let Some(status) = child.ended() {
                return Err(format!("the new {role} process ended before it was ready ({status})"));
            }
            if answer.is_closed() {
                return Err("nobody waits for it any more".to_owned());
            }
            if start.elapsed() > READY_LIMIT {
                let limit = READY_LIMIT.as_secs();
                return Err(format!("the new {role} process was not ready within {limit} s"));
            }
            sleep(READY_LOOK).await;
        }
        Ok(())
    }

    fn leave(self) -> KeptRole {
        let kept = self.kept();
        for child in self.service.into_iter().chain(self.older).chain(self.retired) {
            child.leave();
        }
        kept
    }

    fn kept(&self) -> KeptRole {
        let process = *self.process.borrow();
        let uptime = process.started.map(|started| started.elapsed()).unwrap_or_default();
        KeptRole {
            service: self.service.as_ref().map(Child::id),
            older: self.older.iter().map(Child::id).collect(),
            retired: self.retired.iter().map(Child::id).collect(),
            restarts: process.restarts,
            uptime_ms: u64::try_from(uptime.as_millis()).unwrap_or_default(),
        }
    }

    async fn stop(mut self) {
        let limit = Instant::now() + self.launch.stop;
        self.older.append(&mut self.retired);
        self.older.iter().for_each(|old| old.signal(Signal::TERM));
        if let Some(service) = self.service.take() {
            self.end(service).await;
        }
        for old in &mut self.older {
            // They drain as long as the service may; what is left of them then is killed.
            old.ends_within(limit.saturating_duration_since(Instant::now())).await;
        }
    }

    /// Asked first: a process that drains loses no request.
    async fn end(&self, mut child: Child) {
        match self.control.stop().await {
            Ok(()) if child.ends_within(self.launch.stop).await => return self.is_gone(),
            Ok(()) => warn!(role = role_name(self.role), "still draining; sending SIGTERM"),
            Err(error) => warn!(%error, "sending SIGTERM"),
        }
        child.signal(Signal::TERM);
        if !child.ends_within(TERM_LIMIT).await {
            warn!(role = role_name(self.role), "does not end; killing it");
        }
        drop(child);
        self.is_gone();
    }

    fn is_gone(&self) {
        self.process.send_modify(|process| process.pid = None);
    }

    fn log_end(&self, status: ExitStatus) {
        warn!(role = role_name(self.role), %status, "ended; starting it again");
    }

    fn log_failure(&self, error: &io::Error) {
        let executable = self.launch.executable.display();
        warn!(role = role_name(self.role), %executable, %error, "can't be run; trying again");
    }

    fn cannot_run(&self, error: &io::Error) -> String {
        format!("{} can't be run: {error}", self.launch.executable.display())
    }
}

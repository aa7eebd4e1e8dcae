//! Traffic of the demo: `bramble load` as a process of its own, watched while it runs.

use std::process::Stdio;
use std::time::Duration;

use bramble_load::{Line, LoadReport, ProgressLine};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::command::Binary;
use crate::exit::{Doing, Failure};

/// What comes before the measured time: users start and connections open.
pub(super) const WARM_UP: Duration = Duration::from_millis(1500);

/// A running load test.
pub(super) struct Traffic {
    begun: Instant,
    duration: Duration,
    live: watch::Receiver<Option<ProgressLine>>,
    report: JoinHandle<Result<LoadReport, Failure>>,
}

impl Traffic {
    /// Starts `users` who think as siege's `-d1` does: 0 or 1 s with equal chance.
    pub(super) fn start(
        binary: &Binary,
        url: &str,
        paths: &[String],
        users: u32,
        duration: Duration,
    ) -> Result<Self, Failure> {
        let users = users.to_string();
        let ms = |time: Duration| format!("{}ms", time.as_millis());
        let (whole, warm_up) = (ms(WARM_UP + duration), ms(WARM_UP));
        let mut args = vec!["load", url, "--users", &users, "--think", "siege:1"];
        args.extend(["--duration", &whole, "--warm-up", &warm_up]);
        args.extend(["--random", "--progress-json"]);
        args.extend(paths.iter().flat_map(|path| ["--path", path]));
        let mut command = binary.command(args);
        let child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn();
        let mut child = child.doing("can't start bramble load")?;
        let output = child.stdout.take().ok_or_else(|| Failure::failed("no output of load"))?;
        let (sender, live) = watch::channel(None);
        Ok(Self {
            begun: Instant::now(),
            duration,
            live,
            report: tokio::spawn(follow(child, output, sender)),
        })
    }

    /// The newest progress line.
    pub(super) fn now(&self) -> Option<ProgressLine> {
        self.live.borrow().clone()
    }

    /// Requests that have ended so far, and the failed ones of them.
    pub(super) fn counts(&self) -> (u64, u64) {
        self.now()
            .map_or((0, 0), |line| (line.counts.completed + line.counts.failed, line.counts.failed))
    }

    /// Waits until `after` has passed of the measured time.
    pub(super) async fn measured(&self, after: Duration) {
        sleep_until(self.begun + WARM_UP + after).await;
    }

    /// How long it is until the measured time is nearly over.
    pub(super) fn nearly_over(&self) -> Duration {
        self.duration.saturating_sub(Duration::from_millis(150))
    }

    /// Waits for the report.
    pub(super) async fn finish(self) -> Result<LoadReport, Failure> {
        self.report.await.doing("watching bramble load")?
    }
}

async fn follow(
    mut child: Child,
    output: ChildStdout,
    live: watch::Sender<Option<ProgressLine>>,
) -> Result<LoadReport, Failure> {
    let mut lines = BufReader::new(output).lines();
    let mut report = None;
    while let Some(line) = lines.next_line().await.doing("reading from bramble load")? {
        match serde_json::from_str(&line).doing("reading from bramble load")? {
            Line::Progress(progress) => drop(live.send(Some(progress))),
            Line::Report(whole) => report = Some(*whole),
        }
    }
    let status = child.wait().await.doing("waiting for bramble load")?;
    report.ok_or_else(|| Failure::failed(format!("bramble load ended without a report: {status}")))
}

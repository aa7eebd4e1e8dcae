//! `bramble load`: sends requests as users do, and says what they got.

mod report;

use std::future::pending;
use std::time::Duration;

use bramble_load::{
    Connections, Line, LoadError, LoadReport, Model, Options, PathOrder, ProgressLine, Target,
    Think, run_blocking,
};
use indicatif::{ProgressBar, ProgressStyle};

use super::{print, value};
use crate::exit::{Doing, Failure};
use crate::process;

/// Load-test any http:// URL: users who think, or a constant rate
///
/// With --users, each waits for the answer, thinks, and asks again (closed model). With --rate,
/// requests are sent whether or not answers come, and latency counts from when each was due
/// (open model). Nothing is sent twice; what is open at the end has failed. Ctrl-C ends it early.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
                        bramble load http://127.0.0.1:8080/ --users 200 --think siege:1\n  \
                        bramble load http://127.0.0.1:8080/ --rate 500 --duration 1m --json\n\n\
                        Exit codes: 0 carried out (look at the failures), 1 could not be, \
                        2 no URL or usage")]
pub struct Args {
    /// As http://127.0.0.1:8080/
    url: String,
    /// Closed model: so many users [default: 20]
    #[arg(long, value_name = "N", conflicts_with = "rate")]
    users: Option<u32>,
    /// Pause of a user: none, siege:S (0 to S whole seconds) or uniform:MS (0 to MS milliseconds)
    #[arg(long, value_parser = value::think, default_value = "siege:1", conflicts_with = "rate")]
    think: Think,
    /// Open model: so many requests a second
    #[arg(long, value_name = "N")]
    rate: Option<f64>,
    /// Open model: random gaps, as of many independent visitors, instead of equal ones
    #[arg(long, requires = "rate")]
    poisson: bool,
    /// Open model: connections at most; further requests wait, and the wait counts
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    connections: u32,
    /// How long, warm-up included
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "30s")]
    duration: Duration,
    /// Measure nothing of this first time
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "0s")]
    warm_up: Duration,
    /// How long an answer may take
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "30s")]
    timeout: Duration,
    /// How long requests that are open at the end may still take
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "5s")]
    drain: Duration,
    /// Ask for this path instead of the URL's; repeat it for more, one after the other
    #[arg(long = "path", value_name = "PATH")]
    paths: Vec<String>,
    /// Ask for the paths in random order
    #[arg(long)]
    random: bool,
    /// The Host field [default: the URL's]
    #[arg(long)]
    host: Option<String>,
    /// A new connection for each request, as siege does
    #[arg(long)]
    no_keep_alive: bool,
    /// Fixes every random choice
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Print JSON, a line each 250 ms and the report at the end
    #[arg(long, conflicts_with = "json")]
    progress_json: bool,
}

const USERS: u32 = 20;
const TEMPLATE: &str = "{wide_bar} {elapsed} {msg}";

pub fn run(args: Args) -> Result<(), Failure> {
    let (json, progress_json) = (args.json, args.progress_json);
    let options = options(args)?;
    let report = match progress_json {
        true => run_blocking(options, stopped(), |line| {
            // The report at the end fails, if that can't be written either.
            let _ = json_line(&Line::Progress(line.clone()));
        }),
        false => with_bar(options),
    };
    let report = report.map_err(failure)?;
    match (progress_json, json) {
        (true, _) => json_line(&Line::Report(Box::new(report))),
        (_, true) => print::json(&report),
        _ => print::text(report::text(&report)),
    }
}

fn options(args: Args) -> Result<Options, Failure> {
    let target: Target = args.url.parse().map_err(Failure::bad_input)?;
    let model = match args.rate {
        Some(rate_per_s) => {
            let max_connections = args.connections;
            Model::Open { rate_per_s, poisson: args.poisson, max_connections }
        }
        None => Model::Closed { users: args.users.unwrap_or(USERS), think: args.think },
    };
    Ok(Options {
        paths: args.paths,
        order: if args.random { PathOrder::Random } else { PathOrder::RoundRobin },
        host: args.host,
        warm_up: args.warm_up,
        timeout: args.timeout,
        drain: args.drain,
        connections: match args.no_keep_alive {
            true => Connections::PerRequest,
            false => Connections::KeepAlive,
        },
        seed: args.seed,
        ..Options::new(target, model, args.duration)
    })
}

/// Signals can be waited for once the run's runtime is there.
async fn stopped() {
    match process::stop_signal() {
        Ok(stop) => stop.await,
        Err(_) => pending().await,
    }
}

fn failure(error: LoadError) -> Failure {
    match error {
        LoadError::Options(_) => Failure::bad_input(error),
        _ => Failure::failed(error),
    }
}

fn json_line(line: &Line) -> Result<(), Failure> {
    print::line(serde_json::to_string(line).doing("can't write JSON")?)
}

/// Seen on a terminal only.
fn with_bar(options: Options) -> Result<LoadReport, LoadError> {
    let bar = ProgressBar::new(options.duration.as_millis().try_into().unwrap_or(u64::MAX));
    if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
        bar.set_style(style);
    }
    let report = run_blocking(options, stopped(), |line| {
        bar.set_position((line.elapsed_s * 1e3) as u64);
        bar.set_message(now(line));
    });
    bar.finish_and_clear();
    report
}

fn now(line: &ProgressLine) -> String {
    let ProgressLine { counts, rate_per_s, p99_ms, .. } = line;
    format!("{rate_per_s:.0}/s, p99 {p99_ms:.0} ms, {} failed", counts.failed)
}

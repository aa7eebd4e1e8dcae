//! `bramble node`: the cluster's nodes, and what the operator wants of them.

use bramble_cluster::api::Status;
use bramble_cluster::link::{Link, LinkError};
use clap::Subcommand;
use serde_json::{Value, json};

use super::data::Data;
use super::status::table;
use super::{print, value};
use crate::exit::Failure;
use crate::process;

/// List nodes, or take them out of traffic and back
#[derive(Debug, clap::Args)]
#[command(after_help = help("Examples:\n  bramble node list\n  bramble node drain berry-2"))]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show each node, and if it gets no traffic, why
    #[command(after_help = help("Example:\n  bramble node list --json"))]
    List {
        #[command(flatten)]
        data: Data,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Send nodes nothing new; what is in flight finishes, and they stay members
    #[command(after_help = help("Example:\n  bramble node drain berry-2 berry-3"))]
    Drain(Nodes),
    /// Send nodes requests again, once they hold the current release
    #[command(after_help = help("Example:\n  bramble node enable berry-2"))]
    Enable(Nodes),
    /// Take nodes out of the cluster; they come back only with a new ticket
    #[command(after_help = help("Example:\n  bramble node remove berry-2"))]
    Remove(Nodes),
}

/// The same for all of them.
fn help(example: &str) -> String {
    format!(
        "{example}\n\nExit codes: 0 done, 1 failed, 2 usage, 3 unknown node or refused, \
         4 manager unreachable"
    )
}

#[derive(Debug, clap::Args)]
struct Nodes {
    #[command(flatten)]
    data: Data,
    /// Names, as `bramble node list` shows them
    #[arg(value_name = "NAME", required = true, value_parser = value::name)]
    names: Vec<String>,
    /// Do it even if nobody is left to serve
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy)]
enum Wish {
    Drain,
    Enable,
    Remove,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    match &args.verb {
        Verb::List { data, json } => list(data, *json),
        Verb::Drain(nodes) => change(nodes, Wish::Drain),
        Verb::Enable(nodes) => change(nodes, Wish::Enable),
        Verb::Remove(nodes) => change(nodes, Wish::Remove),
    }
}

fn list(data: &Data, json: bool) -> Result<(), Failure> {
    let manager = data.manager();
    let status: Status = process::block_on(async {
        manager.get_json("/v1/status").await.map_err(|error| data.failure(error))
    })?;
    if json {
        return print::json(&status.nodes);
    }
    print::text(table::nodes(&status, None))
}

/// One after the other; the first that is refused ends it, and those before it are told.
fn change(nodes: &Nodes, wish: Wish) -> Result<(), Failure> {
    let manager = nodes.data.manager();
    process::block_on(async {
        for name in &nodes.names {
            let done = wish.ask(&manager, name, nodes.force).await;
            done.map_err(|error| nodes.data.failure(error))?;
            if !nodes.json {
                print::line(format_args!("{name} {}", wish.done()))?;
            }
        }
        Ok(())
    })?;
    if nodes.json { print::json(&json!({ "done": nodes.names })) } else { Ok(()) }
}

impl Wish {
    async fn ask(self, manager: &Link, name: &str, force: bool) -> Result<(), LinkError> {
        let query = if force { "?force=true" } else { "" };
        let post = async |verb| {
            let path = format!("/v1/nodes/{name}/{verb}{query}");
            manager.post_json::<Value>(&path, &json!({})).await.map(drop)
        };
        match self {
            Self::Drain => post("drain").await,
            Self::Enable => post("enable").await,
            Self::Remove => manager.delete(&format!("/v1/nodes/{name}{query}")).await,
        }
    }

    fn done(self) -> &'static str {
        match self {
            Self::Drain => "drains: it gets no new requests, and finishes those that it has",
            Self::Enable => "is enabled: it gets requests once it holds the current release",
            Self::Remove => "is removed: it comes back only with a new ticket",
        }
    }
}

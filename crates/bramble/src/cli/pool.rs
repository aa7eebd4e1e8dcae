//! `bramble pool`: the pools with their backends, and their settings.

mod table;

use bramble_cluster::api::{Change, Edit, PoolStatus, Setting};
use clap::Subcommand;

use super::data::Data;
use super::edit::{self, How, help};
use super::print;
use crate::exit::{Exit, Failure};
use crate::process;

/// List pools with their backends, or change a pool's settings
#[derive(Debug, clap::Args)]
#[command(after_help = help("Examples:\n  bramble pool list\n  bramble pool set app retries=2"))]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Show each pool's method and backends: state, weight, requests, errors
    #[command(after_help = help("Examples:\n  bramble pool list\n  bramble pool list app --json"))]
    List {
        #[command(flatten)]
        data: Data,
        /// Only these
        #[arg(value_name = "POOL")]
        names: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Change settings of a pool, as a file has them below [[pool]]; at once, and kept
    #[command(after_help = help(
        "Examples:\n  bramble pool set app retries=2 hedge_ms=200\n  \
         bramble pool set app health.path=/ready health.body=well\n  \
         bramble pool set app retries="
    ))]
    Set {
        #[command(flatten)]
        how: How,
        /// Name, as `bramble pool list` shows it
        pool: String,
        /// What to set; KEY= goes back to the default. docs/reference.md has the keys
        #[arg(value_name = "KEY=VALUE", required = true)]
        settings: Vec<Setting>,
    },
}

pub fn run(args: Args) -> Result<(), Failure> {
    match args.verb {
        Verb::List { data, names, json } => list(&data, &names, json),
        Verb::Set { how, pool, settings } => {
            edit::run(&how, Edit { pool, change: Change::Pool(settings) })
        }
    }
}

fn list(data: &Data, names: &[String], json: bool) -> Result<(), Failure> {
    let mut pools: Vec<PoolStatus> = process::block_on(async {
        let answer = data.manager().get_json("/v1/pools").await;
        answer.map_err(|error| edit::failure(data, error))
    })?;
    if let Some(name) = names.iter().find(|name| !pools.iter().any(|pool| pool.name == **name)) {
        return Err(unknown(name, &pools));
    }
    pools.retain(|pool| names.is_empty() || names.contains(&pool.name));
    if json { print::json(&pools) } else { print::text(table::all(&pools)) }
}

fn unknown(name: &str, pools: &[PoolStatus]) -> Failure {
    let names: Vec<_> = pools.iter().map(|pool| pool.name.as_str()).collect();
    let failure = Failure::new(Exit::Refused, format!("there is no pool {name}"));
    match names.is_empty() {
        true => failure.hint("the configuration has none: add a [[pool]] and apply it"),
        false => failure.hint(format!("the pools are: {}", names.join(", "))),
    }
}

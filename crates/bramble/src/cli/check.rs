//! `bramble check`: is a configuration right?

use std::path::PathBuf;

use bramble_config::Config;
use serde_json::json;

use super::config_file;
use super::print;
use crate::exit::Failure;

/// Check a configuration file; touches nothing
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  bramble check examples/cluster.toml\n\n\
                        Exit codes: 0 valid, 1 not written, 2 invalid, unreadable, or usage")]
pub struct Args {
    /// The configuration; see docs/reference.md
    file: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let (_, config) = config_file::read(&args.file)?;
    // What `run` needs beyond a valid file.
    let alone = config.plan().err().map(|error| error.to_string());
    if args.json {
        return print::json(&json!({
            "valid": true,
            "listeners": config.listeners().iter().map(|l| l.address).collect::<Vec<_>>(),
            "sites": config.sites().iter().map(|site| &site.name).collect::<Vec<_>>(),
            "pools": config.pools().iter().map(|pool| &pool.name).collect::<Vec<_>>(),
            "routes": config.declared_routes().len(),
            "runs_alone": alone.is_none(),
        }));
    }
    print::line(format_args!("{} is valid: {}", args.file.display(), parts(&config)))?;
    if let Some(why) = alone {
        print::line(format_args!("it is for a cluster (`bramble up`); `bramble run` says: {why}"))?;
    }
    Ok(())
}

fn parts(config: &Config) -> String {
    [
        print::plural(config.listeners().len(), "listener"),
        print::plural(config.sites().len(), "site"),
        print::plural(config.pools().len(), "pool"),
        print::plural(config.declared_routes().len(), "route"),
    ]
    .join(", ")
}

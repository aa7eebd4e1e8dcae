//! `bramble rollback`: a site goes back to an earlier release.

use bramble_cluster::api::{Published, RollbackRequest, Status};
use bramble_cluster::link::{Link, LinkError};

use super::data::Data;
use super::{outcome, print, value};
use crate::exit::Failure;
use crate::process;

/// Bring a site back to an earlier release
///
/// Nothing is sent: the nodes hold the recent releases. `bramble status` lists them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  bramble rollback --site default\n  \
                        bramble rollback --site default --to RELEASE\n\n\
                        Exit codes: 0 done, 1 no worker ready, or disk full, 2 usage, 3 unknown \
                        site or release,\n            4 manager unreachable")]
pub struct Args {
    #[command(flatten)]
    data: Data,
    /// The site
    #[arg(long, value_name = "NAME", value_parser = value::name)]
    site: String,
    /// The release; its first digits are enough [default: published before the current]
    #[arg(long, value_name = "RELEASE")]
    to: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let published = process::block_on(roll_back(args))?;
    if args.json {
        return print::json(&published);
    }
    outcome::print(&published)
}

async fn roll_back(args: &Args) -> Result<Published, Failure> {
    let manager = args.data.manager().with_time_limit(outcome::FLIP_LIMIT);
    flip(args, &manager).await.map_err(|error| args.data.failure(error))
}

async fn flip(args: &Args, manager: &Link) -> Result<Published, LinkError> {
    let release = match &args.to {
        Some(digits) => Some(full_id(&manager.get_json("/v1/status").await?, &args.site, digits)),
        None => None,
    };
    let path = format!("/v1/sites/{}/rollback", args.site);
    manager.post_json(&path, &RollbackRequest { release }).await
}

/// The one release that begins so; else what was given, for the manager to judge.
fn full_id(status: &Status, site: &str, digits: &str) -> String {
    let sites = status.sites.iter().filter(|known| known.name == site);
    let mut found = sites.flat_map(|site| &site.history).filter(|id| id.starts_with(digits));
    match (found.next(), found.next()) {
        (Some(id), None) => id.clone(),
        _ => digits.to_owned(),
    }
}

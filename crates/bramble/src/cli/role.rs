//! `bramble role`: one role process of a node, started and driven by its agent.

mod manager;

use std::path::{Path, PathBuf};

use bramble_agent::node::NodeFile;
use bramble_config::plan::Plan;
use bramble_server::{Server, control};

use crate::exit::{Doing, Failure};
use crate::process;

/// Which role this process runs.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Role {
    Balancer,
    Manager,
    Worker,
}

#[derive(Debug, clap::Args)]
pub struct Args {
    role: Role,
    /// The node's data folder
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The agent; this process ends with it
    #[arg(long, value_name = "PID")]
    parent: Option<u32>,
}

pub fn run(args: Args) -> Result<(), Failure> {
    process::log("warn");
    if let Some(parent) = args.parent {
        process::end_with_parent(parent)?;
    }
    match args.role {
        Role::Balancer => process::block_on(data_plane(args.data, "balancer")),
        Role::Worker => process::block_on(data_plane(args.data, "worker")),
        Role::Manager => process::block_on(manager::run(args.data)),
    }
}

/// A balancer or worker: starts from its last good plan and takes new ones by its socket.
async fn data_plane(data: PathBuf, role: &str) -> Result<(), Failure> {
    let stop = process::stop_signal()?;
    let roles = NodeFile::load(&data).map_or(1, |node| node.roles.len());
    let last = last_plan(&data.join("plans").join(format!("{role}.json")));
    let mut server = Server::new(data.clone()).one_of(roles as u64);
    if let Some(plan) = last
        && let Err(error) = server.take(plan).await
    {
        // The agent may have a newer one, and tells whoever asks what is wrong.
        tracing::error!(role, %error, "the last good plan can't be taken");
    }
    let socket = data.join("run").join(format!("{role}.sock"));
    let listener = control::bind(&socket).doing("can't make the control socket")?;
    tokio::select! {
        served = control::serve(&listener, &mut server) => served.doing("control socket")?,
        () = stop => {}
    }
    server.stop().await;
    Ok(())
}

fn last_plan(file: &Path) -> Option<Plan> {
    let text = std::fs::read(file).ok()?;
    match serde_json::from_slice(&text) {
        Ok(plan) => Some(plan),
        Err(error) => {
            tracing::error!(file = %file.display(), %error, "the last good plan is damaged");
            None
        }
    }
}

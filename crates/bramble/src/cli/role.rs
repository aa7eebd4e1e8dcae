//! `bramble role`: one role process of a node, started and driven by its agent.

mod manager;

use std::path::{Path, PathBuf};

use bramble_agent::node::NodeFile;
use bramble_config::plan::Plan;
use bramble_server::Server;
use bramble_server::control::{self, End};
use bramble_server::handover::Inheritance;

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
    /// Take over from the process that has the role now
    #[arg(long)]
    heir: bool,
}

pub fn run(args: Args) -> Result<(), Failure> {
    process::log("warn");
    if let Some(parent) = args.parent {
        process::end_with_parent(parent)?;
    }
    match args.role {
        Role::Balancer => process::block_on(data_plane(args.data, "balancer", args.heir)),
        Role::Worker => process::block_on(data_plane(args.data, "worker", args.heir)),
        Role::Manager => process::block_on(manager::run(args.data)),
    }
}

/// A balancer or worker: starts from its last good plan, or where the process before it is, and takes
/// new plans by its socket.
async fn data_plane(data: PathBuf, role: &str, is_heir: bool) -> Result<(), Failure> {
    let stop = process::stop_signal()?;
    let socket = data.join("run").join(format!("{role}.sock"));
    let roles = NodeFile::load(&data).map_or(1, |node| node.roles.len());
    let mut server = Server::new(data.clone()).one_of(roles as u64);
    let inheritance = match is_heir {
        true => Some(take_over(&socket, &mut server).await?),
        false => {
            start(&data, role, &mut server).await;
            None
        }
    };
    tokio::pin!(stop);
    loop {
        // Whoever is the service has the socket's name.
        let listener = control::bind(&socket).doing("can't make the control socket")?;
        let end = tokio::select! {
            served = control::serve(&listener, &mut server) => served.doing("control socket")?,
            () = &mut stop => End::Stop,
        };
        drop(listener);
        let End::Heir(heir) = end else { break };
        tokio::select! {
            () = &mut stop => break,
            handed_over = server.hand_over(heir) => match handed_over {
                Ok(()) => break,
                Err(error) => tracing::error!(role, %error, "this process accepts again"),
            },
        }
    }
    if let Some(inheritance) = &inheritance {
        inheritance.over();
    }
    server.stop().await;
    Ok(())
}

async fn start(data: &Path, role: &str, server: &mut Server) {
    if let Some(plan) = last_plan(&data.join("plans").join(format!("{role}.json")))
        && let Err(error) = server.take(plan).await
    {
        // The agent may have a newer one, and tells whoever asks what is wrong.
        tracing::error!(role, %error, "the last good plan can't be taken");
    }
}

/// From here on this process accepts, and the one before it does not.
async fn take_over(socket: &Path, server: &mut Server) -> Result<Inheritance, Failure> {
    let (mut inheritance, plan) = Inheritance::ask(socket).doing("can't take over")?;
    server.inherit(&mut inheritance);
    if let Some(plan) = plan {
        server.take(plan).await.doing("can't take over")?;
    }
    server.begin(&inheritance).doing("can't take over")?;
    Ok(inheritance)
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

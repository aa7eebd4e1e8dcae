//! The first start: everything is checked before anything is made.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use bramble_agent::NodeFile;
use bramble_cluster::api::Role;
use bramble_config::{Config, DEFAULT_TEXT};
use bramble_manager::Setup;

use super::Args;
use crate::cli::config_file::{self, ConfigFile};
use crate::cli::new_node::NewNode;
use crate::cli::{agent, ports};
use crate::exit::{Doing, Failure};

/// What the built-in configuration is called in messages.
const BUILT_IN: &str = "the built-in configuration";

/// The built-in listener, as it stands in the text.
const BUILT_IN_ADDRESS: &str = "127.0.0.1:8080";

/// Makes the cluster and its first node in the data folder, or leaves no trace.
pub async fn make(args: &Args) -> Result<(), Failure> {
    if !roles(args).contains(&Role::Manager) {
        let failure = Failure::bad_input("the first node of a cluster runs the manager");
        return Err(failure.hint("to add a node to a cluster, use `bramble join TICKET`"));
    }
    let configuration = configuration(args)?;
    let address = args.address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    NodeFile::check_address(address).map_err(Failure::failed)?;
    let folder = NewNode::claim(&args.data.dir)?;
    let setup = Setup {
        name: args.name.clone().unwrap_or_else(agent::host_name),
        address,
        roles: roles(args).to_vec(),
        worker_rate: args.worker_rate.and_then(|rate| rate.0),
        listen: SocketAddr::new(address, 0),
        configuration: configuration.text,
        file: configuration.name,
    };
    fill(args, setup).await?;
    folder.keep();
    Ok(())
}

fn roles(args: &Args) -> &[Role] {
    args.roles.as_deref().unwrap_or(&[Role::Manager, Role::Balancer, Role::Worker])
}

async fn fill(args: &Args, setup: Setup) -> Result<(), Failure> {
    let dir = &args.data.dir;
    let made = bramble_manager::init(dir, &setup).await.doing("can't make the cluster");
    let managers = made.map_err(|failure| {
        failure.hint("make room there, or name another folder with --data DIR; nothing was made")
    })?;
    if let Some(path) = &args.config {
        remember(path, &args.data.config_path())?;
    }
    let node = NodeFile::new(setup.name, setup.roles, managers, setup.address);
    // Written last: it says that the rest is there.
    node.and_then(|node| node.save(dir)).map_err(Failure::failed)
}

/// For `reload`, which may be called from another folder.
fn remember(config: &Path, config_path: &Path) -> Result<(), Failure> {
    let path = config_file::full_path(config)?;
    fs::write(config_path, path.as_os_str().as_encoded_bytes())
        .doing(format!("can't write {}", config_path.display()))
}

fn configuration(args: &Args) -> Result<ConfigFile, Failure> {
    let (file, config) = match &args.config {
        Some(path) => config_file::read(path)?,
        None => built_in(args.listen)?,
    };
    if roles(args).contains(&Role::Balancer) {
        check_listeners(&config, args.config.as_ref())?;
    }
    Ok(file)
}

/// The embedded text, with the listener that the operator wants.
fn built_in(listen: Option<SocketAddr>) -> Result<(ConfigFile, Config), Failure> {
    let text = match listen {
        None => DEFAULT_TEXT.to_owned(),
        Some(wanted) => {
            let address = ports::check(wanted, "choose another with --listen ADDR")?;
            DEFAULT_TEXT.replace(BUILT_IN_ADDRESS, &address.to_string())
        }
    };
    config_file::parse(text, BUILT_IN.to_owned())
}

fn check_listeners(config: &Config, file: Option<&PathBuf>) -> Result<(), Failure> {
    let change = match file {
        Some(path) => format!("change the listener's address in {}", path.display()),
        None => "choose another with --listen ADDR".to_owned(),
    };
    let mut addresses = config.all_listeners().into_iter().map(|listener| listener.address);
    addresses.try_for_each(|address| ports::check(address, &change).map(drop))
}

#[cfg(test)]
mod tests;

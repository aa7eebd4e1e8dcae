//! `--data DIR`: the node's data folder, and through it the way to its manager.

use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use bramble_agent::{NodeError, NodeFile};
use bramble_cluster::api::Role;
use bramble_cluster::link::{Link, LinkError};

use crate::exit::{Exit, Failure};

const DEFAULT: &str = "./bramble-data";

#[derive(Clone, Debug, clap::Args)]
pub struct Data {
    /// The node's data folder
    #[arg(long = "data", value_name = "DIR", default_value = DEFAULT)]
    pub dir: PathBuf,
}

impl Data {
    /// The way to the manager of this machine.
    pub fn manager(&self) -> Link {
        Link::operator(&self.dir.join("run/manager-api.sock"))
    }

    /// What a call to it failed by, with the next step that fits this folder.
    pub fn failure(&self, error: LinkError) -> Failure {
        if !matches!(error, LinkError::Unreachable { .. }) {
            return error.into();
        }
        let dir = self.dir.display();
        let no_manager = |why: &str, hint: &str| {
            Failure::new(Exit::Unreachable, format!("{dir} {why}")).hint(hint)
        };
        let forbidden = |what: &dyn Display| {
            let hint = format!("run it as the owner of {dir}, or with sudo");
            Failure::new(Exit::Unreachable, what).hint(hint)
        };
        if let LinkError::Unreachable { source, .. } = &error
            && source.kind() == io::ErrorKind::PermissionDenied
        {
            return forbidden(&error);
        }
        match NodeFile::load(&self.dir) {
            Ok(node) if node.roles.contains(&Role::Manager) => {
                let option = self.option();
                Failure::from(error).hint(format_args!(
                    "start it with `bramble up{option}`; if that runs, its log says why"
                ))
            }
            Ok(_) => no_manager(
                "is a node whose manager runs elsewhere",
                "give this command on the manager's machine",
            ),
            Err(NodeError::Disk(error)) => forbidden(&error),
            Err(error @ NodeError::Damaged { .. }) => Failure::new(Exit::Unreachable, error),
            Err(NodeError::Absent { .. } | NodeError::Address { .. }) => no_manager(
                "holds no cluster",
                "start one with `bramble up`, or name its data folder with --data DIR",
            ),
        }
    }

    /// Whether a node has its data there.
    pub fn has_node(&self) -> bool {
        !matches!(NodeFile::load(&self.dir), Err(NodeError::Absent { .. }))
    }

    /// The option as it must be repeated in other commands; empty for the default folder.
    pub fn option(&self) -> String {
        match self.dir == Path::new(DEFAULT) {
            true => String::new(),
            false => format!(" --data {}", self.dir.display()),
        }
    }

    /// Where `up` keeps the name of the file that it was given, for `reload`.
    pub fn config_path(&self) -> PathBuf {
        self.dir.join("config-path")
    }
}

//! `cargo xtask test`: builds the release binary and runs every test against it.
//!
//! The scenario tests start the binary that `BRAMBLE_BIN` names: the one just built, so that a
//! stale one is never tested.

use anyhow::Result;

use crate::needs::{self, Need};
use crate::python;
use crate::step::{self, cargo, timed};

/// What the everyday tests start besides our own binary. Empty: they bring their own peers.
const EVERYDAY: &[Need] = &[];

#[derive(Default, clap::Args)]
pub(crate) struct Args {
    /// Runs the long tests too (those marked `ignored`).
    #[arg(long)]
    all: bool,
    /// Only tests whose name contains this.
    filter: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    timed("real parts", || if args.all { install_all() } else { needs::install(EVERYDAY) })?;
    timed("build", || step::run(&mut cargo("build --release --workspace")))?;
    timed("test", || {
        let mut command = cargo("test --release --workspace");
        command.env("BRAMBLE_BIN", step::target().join("release/bramble"));
        command.args(&args.filter);
        if args.all {
            command.args(["--", "--include-ignored"]);
        }
        step::run(&mut command)
    })
}

fn install_all() -> Result<()> {
    // At once: whoever is not root reads one list.
    let all = [needs::PROXIES, needs::CLIENTS, needs::FOR_PYTHON].concat();
    needs::install(&all)?;
    python::install()
}

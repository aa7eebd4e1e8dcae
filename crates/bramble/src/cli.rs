//! The command line: one file a verb, each with its arguments and a `run`.

mod agent;
mod apply;
mod backend;
mod check;
mod config_file;
mod data;
mod demo;
mod edit;
mod export;
mod import;
mod invite;
mod join;
mod load;
mod new_node;
mod node;
mod outcome;
mod pool;
mod ports;
pub mod print;
mod publish;
mod reload;
mod role;
mod rollback;
mod run;
mod status;
mod up;
mod upgrade_self;
mod value;
mod version;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::exit::{Exit, Failure};

/// Web clusters that people own: balance, serve, publish, grow, load-test.
#[derive(Debug, Parser)]
#[command(name = "bramble", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Demo(demo::Args),
    Up(up::Args),
    Publish(publish::Args),
    Rollback(rollback::Args),
    Status(status::Args),
    Invite(invite::Args),
    Join(join::Args),
    Node(node::Args),
    Pool(pool::Args),
    Backend(backend::Args),
    Load(load::Args),
    Check(check::Args),
    Import(import::Args),
    Apply(apply::Args),
    Reload(reload::Args),
    Export(export::Args),
    Run(run::Args),
    UpgradeSelf(upgrade_self::Args),
    Version(version::Args),
    /// Run one role process of a node (what an agent starts; not for people)
    #[command(hide = true)]
    Role(role::Args),
}

impl Cli {
    /// Runs the verb.
    ///
    /// # Errors
    /// What the user is told, with the exit code.
    pub fn run(self) -> Result<(), Failure> {
        match self.verb {
            Verb::Apply(args) => apply::run(&args),
            Verb::Backend(args) => backend::run(args),
            Verb::Check(args) => check::run(&args),
            Verb::Demo(args) => demo::run(args),
            Verb::Export(args) => export::run(&args),
            Verb::Import(args) => import::run(&args),
            Verb::Invite(args) => invite::run(&args),
            Verb::Join(args) => join::run(&args),
            Verb::Load(args) => load::run(args),
            Verb::Node(args) => node::run(&args),
            Verb::Pool(args) => pool::run(args),
            Verb::Publish(args) => publish::run(&args),
            Verb::Reload(args) => reload::run(&args),
            Verb::Role(args) => role::run(args),
            Verb::Rollback(args) => rollback::run(&args),
            Verb::Run(args) => run::run(&args),
            Verb::Status(args) => status::run(&args),
            Verb::Up(args) => up::run(&args),
            Verb::UpgradeSelf(args) => upgrade_self::run(&args),
            Verb::Version(args) => version::run(&args),
        }
    }
}

/// Prints help, or what is wrong with the arguments.
#[must_use]
pub fn explain(words: &clap::Error) -> ExitCode {
    let printed = words.print().and_then(|()| std::io::stdout().flush());
    match print::written(printed) {
        Err(failure) if !words.use_stderr() => failure.report(),
        _ => u8::try_from(words.exit_code()).unwrap_or(Exit::BadInput as u8).into(),
    }
}

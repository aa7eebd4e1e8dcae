//! `bramble version`.

use serde_json::json;

use super::print;
use crate::exit::Failure;

/// Print the version
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  bramble version --json\n\nExit codes: 0 printed, 1 not written, \
                        2 usage"
)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let version = env!("CARGO_PKG_VERSION");
    // Set by the build that makes packages.
    let (commit, rustc) = (option_env!("BRAMBLE_COMMIT"), option_env!("BRAMBLE_RUSTC"));
    let target = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    if args.json {
        return print::json(&json!({
            "version": version,
            "commit": commit,
            "rustc": rustc,
            "target": target,
        }));
    }
    let commit = commit.map(|commit| format!(", commit {commit}")).unwrap_or_default();
    let rustc = rustc.map(|rustc| format!(", rustc {rustc}")).unwrap_or_default();
    print::line(format_args!("bramble {version} ({target}{commit}{rustc})"))
}

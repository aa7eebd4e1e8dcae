//! Programs of others that tests and benches start: found, installed from Debian, or named.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::step;

/// A program and the Debian package that brings it.
#[derive(Clone, Copy)]
pub(crate) struct Need {
    pub(crate) program: &'static str,
    pub(crate) package: &'static str,
}

/// The proxies that we are compared with.
pub(crate) const PROXIES: &[Need] = &[
    Need { program: "apache2", package: "apache2" },
    Need { program: "haproxy", package: "haproxy" },
    Need { program: "nginx", package: "nginx" },
];

/// What `bench wire` has beyond them: a peer, the load generators, and what counts system calls and
/// instructions.
pub(crate) const BENCH: &[Need] = &[
    Need { program: "caddy", package: "caddy" },
    Need { program: "ip", package: "iproute2" },
    Need { program: "perf", package: "linux-perf" },
    Need { program: "siege", package: "siege" },
    Need { program: "valgrind", package: "valgrind" },
    Need { program: "wrk", package: "wrk" },
];

/// What makes a network of a bench's own.
pub(crate) const NETWORK: &[Need] = &[Need { program: "ip", package: "iproute2" }];

/// What `bench guard` counts with, and the backends that it counts before.
pub(crate) const COUNTERS: &[Need] = &[
    Need { program: "nginx", package: "nginx" },
    Need { program: "strace", package: "strace" },
    Need { program: "valgrind", package: "valgrind" },
];

/// The real clients of `tests/clients`, and what their backends are made of.
pub(crate) const CLIENTS: &[Need] = &[
    Need { program: "chromium", package: "chromium" },
    Need { program: "curl", package: "curl" },
    Need { program: "nginx", package: "nginx" },
    Need { program: "wget", package: "wget" },
];

/// What makes `target/python` (see `python`): llhttp has no wheel for every Python.
pub(crate) const FOR_PYTHON: &[Need] = &[
    Need { program: "gcc", package: "gcc" },
    Need { program: "python3-config", package: "python3-dev" },
    Need { program: "virtualenv", package: "virtualenv" },
];

/// Where programs lie, `sbin` too: a user's PATH on Debian leaves it out.
const FOLDERS: [&str; 5] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/bin"];

/// Keeps packages from starting their services: only what we start ourselves may run.
const POLICY: &str = "/usr/sbin/policy-rc.d";

/// Installs what is missing when we are root, and says the command when we are not.
pub(crate) fn install(needs: &[Need]) -> Result<()> {
    let missing = needs.iter().filter(|need| find(need.program).is_none());
    let missing: BTreeSet<&str> = missing.map(|need| need.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let missing: Vec<&str> = missing.into_iter().collect();
    let packages = missing.join(" ");
    if !rustix::process::geteuid().is_root() {
        bail!("missing: {packages}; install with: sudo apt-get install --yes {packages}");
    }
    println!("installing {packages}");
    without_services(|| {
        step::run(&mut apt("update --quiet"))?;
        step::run(apt("install --quiet --yes --no-install-recommends").args(&missing))
    })
}

/// Full path of a program.
pub(crate) fn find(program: &str) -> Option<String> {
    let paths = FOLDERS.iter().map(|folder| format!("{folder}/{program}"));
    paths.into_iter().find(|path| Path::new(path).exists())
}

fn apt(words: &str) -> Command {
    let mut command = Command::new("apt-get");
    command.args(words.split(' ')).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// Debian starts a service when its package is installed, unless a policy forbids it (exit
/// code 101). A policy that stands already is left as it is.
fn without_services(work: impl FnOnce() -> Result<()>) -> Result<()> {
    if Path::new(POLICY).exists() {
        return work();
    }
    std::fs::write(POLICY, "#!/bin/sh\nexit 101\n")?;
    step::run(Command::new("chmod").args(["755", POLICY]))?;
    let done = work();
    std::fs::remove_file(POLICY)?;
    done
}

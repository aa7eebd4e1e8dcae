//! Packages from PyPI that tests start: an environment below `target/`, made once and made anew
//! when the list changes.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::step;

/// What `tests/clients` starts: two implementations of WebSocket, ffmpeg to make a film, and the
/// cases of the Autobahn suite with a runner that needs no Python 2.
const CLIENTS: &[&str] =
    &["autobahn==26.10.2", "imageio-ffmpeg==0.8.1", "kosoku==0.1.0", "websockets==17.4"];

/// The parsers that judge what we pass on (`tests/differential`).
const PARSERS: &[&str] = &["h11==0.16.0", "llhttp==9.3.0.0"];

/// Debian's own Python: others in the path may lack what Debian's `virtualenv` expects.
const PYTHON: &str = "/usr/bin/python3";

/// Makes `target/python`.
pub(crate) fn install() -> Result<()> {
    let folder = step::target().join("python");
    let (made_of, wanted) = (folder.join("packages"), [CLIENTS, PARSERS].concat().join(" "));
    if fs::read_to_string(&made_of).is_ok_and(|packages| packages == wanted) {
        return Ok(());
    }
    println!("installing {wanted}");
    step::run(
        Command::new("virtualenv").args(["--quiet", "--clear", "--python", PYTHON]).arg(&folder),
    )?;
    let mut pip = Command::new(folder.join("bin/pip"));
    step::run(pip.args(["install", "--quiet"]).args(wanted.split(' ')))?;
    // Last: an environment that was not finished is made anew.
    fs::write(&made_of, wanted).with_context(|| format!("writing {}", made_of.display()))
}

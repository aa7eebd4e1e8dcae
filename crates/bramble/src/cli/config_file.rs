//! A configuration file, read and checked before anybody is asked to take it.

use std::path::{Path, PathBuf};

use bramble_config::Config;

use crate::exit::{Doing, Failure};

/// The text, and what the file is called in the state and in messages.
#[derive(Debug)]
pub struct ConfigFile {
    pub name: String,
    pub text: String,
}

/// Reads and checks a file. It is known by its full path, from whatever folder it is named.
///
/// # Errors
/// It can't be read, or it is faulty: every fault with its place.
pub fn read(path: &Path) -> Result<(ConfigFile, Config), Failure> {
    let shown = path.display();
    let text = read_text(path)?;
    let config = bramble_config::load(&text, &shown.to_string()).map_err(Failure::bad_input)?;
    Ok((ConfigFile { name: full_path(path)?.display().to_string(), text }, config))
}

fn read_text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::bad_input(format!("can't read {}: {error}", path.display())))
}

/// Checks a text.
///
/// # Errors
/// It is faulty.
pub fn parse(text: String, name: String) -> Result<(ConfigFile, Config), Failure> {
    let config = bramble_config::load(&text, &name).map_err(Failure::bad_input)?;
    Ok((ConfigFile { name, text }, config))
}

/// The path that is the file's from every folder.
///
/// # Errors
/// There is no such file.
pub fn full_path(path: &Path) -> Result<PathBuf, Failure> {
    path.canonicalize().doing(format!("can't find {}", path.display()))
}

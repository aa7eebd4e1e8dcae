//! A configuration of Apache httpd → a bramble.toml, and words about each line that is not in it.
//!
//! ```text
//!  bytes ─ syntax ─> items ─ expand ─> one tree ─ read ─> hosts, pools ─ route ─> routes ─ write ─> text
//!                       (Include, Define, ${…}, If…)          └──────── notices ────────┘
//! ```
//! Only what balances, routes and serves is carried over. What some visitors may not see is closed
//! to all of them rather than opened. Knows no files and no names of hosts: see [`Surroundings`].

mod access;
mod expand;
mod health;
mod known;
mod member;
mod model;
mod notice;
mod parameter;
mod read;
mod route;
mod sticky;
mod syntax;
mod words;
mod write;

use std::collections::BTreeMap;

use thiserror::Error;

pub use expand::{File, Place, Surroundings};
pub use notice::{Fate, Notice};
pub use syntax::SyntaxFault;

use crate::error::ConfigErrors;
use notice::Notices;

/// What became of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The text of a bramble.toml.
    pub text: String,
    /// Lines that are not in it as they were, in the files' order.
    pub notices: Vec<Notice>,
    /// How many more of them there are.
    pub more: usize,
    /// Directives that nothing has to be done for, and how often they stand there.
    pub idle: BTreeMap<String, usize>,
}

/// Why nothing was made of it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImportError {
    /// httpd would not read it either.
    #[error("{place}: {fault}")]
    Syntax {
        /// Where.
        place: Place,
        /// What.
        fault: SyntaxFault,
    },
    /// A limit was hit.
    #[error("{place}: too many {what}")]
    TooMuch {
        /// Where.
        place: Place,
        /// Of what.
        what: &'static str,
    },
    /// What came of it is more than bramble takes, as thousands of routes.
    #[error("bramble would not take what comes of it: {0}")]
    Unfit(Box<ConfigErrors>),
    /// There is no `ProxyPass`, no folder and no redirect in it.
    #[error("there is nothing in it that bramble could answer with")]
    Nothing,
}

impl Imported {
    /// Whether any line is in the new file not at all.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.more == 0 && self.notices.iter().all(|notice| notice.fate != Fate::LeftOut)
    }
}

/// Makes a bramble.toml of these files, read one after the other.
///
/// # Errors
/// They are no configuration, or have nothing to answer with.
pub fn import(files: &[File], world: &mut dyn Surroundings) -> Result<Imported, ImportError> {
    let mut notices = Notices::default();
    let nodes = expand::read(files, world, &mut notices)?;
    let mut declared = read::read(&nodes, world, &mut notices);
    let routes = route::routes(&mut declared, &mut notices);
    if routes.is_empty() {
        return Err(ImportError::Nothing);
    }
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    let text = write::write(&declared, &routes, &names, &mut notices);
    crate::load(&text, "bramble.toml").map_err(|errors| ImportError::Unfit(errors.into()))?;
    let Notices { mut kept, more, idle } = notices;
    kept.sort_by(|a, b| a.place.cmp(&b.place));
    kept.dedup();
    Ok(Imported { text, notices: kept, more, idle })
}

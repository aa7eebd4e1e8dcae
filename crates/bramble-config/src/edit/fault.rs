//! Why a text is not changed.

use thiserror::Error;

use crate::suggest;

/// What was named does not exist, or can't be set.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EditError {
    /// The pool is there, the backend is not.
    #[error("pool `{pool}` has no backend `{name}`")]
    Backend {
        /// Name of the pool.
        pool: String,
        /// What was looked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// The backends are no setting of their pool.
    #[error("`backend` is no setting: backends are added, edited and removed one by one")]
    Backends,
    /// What stands there is no table with keys of its own.
    #[error("`{0}` has no keys of its own")]
    Leaf(String),
    /// There is no such pool.
    #[error("there is no pool `{name}`")]
    Pool {
        /// What was looked for.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// The text is no TOML, which no text that was loaded is.
    #[error("the configuration can't be read: {0}")]
    Text(String),
}

impl EditError {
    /// What would be right.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        let (name, known) = match self {
            Self::Backend { name, known, .. } | Self::Pool { name, known } => (name, known),
            _ => return None,
        };
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        suggest::help(name, &known)
    }
}

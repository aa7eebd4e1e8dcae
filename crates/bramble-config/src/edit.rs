//! Changes of one pool in the text of a configuration. The rest of it stays as its author wrote
//! it: order, comments, blank lines.
//!
//! Knows where pools and backends stand in a file, in each form that TOML has for them. Must not
//! know what keys mean: whether the result is a configuration is for [`load`](crate::load).

mod fault;
mod pool;
mod setting;
mod style;

use serde::{Deserialize, Serialize};
use toml_edit::DocumentMut;

pub use fault::EditError;
pub use setting::{NoSetting, Setting};

/// What is to become of one pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// Its name.
    pub pool: String,
    /// What changes.
    pub change: Change,
}

/// What changes in a pool. Backends are known by name or by address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// More backends, behind those that it has.
    Add(Vec<Vec<Setting>>),
    /// Keys of backends.
    Backends(Vec<(String, Vec<Setting>)>),
    /// Keys of the pool itself.
    Pool(Vec<Setting>),
    /// These backends go.
    Remove(Vec<String>),
}

impl Edit {
    /// The text with the change made, and nothing else.
    ///
    /// # Errors
    /// There is no such pool or backend, or what is to be set is no key.
    pub fn apply(&self, text: &str) -> Result<String, EditError> {
        // The editor ends every line that it writes with LF.
        let lines = text.replace("\r\n", "\n");
        let mut document: DocumentMut =
            lines.parse().map_err(|e: toml_edit::TomlError| EditError::Text(e.to_string()))?;
        let mut pool = pool::find(&mut document, &self.pool)?;
        match &self.change {
            Change::Add(backends) => {
                backends.iter().try_for_each(|settings| pool::add(pool.again(), settings))?;
            }
            Change::Backends(wanted) => {
                for (name, settings) in wanted {
                    pool::set_backend(pool.again(), &self.pool, name, settings)?;
                }
            }
            Change::Pool(settings) => pool::set(pool, settings)?,
            Change::Remove(names) => pool::remove(pool, &self.pool, names)?,
        }
        let edited = document.to_string();
        Ok(if text.contains("\r\n") { edited.replace('\n', "\r\n") } else { edited })
    }
}

#[cfg(test)]
mod tests;

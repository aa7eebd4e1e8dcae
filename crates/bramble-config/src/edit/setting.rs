//! A key and the value that it is to have.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use toml_edit::Value;

use super::EditError;
use super::style::Form;

/// `KEY=VALUE`; the key may be one of a table, as `health.path`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// As in a file.
    pub key: String,
    /// As in a file; a text needs no quotes. Empty: the key goes, and its default holds.
    pub value: String,
}

/// A text that sets nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a setting is KEY=VALUE, as weight=2.5; KEY= goes back to the default")]
pub struct NoSetting;

impl Setting {
    /// The key is to have that value.
    #[must_use]
    pub fn new(key: &str, value: impl Into<String>) -> Self {
        Self { key: key.to_owned(), value: value.into() }
    }

    pub(super) fn apply(&self, mut table: Form<'_>) -> Result<(), EditError> {
        let Some((outer, key)) = self.key.split_once('.') else {
            self.put(table, &self.key);
            return Ok(());
        };
        if self.value.is_empty() && table.again().item(outer).is_none() {
            return Ok(());
        }
        let inner = table.open(outer).ok_or_else(|| EditError::Leaf(outer.to_owned()))?;
        self.put(inner, key);
        Ok(())
    }

    fn put(&self, table: Form<'_>, key: &str) {
        match self.value.is_empty() {
            true => table.remove(key),
            false => table.put(key, self.to_value()),
        }
    }

    /// As a value of the file: what is none by itself is a text.
    fn to_value(&self) -> Value {
        self.value.parse().unwrap_or_else(|_| Value::from(self.value.as_str()))
    }
}

impl FromStr for Setting {
    type Err = NoSetting;

    fn from_str(text: &str) -> Result<Self, NoSetting> {
        let (key, value) = text.split_once('=').ok_or(NoSetting)?;
        let is_key = |key: &str| {
            !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let keys: Vec<&str> = key.split('.').collect();
        let is_right = keys.len() <= 2 && keys.iter().all(|key| is_key(key));
        if is_right { Ok(Self::new(key, value)) } else { Err(NoSetting) }
    }
}

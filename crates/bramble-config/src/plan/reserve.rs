//! The part of a plan that says when a backend stands by for others.

use serde::{Deserialize, Serialize};

/// For whom a backend stands by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reserve {
    /// It stands in for one of its set that can't be used (Apache's hot spare, `R`).
    Spare,
    /// It serves when nobody else of its set can (Apache's hot standby, `H`).
    Standby,
}

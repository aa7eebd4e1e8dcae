//! `cargo xtask ci`: the steps of `.ci/run`, cheapest first.

use anyhow::Result;

use crate::bench::guard;
use crate::step::{self, cargo, timed};
use crate::{test, tidy};

pub(crate) fn run() -> Result<()> {
    timed("fmt", || step::run(&mut cargo("fmt --all --check")))?;
    timed("clippy", || {
        step::run(&mut cargo("clippy --release --workspace --all-targets -- -D warnings"))
    })?;
    timed("tidy", tidy::run)?;
    test::run(&test::Args::default())?;
    timed("guard", || guard::run(&guard::Args::where_possible()))
}

//! Checks: Apache has them for each member, bramble for a pool.

use super::model::{Pool, Setting};
use super::notice::{Fate, Notices};
use super::parameter::quoted;
use super::write::last_of_each;

/// How often Apache looks, and how many failures it takes, where nothing was said.
const INTERVAL_MS: &str = "30000";
const FAILS: &str = "1";

/// The check that a pool gets: that of its first member that has one.
pub(crate) fn of(pool: &Pool, notices: &mut Notices) -> Vec<Setting> {
    let checks: Vec<Vec<Setting>> = pool
        .members
        .iter()
        .map(|member| last_of_each(&member.settings, |key| key.starts_with("pool.health.")))
        .collect();
    let asks = |check: &&Vec<Setting>| check.iter().any(is_method);
    let Some(first) = checks.iter().find(asks) else { return Vec::new() };
    let words =
        |check: &[Setting]| -> Vec<String> { check.iter().map(|one| one.text.clone()).collect() };
    for (check, member) in checks.iter().zip(&pool.members) {
        if words(check) != words(first) {
            let text =
                if check.is_empty() { member.authority.clone() } else { words(check).join(" ") };
            let why = "a pool has one check for all its backends, that of its first";
            let instead = "put backends that need another check into a pool of their own";
            notices.about(
                &member.place,
                &text,
                Fate::LeftOut,
                (why.to_owned(), instead.to_owned()),
            );
        }
    }
    written(first)
}

fn is_method(setting: &Setting) -> bool {
    setting.key == "pool.health.method"
}

/// The keys to write, with Apache's own defaults where they are not ours.
fn written(check: &[Setting]) -> Vec<Setting> {
    let Some(asked) = check.iter().find(|one| is_method(one)) else { return Vec::new() };
    let is_by = |method: &str| asked.value == quoted(method);
    let is_needless = |one: &&Setting| match one.key {
        "pool.health.method" => is_by("GET"),
        // A connection is for no path, in Apache neither.
        "pool.health.path" => is_by("TCP"),
        _ => false,
    };
    let mut settings: Vec<Setting> =
        check.iter().filter(|one| !is_needless(one)).cloned().collect();
    for (key, value) in [("pool.health.interval_ms", INTERVAL_MS), ("pool.health.fails", FAILS)] {
        if !settings.iter().any(|one| one.key == key) {
            let value = value.to_owned();
            settings.push(Setting { key, value, ..asked.clone() });
        }
    }
    settings
}

//! Health checks: what is asked, how often, and what it takes.

use toml::Spanned;

use crate::check::{host, number, route};
use crate::error::{Finding, Findings};
use crate::plan::HealthCheck;
use crate::raw;

pub(crate) fn check(raw: &raw::Health, findings: &mut Findings) -> HealthCheck {
    let or = HealthCheck::default();
    let count = |key, raw: &Option<Spanned<i64>>, or, findings: &mut Findings| {
        number::in_range(key, raw.as_ref(), 1..=1000, or, findings)
    };
    HealthCheck {
        path: raw.path.as_ref().map_or(or.path, |path| target(path, findings)),
        host: raw.host.as_ref().map_or(or.host, |one| single(one, findings)),
        interval_ms: number::ms("interval_ms", &raw.interval_ms, or.interval_ms, findings),
        timeout_ms: number::ms("timeout_ms", &raw.timeout_ms, or.timeout_ms, findings),
        passes: count("passes", &raw.passes, or.passes, findings),
        fails: count("fails", &raw.fails, or.fails, findings),
    }
}

fn target(path: &Spanned<String>, findings: &mut Findings) -> String {
    if !path.as_ref().starts_with('/') || !path.as_ref().bytes().all(route::is_target_byte) {
        let message = format!("`{}` can't be asked for", path.as_ref());
        let help = "a path starts with `/` and has no space, as \"/health\"";
        findings.add(Finding::new(path.span(), message).label("not a path").help(help));
    }
    path.as_ref().clone()
}

fn single(name: &Spanned<String>, findings: &mut Findings) -> String {
    host::check(std::slice::from_ref(name), findings).concat()
}

//! Health checks: what is asked, how often, and what it takes.

use toml::Spanned;

use crate::check::{host, name, number, route};
use crate::error::{Finding, Findings};
use crate::plan::{CheckMethod, HealthCheck, StatusRange};
use crate::raw;

const STATUSES: usize = 16;
const TEXT_BYTES: usize = 1024;

pub(crate) fn check(raw: &raw::Health, findings: &mut Findings) -> HealthCheck {
    let or = HealthCheck::default();
    let method = raw.method.as_ref().map_or(or.method, |method| *method.as_ref());
    refuse_what_is_not_asked(raw, method, findings);
    let count = |key, raw: &Option<Spanned<i64>>, or, findings: &mut Findings| {
        number::in_range(key, raw.as_ref(), 1..=1000, or, findings)
    };
    HealthCheck {
        method,
        path: raw.path.as_ref().map_or(or.path, |path| target(path, findings)),
        host: raw.host.as_ref().map_or(or.host, |one| single(one, findings)),
        status: raw.status.as_ref().map_or(or.status, |list| statuses(list, findings)),
        body: raw.body.as_ref().map(|text| body(text, findings)),
        interval_ms: number::ms("interval_ms", &raw.interval_ms, or.interval_ms, findings),
        timeout_ms: number::ms("timeout_ms", &raw.timeout_ms, or.timeout_ms, findings),
        passes: count("passes", &raw.passes, or.passes, findings),
        fails: count("fails", &raw.fails, or.fails, findings),
    }
}

/// A key without an effect would be taken for one that has.
fn refuse_what_is_not_asked(raw: &raw::Health, method: CheckMethod, findings: &mut Findings) {
    let spans = [
        ("path", raw.path.as_ref().map(Spanned::span), method != CheckMethod::Tcp),
        ("host", raw.host.as_ref().map(Spanned::span), method != CheckMethod::Tcp),
        ("status", raw.status.as_ref().map(Spanned::span), method != CheckMethod::Tcp),
        ("body", raw.body.as_ref().map(Spanned::span), method == CheckMethod::Get),
    ];
    for (key, span, _) in spans.into_iter().filter(|(_, _, is_asked)| !is_asked) {
        let Some(span) = span else { continue };
        let message = format!("`{key}` says nothing where the check is by {method}");
        let help = "leave it out, or check with `method = \"GET\"`";
        findings.add(Finding::new(span, message).label("not asked for").help(help));
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

fn statuses(list: &Spanned<Vec<Spanned<String>>>, findings: &mut Findings) -> Vec<StatusRange> {
    if list.as_ref().is_empty() {
        let finding = Finding::new(list.span(), "no status is expected: no answer would do");
        findings.add(finding.label("empty").help("give some, as [\"200-399\"]"));
    }
    name::at_most("status", list.as_ref(), STATUSES, findings);
    list.as_ref().iter().filter_map(|text| status(text, findings)).collect()
}

fn status(text: &Spanned<String>, findings: &mut Findings) -> Option<StatusRange> {
    let parsed = text.as_ref().parse::<StatusRange>();
    let faulty = |help| {
        let message = format!("`{}` names no statuses", text.as_ref());
        Finding::new(text.span(), message).label("no status").help(format!("give {help}"))
    };
    parsed.map_err(|help| findings.add(faulty(help))).ok()
}

fn body(text: &Spanned<String>, findings: &mut Findings) -> String {
    let bytes = text.as_ref().len();
    if !(1..=TEXT_BYTES).contains(&bytes) {
        let message = format!("`body` has {bytes} bytes");
        findings.add(number::out_of_range(text, message, 1, TEXT_BYTES));
    }
    text.as_ref().clone()
}

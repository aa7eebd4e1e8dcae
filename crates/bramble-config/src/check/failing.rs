//! Statuses that put a backend out.

use toml::Spanned;

use crate::check::number;
use crate::error::{Finding, Findings};

/// Each once, so that there are no more than there are statuses.
pub(crate) fn statuses(raw: &[Spanned<i64>], findings: &mut Findings) -> Vec<u16> {
    let mut statuses = Vec::new();
    for one in raw {
        let status = number::in_range("fail_on_status", Some(one), 400..=599, 0, findings);
        if status != 0 && statuses.contains(&status) {
            let message = format!("{status} stands in `fail_on_status` twice");
            findings.add(Finding::new(one.span(), message).label("again").help("leave one out"));
        }
        statuses.push(status);
    }
    statuses
}

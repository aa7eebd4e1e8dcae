//! The list of sections: all that ask for something have rows, or a reason why not.

use std::collections::BTreeSet;

/// What is wrong with the list, given the sections that rows name.
pub fn complaints(list: &str, rows: &BTreeSet<String>) -> Vec<String> {
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    let complaint = |line: &str| {
        let (section, reason) = line.split_once("  ").unwrap_or((line, ""));
        match (rows.contains(section), reason.is_empty()) {
            (false, true) => Some(format!("{section} has neither rows nor a reason")),
            (true, false) => Some(format!("{section} has rows and a reason why not: {reason}")),
            _ => None,
        }
    };
    lines.filter_map(complaint).collect()
}

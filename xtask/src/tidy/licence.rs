//! Licence expressions (SPDX): may we ship under it?

/// What we may ship; everything here is permissive.
const ALLOWED: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

/// Is there a choice in the expression that is allowed as a whole?
pub(super) fn is_allowed(expression: &str) -> bool {
    // Before SPDX expressions `/` stood for OR.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    either(&mut rest) && rest.is_empty()
}

/// `both OR both …`
fn either(rest: &mut &[&str]) -> bool {
    let mut allowed = both(rest);
    while take(rest, "OR") {
        allowed |= both(rest);
    }
    allowed
}

/// `one AND one …`, which binds closer than OR.
fn both(rest: &mut &[&str]) -> bool {
    let mut allowed = one(rest);
    while take(rest, "AND") {
        allowed &= one(rest);
    }
    allowed
}

fn one(rest: &mut &[&str]) -> bool {
    if take(rest, "(") {
        let allowed = either(rest);
        return take(rest, ")") && allowed;
    }
    let Some((name, after)) = rest.split_first() else { return false };
    *rest = after;
    let Some((exception, after)) = after.strip_prefix(&["WITH"]).and_then(<[_]>::split_first)
    else {
        return ALLOWED.contains(name);
    };
    *rest = after;
    ALLOWED.contains(&format!("{name} WITH {exception}").as_str())
}

fn take(rest: &mut &[&str], word: &str) -> bool {
    let is_next = rest.first() == Some(&word);
    if is_next {
        *rest = &rest[1..];
    }
    is_next
}

#[cfg(test)]
mod tests;

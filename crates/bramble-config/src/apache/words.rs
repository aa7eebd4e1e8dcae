//! The words of a line, as httpd's `ap_getword_conf` parts them, and variables in it.

/// A variable can't blow a line up beyond this.
const EXPANDED_BYTES: usize = 16 * 1024;

/// All words of a line.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let (word, behind) = split_word(rest);
        found.push(word);
        rest = behind;
    }
    found
}

/// The first word and what follows it. A word may be quoted; in quotes `\` keeps a quote or a `\`.
pub(crate) fn split_word(line: &str) -> (String, &str) {
    let line = line.trim_start();
    let quote = line.chars().next().filter(|first| matches!(first, '"' | '\''));
    let body = quote.map_or(line, |_| line.get(1..).unwrap_or_default());
    let mut word = String::new();
    let mut chars = body.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, next)| *next);
        let is_end = quote.map_or(c.is_ascii_whitespace(), |quote| c == quote);
        if is_end {
            return (word, body.get(at + c.len_utf8()..).unwrap_or_default().trim_start());
        }
        if c == '\\' && (next == Some('\\') || (quote.is_some() && next == quote)) {
            chars.next();
            word.extend(next);
        } else {
            word.push(c);
        }
    }
    (word, "")
}

/// The line with `${NAME}` replaced where the name is known; else it stays, as in httpd. What
/// was put in is not looked at again.
pub(crate) fn expand(line: &str, known: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once("${") {
        let Some((name, after)) = behind.split_once('}') else { break };
        out.push_str(before);
        match known(name).filter(|value| out.len() + value.len() <= EXPANDED_BYTES) {
            Some(value) => out.push_str(&value),
            None => out.extend(["${", name, "}"]),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;

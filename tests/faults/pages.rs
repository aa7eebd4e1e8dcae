//! What all workers serve, so that an answer can be compared to the byte.

/// Paths and sizes: one packet, a few, and some that take several turns to send.
pub const PAGES: [(&str, usize); 4] = [
    ("/note.html", 300),
    ("/page.html", 4_000),
    ("/picture.html", 30_000),
    ("/large.html", 60_000),
];

/// What belongs to a path; empty where nothing does.
pub fn page(path: &str) -> String {
    let size = PAGES.iter().find(|(p, _)| *p == path).map_or(0, |(_, size)| *size);
    // Numbered lines: a piece that is missing or comes twice moves all that follows.
    let mut text: String = (0..=size / 16).map(|line| format!("{path} line {line:06}\n")).collect();
    text.truncate(size);
    text
}

/// What an app answers to an order that it has written down.
pub fn receipt(order: &str) -> String {
    format!("written down: {order}\n")
}

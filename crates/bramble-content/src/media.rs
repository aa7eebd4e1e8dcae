//! Media types by file extension: a closed table, so that all nodes say the same of a file
//! whatever is installed on them. Text is UTF-8.

/// The media type of a file by its name. Written without spaces, as it stands in a manifest
/// and in a header field.
pub fn media_type(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => extension.to_ascii_lowercase(),
        _ => return UNKNOWN,
    };
    TABLE
        .iter()
        .find(|(extensions, _)| extensions.contains(&extension.as_str()))
        .map_or(UNKNOWN, |(_, media_type)| media_type)
}

const UNKNOWN: &str = "application/octet-stream";

const TABLE: &[(&[&str], &str)] = &[
    (&["html", "htm"], "text/html;charset=utf-8"),
    (&["css"], "text/css;charset=utf-8"),
    (&["js", "mjs"], "text/javascript;charset=utf-8"),
    (&["txt", "text", "log"], "text/plain;charset=utf-8"),
    (&["md", "markdown"], "text/markdown;charset=utf-8"),
    (&["csv"], "text/csv;charset=utf-8"),
    (&["ics"], "text/calendar;charset=utf-8"),
    (&["vtt"], "text/vtt;charset=utf-8"),
    (&["xml"], "text/xml;charset=utf-8"),
    (&["xhtml"], "application/xhtml+xml;charset=utf-8"),
    (&["rss"], "application/rss+xml;charset=utf-8"),
    (&["atom"], "application/atom+xml;charset=utf-8"),
    (&["json", "map"], "application/json"),
    (&["webmanifest"], "application/manifest+json"),
    (&["wasm"], "application/wasm"),
    (&["pdf"], "application/pdf"),
    (&["zip"], "application/zip"),
    (&["gz", "tgz"], "application/gzip"),
    (&["svg"], "image/svg+xml;charset=utf-8"),
    (&["avif"], "image/avif"),
    (&["bmp"], "image/bmp"),
    (&["gif"], "image/gif"),
    (&["ico"], "image/x-icon"),
    (&["jpg", "jpeg"], "image/jpeg"),
    (&["jxl"], "image/jxl"),
    (&["png"], "image/png"),
    (&["webp"], "image/webp"),
    (&["otf"], "font/otf"),
    (&["ttf"], "font/ttf"),
    (&["woff"], "font/woff"),
    (&["woff2"], "font/woff2"),
    (&["flac"], "audio/flac"),
    (&["m4a"], "audio/mp4"),
    (&["mp3"], "audio/mpeg"),
    (&["oga", "ogg", "opus"], "audio/ogg"),
    (&["wav"], "audio/wav"),
    (&["mp4", "m4v"], "video/mp4"),
    (&["ogv"], "video/ogg"),
    (&["webm"], "video/webm"),
];

#[cfg(test)]
mod tests;

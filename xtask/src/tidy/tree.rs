//! The repository's files: what is ours, without what is built or fetched.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// A file, its path relative to the root with `/`.
pub(super) struct File {
    pub path: String,
    /// Empty where the bytes are no text, as in an image.
    pub text: String,
}

/// Folders that hold nothing written by hand.
const SKIPPED: [&str; 3] = [".git", "bramble-data", "target"];
/// Kinds that are read; of the others only the name matters.
const TEXT: [&str; 6] = ["css", "html", "md", "rs", "sh", "toml"];

impl File {
    /// Does the path end like this: `.rs`, `Cargo.toml`?
    pub fn is(&self, end: &str) -> bool {
        self.path.ends_with(end)
    }

    /// Lines with their numbers, from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// Number of the first line that holds the words, or 1.
    pub fn line_of(&self, words: &str) -> usize {
        self.lines().find(|(_, line)| line.contains(words)).map_or(1, |(number, _)| number)
    }
}

/// All files below the root, sorted by path.
pub(super) fn read(root: &Path) -> Result<Vec<File>> {
    let mut files = Vec::new();
    walk(root, "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn walk(root: &Path, folder: &str, files: &mut Vec<File>) -> Result<()> {
    for entry in fs::read_dir(root.join(folder)).with_context(|| format!("reading {folder}"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if entry.file_type()?.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                walk(root, &path, files)?;
            }
        } else {
            let text = text_of(&path, &entry.path());
            files.push(File { path, text });
        }
    }
    Ok(())
}

fn text_of(name: &str, path: &Path) -> String {
    let kind = name.rsplit('.').next().unwrap_or_default();
    let is_text = TEXT.contains(&kind);
    if is_text { fs::read_to_string(path).unwrap_or_default() } else { String::new() }
}

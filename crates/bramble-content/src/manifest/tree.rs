//! The Merkle tree: a folder's hash covers the kind, hash and name of each of its entries,
//! one a line. No name has a control character, so no two folders have one list.

use std::fmt::Write;

use super::File;
use crate::hash::Hash;

/// The hash of the folder that holds these sorted files.
pub(super) fn root(files: &[File]) -> Hash {
    folder(files, 0)
}

/// `files` all lie in one folder, whose path takes the first `depth` bytes of theirs.
/// As deep as a path has parts, which its length bounds.
fn folder(mut files: &[File], depth: usize) -> Hash {
    let mut list = String::from("bramble-folder 1\n");
    while let Some(first) = files.first() {
        let name = &first.path[depth..];
        let len = match name.split_once('/') {
            None => {
                push_file(&mut list, first, name);
                1
            }
            Some((name, _)) => {
                let below = depth + name.len() + 1;
                let prefix = &first.path[..below];
                let len = files.iter().take_while(|file| file.path.starts_with(prefix)).count();
                push_line(
                    &mut list,
                    format_args!("folder {} {name}", folder(&files[..len], below)),
                );
                len
            }
        };
        files = &files[len..];
    }
    Hash::of(list.as_bytes())
}

fn push_file(list: &mut String, File { hash, size, media_type, .. }: &File, name: &str) {
    push_line(list, format_args!("file {hash} {size} {media_type} {name}"));
}

fn push_line(list: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String never fails.
    let _ = writeln!(list, "{line}");
}

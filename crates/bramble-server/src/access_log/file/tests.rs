use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;

fn log(folder: &TempDir, max_bytes: u64, keep: u16) -> LogFile {
    LogFile::open(folder.path().join("log/access.log"), max_bytes, keep).unwrap()
}

/// What lies there: names with contents.
fn files(folder: &TempDir) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder.path().join("log")).unwrap().map(Result::unwrap);
    let read = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read_to_string(entry.path()).unwrap())
    };
    let mut files: Vec<_> = entries.map(read).collect();
    files.sort();
    files
}

fn expect(folder: &TempDir, expected: &[(&str, &str)]) {
    let expected: Vec<_> =
        expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    assert_eq!(files(folder), expected);
}

#[test]
fn a_full_file_is_followed_by_another_and_the_oldest_goes() {
    let folder = TempDir::new().unwrap();
    let mut log = log(&folder, 4, 2);
    for lines in ["1\n", "2\n", "3\n", "4\n", "5\n", "6\n", "7\n"] {
        log.append(lines.as_bytes()).unwrap();
    }
    expect(
        &folder,
        &[("access.log", "7\n"), ("access.log.1", "5\n6\n"), ("access.log.2", "3\n4\n")],
    );
}

#[test]
fn what_was_kept_beyond_the_number_goes() {
    let folder = TempDir::new().unwrap();
    let mut before = log(&folder, 2, 3);
    ["1\n", "2\n", "3\n", "4\n"].iter().for_each(|line| before.append(line.as_bytes()).unwrap());
    log(&folder, 2, 1).append(b"5\n").unwrap();
    expect(&folder, &[("access.log", "5\n"), ("access.log.1", "4\n")]);
    log(&folder, 2, 0).append(b"6\n").unwrap();
    expect(&folder, &[("access.log", "6\n")]);
}

#[test]
fn a_file_that_others_moved_or_removed_is_begun_anew() {
    let folder = TempDir::new().unwrap();
    let mut log = log(&folder, 100, 1);
    log.append(b"1\n").unwrap();
    let at = |name: &str| folder.path().join("log").join(name);
    fs::rename(at("access.log"), at("moved")).unwrap();
    log.append(b"2\n").unwrap();
    expect(&folder, &[("access.log", "2\n"), ("moved", "1\n")]);
    fs::remove_file(at("access.log")).unwrap();
    log.append(b"3\n").unwrap();
    expect(&folder, &[("access.log", "3\n"), ("moved", "1\n")]);
    fs::write(at("access.log"), "").unwrap();
    log.append(b"4\n").unwrap();
    expect(&folder, &[("access.log", "4\n"), ("moved", "1\n")]);
}

#[test]
fn two_that_write_one_log_lose_nothing() {
    const LINES: usize = 300;
    let folder = TempDir::new().unwrap();
    let write = |mut log: LogFile, name: &str| {
        for i in 100..100 + LINES {
            log.append(format!("{name}{i}\n").as_bytes()).unwrap();
        }
    };
    std::thread::scope(|scope| {
        // Ten lines a file.
        let logs = [log(&folder, 50, 1000), log(&folder, 50, 1000)];
        for (log, name) in logs.into_iter().zip(["a", "b"]) {
            scope.spawn(move || write(log, name));
        }
    });
    let files = files(&folder);
    let mut lines: Vec<_> = files.iter().flat_map(|(_, text)| text.lines()).collect();
    lines.sort_unstable();
    let all = ["a", "b"].map(|name| (100..100 + LINES).map(move |i| format!("{name}{i}")));
    assert_eq!(lines, all.into_iter().flatten().collect::<Vec<_>>());
    assert_eq!(files.len(), 2 * LINES / 10);
    for number in 1..files.len() {
        let full = |(name, text): &(String, String)| {
            *name == format!("access.log.{number}") && text.len() == 50
        };
        assert!(files.iter().any(full), "{number}");
    }
}

#[test]
fn it_is_not_for_everybody() {
    let folder = TempDir::new().unwrap();
    log(&folder, 1, 0);
    let mode = fs::metadata(folder.path().join("log/access.log")).unwrap().permissions().mode();
    assert_eq!(mode & 0o027, 0);
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = TempDir::new().unwrap();
    assert!(LogFile::open(folder.path().to_owned(), 1, 0).is_err());
    assert!(LogFile::open("/dev/full".into(), 1, 0).unwrap().append(b"1\n").is_err());
}

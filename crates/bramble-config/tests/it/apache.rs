//! Configurations of Apache: whatever bytes are refused with a place, or become a configuration that
//! is right.

use std::net::IpAddr;

use bramble_config::apache::{File, ImportError, Imported, Surroundings, import};
use bramble_config::load;

const FILE: &str = "any.conf";

/// A world with no other file, no variable and no name.
struct Nowhere;

impl Surroundings for Nowhere {
    fn include(&mut self, _: &str, _: Option<&str>, _: &str) -> Result<Vec<File>, String> {
        Err("nothing is there".to_owned())
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn resolve(&mut self, _: &str) -> Option<IpAddr> {
        None
    }
}

/// Checks what holds for any bytes that come as a configuration of Apache.
pub fn check(input: &[u8]) {
    let files = [File { name: FILE.to_owned(), bytes: input.to_owned() }];
    match import(&files, &mut Nowhere) {
        Ok(imported) => check_imported(&imported, input),
        Err(ImportError::Nothing) => {}
        Err(ImportError::Unfit(errors)) => panic!("{errors}"),
        Err(error) => assert!(error.to_string().starts_with(&format!("{FILE}:")), "{error}"),
    }
}

fn check_imported(imported: &Imported, input: &[u8]) {
    assert!(load(&imported.text, "any.toml").is_ok());
    let lines = input.split(|byte| *byte == b'\n').count();
    for notice in &imported.notices {
        assert!(&*notice.place.file == FILE && (1..=lines).contains(&notice.place.line));
        let shown = notice.to_string();
        assert_eq!(shown.lines().count(), 3, "{shown:?}");
        assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
    }
}

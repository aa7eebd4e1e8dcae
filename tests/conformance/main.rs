//! What the RFCs ask of an origin server and of an intermediary, as tables: one line a requirement,
//! and below it the bytes that show it, on raw sockets at both sides of the real binary.
//!
//! ```text
//! 9112 6.3  MUST  a request with both lengths is refused, and the connection closed
//!   >  POST / HTTP/1.1⏎Host: a.test⏎Content-Length: 3⏎Transfer-Encoding: chunked⏎⏎
//!   >> nothing
//!   <  400⏎Connection: close
//!   <  end
//! ```
//!
//! A message goes `>` from the client to bramble, `>>` on to the backend, `<<` back, and `<` to the
//! client. What an end of ours *sends* (`>`, `<<`) are bytes; what it must *see* (`>>`, `<`) is a
//! pattern. `⏎` is CRLF, `\r \n \t \0 \xNN` are bytes, `{abc*100}` is repeated.
//!
//! | in a pattern | means |
//! |---|---|
//! | the first line | is this; of an answer the status is enough |
//! | `Name: value` | the message has this field; all of one name are listed, in order |
//! | `!Name` | it has no such field |
//! | `⏎⏎body` | its body is this; without, the body must be whole, whatever it is |
//! | `…` | anything |
//! | `$name` | anything, and the same from there on, also in what is sent |
//!
//! Instead of a message there can be `end` (closed in order, nothing before it), `cut` (broken off),
//! and `nothing` (so far); an end of ours that should close says `end`. `2>>` is the
//! second connection to the backend. `@` says what runs, for all rows below it.
//!
//! A row that bramble does not follow says why, and shows what happens instead: `~` by choice,
//! where the RFC leaves one (or see `OTHERWISE`); `!` a gap, which must fail, so that whoever closes
//! it finds the row. `sections.txt` has all sections that ask for something, those without rows with
//! the reason. `ROW=framing.txt:105` runs that row alone.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)] // A surprise ends a test.
#![allow(clippy::print_stdout)] // The counts are for whoever reads the run.

mod notation;
mod peer;
mod run;
mod sections;
mod table;

use table::{Mark, Row};

/// A test for each table, so that none is left out.
macro_rules! tables {
    ($($name:ident)*) => {
        const TABLES: &[&str] = &[$(stringify!($name),)*];

        $(#[test]
        fn $name() {
            check(stringify!($name));
        })*
    };
}

tables! {
    answers
    conditions
    connections
    expect
    fields
    files
    forwarding
    framing
    own
    ranges
    requests
    upgrade
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/conformance");

fn rows(name: &str) -> Vec<Row> {
    let text = std::fs::read_to_string(format!("{FOLDER}/{name}.txt")).unwrap();
    table::parse(name, &text)
}

/// Runs a table's rows and tells all that are not as they should be.
#[track_caller]
fn check(name: &str) {
    let only = std::env::var("ROW").ok();
    let mut rows = rows(name);
    rows.retain(|row| only.as_ref().is_none_or(|only| row.place.ends_with(only)));
    let failures: Vec<_> = rows.iter().filter_map(failure).collect();
    let count = |is: fn(&Row) -> bool| rows.iter().filter(|row| is(row)).count();
    let (all, must, failed) = (rows.len(), count_must(&rows), failures.len());
    let choices = count(|row| matches!(row.mark, Mark::Choice(_)));
    let gaps = count(|row| matches!(row.mark, Mark::Gap(_)));
    println!(
        "{name}: {all} requirements, {must} of them MUST: {} passed, {choices} otherwise by choice, \
         {gaps} gaps, {failed} failed",
        all - choices - gaps - failed
    );
    assert!(failures.is_empty(), "{} of {}:\n{}", failed, all, failures.join("\n"));
}

fn failure(row: &Row) -> Option<String> {
    match (run::run(row), &row.mark) {
        (Ok(()), Mark::Gap(_)) => Some(format!("{row}\n  the gap is closed: remove its mark")),
        (Err(_), Mark::Gap(_)) | (Ok(()), _) => None,
        (Err(what), _) => Some(format!("{row}\n{what}")),
    }
}

#[test]
fn a_row_that_is_asked_for_is_there() {
    let Ok(only) = std::env::var("ROW") else { return };
    let places = TABLES.iter().flat_map(|name| rows(name)).map(|row| row.place);
    assert!(places.into_iter().any(|place| place.ends_with(&only)), "there is no row {only}");
}

#[test]
fn every_table_has_its_test() {
    let files = std::fs::read_dir(FOLDER).unwrap().map(|file| file.unwrap().file_name());
    let mut tables: Vec<_> = files
        .filter_map(|file| file.to_str().unwrap().strip_suffix(".txt").map(str::to_owned))
        .filter(|name| name != "sections")
        .collect();
    tables.sort();
    assert_eq!(tables, TABLES);
}

/// The MUSTs that are otherwise by choice. Each is a leniency that has been used to smuggle
/// requests, or a word to nobody.
const OTHERWISE: [&str; 3] = ["9110 15.2", "9110 5.6.1.2", "9110 5.6.3"];

#[test]
fn what_must_be_is_hardly_ever_otherwise_by_choice() {
    let rows: Vec<_> = TABLES.iter().flat_map(|name| rows(name)).collect();
    let is_otherwise = |row: &&Row| row.is_must() && matches!(row.mark, Mark::Choice(_));
    let otherwise = rows.iter().filter(is_otherwise).map(|row| row.section.as_str());
    assert_eq!(otherwise.collect::<Vec<_>>(), OTHERWISE);
}

#[test]
fn every_row_shows_something() {
    let rows: Vec<_> = TABLES.iter().flat_map(|name| rows(name)).collect();
    for row in &rows {
        assert!(row.shows_something(), "{row}");
    }
    println!("{} requirements, {} of them MUST", rows.len(), count_must(&rows));
}

#[test]
fn every_section_has_rows_or_a_reason_why_not() {
    let list = std::fs::read_to_string(format!("{FOLDER}/sections.txt")).unwrap();
    let named = TABLES.iter().flat_map(|name| rows(name)).map(|row| row.section).collect();
    let complaints = sections::complaints(&list, &named);
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn count_must(rows: &[Row]) -> usize {
    rows.iter().filter(|row| row.is_must()).count()
}

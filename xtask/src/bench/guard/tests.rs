use super::*;

fn counts(instructions: f64) -> Counts {
    [(("files_2k".to_owned(), "instructions".to_owned()), instructions)].into()
}

#[test]
fn two_percent_more_are_let_through_and_no_more() {
    assert!(hold(&counts(1019.0), &counts(1000.0)).is_ok());
    assert!(hold(&counts(500.0), &counts(1000.0)).is_ok());
    assert!(hold(&counts(1021.0), &counts(1000.0)).is_err());
}

#[test]
fn what_is_no_longer_counted_fails() {
    assert!(hold(&Counts::new(), &counts(1000.0)).is_err());
}

#[test]
fn a_budget_that_was_written_is_read() {
    assert_eq!(parse(&render(&counts(12.5))).unwrap(), counts(12.5));
    assert!(parse("files_2k instructions\n").is_err());
    assert!(parse("files_2k instructions many\n").is_err());
}

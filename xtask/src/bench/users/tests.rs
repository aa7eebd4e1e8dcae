use super::*;

const REPORT: &str = "New configuration template added
{\t\"transactions\":\t\t\t        4878,
\t\"transaction_rate\":\t\t     1729.79,
\t\"failed_transactions\":\t\t           2,
\t\"longest_transaction\":\t\t        0.03
}
";

#[test]
fn a_report_is_read() {
    let expected = vec![(Measure::Rate, 1729.79), (Measure::Longest, 30.0), (Measure::Errors, 2.0)];
    assert_eq!(parse(REPORT).unwrap(), expected);
}

#[test]
fn a_run_without_an_answer_is_an_error() {
    assert!(parse("siege: command not understood").is_err());
    assert!(parse("{\"transactions\": 0}").is_err());
}

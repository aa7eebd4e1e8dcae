use super::*;
use proptest::prelude::*;

#[test]
fn stat_counts_fields_from_the_last_bracket() {
    let text = "42 (a) b) S 1 42 42 0 -1 4194304 90 0 0 0 150 50 7 7 20 0 3 0 100 1 2 3";
    assert_eq!(parse_stat(text), Some(Stat { cpu_ticks: 200, threads: 3 }));
}

#[test]
fn short_or_odd_text_is_refused() {
    for text in ["", ")", "1 (x) S 1 2", "1 (x) S 1 1 1 0 -1 4 9 0 0 0 a b 0 0 20 0 3 0"] {
        assert_eq!(parse_stat(text), None, "{text}");
    }
    assert_eq!(parse_statm("100"), None);
    assert_eq!(parse_schedstat("1"), None);
}

#[test]
fn statm_and_schedstat() {
    assert_eq!(parse_statm("9000 512 300 1 0 200 0\n"), Some(512));
    assert_eq!(parse_schedstat("500 60 7\n"), Some(Sched { ran_ns: 500, waited_ns: 60 }));
}

#[test]
fn reads_this_process_and_sees_it_work() {
    let before = ProcessFacts::read(std::process::id()).unwrap();
    let begin = std::time::Instant::now();
    while begin.elapsed().as_millis() < 60 {
        std::hint::black_box(begin);
    }
    let after = ProcessFacts::read(std::process::id()).unwrap();
    assert!(after.cpu_us > before.cpu_us);
    assert!(after.rss_kib > 0 && after.threads > 0);
}

#[test]
fn no_such_process_is_an_error() {
    assert_eq!(ProcessFacts::read(u32::MAX).unwrap_err().kind(), io::ErrorKind::NotFound);
}

proptest! {
    #[test]
    fn parsers_never_panic(text in ".*") {
        let _ = (parse_stat(&text), parse_statm(&text), parse_schedstat(&text));
    }
}

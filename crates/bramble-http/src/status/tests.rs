use super::*;
use crate::Reject;

#[test]
fn phrases_are_those_of_the_registry() {
    let check = |status, expected| assert_eq!(reason_phrase(status), expected, "{status}");
    check(100, "Continue");
    check(200, "OK");
    check(206, "Partial Content");
    check(304, "Not Modified");
    check(413, "Content Too Large");
    check(416, "Range Not Satisfiable");
    check(421, "Misdirected Request");
    check(431, "Request Header Fields Too Large");
    check(505, "HTTP Version Not Supported");
    check(299, "");
    check(0, "");
}

#[test]
fn no_two_statuses_have_one_phrase_and_none_can_end_its_line() {
    let mut phrases: Vec<&str> = (0..=u16::MAX).map(reason_phrase).collect();
    phrases.retain(|phrase| !phrase.is_empty());
    assert!(phrases.iter().all(|phrase| phrase.bytes().all(|byte| (b' '..0x7f).contains(&byte))));
    let count = phrases.len();
    phrases.sort_unstable();
    phrases.dedup();
    assert_eq!(phrases.len(), count);
}

#[test]
fn every_refusal_has_a_phrase() {
    for reject in Reject::ALL {
        assert_ne!(reason_phrase(reject.status()), "", "{reject}");
    }
}

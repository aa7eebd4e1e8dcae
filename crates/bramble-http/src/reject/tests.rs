use std::collections::HashSet;

use super::Reject;

#[test]
fn every_reason_has_its_own_word() {
    let words: HashSet<_> = Reject::ALL.iter().map(|reject| reject.reason()).collect();
    assert_eq!(words.len(), Reject::ALL.len());
    for word in words {
        assert!(
            word.bytes().all(|b| b.is_ascii_lowercase() || b"_0123456789".contains(&b)),
            "{word}"
        );
    }
}

#[test]
fn statuses_are_those_that_close_a_connection() {
    for reject in Reject::ALL {
        let status = reject.status();
        assert!([400, 413, 414, 417, 431, 501, 505].contains(&status), "{reject:?} {status}");
        assert!(!reject.to_string().is_empty());
    }
}

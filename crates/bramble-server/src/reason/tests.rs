use std::collections::BTreeSet;

use super::*;

#[test]
fn the_page_is_the_list_in_force() {
    let page = include_str!("../../../../docs/reasons.md");
    assert_eq!(page, reference(), "make it anew: its head says how");
}

#[test]
fn no_word_means_two_things() {
    let refused = Reject::ALL.iter().map(|r| Word::from(*r));
    let answers = Reason::ALL.iter().map(|r| Word::from(*r));
    let events = Event::ALL.iter().map(|e| Word::from(*e));
    let words: Vec<_> = refused.chain(answers).chain(events).map(|word| word.0).collect();
    assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len());
    let is_word = |word: &&str| {
        word.bytes().all(|b| b.is_ascii_lowercase() || b"_0".contains(&b) || b == b'1')
    };
    assert!(words.iter().all(is_word), "{words:?}");
}

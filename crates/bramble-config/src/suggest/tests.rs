use super::*;

#[test]
fn distance_counts_edits() {
    assert_eq!(distance("", ""), 0);
    assert_eq!(distance("pool", ""), 4);
    assert_eq!(distance("", "pool"), 4);
    assert_eq!(distance("kitten", "sitting"), 3);
}

#[test]
fn a_far_word_is_not_suggested() {
    assert_eq!(nearest("listner", ["listener", "limits"]), Some("listener"));
    assert_eq!(nearest("zebra", ["listener", "limits"]), None);
}

#[test]
fn help_lists_the_names_when_none_is_near() {
    assert_eq!(help("ap", &["app"]).unwrap(), "did you mean `app`?");
    assert_eq!(help("zzz", &["app", "web"]).unwrap(), "there is: `app`, `web`");
    assert_eq!(help("zzz", &[]), None);
}

use super::folder_location;

fn check(path: &str, query: &str, expected: &str) {
    assert_eq!(folder_location(path.as_bytes(), query.as_bytes()), expected);
}

#[test]
fn a_folder_is_sent_to_with_its_slash_and_query() {
    check("/berries", "", "/berries/");
    check("/berries/wild", "a=b", "/berries/wild/?a=b");
}

#[test]
fn what_could_mean_something_else_is_encoded() {
    check("/a b?c#d", "", "/a%20b%3Fc%23d/");
    check("/\u{e9}", "", "/%C3%A9/");
}

use super::*;

/// What was added when no more was left than so many bytes.
fn written(left: usize, write: impl FnOnce(&mut Room<'_>)) -> String {
    let mut memory = [b'.'; LINE_BYTES];
    let before = LINE_BYTES - left;
    let mut room = Room { memory: &mut memory, end: before, lacks: false };
    write(&mut room);
    let filled = room.end();
    String::from_utf8(memory[before..filled].to_vec()).unwrap()
}

#[test]
fn what_stands_behind_is_written_over() {
    let written = written(40, |to| {
        to.put_some(b"abcd", 2);
        to.put_both(b"ef", b"ghij", 1);
        to.copy(b"0123");
        to.put(b"!");
    });
    assert_eq!(written, "abefg0123!");
}

#[test]
fn what_finds_no_room_is_left_out() {
    let written = written(5, |to| {
        to.put(b"abc");
        to.put(b"def");
        to.copy(b"ghi");
        to.put_some(b"0123456789", 1);
        to.put_both(b"j", b"klmn", 0);
        to.put(b"op");
    });
    assert_eq!(written, "abcop");
}

fn is_full(left: usize, write: impl FnOnce(&mut Room<'_>)) -> bool {
    let mut memory = [b'.'; LINE_BYTES];
    let mut room = Room::behind(&mut memory, LINE_BYTES - left);
    write(&mut room);
    room.is_full()
}

#[test]
fn it_is_full_where_something_may_have_been_left_out() {
    assert!(!is_full(PUT_BYTES + 1, |to| to.put(b"a")));
    assert!(is_full(PUT_BYTES, |to| to.put(b"a")));
    assert!(!is_full(PUT_BYTES + 4, |to| to.copy(b"abcd")));
    assert!(is_full(PUT_BYTES + 4, |to| to.copy(&[b'a'; PUT_BYTES + 5])));
}

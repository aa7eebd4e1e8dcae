use super::*;

/// What was added when no more was left than so many bytes.
fn written(left: usize, write: impl FnOnce(&mut Room<'_>)) -> String {
    let mut memory = [b'.'; LINE_BYTES];
    let before = LINE_BYTES - left;
    let mut room = Room { memory: &mut memory, filled: before };
    write(&mut room);
    let filled = room.filled();
    String::from_utf8(memory[before..filled].to_vec()).unwrap()
}

#[test]
fn what_stands_behind_is_written_over() {
    let written = written(40, |to| {
        to.put_some(b"abcd", 2);
        to.text::<8>(Text::new(b"012345678", 3));
        to.put_both(b"ef", b"ghij", 1);
        to.text::<8>(Text::new(b"0123", 4));
        to.text::<2>(Text::new(b"56789", 4));
        to.put(b"!");
    });
    assert_eq!(written, "ab012efg01235678!");
}

#[test]
fn what_finds_no_room_is_left_out() {
    let written = written(5, |to| {
        to.put(b"abc");
        to.put(b"def");
        to.copy(b"ghi");
        to.text::<8>(Text::new(b"0123456789", 3));
        to.put_both(b"j", b"klmn", 0);
        to.put(b"op");
    });
    assert_eq!(written, "abcop");
}

#[test]
fn a_text_beyond_its_memory_is_none() {
    assert_eq!(written(9, |to| to.text::<8>(Text::new(b"abc", 4))), "");
}

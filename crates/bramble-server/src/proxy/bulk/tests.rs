use super::{FIRST_BYTES, LARGEST_BYTES, next_piece};

#[test]
fn pieces_grow_while_more_is_there_and_they_are_taken_whole() {
    let whole = |piece| next_piece(piece, piece + 1, piece);
    assert_eq!(whole(FIRST_BYTES), 2 * FIRST_BYTES);
    assert_eq!(whole(LARGEST_BYTES), LARGEST_BYTES);
}

#[test]
fn pieces_stay_while_less_comes() {
    assert_eq!(next_piece(2 * FIRST_BYTES, 100, 100), 2 * FIRST_BYTES);
    assert_eq!(next_piece(2 * FIRST_BYTES, 2 * FIRST_BYTES, 2 * FIRST_BYTES), 2 * FIRST_BYTES);
}

#[test]
fn pieces_become_what_a_slow_client_takes() {
    let all = LARGEST_BYTES;
    assert_eq!(next_piece(all, all + 1, 100_000), 100_000);
    assert_eq!(next_piece(all, all, 1), FIRST_BYTES);
}

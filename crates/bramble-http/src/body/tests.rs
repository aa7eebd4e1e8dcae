use super::*;

fn reader(body: Body) -> BodyReader {
    BodyReader::new(body, &Limits { body_bytes: 8, ..Limits::default() })
}

fn step(consumed: usize, data: Range<usize>, done: bool) -> Result<Step, Reject> {
    Ok(Step { consumed, data, done })
}

#[test]
fn no_body_is_done_at_once() {
    let mut reader = reader(Body::None);
    assert!(reader.is_done());
    assert_eq!(reader.next(b"GET /"), step(0, 0..0, true));
    assert_eq!(reader.finish_on_close(), Ok(()));
}

#[test]
fn a_length_ends_where_it_says() {
    let mut reader = reader(Body::Length(5));
    assert_eq!(reader.next(b"abc"), step(3, 0..3, false));
    assert_eq!(reader.finish_on_close(), Err(Reject::TruncatedBody));
    assert_eq!(reader.next(b""), step(0, 0..0, false));
    assert_eq!(reader.next(b"deGET /"), step(2, 0..2, true));
    assert_eq!(reader.finish_on_close(), Ok(()));
}

#[test]
fn a_body_until_close_has_a_limit() {
    let mut reader = reader(Body::UntilClose);
    assert_eq!(reader.next(b"abcd"), step(4, 0..4, false));
    assert_eq!(reader.finish_on_close(), Ok(()));
    assert_eq!(reader.next(b"efgh"), step(4, 0..4, false));
    assert_eq!(reader.next(b"i"), Err(Reject::BodyTooLarge));
}

#[test]
fn a_trailer_of_an_answer_may_have_an_underscore() {
    let body = b"0\r\nA_B: c\r\n\r\n";
    let limits = Limits::default();
    let refused = BodyReader::new(Body::Chunked, &limits).next(body);
    assert_eq!(refused, Err(Reject::InvalidName));
    let read = BodyReader::of_answer(Body::Chunked, &limits).next(body);
    assert_eq!(read, step(13, 13..13, true));
}

#[test]
fn chunks_come_one_a_step() {
    let mut reader = reader(Body::Chunked);
    let input = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET /";
    assert_eq!(reader.next(input), step(11, 3..6, false));
    assert_eq!(reader.finish_on_close(), Err(Reject::TruncatedBody));
    assert_eq!(reader.next(&input[11..]), step(9, 0..2, true));
    assert_eq!(reader.next(b"GET /"), step(0, 0..0, true));
}

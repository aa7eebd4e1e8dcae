use super::*;

const LIMITS: Limits = Limits {
    head_bytes: 64,
    fields: 2,
    target_bytes: 0,
    chunk_extension_line_bytes: 8,
    chunk_extension_body_bytes: 12,
    body_bytes: 20,
};

/// The data of `input`, and what is behind the body.
fn decode(mut input: &[u8]) -> Result<(String, String), Reject> {
    let mut chunked = Chunked::new(&LIMITS, scan::NAME);
    let mut data = Vec::new();
    while !chunked.is_done() {
        let step = chunked.next(input)?;
        assert!(step.consumed > 0, "partial: {}", input.escape_ascii());
        data.extend_from_slice(&input[step.data]);
        input = &input[step.consumed..];
    }
    Ok((String::from_utf8(data).unwrap(), String::from_utf8(input.to_vec()).unwrap()))
}

fn check(input: &str, data: &str) {
    assert_eq!(decode(input.as_bytes()), Ok((data.to_owned(), String::new())), "{input:?}");
}

fn check_refused(input: impl AsRef<[u8]>, expected: Reject) {
    let input = input.as_ref();
    assert_eq!(decode(input), Err(expected), "{}", input.escape_ascii());
}

#[test]
fn data_is_found_between_the_framing() {
    check("0\r\n\r\n", "");
    check("3\r\nabc\r\n0\r\n\r\n", "abc");
    check("3\r\n\r\n0\r\n5\r\n\r\n\r\n0\r\n000\r\n\r\n", "\r\n0\r\n\r\n0");
    check("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789");
    check("0000000000000003\r\nabc\r\n0000000000000000\r\n\r\n", "abc");
    let surplus = decode(b"0\r\n\r\nGET /").unwrap();
    assert_eq!(surplus, (String::new(), "GET /".to_owned()));
}

#[test]
fn a_size_is_1_to_16_hexadecimal_digits() {
    for size in ["", "g", "-1", "+1", "0x1", " 1", "1 ", "1\t", "1_0", "00000000000000001"] {
        check_refused(format!("{size}\r\n"), Reject::InvalidChunkSize);
    }
    check_refused("ffffffffffffffff\r\n", Reject::BodyTooLarge);
    check_refused("15\r\n", Reject::BodyTooLarge);
    check_refused("14\r\n01234567890123456789\r\n1\r\n", Reject::BodyTooLarge);
}

#[test]
fn lines_end_in_crlf_only() {
    check_refused("1\n", Reject::BareLf);
    check_refused("1\r\r\n", Reject::BareCr);
    check_refused("1\ra", Reject::BareCr);
    check_refused("1\r\nab", Reject::InvalidChunkEnd);
    check_refused("1\r\na\n", Reject::InvalidChunkEnd);
    check_refused("1\r\na\r\r\n", Reject::InvalidChunkEnd);
    check_refused("1\r\na\r\n\r\n", Reject::InvalidChunkSize);
    check_refused("0\r\n\n", Reject::BareLf);
    check_refused("0\r\n\r\r\n", Reject::BareCr);
}

#[test]
fn extensions_are_checked_limited_and_dropped() {
    check("1;a=b\r\na\r\n0;c\r\n\r\n", "a");
    check("1;a=\"é\t\"\r\na\r\n0\r\n\r\n", "a");
    check_refused("1;a\0\r\n", Reject::InvalidChunkExtension);
    check("0;2345678\r\n\r\n", "");
    check_refused("0;23456789\r\n\r\n", Reject::ChunkExtensionTooLong);
    check("1;23456\r\na\r\n0;23456\r\n\r\n", "a");
    check_refused("1;234567\r\na\r\n0;23456\r\n\r\n", Reject::ChunkExtensionTooLong);
}

#[test]
fn an_extension_is_a_name_with_or_without_a_value() {
    for sound in r#"a a;b a=b a=b;c=d a="" a="";b a=";" a="\"" 1"#.split(' ') {
        check(&format!("1;{sound}\r\na\r\n0\r\n\r\n"), "a");
    }
    let lacking = r#"|;|a;|=|=b|a=|a=;b|a==b|a=b=c|"a"|a"b"|a="|a="b|a="\"|a="b"c|a="b"=c|a=b"|("#;
    let with_blanks = " a|a |a =b|a= b|a=b ;c|a=b; c|\t|a=\"\0\"|a=\"\\\0\"";
    for refused in lacking.split('|').chain(with_blanks.split('|')) {
        check_refused(format!("1;{refused}\r\n"), Reject::InvalidChunkExtension);
    }
    check_refused("1;a=\"\n", Reject::BareLf);
}

#[test]
fn trailers_are_checked_limited_and_dropped() {
    check("0\r\nA: b\r\nC:\r\n\r\n", "");
    check_refused("0\r\nA: b\r\nC: d\r\nE: f\r\n\r\n", Reject::TooManyFields);
    check_refused(format!("0\r\nA: {}\r\n\r\n", "b".repeat(64)), Reject::HeadTooLarge);
    check_refused("0\r\n: b\r\n\r\n", Reject::EmptyName);
    check_refused("0\r\n A: b\r\n\r\n", Reject::ObsoleteFold);
    check_refused("0\r\nA: b\r\n c\r\n\r\n", Reject::ObsoleteFold);
    check_refused("0\r\nA : b\r\n\r\n", Reject::WhitespaceInName);
    check_refused("0\r\nA_B: c\r\n\r\n", Reject::InvalidName);
    check_refused("0\r\nA\r\n\r\n", Reject::InvalidName);
    check_refused("0\r\nA: b\nC: d\r\n\r\n", Reject::BareLf);
    check_refused("0\r\nA: b\rC: d\r\n\r\n", Reject::BareCr);
    check_refused("0\r\nA: b\0\r\n\r\n", Reject::InvalidValue);
    check_refused("0\r\nGET / HTTP/1.1\r\n", Reject::WhitespaceInName);
}

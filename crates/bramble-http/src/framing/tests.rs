use super::*;

fn check_length(value: &str, expected: Result<u64, Reject>) {
    assert_eq!(content_length(value.as_bytes()), expected, "{value:?}");
}

fn check_coding(value: &str, expected: Result<(), Reject>) {
    assert_eq!(transfer_encoding(value.as_bytes()), expected, "{value:?}");
}

#[test]
fn a_length_is_1_to_18_digits() {
    check_length("0", Ok(0));
    check_length("007", Ok(7));
    check_length("999999999999999999", Ok(999_999_999_999_999_999));
    let refused = ["", "+5", "-5", "5,5", "5, 5", "5 5", "0x5", "5.0", "1000000000000000000", "٣"];
    for value in refused {
        check_length(value, Err(Reject::InvalidContentLength));
    }
}

#[test]
fn the_only_coding_is_chunked() {
    check_coding("chunked", Ok(()));
    check_coding("Chunked", Ok(()));
    for value in ["gzip", "identity", "gzip, chunked", "xchunked", "chunked-not"] {
        check_coding(value, Err(Reject::UnknownTransferEncoding));
    }
    let malformed = [
        "",
        ",",
        "chunked,",
        ",chunked",
        "chunked, chunked",
        "chunked, gzip",
        "chunked;q=1",
        "chunked, identity",
        "\"chunked\"",
        "chun ked",
        "chunked\u{b}",
    ];
    for value in malformed {
        check_coding(value, Err(Reject::InvalidTransferEncoding));
    }
}

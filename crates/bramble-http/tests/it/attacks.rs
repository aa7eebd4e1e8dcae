//! Attacks that worked on other proxies, byte by byte. Each must be refused, or reach the
//! backend as what was understood here.

use bramble_http::{
    Asked, Body, BodyReader, ClientAddress, Forward, Limits, Parsed, Reject, RequestHead,
    forward_request, parse_request, parse_response,
};

fn parse(input: &[u8]) -> Result<RequestHead, Reject> {
    let mut head = RequestHead::default();
    assert_eq!(parse_request(input, &Limits::default(), &mut head)?, Parsed::Complete);
    Ok(head)
}

fn check_refused(input: impl AsRef<[u8]>, expected: Reject) {
    let input = input.as_ref();
    assert_eq!(parse(input).map(|_| ()), Err(expected), "{}", input.escape_ascii());
}

fn forwarded(input: &[u8]) -> String {
    let head = parse(input).unwrap();
    let client = &ClientAddress::new("192.0.2.7".parse().unwrap());
    let host = head.host.unwrap().of(input);
    let how = Forward {
        client,
        proto: "http",
        trusted: false,
        release: None,
        host,
        expects: false,
        mapping: None,
    };
    let mut out = Vec::new();
    forward_request(&mut out, input, &head, &how);
    String::from_utf8(out).unwrap()
}

/// Refusals of a chunked body.
fn check_body(input: &[u8], expected: Reject) {
    let mut reader = BodyReader::new(Body::Chunked, &Limits::default());
    let mut at = 0;
    let result = loop {
        match reader.next(&input[at..]) {
            Ok(step) if step.done || step.consumed == 0 => break Ok(()),
            Ok(step) => at += step.consumed,
            Err(reject) => break Err(reject),
        }
    };
    assert_eq!(result, Err(expected), "{}", input.escape_ascii());
}

#[test]
fn cve_2021_40346_a_name_too_long_for_its_length_field() {
    let name = "a".repeat(270);
    let head = parse(
        format!(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length0{name}:\r\nContent-Length: 60\r\n\r\n"
        )
        .as_bytes(),
    );
    assert_eq!(head.unwrap().body, Body::Length(60));
    let endless = format!("GET / HTTP/1.1\r\nHost: a\r\n{}", "a".repeat(70_000));
    check_refused(endless, Reject::HeadTooLarge);
}

#[test]
fn cve_2023_25725_an_empty_name_hides_the_fields_behind_it() {
    check_refused(
        b"GET / HTTP/1.1\r\nHost: a\r\n: x\r\nContent-Length: 9\r\n\r\n",
        Reject::EmptyName,
    );
    check_refused(
        b"GET / HTTP/1.1\r\nHost: a\r\n:\r\nTransfer-Encoding: chunked\r\n\r\n",
        Reject::EmptyName,
    );
}

#[test]
fn cve_2023_40225_an_empty_content_length_is_forwarded() {
    for value in ["", " ", "\t", ",", "5,", ",5"] {
        let input = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:{value}\r\n\r\nabc");
        check_refused(input, Reject::InvalidContentLength);
    }
}

#[test]
fn cve_2023_45539_a_fragment_in_the_target() {
    for target in ["/a.png#.php", "/#", "http://a/#b", "/a?b#c"] {
        check_refused(
            format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"),
            Reject::FragmentInTarget,
        );
    }
}

#[test]
fn cve_2021_40438_the_target_does_not_choose_the_backend() {
    for target in ["unix:/run/x|http://b/", "http://u@b/", "http://b\\@c/", "b:80", "@b/"] {
        check_refused(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"), Reject::InvalidTarget);
    }
    let out = forwarded(b"GET http://b/c HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(out.starts_with("GET /c HTTP/1.1\r\nHost: b\r\n"), "{out}");
    assert_eq!(out.matches("\r\nHost:").count(), 1);
}

#[test]
fn cve_2026_2833_bytes_behind_an_upgrade_are_not_a_tunnel() {
    let input = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nGET /admin";
    let head = parse(input).unwrap();
    assert_eq!((head.len, head.body), (input.len() - b"GET /admin".len(), Body::None));
    assert!(!forwarded(input).to_ascii_lowercase().contains("upgrade"));
}

#[test]
fn cve_2026_2835_transfer_encoding_in_http_1_0() {
    check_refused(
        b"POST / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n",
        Reject::TransferEncodingInHttp10,
    );
}

#[test]
fn cve_2026_2835_odd_lists_of_transfer_codings() {
    let cases = [
        ("identity, chunked", Reject::UnknownTransferEncoding),
        ("xchunked", Reject::UnknownTransferEncoding),
        ("chunked, chunked", Reject::InvalidTransferEncoding),
        ("chunked, identity", Reject::InvalidTransferEncoding),
        (", chunked", Reject::InvalidTransferEncoding),
        ("\u{b}chunked", Reject::InvalidValue),
    ];
    for (value, expected) in cases {
        let input = format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: {value}\r\n\r\n");
        check_refused(input, expected);
    }
}

#[test]
fn cl_te_and_te_cl_smuggling() {
    let cl_te = "Content-Length: 6\r\nTransfer-Encoding: chunked";
    let te_cl = "Transfer-Encoding: chunked\r\nContent-Length: 4";
    for fields in [cl_te, te_cl] {
        let input = format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n0\r\n\r\nG");
        check_refused(input, Reject::LengthAndTransferEncoding);
    }
}

#[test]
fn te_te_smuggling_hides_one_coding_from_one_reader() {
    let cases = [
        ("Transfer-Encoding : chunked", Reject::WhitespaceInName),
        (" Transfer-Encoding: chunked", Reject::ObsoleteFold),
        ("X: y\r\n\tTransfer-Encoding: chunked", Reject::ObsoleteFold),
        ("X: y\nTransfer-Encoding: chunked", Reject::BareLf),
        ("X: y\rTransfer-Encoding: chunked", Reject::BareCr),
        ("Transfer-Encoding:\r\n chunked", Reject::InvalidTransferEncoding),
        ("Transfer-Encoding\0: chunked", Reject::InvalidName),
        ("Transfer_Encoding: chunked", Reject::UnderscoreInName),
        ("Transfer-Encoding: chunked\r\nTransfer-encoding: x", Reject::RepeatedTransferEncoding),
    ];
    for (fields, expected) in cases {
        let input = format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n");
        check_refused(input, expected);
    }
}

#[test]
fn funky_chunks_term_ext_a_line_ends_inside_an_extension() {
    check_body(b"5;\n\r\nabcde\r\n0\r\n\r\n", Reject::BareLf);
    check_body(b"5;a\nb\r\nabcde\r\n0\r\n\r\n", Reject::BareLf);
    check_body(b"5;a\rb\r\nabcde\r\n0\r\n\r\n", Reject::BareCr);
}

#[test]
fn funky_chunks_ext_term_a_bare_lf_ends_the_size() {
    check_body(b"5\nabcde\r\n0\r\n\r\n", Reject::BareLf);
    check_body(b"5\r\nabcde\r\n0\n\n", Reject::BareLf);
    check_body(b"5\rabcde\r\n0\r\n\r\n", Reject::BareCr);
}

#[test]
fn funky_chunks_spill_data_longer_than_its_size() {
    check_body(b"5\r\nabcdeXX0\r\n\r\n", Reject::InvalidChunkEnd);
    check_body(b"5\r\nabcde0\r\n\r\n", Reject::InvalidChunkEnd);
    check_body(b"5\r\nabcde\n0\r\n\r\n", Reject::InvalidChunkEnd);
}

#[test]
fn a_chunk_size_that_overflows() {
    check_body(b"ffffffffffffffff0\r\n", Reject::InvalidChunkSize);
    check_body(b"ffffffffffffffff\r\n", Reject::BodyTooLarge);
}

#[test]
fn h2c_smuggling() {
    let out = forwarded(
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\
          HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
    );
    let lower = out.to_ascii_lowercase();
    for gone in ["h2c", "upgrade", "http2-settings", "connection"] {
        assert!(!lower.contains(gone), "{out}");
    }
}

#[test]
fn hop_by_hop_abuse_cannot_strip_what_we_say() {
    let out = forwarded(
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\
          Connection: host, content-length, x-forwarded-for, x-real-ip, forwarded, via\r\n\r\n",
    );
    for kept in ["Host: a", "Content-Length: 3", "X-Forwarded-For: 192.0.2.7", "X-Real-IP: 192"] {
        assert!(out.contains(kept), "{out}");
    }
}

#[test]
fn httpoxy() {
    let out = forwarded(b"GET / HTTP/1.1\r\nHost: a\r\nProxy: http://evil.example/\r\n\r\n");
    assert!(!out.contains("evil"), "{out}");
}

#[test]
fn forged_client_addresses() {
    let out = forwarded(
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.0.0.1\r\nX-Real-IP: 10.0.0.1\r\n\
          Forwarded: for=10.0.0.1\r\nX-Forwarded-Server: 10.0.0.1\r\n\r\n",
    );
    assert!(!out.contains("10.0.0.1"), "{out}");
    check_refused(
        b"GET / HTTP/1.1\r\nHost: a\r\nX_Forwarded_For: 10.0.0.1\r\n\r\n",
        Reject::UnderscoreInName,
    );
}

#[test]
fn response_splitting_and_queue_poisoning() {
    let cases = [
        ("A: b\nC: d", Reject::BareLf),
        ("A: b\rC: d", Reject::BareCr),
        ("Content-Length: 3\r\nContent-Length: 4", Reject::RepeatedContentLength),
        ("Content-Length: 3\r\nTransfer-Encoding: chunked", Reject::LengthAndTransferEncoding),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            Reject::RepeatedTransferEncoding,
        ),
        ("A: b\r\n\tHTTP/1.1 200 OK", Reject::ObsoleteFold),
    ];
    for (fields, expected) in cases {
        let input = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n");
        let result = parse_response(
            input.as_bytes(),
            &Limits::default(),
            Asked::default(),
            &mut <_>::default(),
        );
        assert_eq!(result, Err(expected), "{fields}");
    }
}

//! Strategies for heads: mostly sound, with now and then a byte that should not be there.

use proptest::prelude::*;

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[A-Za-z][A-Za-z0-9-]{0,12}: ?[ -~]{0,20}",
        1 => "Connection: (close|keep-alive|upgrade|te|cookie|host|x-a)(, (close|x-b))?",
        1 => "Content-Length: [0-9]{1,4}",
        1 => Just("Transfer-Encoding: chunked".to_owned()),
        1 => "(X-Forwarded-For|X-Real-IP|Forwarded|Via|X-Forwarded-Host): [a-z0-9.]{1,9}",
        1 => "(Cookie|X-A|X-B|Accept|TE|Upgrade|Bramble-Release):[ \t]{0,2}[a-z]{1,9}[ \t]{0,2}",
        1 => Just("Expect: 100-continue".to_owned()),
    ]
}

fn lines() -> impl Strategy<Value = String> {
    prop::collection::vec(line().prop_map(|line| line + "\r\n"), 0..8)
        .prop_map(|lines| lines.concat())
}

/// A request that is mostly sound.
pub fn request() -> impl Strategy<Value = String> {
    let start = "(GET|HEAD|POST|PUT|OPTIONS|X-ODD) (http://[a-z]{1,5})?/[a-z/.%-]{0,12}(\\?[a-z=&]{0,6})? \
                 HTTP/1\\.[01]\r\nHost: [a-z]{1,8}(:80)?\r\n";
    (start, lines()).prop_map(|(start, lines)| format!("{start}{lines}\r\n"))
}

/// An answer that is mostly sound.
pub fn response() -> impl Strategy<Value = String> {
    let start = "HTTP/1\\.[01] [1-5][0-9]{2} [A-Za-z ]{0,12}\r\n";
    (start, lines()).prop_map(|(start, lines)| format!("{start}{lines}\r\n"))
}

/// `heads` with up to three bytes changed, put in or taken out.
pub fn damaged(heads: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![prop::sample::select(b"\r\n\t :;,#_\0\x7f\x80/".to_vec()), any::<u8>(),];
    let damage = (any::<prop::sample::Index>(), 0..3_u8, byte);
    (heads, prop::collection::vec(damage, 0..=3)).prop_map(|(head, damages)| {
        let mut bytes = head.into_bytes();
        for (at, how, byte) in damages {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        bytes
    })
}

use proptest::prelude::*;

use super::*;

fn written(spell: impl Fn(&[u8]) -> Vec<u8>, text: &[u8]) -> String {
    String::from_utf8(spell(text)).unwrap()
}

#[test]
fn what_could_end_a_field_is_spelt_out() {
    assert_eq!(written(json, b"a \"b\" \\ c"), r#"a \"b\" \\ c"#);
    assert_eq!(written(json, "\n\t\0\x7f\u{85}\u{2028}😀".as_bytes()), {
        r"\u000a\u0009\u0000\u007f\u0085\u2028\ud83d\ude00"
    });
    assert_eq!(written(json, b"\xffa\xc3"), r"\ufffda\ufffd");
    assert_eq!(written(quoted, b"a \"b\" \\\n\x7f\xc3\xa9"), r#"a \"b\" \\\x0a\x7f\xc3\xa9"#);
}

#[test]
fn a_long_text_is_cut() {
    let long = [b'a'; TEXT_BYTES + 1];
    assert_eq!(written(json, &long[1..]).len(), TEXT_BYTES);
    assert!((TEXT_BYTES - ESCAPED_BYTES..=TEXT_BYTES).contains(&written(json, &long).len()));
    assert!((TEXT_BYTES - ESCAPED_BYTES..=TEXT_BYTES).contains(&written(quoted, &long).len()));
}

/// Undoes what `quoted` does; none if a quote ends the field.
fn unquoted(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut out) = (text.bytes(), Vec::new());
    while let Some(byte) = bytes.next() {
        match (byte, byte == b'\\') {
            (b'"', _) => return None,
            (byte, false) => out.push(byte),
            _ => match bytes.next()? {
                b'x' => {
                    let digits = [bytes.next()?, bytes.next()?];
                    let digits = std::str::from_utf8(&digits).ok()?;
                    out.push(u8::from_str_radix(digits, 16).ok()?);
                }
                byte => out.push(byte),
            },
        }
    }
    Some(out)
}

proptest! {
    #[test]
    fn any_bytes_are_a_json_string_of_one_line(text in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let line = written(json, &text);
        prop_assert!(line.len() <= TEXT_BYTES && line.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        let read: String = serde_json::from_str(&format!("\"{line}\"")).unwrap();
        let whole = String::from_utf8_lossy(&text);
        prop_assert!(whole.starts_with(&read));
        prop_assert!(whole == read || line.len() > TEXT_BYTES - ESCAPED_BYTES);
    }

    #[test]
    fn any_bytes_are_a_quoted_field_of_one_line(text in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let line = written(quoted, &text);
        prop_assert!(line.len() <= TEXT_BYTES && line.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
        let read = unquoted(&line).expect("no quote ends it");
        prop_assert!(text.starts_with(&read));
        prop_assert!(text == read || line.len() > TEXT_BYTES - ESCAPED_BYTES);
    }

    #[test]
    fn plain_texts_stay_as_they_are(text in "[ -~&&[^\"\\\\]]{0,100}") {
        prop_assert_eq!(&written(json, text.as_bytes()), &text);
        prop_assert_eq!(written(quoted, text.as_bytes()), text);
    }
}

use proptest::prelude::*;

use super::*;

const EMPTY: &str = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";

#[test]
fn the_empty_input_has_the_published_hash() {
    assert_eq!(Hash::of(b"").to_string(), EMPTY);
}

#[test]
fn a_reader_hashes_as_its_bytes_do() {
    let bytes = vec![7; BUFFER_BYTES * 2 + 1];
    let (hash, size) = Hash::of_reader(bytes.as_slice()).unwrap();
    assert_eq!((hash, size), (Hash::of(&bytes), bytes.len() as u64));
}

#[test]
fn only_the_canonical_spelling_is_read() {
    check(EMPTY, true);
    check(&EMPTY.to_uppercase(), false);
    check(&EMPTY[1..], false);
    check(&format!("{EMPTY}0"), false);
    check(&EMPTY.replace("af", "../"), false);
    check(&format!("{}é", &EMPTY[2..]), false);
}

fn check(text: &str, expected: bool) {
    assert_eq!(text.parse::<Hash>().is_ok(), expected, "{text}");
}

#[test]
fn json_is_the_hex_string() {
    let json = serde_json::to_string(&Hash::of(b"")).unwrap();
    assert_eq!(json, format!("\"{EMPTY}\""));
    assert_eq!(serde_json::from_str::<Hash>(&json).unwrap(), Hash::of(b""));
}

proptest! {
    #[test]
    fn text_round_trips(bytes: [u8; 32]) {
        prop_assert_eq!(Hash(bytes).to_string().parse(), Ok(Hash(bytes)));
    }

    #[test]
    fn any_text_is_read_without_panic(text: String) {
        let _ = text.parse::<Hash>();
    }
}

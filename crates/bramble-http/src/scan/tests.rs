use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn eight_at_a_time_finds_what_one_at_a_time_finds(bytes: Vec<u8>) {
        let expected = bytes.iter().position(|&b| !is_text(b)).unwrap_or(bytes.len());
        prop_assert_eq!(text_run(&bytes), expected);
    }

    #[test]
    fn long_text_with_rare_controls(
        mut bytes in prop::collection::vec(0x20_u8..0x7f, 0..200),
        controls in prop::collection::vec((0_usize..200, 0_u8..=0x21), 0..4),
    ) {
        for (at, control) in controls {
            if let Some(byte) = bytes.get_mut(at) {
                *byte = control;
            }
        }
        let expected = bytes.iter().position(|&b| !is_text(b)).unwrap_or(bytes.len());
        prop_assert_eq!(text_run(&bytes), expected);
    }
}

proptest! {
    #[test]
    fn words_are_compared_without_case(
        word in "[a-z0-9-]{0,30}",
        changes in prop::collection::vec((0_usize..30, any::<u8>()), 0..3),
        flips in prop::collection::vec(0_usize..30, 0..30),
    ) {
        let mut bytes = word.clone().into_bytes();
        for at in flips {
            bytes.get_mut(at).into_iter().for_each(|byte| *byte = byte.to_ascii_uppercase());
        }
        prop_assert!(is_word(&bytes, word.as_bytes()));
        for (at, change) in changes {
            bytes.get_mut(at).into_iter().for_each(|byte| *byte = change);
        }
        let expected = bytes.eq_ignore_ascii_case(word.as_bytes());
        prop_assert_eq!(is_word(&bytes, word.as_bytes()), expected);
    }

    #[test]
    fn the_first_colon_is_found_in_whole_words(bytes in "[:;9a-z\u{80}-\u{ff}]{0,40}") {
        let bytes = bytes.as_bytes();
        let found = bytes.iter().position(|&byte| byte == b':');
        let looked_at = 26_usize.next_multiple_of(8).min(bytes.len() / 8 * 8);
        prop_assert_eq!(colon(bytes, 26), found.filter(|at| *at < looked_at));
    }
}

#[test]
fn text_is_visible_bytes_spaces_and_tabs() {
    for byte in 0..=255_u8 {
        let expected = matches!(byte, b'\t' | 0x20..=0x7e | 0x80..);
        assert_eq!(is_text(byte), expected, "{byte:#x}");
        assert_eq!(text_run(&[byte; 8]), if expected { 8 } else { 0 }, "{byte:#x}");
    }
}

#[test]
fn token_characters_are_those_of_the_rfc() {
    for byte in 0..=255_u8 {
        let expected = byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        assert_eq!(is(byte, TOKEN), expected, "{byte:#x}");
        assert_eq!(is(byte, NAME), expected && byte != b'_', "{byte:#x}");
    }
}

#[test]
fn targets_have_no_byte_that_browsers_encode_everywhere() {
    for byte in 0..=255_u8 {
        let expected = byte.is_ascii_graphic() && !b"\"#<>\\".contains(&byte);
        assert_eq!(is(byte, TARGET), expected, "{byte:#x}");
    }
}

#[test]
fn trim_takes_spaces_and_tabs_only() {
    assert_eq!(trim(b" \ta b\t "), b"a b");
    assert_eq!(trim(b" \t "), b"");
    assert_eq!(trim(b"\ra\n"), b"\ra\n");
}

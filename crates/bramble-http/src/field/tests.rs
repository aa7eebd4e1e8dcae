use super::Kind;

fn check(name: &str, expected: Kind) {
    assert_eq!(Kind::of(name.as_bytes()), expected, "{name}");
    assert_eq!(Kind::of(name.to_uppercase().as_bytes()), expected, "{name}");
}

#[test]
fn every_known_name_is_found_under_its_length() {
    for len in 0..=32 {
        for (name, kind) in super::candidates(len) {
            assert_eq!(name.len(), len, "{}", String::from_utf8_lossy(name));
            check(std::str::from_utf8(name).unwrap(), *kind);
        }
    }
}

#[test]
fn families_are_known_by_their_prefix() {
    check("bramble-load", Kind::BrambleLoad);
    check("bramble-release", Kind::BrambleRelease);
    check("bramble-anything", Kind::Bramble);
    check("brambles", Kind::Other);
    check("x-forwarded-port", Kind::XForwarded);
    check("x-forwarded", Kind::Other);
}

#[test]
fn other_names_are_other() {
    for name in ["", "x", "hosts", "hos", "@ost", "content-lengthy", "sec-ch-ua"] {
        check(name, Kind::Other);
    }
}

#[test]
fn names_that_differ_in_one_byte_are_other_names() {
    let known = || (0..=super::KNOWN_BYTES_MAX).flat_map(super::candidates);
    for (name, kind) in known() {
        for at in 0..name.len() {
            for byte in 0..=255 {
                let mut other = name.to_vec();
                other[at] = byte;
                let expected = other.eq_ignore_ascii_case(name).then_some(*kind);
                let found = Kind::known(&other).filter(|found| found == kind);
                assert_eq!(found, expected, "{}", other.escape_ascii());
            }
        }
    }
}

#[test]
fn no_known_name_is_longer_than_is_looked_for() {
    assert!((super::KNOWN_BYTES_MAX + 1..=64).all(|len| super::candidates(len).is_empty()));
    assert!(!super::candidates(super::KNOWN_BYTES_MAX).is_empty());
}

#[test]
fn known_names_are_what_they_are_compared_as() {
    for (name, _) in (0..=super::KNOWN_BYTES_MAX).flat_map(super::candidates) {
        let is_word = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-';
        assert!(name.iter().all(is_word), "{}", name.escape_ascii());
    }
}

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

use super::*;

#[test]
fn a_content_has_one_tag() {
    let hash = blake3::hash(b"content").to_hex();
    assert_eq!(of_bytes(b"content"), format!("\"{}\"", &hash[..32]));
    assert_eq!(of_bytes(b"content"), of_hash(&Hash::of(b"content")));
    assert_ne!(of_bytes(b"content"), of_bytes(b"content "));
}

#[test]
fn a_state_has_one_tag() {
    let file = tempfile::tempfile().unwrap();
    let identity = Identity::of(&rustix::fs::fstat(&file).unwrap());
    let tag = of_state(&identity, true);
    assert_eq!(of_state(&identity, false), format!("W/{tag}"));
    for other in [
        Identity { size: 1, ..identity },
        Identity { modified_ns: identity.modified_ns + 1, ..identity },
    ] {
        assert_ne!(of_state(&other, true), tag);
    }
}

#[test]
fn a_boundary_needs_no_quotes() {
    for tag in [of_bytes(b"content"), "W/\"1-2\"".to_owned()] {
        assert!(boundary(&tag).bytes().all(|byte| byte == b'-' || byte.is_ascii_alphanumeric()));
    }
}

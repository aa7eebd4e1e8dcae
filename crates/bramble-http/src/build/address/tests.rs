use super::ClientAddress;

fn check(address: &str, expected: &str) {
    let client = ClientAddress::new(address.parse().unwrap());
    assert_eq!(client.text(), expected.as_bytes(), "{address}");
    assert_eq!(client.is_ipv6(), expected.contains(':'), "{address}");
}

#[test]
fn the_shortest_and_the_longest_fit() {
    check("0.0.0.0", "0.0.0.0");
    check("255.255.255.255", "255.255.255.255");
    check("::", "::");
    let longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    check(longest, longest);
}

#[test]
fn ipv4_is_named_as_such() {
    check("::ffff:192.0.2.7", "192.0.2.7");
    check("::192.0.2.7", "::c000:207");
}

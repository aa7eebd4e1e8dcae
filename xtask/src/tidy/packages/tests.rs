use super::*;

fn check(tree: &str, expected: &[&str]) {
    let found: Vec<String> = judge(&parse(tree)).into_iter().map(|finding| finding.what).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_good_tree_is_quiet() {
    check("serde v1.0.0|MIT OR Apache-2.0\nserde v1.0.0|MIT OR Apache-2.0 (*)\n", &[]);
    check("syn v2.0.0|MIT\nsyn v3.0.0|MIT\n", &[]);
}

#[test]
fn ours_need_no_licence() {
    check("bramble v0.1.0 (/home/me/bramble)|\n", &[]);
}

#[test]
fn licences_bans_and_doubles() {
    check("copy v1.0.0|GPL-3.0-only\n", &["`copy` is under `GPL-3.0-only`"]);
    let no_openssl = "`openssl-sys`: TLS is rustls, crypto is aws-lc";
    check("openssl-sys v0.9.0|MIT\n", &[no_openssl]);
    check(
        "reqwest v0.12.0|MIT\nreqwest v0.13.0|MIT\n",
        &["`reqwest` is in the tree as v0.12.0 and v0.13.0"],
    );
}

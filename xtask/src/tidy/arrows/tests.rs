use super::*;

fn check(from: &str, to: &str, expected: Option<&str>) {
    let found = breach(from, to).map(|(_, what)| what);
    assert_eq!(found.as_deref(), expected, "{from} → {to}");
}

#[test]
fn a_row_uses_only_what_stands_below_it() {
    check("bramble-server", "bramble-http", None);
    check("bramble", "bramble-server", None);
    check("bramble-http", "bramble-net", Some("`bramble-http` must not know `bramble-net`"));
    check(
        "bramble-agent",
        "bramble-server",
        Some("`bramble-agent` must not know `bramble-server`"),
    );
    check("bramble-new", "bramble-http", Some("`bramble-new` has no row in the table of arrows"));
}

#[test]
fn a_package_may_have_owners() {
    check("bramble-manager", "axum", None);
    check("bramble-server", "axum", Some("`axum` belongs to bramble-manager alone"));
    check("bramble-cluster", "rustls", Some("`rustls` belongs to bramble-net alone"));
}

#[test]
fn pure_crates_get_no_runtime() {
    check("bramble-net", "tokio", None);
    check("bramble-http", "tokio", Some("`bramble-http` is pure: no sockets, clocks or runtime"));
}

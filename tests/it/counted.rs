//! What was refused is counted by its reason, and the count is there to be read.

use bramble_tests::{Cluster, Folder, eventually};

/// How often the first node's balancer has refused something for this reason.
fn refused(cluster: &Cluster, reason: &str) -> u64 {
    let node = cluster.node("first").unwrap();
    let roles = node["report"]["roles"].as_array().unwrap();
    let balancer = roles.iter().find(|role| role["role"] == "balancer");
    balancer.and_then(|role| role["server"]["refused"][reason].as_u64()).unwrap_or(0)
}

#[test]
fn refusals_are_counted_by_reason() {
    let cluster = Cluster::up();
    cluster.publish(&Folder::with(&[("index.html", "home")])).expect(0);
    let reasons = [
        ("bare_lf", "GET / HTTP/1.1\nHost: a.test\n\n"),
        ("invalid_content_length", "GET / HTTP/1.1\r\nHost: a.test\r\nContent-Length: \r\n\r\n"),
        ("missing_host", "GET / HTTP/1.1\r\n\r\n"),
        ("obsolete_fold", "GET / HTTP/1.1\r\nHost: a.test\r\nX: y\r\n z\r\n\r\n"),
        (
            "transfer_encoding_in_http10",
            "POST / HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
        ("version_not_supported", "GET / HTTP/2.0\r\nHost: a.test\r\n\r\n"),
    ];
    for (i, (_, bytes)) in reasons.iter().enumerate() {
        for _ in 0..=i {
            let answer = cluster.client().send(bytes).answer();
            assert!(answer.status >= 400, "{}", answer.status);
        }
    }
    for (i, (reason, _)) in reasons.iter().enumerate() {
        let times = i as u64 + 1;
        eventually(reason, || refused(&cluster, reason) == times);
    }
}

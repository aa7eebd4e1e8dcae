use std::sync::Arc;

use super::*;
use crate::apache::expand::Place;

fn access(lines: &str) -> Access {
    let mut access = Access::default();
    for line in lines.split("; ") {
        let mut words = line.split(' ').map(str::to_owned);
        let node = Node {
            place: Place { file: Arc::from("f"), line: 1 },
            name: words.next().unwrap().to_lowercase(),
            args: words.collect(),
            text: line.to_owned(),
            inside: None,
        };
        assert!(access.takes(&node), "{line}");
    }
    access
}

#[track_caller]
fn check(lines: &str, closed: bool, named: usize) {
    let (access, mut notices) = (access(lines), Notices::default());
    access.explain(&mut notices);
    assert_eq!((access.is_closed(), notices.kept.len()), (closed, named), "{lines}");
}

#[test]
fn what_is_open_stays_open() {
    check("Require all granted", false, 0);
    check("Order allow,deny; Allow from all", false, 0);
    check("Order deny,allow", false, 0);
    check("Order deny,allow; Deny from all; Allow from all", false, 0);
    check("Order deny,allow; Deny from 10.0.0.1", false, 1);
}

#[test]
fn what_is_closed_to_some_is_closed_to_all() {
    check("Require all denied", true, 0);
    check("Order deny,allow; Deny from all", true, 0);
    check("Order deny,allow; Deny from all; Allow from 192.168.0", true, 1);
    check("Order allow,deny; Allow from 192.168.0", true, 1);
    check("Order allow,deny; Allow from all; Deny from all", true, 0);
    check("Require ip 10.0.0.0/8", true, 1);
    check("AuthType Basic; AuthUserFile x; Require valid-user", true, 3);
}

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Up {
    #[command(flatten)]
    args: Args,
}

fn check(given: &str, expected: &[&str]) {
    let roles = vec![Role::Manager, Role::Balancer];
    let node = NodeFile::new("n1", roles, Vec::new(), [127, 0, 0, 1].into()).unwrap();
    let up = Up::parse_from(["up"].into_iter().chain(given.split_whitespace()));
    assert_eq!(ignored(&up.args, &node), expected, "{given}");
}

#[test]
fn a_later_start_names_what_it_does_not_take() {
    check("", &[]);
    check("--address 127.0.0.1 --name n1 --roles balancer,manager", &[]);
    check("--address 192.0.2.1 --roles manager", &["--address", "--roles"]);
    check("--name n2 --listen 127.0.0.1:0", &["--listen", "--name"]);
    check("--worker-rate off", &["--worker-rate"]);
}

use super::*;
use crate::model::{Model, Think};
use std::time::Duration;

fn options(paths: &[&str]) -> Options {
    let model = Model::Closed { users: 1, think: Think::None };
    let target = "http://a.example:81/own".parse().unwrap();
    let mut options = Options::new(target, model, Duration::from_secs(1));
    options.paths = paths.iter().map(|path| (*path).to_owned()).collect();
    options
}

fn text(options: &Options, turn: u64) -> String {
    String::from_utf8(Requests::new(options).pick(turn, &mut Rng::new(1)).to_vec()).unwrap()
}

#[test]
fn asks_for_the_path_of_the_url_by_default() {
    let request = text(&options(&[]), 0);
    assert!(request.starts_with("GET /own HTTP/1.1\r\nHost: a.example:81\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\n") && !request.contains("Connection"));
}

#[test]
fn takes_paths_in_turn() {
    let options = options(&["/a", "/b"]);
    assert!(text(&options, 0).starts_with("GET /a "));
    assert!(text(&options, 3).starts_with("GET /b "));
}

#[test]
fn random_paths_all_get_their_turn() {
    let mut options = options(&["/a", "/b", "/c"]);
    options.order = PathOrder::Random;
    let requests = Requests::new(&options);
    let mut rng = Rng::new(3);
    let picked: std::collections::BTreeSet<_> =
        (0..100).map(|turn| requests.pick(turn, &mut rng).to_vec()).collect();
    assert_eq!(picked.len(), 3);
}

#[test]
fn host_and_connection_can_be_set() {
    let mut options = options(&[]);
    options.host = Some("site.example".into());
    options.connections = Connections::PerRequest;
    let request = text(&options, 0);
    assert!(
        request.contains("Host: site.example\r\n") && request.contains("Connection: close\r\n")
    );
}

use super::*;

fn options() -> Options {
    let model = Model::Closed { users: 2, think: Think::Siege { max_s: 1 } };
    Options::new("http://127.0.0.1:1/".parse().unwrap(), model, Duration::from_secs(1))
}

fn refuse(change: impl FnOnce(&mut Options), part: &str) {
    let mut options = options();
    change(&mut options);
    let message = options.check().unwrap_err().to_string();
    assert!(message.contains(part), "{message}");
}

#[test]
fn usual_settings_pass() {
    assert_eq!(options().check(), Ok(()));
}

#[test]
fn each_bad_option_is_named() {
    refuse(|o| o.duration = Duration::ZERO, "the duration is 0 s");
    refuse(|o| o.timeout = Duration::ZERO, "the timeout is 0 s");
    refuse(|o| o.warm_up = o.duration, "the warm-up is 1 s; it can be shorter");
    refuse(
        |o| o.model = Model::Closed { users: 0, think: Think::None },
        "the number of users is 0",
    );
    refuse(|o| o.model = Model::Closed { users: 1, think: Think::Siege { max_s: 9999 } }, "think");
    refuse(|o| o.paths.push("x".into()), "`x` is not a path");
    refuse(|o| o.host = Some("a\r\nb: c".into()), "cannot stand in a Host header");
    for rate_per_s in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let model = Model::Open { rate_per_s, poisson: false, max_connections: 1 };
        refuse(|o| o.model = model, "the rate is");
    }
}

//! Pools that are changed by verbs: at once, for good, and felt by nobody.

use std::path::Path;
use std::thread;
use std::time::Duration;

use bramble_tests::{
    Backend, Client, Cluster, Config, Folder, bramble, eventually, respond, under_load,
};
use serde_json::Value;

/// The promise is a second, and it takes a tenth; but a disk that others write to takes its time
/// over what is kept. A balancer that lags would be waited for longer.
const IN_EFFECT: Duration = Duration::from_secs(4);

/// A cluster with a pool `app` of three backends at `/app`, called b0, b1 and b2.
struct App {
    cluster: Cluster,
    backends: Vec<Backend>,
}

impl App {
    fn start() -> Self {
        let backends: Vec<_> = (0..3).map(|i| Backend::start(respond(200, &name(i)))).collect();
        let listed = backends.iter().enumerate().map(|(i, backend)| {
            let (name, address) = (name(i), backend.address());
            format!(
                "# Beside {name}.\n[[pool.backend]]\nname = \"{name}\"\naddress = \"{address}\"\n"
            )
        });
        let listed: String = listed.collect();
        let file = format!(
            "[[pool]]\nname = \"app\"\nmethod = \"by_requests\"\n{listed}[pool.health]\ninterval_ms = 50\n\
             [[route]]\npath_prefix = \"/app\"\npool = \"app\"\n"
        );
        let app = Self { cluster: Cluster::with_file(&file), backends };
        eventually("all serve", || app.answering() == ["b0", "b1", "b2"]);
        app
    }

    /// Calls a verb that must succeed, in time.
    fn call(&self, arguments: &[&str]) {
        let outcome = self.cluster.call(arguments);
        outcome.expect(0);
        assert!(outcome.took < IN_EFFECT, "{outcome:#?}");
    }

    /// Who answers of those that are asked now.
    fn answering(&self) -> Vec<String> {
        let mut client = self.cluster.client();
        let mut names: Vec<_> = (0..24).map(|_| client.get("/app").text()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// A backend as `pool list` shows it.
    fn listed(&self, name: &str) -> Value {
        let shown = self.cluster.call(&["pool", "list", "app", "--json"]);
        let pools: Value = serde_json::from_str(&shown.expect(0).output).unwrap();
        let backends = pools[0]["backends"].as_array().unwrap();
        backends.iter().find(|backend| backend["name"] == name).cloned().unwrap_or_default()
    }

    fn export(&self) -> String {
        self.cluster.call(&["export"]).expect(0).output.clone()
    }
}

fn name(i: usize) -> String {
    format!("b{i}")
}

#[test]
fn backends_come_rest_and_go_under_load_and_no_request_fails() {
    let app = App::start();
    let more: Vec<_> = (3..5).map(|i| Backend::start(respond(200, &name(i)))).collect();
    let [three, four] = [0, 1].map(|i| more[i].address().to_string());
    let visit = |client: &mut Client| {
        client.get("/app").expect(200);
    };
    let visits = under_load(
        4,
        |_| app.cluster.client(),
        visit,
        || {
            app.call(&["backend", "drain", "app", "b0", "b1"]);
            assert_eq!(app.answering(), ["b2"]);
            app.call(&["backend", "add", "app", &three, &four, "--name", "b3", "--name", "b4"]);
            eventually("both serve", || app.answering() == ["b2", "b3", "b4"]);
            app.call(&["backend", "disable", "app", "b2", &three]);
            assert_eq!(app.answering(), ["b4"]);
            app.call(&["backend", "enable", "app", "b0", "b1", "b2", "b3"]);
            eventually("all serve", || app.answering().len() == 5);
            app.call(&["backend", "remove", "app", "b0", "b3"]);
            assert_eq!(app.answering(), ["b1", "b2", "b4"]);
            app.call(&["pool", "set", "app", "retries=2", "health.path=/ready"]);
            app.call(&["backend", "edit", "app", "b4", "name=b5", "weight=2"]);
            eventually("all serve", || app.answering() == ["b1", "b2", "b4"]);
        },
    );
    assert!(visits > 100, "only {visits} visits");
}

#[test]
fn backends_stop_and_stand_by() {
    let mut app = App::start();
    app.call(&["backend", "stop", "app", "b0"]);
    assert_eq!(
        (app.answering(), app.listed("b0")["state"].as_str()),
        (list("b1 b2"), Some("stopped"))
    );
    app.call(&["backend", "enable", "app", "b0"]);
    app.call(&["backend", "standby", "app", "b0"]);
    app.call(&["backend", "spare", "app", "b1"]);
    assert_eq!(app.answering(), ["b2"]);
    let seen = |name: &str| app.listed(name)["seen"]["first"]["state"].clone();
    eventually("it is seen", || seen("b0") == "standby" && seen("b1") == "spare");
    app.cluster.call(&["pool", "list"]).expect(0).says("standby").says("spare");
    app.backends[2].stop();
    eventually("the spare stands in", || app.answering() == ["b1"]);
    app.backends[1].stop();
    eventually("the standby serves", || app.answering() == ["b0"]);
    app.backends[2].listen();
    eventually("both rest", || app.answering() == ["b2"]);
    app.call(&["backend", "edit", "app", "b0", "b1", "reserve=", "set=3"]);
    app.cluster.call(&["pool", "list"]).expect(0).says(", set 3");
    app.backends[2].stop();
    eventually("the set serves", || app.answering() == ["b0"]);
    // Of spares alone nobody would be asked.
    let refused = app.cluster.call(&["backend", "spare", "app", "b0", "b1", "b2"]);
    refused.expect(3).says("without a backend that can serve");
}

fn list(names: &str) -> Vec<String> {
    names.split(' ').map(str::to_owned).collect()
}

#[test]
fn what_a_drained_backend_has_begun_it_ends() {
    let app = App::start();
    let slow = Backend::start(|caller| {
        if caller.target() != "/" {
            caller.pause(600);
        }
        caller.respond(200, "slow");
    });
    app.call(&["backend", "drain", "app", "b0", "b1"]);
    app.call(&["backend", "add", "app", &slow.address().to_string(), "--name", "slow"]);
    app.call(&["backend", "disable", "app", "b2"]);
    let mut client = app.cluster.client();
    client.send(bramble_tests::get("/app"));
    eventually("it is in flight", || slow.count() == 1);
    app.call(&["backend", "enable", "app", "b0"]);
    app.call(&["backend", "drain", "app", "slow"]);
    assert_eq!(app.answering(), ["b0"]);
    client.answer().expect(200).body("slow");
}

#[test]
fn weights_are_the_shares_of_requests() {
    let app = App::start();
    app.call(&["backend", "weight", "app", "b0=2.5", "b1=1.5"]);
    let before: Vec<_> = app.backends.iter().map(Backend::count).collect();
    let mut client = app.cluster.client();
    for _ in 0..100 {
        client.get("/app").expect(200);
    }
    let asked: Vec<_> = app.backends.iter().zip(before).map(|(b, n)| b.count() - n).collect();
    // Whose turn it was when the weights changed still counts.
    let is_near = asked.iter().zip([50, 30, 20]).all(|(asked, share)| asked.abs_diff(share) <= 2);
    assert!(is_near, "{asked:?}");
    assert_eq!(app.listed("b0")["weight"], 2.5);
}

#[test]
fn a_list_has_what_balancers_see() {
    let mut app = App::start();
    app.backends[1].stop();
    eventually("it is seen", || app.listed("b1")["seen"]["first"]["state"] == "down");
    let shown = app.cluster.call(&["pool", "list"]);
    shown.expect(0).says("pool app: ").says("Connection refused").says("last error");
    app.call(&["backend", "drain", "app", "b0"]);
    assert_eq!(app.listed("b0")["state"], "draining");
    eventually("it is counted", || {
        app.listed("b0")["seen"]["first"]["requests"].as_u64()
            == Some(app.backends[0].count() as u64)
    });
    app.cluster.call(&["pool", "list", "ap"]).expect(3).says("no pool ap").says("app");
}

#[test]
fn what_was_changed_is_kept_over_restarts() {
    let mut app = App::start();
    app.call(&["backend", "drain", "app", "b0"]);
    app.call(&["backend", "remove", "app", "b1"]);
    let text = app.export();
    assert!(text.contains("# Beside b2.\n") && !text.contains("# Beside b1.\n"), "{text}");
    app.cluster.first.stop();
    app.cluster.start_first_again();
    eventually("it serves as before", || app.answering() == ["b2"]);
    app.cluster.first.kill();
    app.cluster.start_first_again();
    eventually("it serves as before", || app.answering() == ["b2"]);
    assert_eq!(app.export(), text);
    app.call(&["backend", "enable", "app", "b0"]);
    eventually("both serve", || app.answering() == ["b0", "b2"]);
}

#[test]
fn two_at_once_do_not_undo_each_other() {
    let app = App::start();
    for _ in 0..5 {
        for verb in ["drain", "enable"] {
            thread::scope(|scope| {
                for name in ["b0", "b1"] {
                    let app = &app;
                    scope.spawn(move || {
                        app.cluster.call(&["backend", verb, "app", name]).expect(0);
                    });
                }
            });
            let all = if verb == "drain" { vec!["b2"] } else { vec!["b0", "b1", "b2"] };
            assert_eq!(app.answering(), all);
        }
    }
    app.cluster.call(&["reload"]).expect(0).says("nothing to change");
}

#[test]
fn what_is_not_there_or_not_right_changes_nothing() {
    let app = App::start();
    let text = app.export();
    let refused = |arguments: &[&str], code: i32, what: &str, next: &str| {
        app.cluster.call(arguments).expect(code).says(what).says(next);
    };
    refused(&["backend", "drain", "ap", "b0"], 3, "no pool `ap`", "did you mean `app`?");
    refused(&["backend", "drain", "app", "b7"], 3, "no backend `b7`", "did you mean");
    refused(&["backend", "remove", "app", "b0", "x"], 3, "no backend `x`", "`b0`, `b1`, `b2`");
    refused(&["backend", "weight", "app", "b0=200"], 3, "`weight` is 200", "1.00 to 100.00");
    refused(&["backend", "weight", "app", "b0"], 2, "b0", "b1=2.5");
    refused(&["backend", "add", "app", "b7.local"], 3, "no address", "names are not resolved");
    let taken = app.backends[1].address().to_string();
    refused(&["backend", "add", "app", &taken], 3, "a backend of this pool already", "weight");
    refused(&["pool", "set", "app", "retry=1"], 3, "unknown key `retry`", "retries");
    refused(&["pool", "set", "app", "backend=[]"], 3, "is no setting", "bramble backend");
    refused(&["pool", "set", "app", "retries"], 2, "KEY=VALUE", "retries");
    refused(&["backend", "drain", "site:default", "first"], 3, "workers", "bramble node drain");
    app.cluster.call(&["backend", "drain", "app", "b0", "--dry-run"]).expect(0).says("draining");
    app.cluster.call(&["backend", "enable", "app", "b0"]).expect(0).says("nothing to change");
    assert_eq!(app.export(), text);
    assert_eq!(app.answering(), ["b0", "b1", "b2"]);
}

#[test]
fn the_last_that_can_serve_is_not_taken_away_by_mistake() {
    let mut app = App::start();
    let refused = |verb: &[&str]| {
        app.cluster.call(verb).expect(3).says("without a backend that can serve").says("--force");
    };
    refused(&["backend", "drain", "app", "b0", "b1", "b2"]);
    app.cluster.call(&["backend", "remove", "app", "b0", "b1"]).expect(0);
    refused(&["backend", "disable", "app", "b2"]);
    app.call(&["backend", "add", "app", &app.backends[0].address().to_string(), "--name", "b0"]);
    app.backends[0].stop();
    // There is another, but it is known to be down.
    eventually("it is down", || app.listed("b0")["seen"]["first"]["state"] == "down");
    app.cluster.call(&["backend", "drain", "app", "b2"]).expect(3).says("--force");
    app.cluster.call(&["backend", "drain", "app", "b2", "--force"]).expect(0);
    eventually("nobody serves", || app.cluster.get("/app").status >= 502);
    app.call(&["backend", "enable", "app", "b2"]);
    assert_eq!(app.answering(), ["b2"]);
}

#[test]
fn a_reload_waits_until_the_file_has_it_all() {
    let app = App::start();
    app.call(&["backend", "drain", "app", "b0"]);
    app.cluster.call(&["reload"]).expect(3).says("draining").says("bramble export");
    let file = app.cluster.file();
    app.cluster.call(&["export", &file]).expect(0).says("cluster.toml");
    assert!(std::fs::read_to_string(&file).unwrap().contains("state = \"draining\""));
    app.cluster.call(&["reload"]).expect(0).says("nothing to change");
    // From now on the file is what was loaded.
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("state = \"draining\"\n", "")).unwrap();
    app.cluster.call(&["reload"]).expect(0).says("draining → enabled");
    assert_eq!(app.answering(), ["b0", "b1", "b2"]);
}

#[test]
fn without_a_pool_the_next_step_is_named() {
    let cluster = Cluster::up();
    let outcome = cluster.call(&["backend", "add", "app", "127.0.0.1:9001"]);
    outcome.expect(3).says("no pool `app`").says("bramble export FILE");
    cluster.call(&["pool", "list"]).expect(0).says("no pool");
}

#[test]
fn where_a_file_is_the_truth_the_verbs_say_so() {
    let backend = Backend::start(respond(200, ""));
    let _running = Config::balancer(&[&backend]).run();
    let folder = Folder::empty();
    let call = |arguments: &[&str]| bramble(Path::new(folder.path()), arguments);
    for verb in [&["pool", "list"][..], &["backend", "drain", "pool", "b"], &["export"]] {
        call(verb).expect(4).says("holds no cluster").says("bramble run").says("HUP");
    }
}

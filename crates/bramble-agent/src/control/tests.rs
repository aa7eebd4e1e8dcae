use super::*;
use crate::fake::{FakeRole, run};

fn control(dir: &tempfile::TempDir) -> Control {
    Control::new(dir.path(), Role::Worker)
}

#[test]
fn each_call_is_one_line_each_way() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let role =
            FakeRole::listen(dir.path(), Role::Worker, |request| match request.get("facts") {
                Some(_) => json!({ "facts": { "revision": 7, "requests": 3 } }),
                None => json!({ "ok": true }),
            });
        let control = control(&dir);
        control.plan(&json!({ "revision": 7 })).await.unwrap();
        let facts = control.facts().await.unwrap();
        control.stop().await.unwrap();
        assert_eq!((facts.revision, facts.requests), (7, 3));
        let requests = role.requests.borrow();
        let expected = [
            json!({ "plan": { "revision": 7 } }),
            json!({ "facts": null }),
            json!({ "stop": null }),
        ];
        assert_eq!(*requests, expected);
    });
}

#[test]
fn a_refusal_comes_in_the_role_s_words() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let refuse = |_: &Value| json!({ "ok": false, "error": "port 80 is taken" });
        let _role = FakeRole::listen(dir.path(), Role::Worker, refuse);
        let error = control(&dir).plan(&json!({})).await.unwrap_err();
        assert_eq!(error.to_string(), "the worker process refused: port 80 is taken");
    });
}

#[test]
fn an_odd_answer_is_an_error() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let _role = FakeRole::listen(dir.path(), Role::Worker, |_| json!({}));
        let control = control(&dir);
        assert!(matches!(control.stop().await, Err(ControlError::Odd { .. })));
        assert!(matches!(control.facts().await, Err(ControlError::Odd { .. })));
    });
}

#[test]
fn a_role_that_is_not_there_or_hangs_is_silent() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let control = control(&dir);
        assert!(matches!(control.stop().await, Err(ControlError::Silent { .. })));
        std::fs::create_dir(dir.path().join("run")).unwrap();
        let _deaf = std::os::unix::net::UnixListener::bind(&control.path).unwrap();
        let error = control.facts().await.unwrap_err();
        assert!(matches!(error, ControlError::Silent { .. }), "{error}");
    });
}

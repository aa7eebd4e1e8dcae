use std::fs;

use serde_json::Value;

use super::*;
use crate::fake::{behave, eventually, role_executable, run};
use crate::supervise::Launch;

#[test]
fn a_rehearsal_is_told_all_that_there_may_be() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        behave(dir.path(), "exec sleep 60");
        let launch =
            Launch { executable: role_executable(), data: dir.path().into(), stop: Duration::ZERO };
        let role = Supervised::start(launch, Role::Worker, KeptRole::default()).unwrap();
        eventually("a process", || role.process().pid.is_some()).await;
        let pid = role.process().pid.unwrap();
        let told = dir.path().join("told");
        let script = "echo \"$BRAMBLE_AGENT\" >\"$0\"";
        let arguments = vec!["-c".into(), script.into(), told.clone().into()];
        let program = Program { executable: "/bin/sh".into(), arguments };
        let roles = BTreeMap::from([(Role::Worker, role)]);
        rehearse(&program, &roles).await.unwrap();
        let words: Value = serde_json::from_slice(&fs::read(told).unwrap()).unwrap();
        let role = words["roles"].as_object().unwrap().values().next().unwrap();
        assert_eq!(role["service"], pid);
        for field in ["older", "retired"] {
            assert!(!role[field].as_array().unwrap().is_empty(), "{field}");
        }
        for (_, role) in roles {
            role.stop().await;
        }
    });
}

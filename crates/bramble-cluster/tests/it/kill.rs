//! The embedded store under `kill -9`: what was acknowledged is there.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use bramble_cluster::store::{Embedded, Expected, Options, Store};

const STATE: &str = "BRAMBLE_TEST_STATE";
const KILLS: u64 = 20;

/// Counts up in the store named by the environment and says each acknowledged number.
#[tokio::test]
#[ignore = "the child of `acknowledged_writes_survive_kill_9`"]
async fn writer() {
    let Ok(path) = std::env::var(STATE) else { return };
    let store = Embedded::open(Path::new(&path), Options::default()).await.unwrap();
    let start = last(&store).await;
    for n in start + 1.. {
        store.compare_and_set("n", Expected::Any, Some(n.to_string())).await.unwrap();
        writeln!(std::io::stderr(), "{n}").unwrap();
    }
}

#[tokio::test]
async fn acknowledged_writes_survive_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let mut acknowledged = 0;
    for kill in 0..KILLS {
        acknowledged = acknowledged.max(write_and_kill(&path, 1 + kill * 7 % 40));
        let store = Embedded::open(&path, Options::default()).await.unwrap();
        let found = last(&store).await;
        // One more may be there: written, killed before it could say so.
        assert!((acknowledged..=acknowledged + 1).contains(&found), "{acknowledged}, {found}");
        acknowledged = found;
        assert_eq!(logged(&store, found).await, (1..=found).collect::<Vec<_>>());
    }
}

/// Lets a child write so many numbers at least; answers the last one that it acknowledged.
fn write_and_kill(path: &Path, count: u64) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::writer", "--ignored", "--nocapture", "--quiet"])
        .env(STATE, path)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut numbers = Vec::new();
    while (numbers.len() as u64) < count {
        numbers.push(lines.next().unwrap().unwrap().parse::<u64>().unwrap());
    }
    child.kill().unwrap();
    child.wait().unwrap();
    numbers.extend(lines.map_while(Result::ok).filter_map(|line| line.parse::<u64>().ok()));
    numbers.last().copied().unwrap()
}

async fn last(store: &Embedded) -> u64 {
    store.get("n").await.unwrap().map_or(0, |n| n.value.parse().unwrap())
}

async fn logged(store: &Embedded, count: u64) -> Vec<u64> {
    let mut watch = store.watch(0, "").await.unwrap();
    let mut numbers = Vec::new();
    while (numbers.len() as u64) < count {
        let batch = tokio::time::timeout(Duration::from_secs(5), watch.next()).await.unwrap();
        numbers.extend(
            batch.unwrap().iter().map(|r| r.value.as_ref().unwrap().parse::<u64>().unwrap()),
        );
    }
    numbers
}

//! The cases of the Autobahn test suite, in which a client of WebSocket tries a server with
//! everything that RFC 6455 and RFC 7692 allow and forbid.
//!
//! The suite itself needs Python 2; its case files are run by `kosoku`. Whether the backend is
//! right does not matter here: each case must come to the same through bramble, down to the
//! frames.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use bramble_tests::{Folder, python};
use serde_json::Value;

use crate::peers::Peer;
use crate::seen::Seen;
use crate::table::Table;

/// All of the protocol, and of compression each way to agree on it with two sizes of messages:
/// the other sizes, a thousand messages in each case, take minutes more.
const CASES: [&str; 13] = [
    "1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "9.*", "10.*", "12.*.2", "12.*.10", "13.*.2",
    "13.*.10",
];

/// How many that are.
const COUNT: usize = 325;

/// What a report says of a case, apart from times, from how the bytes were cut into reads, and
/// from fields of single hops.
const COMPARED: [&str; 20] = [
    "behavior",
    "behaviorClose",
    "closedByMe",
    "description",
    "droppedByMe",
    "expected",
    "failedByMe",
    "localCloseCode",
    "received",
    "remoteCloseCode",
    "remoteCloseReason",
    "result",
    "resultClose",
    "rxFrameStats",
    "txFrameStats",
    "wasClean",
    "wasCloseHandshakeTimeout",
    "wasNotCleanReason",
    "wasOpenHandshakeTimeout",
    "wasServerConnectionDropTimeout",
];

#[test]
#[ignore = "takes minutes; needs Python with kosoku and autobahn"]
fn the_cases_of_autobahn_come_to_the_same() {
    let echo = Peer::autobahn_echo();
    let ways = echo.ways();
    let [direct, through] = [ways.direct, ways.through].map(reports);
    assert_eq!((direct.len(), through.len()), (COUNT, COUNT));
    let mut table = Table::of("Autobahn suite");
    for (case, report) in &direct {
        let through = seen(&through[case], ways.through);
        table.same(case, &[seen(report, ways.direct), through]);
    }
    table.finish_in_short();
}

fn seen(report: &Value, at: SocketAddr) -> Seen {
    let gist = |name: &str| report[name].as_str().unwrap().to_owned();
    let seen = Seen::of(gist("behavior") + "/" + &gist("behaviorClose"));
    let seen = seen.heads(&gist("httpResponse"), at);
    COMPARED.iter().fold(seen, |seen, name| {
        let value = report.get(name).unwrap_or_else(|| panic!("no {name}: {report}"));
        seen.value(name, &value.to_string(), at)
    })
}

/// Runs the cases against a server; case → what is told of it.
fn reports(at: SocketAddr) -> BTreeMap<String, Value> {
    let folder = Folder::empty();
    let mut command = Command::new(python::program("kosoku"));
    command.args(["--parallelism", "4", "--outdir"]).arg(folder.path()).arg(at.to_string());
    command.args(CASES.iter().flat_map(|case| ["--include", case]));
    // How it ends says whether cases failed, which is not for us to judge; that all of them ran
    // is seen from the reports.
    let ended = command.stdin(Stdio::null()).output().unwrap();
    assert!(folder.join("index.json").exists(), "{ended:?}");
    let index = read(&folder.join("index.json"));
    let (_, cases) = index.as_object().unwrap().iter().next().unwrap();
    let cases = cases.as_object().unwrap().iter();
    cases
        .map(|(case, told)| {
            let file = told["reportfile"].as_str().unwrap();
            (case.clone(), read(&folder.join(file)))
        })
        .collect()
}

fn read(file: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

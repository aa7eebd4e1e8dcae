//! Python's `websockets`: handshakes, messages of all sizes, and every way to end.

use std::net::SocketAddr;
use std::path::Path;

use bramble_tests::{Call, python};
use serde_json::Value;

use crate::peers::{Peer, script};
use crate::seen::Seen;
use crate::table::Table;

/// What the script says of a case that did not come to what it must.
const FAILED: &str = "failed: ";

#[test]
#[ignore = "needs Python with websockets"]
fn python_websockets_sees_the_same() {
    let echo = Peer::echo();
    let ways = echo.ways();
    let [direct, through] = [ways.direct, ways.through].map(talk);
    let mut table = Table::of("Python websockets, 100 of them at once in the last case");
    assert_eq!(direct.len(), through.len());
    for ((case, direct), (_, through)) in direct.iter().zip(&through) {
        let seen = [(direct, ways.direct), (through, ways.through)].map(|(value, at)| {
            assert!(!value.to_string().contains(FAILED), "{case} at {at}: {value}");
            Seen::of(gist(value)).value("result", &value.to_string(), at)
        });
        table.same(case, &seen);
    }
    table.finish();
}

/// Each case's result.
fn talk(at: SocketAddr) -> Vec<(String, Value)> {
    let (python, script, at) = (python::interpreter(), script("talk.py"), at.to_string());
    let outcome = Call::of(python, Path::new("/"), &[script.to_str().unwrap(), &at]).run();
    let seen: Value = serde_json::from_str(&outcome.expect(0).output).unwrap();
    seen.as_object().unwrap().clone().into_iter().collect()
}

fn gist(value: &Value) -> String {
    let text = value.to_string();
    if text.len() <= 15 { text } else { text.chars().take(12).chain("...".chars()).collect() }
}

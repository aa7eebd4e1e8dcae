use std::net::Ipv4Addr;
use std::sync::Arc;

use bramble_config::plan::{AccessLog, LogFormat};
use bramble_http::parse_request;
use tempfile::TempDir;

use super::super::Writer;
use super::super::opening::tests::limits;
use super::*;

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn log(folder: &TempDir) -> Rc<Log> {
    let (path, format) = (folder.path().join("access.log"), LogFormat::Json);
    let plan =
        AccessLog { path: path.clone(), format, max_bytes: 1 << 20, keep: 0, buffer_bytes: 0 };
    Rc::new(Log::new(Arc::new(Writer::start(path, &plan).unwrap()), format))
}

/// A request with a target of this length begins and ends.
fn ask(record: &mut Record, target_bytes: usize) {
    let head = format!("GET /{} HTTP/1.0\r\n\r\n", "a".repeat(target_bytes));
    let mut read = RequestHead::default();
    parse_request(head.as_bytes(), &limits(), &mut read).unwrap();
    let arrival = Arrival { accepted: None, began: None, read: Instant::now() };
    record.begin(None, 1, &arrival, &read, head.as_bytes());
    record.end(Ended { took_us: Some(0), reading: Duration::ZERO });
}

fn held(ledger: &Ledger) -> usize {
    ledger.held().map(|(_, bytes)| bytes as usize).sum()
}

#[test]
fn the_ledger_knows_its_memory() {
    let (folder, ledger) = (TempDir::new().unwrap(), Ledger::unlimited());
    let listener = Fragment::listener("web").into();
    let mut record = Record::new(log(&folder), &listener, CLIENT, &ledger);
    let own = size_of::<Record>();
    assert_eq!(held(&ledger), own);
    for (target_bytes, is_long) in [(10, false), (1000, true), (1020, true), (10, false)] {
        ask(&mut record, target_bytes);
        let said = record.line.opening.before().unwrap().len();
        let more = if is_long { said } else { 0 };
        assert!(said > target_bytes && held(&ledger) == own + more, "{}", held(&ledger));
    }
    ask(&mut record, 1000);
    drop(record);
    assert_eq!(held(&ledger), 0);
}

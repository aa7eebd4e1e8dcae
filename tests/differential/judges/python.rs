//! The judges that live in Python: one process each, fed by lines of JSON (`judge.py`).

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;

use bramble_tests::python;
use serde_json::{Value, json};

use super::{Ask, End, Message, Reading, Side};

/// A judge's process.
pub(crate) struct Python {
    name: &'static str,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Python {
    /// Starts it with the packages that `cargo xtask test --all` installs.
    pub fn start(name: &'static str) -> Self {
        let mut child = Command::new(python::interpreter())
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("differential/judges/judge.py"))
            .arg(name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (child.stdin.take(), child.stdout.take().unwrap());
        let mut judge = Self { name, child, input, output: BufReader::new(output) };
        let ready = judge.line();
        assert_eq!(ready, "ready\n", "{name}: `cargo xtask test --all` installs it");
        judge
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What it makes of each.
    pub fn read(&mut self, asks: &[Ask]) -> Vec<Reading> {
        let mut input = self.input.take().unwrap();
        let readings = thread::scope(|scope| {
            // Beside the reading, or both pipes could be full.
            let writer = scope.spawn(|| {
                let mut lines = BufWriter::new(&mut input);
                asks.iter().for_each(|ask| writeln!(lines, "{}", question(ask)).unwrap());
                lines.flush().unwrap();
            });
            let readings = asks.iter().map(|_| reading(&self.line())).collect();
            writer.join().unwrap();
            readings
        });
        self.input = Some(input);
        readings
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        // It ends with its input.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}

fn question(ask: &Ask) -> Value {
    let bytes: String = ask.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let methods = match &ask.side {
        Side::Answers(methods) => json!(methods),
        Side::Requests => Value::Null,
    };
    json!({ "bytes": bytes, "closed": ask.closed, "methods": methods })
}

fn reading(line: &str) -> Reading {
    let value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line:?}"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let why = text(&value["why"]);
    let end = match value["end"].as_str().unwrap() {
        "clean" => End::Clean,
        "partial" => End::Partial,
        "refused" => End::Refused(why),
        "stopped" => End::Stopped(why),
        other => panic!("{other}"),
    };
    let message = |m: &Value| Message {
        word: text(&m["word"]),
        target: text(&m["target"]),
        host: text(&m["host"]),
        body: unhex(m["body"].as_str().unwrap()),
        whole: m["whole"].as_bool().unwrap(),
    };
    Reading { messages: value["messages"].as_array().unwrap().iter().map(message).collect(), end }
}

fn unhex(text: &str) -> Vec<u8> {
    let pair = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(pair).collect()
}

//! The access log: one line for each request that ends, however it ends.
//!
//! ```text
//!  record (a request's) ──line──> block (a core's) ──full, or a second old──> writer (a thread)
//! ```
//! The path of a request writes into memory of its own core and waits for nothing. What finds no
//! room, since the disk is slow or full, is dropped and counted. Knows what a line says, not how
//! requests are answered.

mod clock;
mod decimal;
mod escape;
mod file;
mod line;
mod record;
mod writer;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use bramble_config::plan::LogFormat;

use crate::counters::Counters;
use crate::reason::Event;
use clock::Clock;
pub(crate) use line::Asked;
pub(crate) use record::{Marks, Record};
pub(crate) use writer::Writer;

/// Lines are handed over in blocks of this size. No line is longer.
const BLOCK_BYTES: usize = 64 * 1024;

/// Records of requests that have ended, kept for others.
const RECORDS_KEPT: usize = 64;

/// The logs of one core: that of the plan in force, and those of plans before it that requests
/// still go on under.
#[derive(Default)]
pub(crate) struct Logs(RefCell<Vec<Rc<Log>>>);

/// One log as one core writes it.
pub(crate) struct Log {
    writer: Arc<Writer>,
    format: LogFormat,
    block: RefCell<Vec<u8>>,
    clock: RefCell<Clock>,
    /// Memory for others.
    #[allow(clippy::vec_box)] // What is kept is the box itself.
    records: RefCell<Vec<Box<Record>>>,
    lost: Cell<u64>,
}

impl Logs {
    /// The log that this writer keeps, in this format.
    pub(crate) fn find(&self, writer: &Arc<Writer>, format: LogFormat) -> Rc<Log> {
        let mut logs = self.0.borrow_mut();
        let is_it = |log: &&Rc<Log>| Arc::ptr_eq(&log.writer, writer) && log.format == format;
        if let Some(log) = logs.iter().find(is_it) {
            return log.clone();
        }
        let log = Rc::new(Log::new(writer.clone(), format));
        logs.push(log.clone());
        log
    }

    /// Hands over what has waited for up to a second, counts what was lost, and forgets logs that
    /// nobody has any more.
    pub(crate) fn tend(&self, counters: &Counters) {
        for log in self.0.borrow().iter() {
            log.hand_over();
            log.clock.borrow_mut().set();
            counters.refused_often(Event::AccessLog, log.lost.take());
        }
        self.0.borrow_mut().retain(|log| Rc::strong_count(log) > 1);
    }
}

impl Log {
    fn new(writer: Arc<Writer>, format: LogFormat) -> Self {
        Self {
            writer,
            format,
            block: RefCell::default(),
            clock: RefCell::new(Clock::new(format)),
            records: RefCell::default(),
            lost: Cell::new(0),
        }
    }

    /// Begins the record of a request.
    pub(crate) fn record(self: &Rc<Self>, asked: &Asked<'_>, marks: Marks) -> Box<Record> {
        let mut record = self.records.borrow_mut().pop().unwrap_or_default();
        let text = &mut record.text;
        let began = marks.began.or(marks.read).unwrap_or_else(Instant::now);
        let middle = self.clock.borrow_mut().at(began, |time| match self.format {
            LogFormat::Combined => line::combined(text, time, asked),
            LogFormat::Common => line::common(text, time, asked),
            LogFormat::Json => line::json(text, time, asked),
        });
        record.begin(self.clone(), middle, marks);
        record
    }

    /// Writes a line of at most `most` bytes.
    fn write(&self, most: usize, line: impl FnOnce(&mut Vec<u8>)) {
        let mut block = self.block.borrow_mut();
        if block.capacity() - block.len() < most && !self.make_room(&mut block, most) {
            self.lost.set(self.lost.get() + 1);
            return self.writer.lost(1);
        }
        line(&mut block);
    }

    /// False: there is none.
    #[cold]
    fn make_room(&self, block: &mut Vec<u8>, most: usize) -> bool {
        if most > BLOCK_BYTES || !block.is_empty() && !self.writer.take(block) {
            return false;
        }
        if block.capacity() < BLOCK_BYTES {
            *block = self.writer.block();
        }
        true
    }

    /// A block that finds no room with the writer is kept: there may be some later.
    fn hand_over(&self) {
        let mut block = self.block.borrow_mut();
        if !block.is_empty() {
            self.writer.take(&mut block);
        }
    }

    fn keep(&self, record: Box<Record>) {
        let mut records = self.records.borrow_mut();
        if records.len() < RECORDS_KEPT {
            records.push(record);
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.hand_over();
    }
}

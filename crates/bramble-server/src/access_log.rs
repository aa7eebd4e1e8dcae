//! The access log: one line for each request that ends, however it ends.
//!
//! ```text
//!  record (a request's) ──line──> block (a core's) ──full, or a second old──> writer (a thread)
//! ```
//! The path of a request writes into memory of its own core and waits for nothing. What finds no
//! room, since the disk is slow or full, is dropped and counted. Knows what a line says, not how
//! requests are answered.

mod asked;
mod block;
mod clock;
mod decimal;
mod escape;
mod file;
mod fragment;
mod line;
mod marks;
mod opening;
mod record;
mod room;
mod writer;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use bramble_config::plan::LogFormat;

use crate::counters::Counters;
use crate::reason::Event;
use block::Block;
use clock::Clock;
pub(crate) use fragment::{BackendFragments, Fragment};
use line::Line;
pub(crate) use marks::{Arrival, Ended, Marks};
pub(crate) use record::Record;
pub(crate) use writer::Writer;

/// The logs of one core: that of the plan in force, and those of plans before it that requests
/// still go on under.
#[derive(Default)]
pub(crate) struct Logs(RefCell<Vec<Rc<Log>>>);

/// One log as one core writes it.
pub(crate) struct Log {
    writer: Arc<Writer>,
    format: LogFormat,
    block: RefCell<Block>,
    clock: RefCell<Clock>,
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
        let (block, clock) = (RefCell::default(), RefCell::new(Clock::new(format)));
        Self { writer, format, block, clock, lost: Cell::new(0) }
    }

    /// Writes the line of a request.
    #[inline(always)]
    fn write(&self, line: &Line, ended: &Ended) {
        let mut block = self.block.borrow_mut();
        loop {
            if let Some(mut room) = block.room() {
                line.write(&mut room, self.format, ended);
                let bytes = room.end();
                return block.add(bytes);
            }
            if !self.make_room(&mut block) {
                self.lost.set(self.lost.get() + 1);
                return self.writer.lost(1);
            }
        }
    }

    /// False: there is none.
    #[cold]
    fn make_room(&self, block: &mut Block) -> bool {
        if !block.is_empty() && !self.writer.take(block) {
            return false;
        }
        if !block.has_memory() {
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
}

impl Drop for Log {
    fn drop(&mut self) {
        self.hand_over();
    }
}

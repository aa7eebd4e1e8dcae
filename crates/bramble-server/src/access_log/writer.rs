//! The thread that brings lines to the disk, and the way to it. Only this one ever waits for the
//! disk; cores learn that there is no room, and go on.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bramble_config::plan::AccessLog;

use super::block::{BLOCK_BYTES, Block};
use super::file::LogFile;

/// Between two tries to write to a disk that is full.
const RETRY: Duration = Duration::from_millis(250);

/// Between two complaints that lines were lost.
const COMPLAINT: Duration = Duration::from_secs(10);

/// Written blocks that are kept for others.
const BLOCKS_KEPT: usize = 4;

/// The cores' end: takes blocks, or says that there is no room. Its thread ends with it.
pub(crate) struct Writer {
    path: PathBuf,
    plan: AccessLog,
    blocks: SyncSender<Block>,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Shared {
    /// Written, to be used again.
    spare: Mutex<Vec<Block>>,
    lost: AtomicU64,
    /// Nothing more comes.
    ending: AtomicBool,
}

impl Writer {
    /// Opens the file and starts the thread.
    pub(crate) fn start(path: PathBuf, plan: &AccessLog) -> io::Result<Self> {
        let file = LogFile::open(path.clone(), plan.max_bytes, plan.keep)?;
        let (blocks, inbox) = sync_channel((plan.buffer_bytes as usize / BLOCK_BYTES).max(1));
        let shared = Arc::<Shared>::default();
        let disk = Disk { path: path.clone(), file, shared: shared.clone(), in_trouble: false };
        let thread = std::thread::Builder::new()
            .name("access-log".to_owned())
            .spawn(move || disk.run(&inbox))?;
        let thread = Mutex::new(Some(thread));
        Ok(Self { path, plan: plan.clone(), blocks, shared, thread })
    }

    /// Whether it does what this plan wants of it; the format is the cores' matter.
    pub(crate) fn is_for(&self, path: &Path, plan: &AccessLog) -> bool {
        let AccessLog { max_bytes, keep, buffer_bytes, .. } = self.plan;
        let wanted = (path, plan.max_bytes, plan.keep, plan.buffer_bytes);
        (&*self.path, max_bytes, keep, buffer_bytes) == wanted
    }

    /// Takes a block, or leaves it there: false.
    pub(super) fn take(&self, block: &mut Block) -> bool {
        let sent = self.blocks.try_send(std::mem::take(block));
        if let Err(TrySendError::Disconnected(unsent) | TrySendError::Full(unsent)) = sent {
            *block = unsent;
            return false;
        }
        true
    }

    /// A block with memory, and no lines.
    pub(super) fn block(&self) -> Block {
        let spare = self.shared.spare.try_lock().ok().and_then(|mut spare| spare.pop());
        spare.unwrap_or_else(Block::with_memory)
    }

    pub(super) fn lost(&self, lines: u64) {
        self.shared.lost.fetch_add(lines, Ordering::Relaxed);
    }

    /// The thread, for whoever asks first: it ends once this is dropped and all is written.
    pub(crate) fn thread(&self) -> Option<JoinHandle<()>> {
        self.thread.lock().ok()?.take()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.ending.store(true, Ordering::Release);
    }
}

/// The thread's end.
struct Disk {
    path: PathBuf,
    file: LogFile,
    shared: Arc<Shared>,
    in_trouble: bool,
}

impl Disk {
    fn run(mut self, blocks: &Receiver<Block>) {
        let mut complained = None;
        while let Ok(mut block) = blocks.recv() {
            self.write(block.lines());
            block.clear();
            if let Ok(mut spare) = self.shared.spare.lock()
                && spare.len() < BLOCKS_KEPT
            {
                spare.push(block);
            }
            if complained.is_none_or(|at: Instant| at.elapsed() >= COMPLAINT) && self.complain() {
                complained = Some(Instant::now());
            }
        }
        self.complain();
    }

    /// Tries until it is written, or until nobody waits for it any more.
    fn write(&mut self, lines: &[u8]) {
        while let Err(error) = self.file.append(lines) {
            let is_last = self.shared.ending.load(Ordering::Acquire);
            if !self.in_trouble {
                let path = self.path.display();
                tracing::error!(%error, "the access log {path} can't be written: lines wait, and then are dropped");
            }
            self.in_trouble = true;
            if is_last {
                let lost = lines.iter().filter(|byte| **byte == b'\n').count();
                self.shared.lost.fetch_add(lost as u64, Ordering::Relaxed);
                return;
            }
            std::thread::sleep(RETRY);
        }
        if std::mem::take(&mut self.in_trouble) {
            tracing::info!("the access log {} is written again", self.path.display());
        }
    }

    /// Says how many lines were lost, if any.
    fn complain(&self) -> bool {
        let lost = self.shared.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let path = self.path.display();
            tracing::warn!(
                lost,
                "lines of the access log {path} were dropped: its disk is slow or full"
            );
        }
        lost > 0
    }
}

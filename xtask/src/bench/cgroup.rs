//! A group of the kernel's CPU accounting (cgroup v1, `cpuacct`), which counts all processes that
//! were ever in it, those that have ended too. Where none can be made the scheduler's figures for
//! each process have to do.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

const ROOT: &str = "/sys/fs/cgroup/cpuacct";
const EMPTY: Duration = Duration::from_secs(2);

/// Removed when it is dropped, which is for after its processes have ended.
pub(super) struct Group {
    folder: PathBuf,
}

impl Group {
    /// None where we may not make one.
    pub fn make(name: &str) -> Option<Self> {
        let folder = Path::new(ROOT).join(format!("bench-{}-{name}", std::process::id()));
        fs::create_dir(&folder).ok()?;
        Some(Self { folder })
    }

    /// Can groups be made here?
    pub fn is_possible() -> bool {
        Self::make("probe").is_some()
    }

    /// The file that takes a process in when its pid is written to it.
    pub fn door(&self) -> String {
        self.folder.join("cgroup.procs").display().to_string()
    }

    /// Nanoseconds on the CPU: all, and split into the user's and the system's.
    pub fn nanoseconds(&self) -> (f64, f64, f64) {
        let of = |file| {
            let text = fs::read_to_string(self.folder.join(file)).unwrap_or_default();
            text.trim().parse().unwrap_or_default()
        };
        (of("cpuacct.usage"), of("cpuacct.usage_user"), of("cpuacct.usage_sys"))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let deadline = Instant::now() + EMPTY;
        while fs::remove_dir(&self.folder).is_err() && Instant::now() < deadline {
            sleep(Duration::from_millis(20));
        }
    }
}

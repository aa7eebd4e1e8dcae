//! A control group with little memory (version 1), and what the kernel says of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = "/sys/fs/cgroup/memory";

/// So much of sockets is counted, which is more than a group gets: the kernel counts where there is a
/// limit.
const COUNTED_BYTES: u64 = 8 << 30;

/// Removed when it is dropped, which is for after its processes have ended.
pub struct Group {
    folder: PathBuf,
}

impl Group {
    /// With so much memory.
    #[track_caller]
    pub fn of(bytes: u64) -> Self {
        let folder = Path::new(ROOT).join(format!("bramble-faults-{}", std::process::id()));
        let made = fs::create_dir(&folder);
        assert!(
            made.is_ok(),
            "no control group in {ROOT} ({made:?}): run it as root, where memory \
                 has groups of version 1"
        );
        let group = Self { folder };
        group.set("memory.limit_in_bytes", bytes);
        group.set("memory.kmem.tcp.limit_in_bytes", COUNTED_BYTES);
        group
    }

    /// A command whose process is in the group from its first page on.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new("sh");
        let door = self.folder.join("cgroup.procs");
        command.args(["-c", "echo $$ > \"$0\" && exec \"$@\""]).arg(door).arg(program);
        command
    }

    /// What it has, sockets included.
    pub fn held_bytes(&self) -> u64 {
        self.number("memory.usage_in_bytes") + self.number("memory.kmem.tcp.usage_in_bytes")
    }

    /// What the kernel itself has for it, sockets included.
    pub fn kernel_bytes(&self) -> u64 {
        self.number("memory.kmem.usage_in_bytes") + self.number("memory.kmem.tcp.usage_in_bytes")
    }

    /// How often the kernel has killed for it.
    pub fn kills(&self) -> u64 {
        let text = fs::read_to_string(self.folder.join("memory.oom_control")).unwrap();
        let kills = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        kills.unwrap().parse().unwrap()
    }

    fn number(&self, file: &str) -> u64 {
        fs::read_to_string(self.folder.join(file)).unwrap().trim().parse().unwrap()
    }

    fn set(&self, file: &str, value: u64) {
        fs::write(self.folder.join(file), value.to_string()).unwrap();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        bramble_tests::eventually("the group is empty", || fs::remove_dir(&self.folder).is_ok());
    }
}

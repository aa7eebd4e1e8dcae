use std::fs;

use super::*;

/// As the kernel knows it (proc(5)).
fn is_ignored(signal: Signal) -> bool {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap();
    ignored & 1 << (signal.as_raw() - 1) != 0
}

#[test]
fn a_signal_is_ignored_for_a_while() {
    assert!(!is_ignored(Signal::USR2));
    let ignored = Ignored::new(Signal::USR2).unwrap();
    assert!(is_ignored(Signal::USR2));
    drop(ignored);
    assert!(!is_ignored(Signal::USR2));
    assert!(Ignored::new(Signal::KILL).is_err());
}

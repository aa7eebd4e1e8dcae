use std::fs;
use std::process::Command;

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

/// What another program comes to that ends itself.
fn outlives_its_end() -> bool {
    let output = Command::new("sh").args(["-c", "kill $$; echo alive"]).output().unwrap();
    output.stdout == b"alive\n"
}

#[test]
fn a_signal_waits_also_in_the_next_program() {
    assert!(!outlives_its_end());
    let held = Held::new(&[Signal::INT, Signal::TERM]).unwrap();
    assert!(outlives_its_end());
    let_come(&[Signal::INT]).unwrap();
    assert!(outlives_its_end());
    drop(held);
    assert!(!outlives_its_end());
}

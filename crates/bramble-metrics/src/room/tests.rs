use super::*;

#[track_caller]
fn check(groups: &str, expected: &[&str]) {
    let files = limit_files(groups);
    assert_eq!(files.iter().map(|file| file.to_str().unwrap()).collect::<Vec<_>>(), expected);
}

#[test]
fn limits_stand_in_all_groups_that_the_process_is_in() {
    check(
        "0::/system.slice/bramble.service\n",
        &[
            "/sys/fs/cgroup/system.slice/bramble.service/memory.max",
            "/sys/fs/cgroup/system.slice/memory.max",
            "/sys/fs/cgroup/memory.max",
        ],
    );
    check(
        "4:memory,hugetlb:/app\n2:cpu,cpuacct:/app\n",
        &[
            "/sys/fs/cgroup/memory/app/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        ],
    );
    check("", &[]);
    check("what\n::\n1:memory\n", &["/sys/fs/cgroup/memory.max"]);
}

#[test]
fn what_is_resident_is_said_in_kib() {
    let check = |status, expected| assert_eq!(parse_resident(status), expected);
    check("VmHWM:\t    9900 kB\nVmRSS:\t    9000 kB\n", Some(9000 * 1024));
    check("VmRSS: much kB\n", None);
    check("VmRSS: 99999999999999999999 kB\n", None);
    check("", None);
    assert!(resident_memory_bytes().unwrap() > 100_000);
}

#[test]
fn there_is_room_here() {
    assert!(memory_room_bytes(0).unwrap() > 1 << 20);
}

use super::*;
use proptest::prelude::*;

#[test]
fn loadavg_of_the_old_balancer() {
    assert_eq!(parse_loadavg("9.27 3.52 1.33 4/150 2000\n"), Some([9.27, 3.52, 1.33]));
    assert_eq!(parse_loadavg("9.27 3.52"), None);
    assert_eq!(parse_loadavg("a b c"), None);
}

#[test]
fn meminfo_with_and_without_swap() {
    let with = "MemTotal: 498268 kB\nMemAvailable:  348160 kB\nSwapTotal: 513020 kB\nSwapFree: 513000 kB\n";
    let expected = Memory { available_kib: 348_160, swap_used_kib: 20 };
    assert_eq!(parse_meminfo(with), Some(expected));
    let without = Memory { available_kib: 7, swap_used_kib: 0 };
    assert_eq!(parse_meminfo("MemAvailable: 7 kB"), Some(without));
    assert_eq!(parse_meminfo("MemFree: 7 kB"), None);
}

#[test]
fn steal_is_the_eighth_figure() {
    assert_eq!(parse_steal_ticks("cpu  1 2 3 4 5 6 7 8 9 0\ncpu0 1 2\n"), Some(8));
    assert_eq!(parse_steal_ticks("cpu0 1 2 3 4 5 6 7 8"), None);
}

#[test]
fn reads_this_host() {
    let facts = HostFacts::read().unwrap();
    assert!(facts.cores > 0 && facts.mem_available_kib > 0);
}

proptest! {
    #[test]
    fn parsers_never_panic(text in ".*") {
        let _ = (parse_loadavg(&text), parse_meminfo(&text), parse_steal_ticks(&text));
    }
}

use super::*;

#[test]
fn the_total_of_callgrind_is_read() {
    let text = "# callgrind format\nsummary: 12\nfn=(1)\n3 4\n\ntotals: 123456\n";
    assert_eq!(Counter::Callgrind.sum(text), Some(123_456.0));
    assert_eq!(Counter::Callgrind.sum("fn=(1)\n3 4\n"), None);
}

#[test]
fn the_total_of_strace_is_read() {
    let text = "\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 61.11    0.000011           1         8         3 recvfrom
------ ----------- ----------- --------- --------- ----------------
100.00    0.000018           1        12         3 total
";
    assert_eq!(Counter::Strace.sum(text), Some(12.0));
    assert_eq!(Counter::Strace.sum(&text.replace("        3 total", " total")), Some(12.0));
    assert_eq!(Counter::Strace.sum("strace: exec: No such file\n"), None);
}

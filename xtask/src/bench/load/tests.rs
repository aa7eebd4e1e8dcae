use super::*;

const REPORT: &str = "\
Running 3s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     0.88ms  512.50us  12.31ms   93.18%
    Req/Sec    72.10k     2.11k   75.90k    70.00%
  Latency Distribution
     50%  783.00us
     75%    0.96ms
     90%    1.21ms
     99%    2.33ms
  215201 requests in 3.00s, 461.21MB read
  Socket errors: connect 0, read 3, write 1, timeout 2
  Non-2xx or 3xx responses: 4
Requests/sec:  71733.66
Transfer/sec:    153.73MB
";

#[test]
fn a_report_is_read() {
    let expected =
        Load { requests: 215_201.0, per_s: 71_733.66, p50_ms: 0.783, p99_ms: 2.33, errors: 10.0 };
    assert_eq!(parse(REPORT).unwrap(), expected);
}

#[test]
fn a_run_without_an_answer_is_an_error() {
    assert!(parse("unable to connect to 127.0.0.1:8080 Connection refused\n").is_err());
}

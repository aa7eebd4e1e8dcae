use super::*;

/// A file with that one setting in it.
fn with(entry: &str) -> String {
    let (key, value) = match entry.split_once(" = ") {
        Some((key, value)) => (key, value.to_owned()),
        None => (entry, sample(entry).to_owned()),
    };
    let (table, last) = key.rsplit_once('.').unwrap();
    let line = |of: &str| if table == of { format!("{last} = {value}\n") } else { String::new() };
    let more = |of: &str| match line(of) {
        line if line.is_empty() => String::new(),
        line => format!("[{of}]\n{line}"),
    };
    format!(
        "[[listener]]\nname = \"web\"\naddress = \"127.0.0.1:80\"\n\
         [[pool]]\nname = \"app\"\n{}[[pool.backend]]\naddress = \"127.0.0.1:81\"\n{}{}\
         [[route]]\npool = \"app\"\npath_prefix = \"/app\"\n{}",
        line("pool"),
        line("pool.backend"),
        more("pool.sticky"),
        line("route"),
    )
}

fn sample(key: &str) -> &'static str {
    match key.rsplit('.').next().unwrap() {
        "fail_on_status" => "[500]",
        "connect_ms" | "first_byte_ms" | "max_attempts" | "retry_ms" | "set"
            if !key.contains("sticky") =>
        {
            "1"
        }
        "ignore_errors" | "fail_on_timeout" | "force_recovery" | "failover" | "strip_prefix"
        | "set" => "true",
        "reserve" => "\"spare\"",
        "replace_prefix" => "\"/base\"",
        "host" => "\"app.internal\"",
        _ => "\"x\"",
    }
}

#[test]
fn what_bramble_has_by_now_is_not_said_to_be_missing() {
    assert!(crate::load(&with("pool.retry_ms"), "sample").is_ok());
    for entry in NOT_YET {
        let loaded = crate::load(&with(entry), "sample");
        assert!(loaded.is_err(), "bramble has `{entry}` now: take it out of NOT_YET");
    }
}

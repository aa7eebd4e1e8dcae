use super::*;

const PAGE: &str = "Fuzzing\n\n| a | b |\n|---|---:|---:|---:|---:|---:|\n\
    | `chunked` | 30 | 1,234,567 | 10 | 20 | 1 |\n\nMore.\n";

fn run(is_clean: bool) -> Run {
    let said = "#9\tNEW    cov: 5 ft: 9 corp: 7/8b lim: 4\n#99\tDONE   cov: 11 ft: 30 corp: 21/9Kb\n\
        stat::number_of_executed_units: 1000\n";
    Run::read(said, 90, is_clean)
}

fn check(target: &str, is_clean: bool, row: &str) {
    let page = added(PAGE, target, &run(is_clean)).unwrap();
    assert!(page.contains(&format!("\n{row}\n")), "{page}");
    assert!(page.starts_with("Fuzzing\n\n| a |") && page.ends_with("|\n\nMore.\n"), "{page}");
}

#[test]
fn clean_runs_add_up() {
    check("chunked", true, "| `chunked` | 32 | 1,235,567 | 11 | 21 | 1 |");
}

#[test]
fn after_a_find_the_count_begins_anew() {
    check("chunked", false, "| `chunked` | 0 | 0 | 11 | 21 | 2 |");
}

#[test]
fn a_new_target_gets_a_row_in_order() {
    check(
        "a",
        true,
        "| `a` | 2 | 1,000 | 11 | 21 | 0 |\n| `chunked` | 30 | 1,234,567 | 10 | 20 | 1 |",
    );
}

#[test]
fn a_table_at_the_end_stays_there() {
    let page = PAGE.strip_suffix("\nMore.\n").unwrap();
    let page = added(page, "chunked", &run(true)).unwrap();
    assert!(page.ends_with("| `chunked` | 32 | 1,235,567 | 11 | 21 | 1 |\n"), "{page}");
    assert_eq!(added("no table", "chunked", &run(true)), None);
}

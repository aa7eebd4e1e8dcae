use super::{Column, Table, count, plural, short, size};

#[test]
fn columns_are_as_wide_as_their_widest_cell() {
    let mut table = Table::new([Column::Text("node"), Column::Number("load"), Column::Text("why")]);
    table.row(["berry-worker".to_owned(), "0.3".to_owned(), String::new()]);
    table.row(["übel".to_owned(), "11.25".to_owned(), "it drains".to_owned()]);
    let expected = "node           load  why\n\
                    berry-worker    0.3\n\
                    übel          11.25  it drains\n";
    assert_eq!(table.to_string(), expected);
}

#[test]
fn a_table_without_rows_is_its_headings() {
    let table = Table::new([Column::Text("site"), Column::Number("files")]);
    assert_eq!(table.to_string(), "site  files\n");
}

#[test]
fn cells_from_outside_can_not_draw_on_the_terminal() {
    let mut table = Table::new([Column::Text("error")]);
    table.row(["\u{1b}[2Jgone\nrow".to_owned()]);
    assert_eq!(table.to_string(), "error\n?[2Jgone?row\n");
}

#[test]
fn sizes_have_one_decimal_and_the_unit_that_fits() {
    let check = |bytes: u64, expected: &str| assert_eq!(size(bytes), expected);
    check(0, "0 B");
    check(1023, "1023 B");
    check(1024, "1.0 KiB");
    check(1536, "1.5 KiB");
    check(1024 * 1024 - 1, "1.0 MiB");
    check(3 << 30, "3.0 GiB");
    check(u64::MAX, "16777216.0 TiB");
}

#[test]
fn counts_have_commas_between_thousands() {
    let check = |number: u64, expected: &str| assert_eq!(count(number), expected);
    check(0, "0");
    check(999, "999");
    check(1_000, "1,000");
    check(1_234_567, "1,234,567");
}

#[test]
fn one_is_singular() {
    assert_eq!(plural(1, "file"), "1 file");
    assert_eq!(plural(0, "file"), "0 files");
    assert_eq!(plural(1200, "file"), "1,200 files");
}

#[test]
fn a_release_is_shortened() {
    assert_eq!(short("0123456789abcdef0123456789abcdef"), "0123456789ab");
    assert_eq!(short("short"), "short");
}

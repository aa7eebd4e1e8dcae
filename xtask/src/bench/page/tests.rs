use super::with_part;

const PAGE: &str = "# One\n\ntext\n\n## Verdicts\n\n# Other\n\nits text\n";

#[test]
fn a_part_takes_the_place_of_the_same_before() {
    let new = with_part(PAGE, "# One\n\nnew\n");
    assert_eq!(new, "# One\n\nnew\n\n# Other\n\nits text\n");
}

#[test]
fn a_new_part_comes_last() {
    assert_eq!(with_part(PAGE, "# New\n"), format!("{PAGE}\n# New\n"));
    assert_eq!(with_part("", "# New\n"), "# New\n");
}

#[test]
fn writing_the_same_again_changes_nothing() {
    assert_eq!(with_part(PAGE, "# Other\n\nits text\n"), PAGE);
}

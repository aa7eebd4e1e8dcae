use super::*;

#[test]
fn columns_are_padded() {
    let rows = [["peer", "cpu"], ["bramble", "9.5"]].map(|row| row.map(str::to_owned).to_vec());
    let expected = "| peer    | cpu |\n|---------|----:|\n| bramble | 9.5 |\n";
    assert_eq!(table(&rows), expected);
}

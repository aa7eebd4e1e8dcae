use super::super::line::LINE_BYTES;
use super::*;

fn written(write: impl FnOnce(&mut Room<'_>)) -> String {
    let mut memory = [0; LINE_BYTES];
    let mut room = Room::new(&mut memory);
    write(&mut room);
    let filled = room.end();
    String::from_utf8(memory[..filled].to_vec()).unwrap()
}

#[test]
fn numbers_of_all_lengths() {
    let powers = (0..20).map(|digits| 10_u64.pow(digits));
    let edges = powers.flat_map(|power| [power - 1, power, power + 1, power.saturating_mul(7)]);
    for value in edges.chain(0..1100).chain([u64::MAX]) {
        assert_eq!(written(|to| number(to, value)), value.to_string());
        assert_eq!(written(|to| named(to, b"of ", value)), format!("of {value}"));
    }
}

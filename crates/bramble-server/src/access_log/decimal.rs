//! Numbers as text, by hand: the formatter of the standard library takes several times as long.

/// Adds a number to `out`. Most have few digits, for which nothing is looped over.
pub(super) fn push(out: &mut Vec<u8>, number: u64) {
    let digit = |place: u64| b'0' + (number / place % 10) as u8;
    match number {
        0..10 => out.push(digit(1)),
        10..100 => out.extend_from_slice(&[digit(10), digit(1)]),
        100..1000 => out.extend_from_slice(&[digit(100), digit(10), digit(1)]),
        1000..10_000 => {
            out.extend_from_slice(&[digit(1000), digit(100), digit(10), digit(1)]);
        }
        _ => {
            push(out, number / 10_000);
            out.extend_from_slice(&[digit(1000), digit(100), digit(10), digit(1)]);
        }
    }
}

//! Numbers as text, by hand: the formatter of the standard library takes several times as long.

use super::room::Room;

/// The digits that any 64 bits take at most.
const DIGITS_MAX: usize = 20;

/// The numbers of up to three digits; behind each is how many digits it has.
static SHORT: [[u8; 4]; 1000] = short();

/// All pairs of digits. Those above 99 are there so that any byte has a place.
static PAIRS: [[u8; 2]; 256] = pairs();

/// Adds a number. Most have few digits, for which nothing is looped over.
#[inline(always)] // As the whole line is: its room then stays in registers.
pub(super) fn number(to: &mut Room<'_>, number: u64) {
    match number {
        0..1000 => put_short(to, number),
        1000..10_000 => to.put(&four(number)),
        10_000..10_000_000 => {
            put_short(to, number / 10_000);
            to.put(&four(number % 10_000));
        }
        _ => {
            let (digits, start) = large(number);
            to.copy(digits.get(start..).unwrap_or_default());
        }
    }
}

/// Adds a number behind what it is called.
#[inline(always)]
pub(super) fn named<const N: usize>(to: &mut Room<'_>, name: &[u8; N], value: u64) {
    match SHORT.get(value as usize) {
        Some(text) => to.put_both(name, text, digits(text)),
        None if value < 10_000 => to.put_both(name, &four(value), 4),
        None => {
            to.put(name);
            number(to, value);
        }
    }
}

/// Adds a number of up to three digits.
#[inline(always)]
fn put_short(to: &mut Room<'_>, number: u64) {
    if let Some(text) = SHORT.get(number as usize) {
        to.put_some(text, digits(text));
    }
}

#[inline(always)]
fn digits([.., count]: &[u8; 4]) -> usize {
    usize::from(*count)
}

/// Digits, and where the first one of the number is.
#[inline(never)]
fn large(mut number: u64) -> ([u8; DIGITS_MAX], usize) {
    let mut digits = [b'0'; DIGITS_MAX];
    for fours in digits.rchunks_exact_mut(4) {
        fours.copy_from_slice(&four(number % 10_000));
        number /= 10_000;
    }
    let start = digits.iter().position(|digit| *digit != b'0');
    (digits, start.unwrap_or(DIGITS_MAX - 1))
}

/// A number below 10,000 by four digits.
#[inline(always)]
pub(super) fn four(number: u64) -> [u8; 4] {
    let ([a, b], [c, d]) = (pair(number / 100), pair(number % 100));
    [a, b, c, d]
}

#[inline(always)]
fn pair(number: u64) -> [u8; 2] {
    PAIRS[usize::from(number as u8)]
}

const fn short() -> [[u8; 4]; 1000] {
    let mut table = [[0; 4]; 1000];
    let mut n = 0;
    while n < 1000 {
        let (a, b, c) = (b'0' + (n / 100) as u8, b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8);
        table[n] = match n {
            0..10 => [c, 0, 0, 1],
            10..100 => [b, c, 0, 2],
            _ => [a, b, c, 3],
        };
        n += 1;
    }
    table
}

const fn pairs() -> [[u8; 2]; 256] {
    let mut table = [[b'0'; 2]; 256];
    let mut n = 0;
    while n < 100 {
        table[n as usize] = [b'0' + n / 10, b'0' + n % 10];
        n += 1;
    }
    table
}

#[cfg(test)]
mod tests;

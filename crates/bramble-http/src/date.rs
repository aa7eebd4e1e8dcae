//! HTTP dates (RFC 9110 section 5.6.7). The time is always an argument.

use std::time::UNIX_EPOCH;

const DAYS: [&[u8]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];
const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
/// 9999-12-31 23:59:59, the last second that has a year of four digits.
const LAST_UNIX_S: u64 = 253_402_300_799;

/// Appends the date such as `Sun, 06 Nov 1994 08:49:37 GMT`: always 29 bytes.
pub fn write_date(out: &mut Vec<u8>, unix_s: u64) {
    let unix_s = unix_s.min(LAST_UNIX_S);
    let (days, second) = (unix_s / 86_400, unix_s % 86_400);
    let (year, month, day) = civil(days);
    // 1970 began on a Thursday, and so does DAYS.
    out.extend_from_slice(DAYS[(days % 7) as usize]);
    out.extend_from_slice(b", ");
    put_digits(out, day, 2);
    out.push(b' ');
    out.extend_from_slice(MONTHS[month as usize]);
    out.push(b' ');
    put_digits(out, year, 4);
    for (separator, number) in
        [(b' ', second / 3600), (b':', second / 60 % 60), (b':', second % 60)]
    {
        out.push(separator);
        put_digits(out, number, 2);
    }
    out.extend_from_slice(b" GMT");
}

/// Reads a date in any of the three forms that a recipient must know, to seconds since 1970.
pub fn parse_date(bytes: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(bytes).ok()?;
    let time = httpdate::parse_http_date(text).ok()?;
    time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

/// Year, month from 0 and day from 1 of a day since 1970. It counts in years that begin in
/// March, so that the leap day is the last of its year, and in eras of 400 years, which all
/// have the same number of days.
fn civil(days: u64) -> (u64, u64, u64) {
    const ERA_DAYS: u64 = 146_097;
    const DAYS_0000_03_01_TO_1970: u64 = 719_468;
    let days = days + DAYS_0000_03_01_TO_1970;
    let (era, day_of_era) = (days / ERA_DAYS, days % ERA_DAYS);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12;
    (era * 400 + year_of_era + u64::from(month < 2), month, day)
}

fn put_digits(out: &mut Vec<u8>, number: u64, digits: u32) {
    for place in (0..digits).rev() {
        out.push(b'0' + (number / 10_u64.pow(place) % 10) as u8);
    }
}

#[cfg(test)]
mod tests;

//! Where a request is sent that keeps what follows its route's prefix. Pure.

use bramble_http::{Mapping, Target};

/// The location with what follows the prefix, as it was sent but for `//`, `.` and `..`, and with
/// the query. Both have no byte that could end a line: a target is visible ASCII.
pub(super) fn place(location: &str, below: &Mapping, buf: &[u8], target: &Target) -> String {
    let mut place = Vec::new();
    below.forward(&mut place, target.path.of(buf));
    // A last `/` is not between the two, and stays where nothing follows.
    if place.len() < location.len() {
        place = location.into();
    }
    if target.raw.of(buf).contains(&b'?') {
        place.push(b'?');
        place.extend_from_slice(target.query.of(buf));
    }
    String::from_utf8_lossy(&place).into_owned()
}

#[cfg(test)]
mod tests;

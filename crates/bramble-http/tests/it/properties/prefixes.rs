//! Reading in parts: a head that has not come whole is either not judged yet or judged as the
//! whole is.

use std::fmt::Debug;

use bramble_http::{Field, Limits, Reject};

/// Small enough for a short input to reach each of them.
pub fn small() -> Limits {
    Limits { head_bytes: 256, fields: 6, target_bytes: 16, body_bytes: 300, ..Limits::default() }
}

/// `parse` says `None` where more must come. `len` is what a head says of its own length.
pub fn check<T: PartialEq + Debug>(
    input: &[u8],
    len: impl Fn(&T) -> usize,
    parse: impl Fn(&[u8]) -> Result<Option<T>, Reject>,
) {
    let whole = parse(input);
    for end in 0..input.len() {
        match (parse(&input[..end]), &whole) {
            (Ok(None), Ok(Some(head))) => assert!(end < len(head), "{end}"),
            (Ok(None), _) => {}
            (part, _) => assert_eq!(part, whole, "of the first {end} bytes"),
        }
    }
}

/// A field as name and value.
pub type Line = (Vec<u8>, Vec<u8>);

/// What we read.
pub fn ours(fields: &[Field], buf: &[u8]) -> Vec<Line> {
    fields.iter().map(|field| (field.name.of(buf).to_vec(), field.value.of(buf).to_vec())).collect()
}

/// What another reader read.
pub fn theirs(headers: &[httparse::Header<'_>]) -> Vec<Line> {
    headers.iter().map(|header| (header.name.as_bytes().to_vec(), header.value.to_vec())).collect()
}

/// Every line of `built` has one of the names in `added`, or stands in `source`, in its order.
pub fn check_lines(built: &[Line], source: &[Line], added: &[&str]) {
    let mut source = source.iter();
    for line in built {
        let is_ours = added.iter().any(|name| line.0 == name.as_bytes());
        assert!(
            is_ours || source.any(|sent| sent == line),
            "a line from nowhere: {}: {}",
            line.0.escape_ascii(),
            line.1.escape_ascii(),
        );
    }
}

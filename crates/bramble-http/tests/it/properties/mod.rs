//! What holds for any bytes, one file a part of HTTP: each has a `check` that panics when it does
//! not hold. The tests call them with seeds and with what strategies make; `fuzz/` takes them
//! from here by path, which is why this file is a `mod.rs`.

pub mod chunked;
mod prefixes;
pub mod range;
pub mod request_head;
pub mod response_head;
pub mod uri;

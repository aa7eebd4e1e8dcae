//! The crate from outside: known attacks as raw bytes, and properties that hold for any bytes.

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod heads;
#[cfg(test)]
mod properties;
#[cfg(test)]
#[path = "../../../../fuzz/replay.rs"]
mod replay;
#[cfg(test)]
mod seeds;

//! The crate from outside: whatever text is taken whole or refused in words.

#[cfg(test)]
mod edits;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod properties;
#[cfg(test)]
#[path = "../../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
#[test]
fn seeds() {
    replay::replay("config", properties::check);
}

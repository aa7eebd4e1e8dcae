//! The crate from outside: whatever bytes are a manifest in its one spelling, or refused.

#[cfg(test)]
mod properties;
#[cfg(test)]
#[path = "../../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
#[test]
fn seeds() {
    replay::replay("manifest", properties::check);
}

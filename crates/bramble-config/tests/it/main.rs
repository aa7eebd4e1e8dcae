//! The crate from outside: whatever text is taken whole or refused in words.

#[cfg(test)]
mod apache;
#[cfg(test)]
mod edits;
#[cfg(test)]
mod generated;
#[cfg(test)]
mod imported;
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

#[cfg(test)]
#[test]
fn seeds_of_apache() {
    replay::replay("apache", apache::check);
}

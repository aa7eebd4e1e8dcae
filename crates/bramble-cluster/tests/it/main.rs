//! The embedded store in processes of their own, and tickets from anywhere.

#[cfg(test)]
mod kill;
#[cfg(test)]
mod properties;
#[cfg(test)]
#[path = "../../../../fuzz/replay.rs"]
mod replay;

#[cfg(test)]
#[test]
fn seeds() {
    replay::replay("ticket", properties::check);
}

//! Numbers about what runs: latency histograms, series over time, facts of a process and of the
//! host; and when that was, as people write it. Knows nothing of the network and of who asks.

pub mod calendar;
mod durations;
pub mod exposition;
pub mod facts;
mod histogram;
mod host;
mod process;
mod room;
mod scrape;
mod series;
mod traffic;

pub use durations::Durations;
pub use histogram::Histogram;
pub use host::HostFacts;
pub use process::ProcessFacts;
pub use room::{memory_room_bytes, resident_memory_bytes};
pub use scrape::{CoreFacts, Metered, Scrape};
pub use series::{Point, Series};
pub use traffic::Traffic;

//! Numbers about what runs: latency histograms, series over time, facts of a process and of the
//! host; and when that was, as people write it. Knows nothing of HTTP, of the network and of who asks.

pub mod calendar;
pub mod facts;
mod histogram;
mod host;
mod process;
mod series;

pub use histogram::Histogram;
pub use host::HostFacts;
pub use process::ProcessFacts;
pub use series::{Point, Series};

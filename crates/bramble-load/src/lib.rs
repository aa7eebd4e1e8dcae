//! Load generator: sends requests as users do (closed model) or as the world does (open model),
//! measures the answers honestly, and says what limited the result. Knows HTTP and sockets; must
//! not know the cluster, whose figures the caller adds to the [`Evidence`].

mod arrivals;
mod client;
mod generator;
mod model;
mod options;
mod progress;
mod recorder;
pub mod report;
mod requests;
mod rng;
mod run;
mod session;
mod target;
mod users;
mod verdict;

pub use generator::GeneratorFacts;
pub use model::{Model, Think};
pub use options::{Connections, Options, OptionsError, PathOrder};
pub use progress::{Line, Progress, ProgressLine, Snapshot};
pub use recorder::{Failure, Failures};
pub use report::load::{LittlesLaw, LoadReport};
pub use run::{LoadError, run, run_blocking};
pub use target::{Target, TargetError};
pub use verdict::{
    BalancerEvidence, Evidence, GeneratorEvidence, Limit, NetworkEvidence, Offer, Verdict,
    WorkerEvidence, limited_by,
};

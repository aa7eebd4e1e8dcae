//! How a flip went, in lines.

use std::time::Duration;

use bramble_cluster::api::{NodeOutcome, Published};

use super::print;
use crate::exit::Failure;

/// A flip waits for the disk, the workers (30 s) and the balancers.
pub const FLIP_LIMIT: Duration = Duration::from_secs(180);

/// Says which release is shown since when, and names the nodes that are not ready for it.
pub fn print(published: &Published) -> Result<(), Failure> {
    let ready = published.nodes.iter().filter(|node| node.ok).count();
    print::line(format_args!(
        "site {} shows release {}: {} ready, {} ms",
        published.site,
        published.release,
        print::plural(ready, "node"),
        published.took_ms
    ))?;
    print_late(&published.nodes)?;
    match published.previous.as_ref().filter(|old| **old != published.release) {
        Some(previous) => {
            let way = format!("bramble rollback --site {} --to {previous}", published.site);
            print::line(format_args!("`{way}` goes back"))
        }
        None => Ok(()),
    }
}

/// Names the nodes that are not ready, and why.
pub fn print_late(nodes: &[NodeOutcome]) -> Result<(), Failure> {
    for node in nodes.iter().filter(|node| !node.ok) {
        let why = node.error.as_deref().unwrap_or("no reason given");
        print::line(format_args!("  {}: {}", node.node, print::clean(why)))?;
    }
    Ok(())
}

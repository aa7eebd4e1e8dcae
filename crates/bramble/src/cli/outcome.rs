//! How a flip went, in lines.

use bramble_cluster::api::Published;

use super::print;

/// Says which release is shown since when, and names the nodes that are not ready for it.
pub fn print(published: &Published) {
    let (late, ready): (Vec<_>, Vec<_>) = published.nodes.iter().partition(|node| !node.ok);
    print::line(format_args!(
        "site {} shows release {}: {} ready, {} ms",
        published.site,
        published.release,
        print::plural(ready.len(), "node"),
        published.took_ms
    ));
    for node in late {
        let why = node.error.as_deref().unwrap_or("no reason given");
        print::line(format_args!("  {}: {why}", node.node));
    }
    if let Some(previous) = published.previous.as_ref().filter(|old| **old != published.release) {
        print::line(format_args!("before: {previous} (`bramble rollback` goes back)"));
    }
}

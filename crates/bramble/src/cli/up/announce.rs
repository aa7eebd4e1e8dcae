//! What `up` says once everything answers: where the site is, and what to do next.

use std::net::SocketAddr;
use std::time::Duration;

use bramble_agent::NodeFile;
use bramble_cluster::api::{Role, SiteStatus, Status};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::cli::data::Data;
use crate::cli::print;

const LIMIT: Duration = Duration::from_secs(15);
const TICK: Duration = Duration::from_millis(50);

/// Waits until manager and balancer answer, then tells the operator. Where visitors' addresses
/// are not to be had (`is_open`), only the manager is waited for.
pub async fn announce(data: &Data, is_open: bool) {
    match timeout(LIMIT, ready(data, is_open)).await {
        Ok(status) => tell(data, &status, is_open),
        Err(_) => print::note(format_args!(
            "not everything answers after {} s; `bramble status{}` says what is missing",
            LIMIT.as_secs(),
            data.option()
        )),
    }
}

async fn ready(data: &Data, is_open: bool) -> Status {
    let manager = data.manager().with_time_limit(Duration::from_secs(2));
    loop {
        if let Ok(status) = manager.get_json::<Status>("/v1/status").await
            && (!is_open || !runs_balancer(data) || all_open(&status.listeners).await)
        {
            return status;
        }
        sleep(TICK).await;
    }
}

/// Listeners are opened by balancers: does one run here?
fn runs_balancer(data: &Data) -> bool {
    NodeFile::load(&data.dir).is_ok_and(|node| node.roles.contains(&Role::Balancer))
}

async fn all_open(listeners: &[SocketAddr]) -> bool {
    for address in listeners {
        if TcpStream::connect(address).await.is_err() {
            return false;
        }
    }
    true
}

fn tell(data: &Data, status: &Status, is_open: bool) {
    match runs_balancer(data) {
        true if !is_open => print::tell("up, but not for visitors yet: see the warning above"),
        true => status.listeners.iter().for_each(|a| print::tell(format_args!("up: http://{a}/"))),
        false => print::tell("up, without a balancer: other nodes answer visitors"),
    }
    print::tell(format_args!("data folder: {}", data.dir.display()));
    status.sites.iter().for_each(|site| print::tell(site_line(site)));
    let option = data.option();
    print::tell("next steps, in another terminal:");
    if let Some(site) = status.sites.first() {
        let name = &site.name;
        print::tell(format_args!("  bramble publish{option} DIR --site {name}   put a folder up"));
    }
    print::tell(format_args!("  bramble invite{option}   add a node"));
    print::tell(format_args!("  bramble status{option}   see how it is"));
    print::tell("Ctrl-C stops all");
}

fn site_line(site: &SiteStatus) -> String {
    match &site.release {
        Some(release) => format!(
            "site {}: release {}, {}",
            site.name,
            print::short(release),
            print::plural(usize::try_from(site.files).unwrap_or(usize::MAX), "file")
        ),
        None => format!("site {}: nothing is published yet", site.name),
    }
}

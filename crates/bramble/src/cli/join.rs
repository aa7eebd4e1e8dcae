//! `bramble join`: this machine becomes a node of a cluster, and stays one.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::Path;

use bramble_agent::{JoinError, NodeFile, Start, Wish};
use bramble_cluster::link::LinkError;
use bramble_cluster::ticket::Ticket;
use bramble_net::tls;

use super::data::Data;
use super::new_node::{NewNode, lock};
use super::value::WorkerRate;
use super::{agent, print, value};
use crate::exit::{Doing, Exit, Failure};
use crate::process;

/// Make this machine a node of a cluster, by a ticket, and keep it running
///
/// The ticket comes from `bramble invite` on the manager's machine. Later starts need none.
/// Ctrl-C and SIGTERM stop the node's roles in order.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  bramble join bramble1.eyJh...\n  \
                        bramble join                          # later starts\n\n\
                        Exit codes: 0 stopped as asked, 1 could not start, 2 no ticket or usage, \
                        3 ticket refused,\n            4 manager unreachable")]
pub struct Args {
    /// From `bramble invite`; needed the first time only
    ticket: Option<String>,
    #[command(flatten)]
    data: Data,
    /// The node's name; the manager makes it unique [default: this machine's]
    #[arg(long, value_parser = agent::node_name)]
    name: Option<String>,
    /// Address of this machine that balancers reach it at [default: the one towards the manager]
    #[arg(long, value_name = "IP", value_parser = value::address)]
    address: Option<IpAddr>,
    /// Hold the worker to so many requests a second, as one old board; or off
    #[arg(long, value_name = "N|off", default_value = "off")]
    worker_rate: WorkerRate,
    #[command(flatten)]
    parent: agent::Parent,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    process::log(agent::LOG);
    let Some(start) = agent::start(&args.data.dir)? else { return Ok(()) };
    args.parent.follow()?;
    process::block_on(join(args, start))
}

async fn join(args: &Args, start: Start) -> Result<(), Failure> {
    let stop = process::stop_signal()?;
    let dir = &args.data.dir;
    if let Start::Afresh = start {
        become_node(args).await?;
    }
    let node = NodeFile::load(dir).map_err(Failure::failed)?;
    agent::run(dir, start, stop, async { announce(&node) }).await?;
    print::tell("all stopped");
    Ok(())
}

/// By its ticket, unless it is one already.
async fn become_node(args: &Args) -> Result<(), Failure> {
    let dir = &args.data.dir;
    let ticket: Option<Ticket> =
        args.ticket.as_ref().map(|text| text.parse()).transpose().map_err(Failure::bad_input)?;
    match (bramble_agent::is_node(dir), &ticket) {
        (true, Some(ticket)) => come_back(args, ticket).await,
        (true, None) => Ok(()),
        (false, Some(ticket)) => enter(args, ticket).await,
        (false, None) => {
            let failure = Failure::bad_input(format!("{} is no node yet", dir.display()));
            let hint = "`bramble invite` on the manager's machine makes a ticket: give it here";
            Err(failure.hint(hint))
        }
    }
}

/// A node of another cluster is not taken away from it by mistake.
fn check_same_cluster(dir: &Path, ticket: &Ticket) -> Result<(), Failure> {
    let ca = dir.join("identity/ca.pem");
    if tls::load_key_id(&ca).doing("can't tell which cluster this node is of")? == ticket.ca {
        return Ok(());
    }
    let message = format!("{} is a node of another cluster already", dir.display());
    Err(Failure::failed(message).hint("name an empty folder with --data DIR"))
}

/// A node that was removed joins anew. Any other needs no ticket and no manager to start.
async fn come_back(args: &Args, ticket: &Ticket) -> Result<(), Failure> {
    let dir = &args.data.dir;
    check_same_cluster(dir, ticket)?;
    let _lock = lock(dir)?;
    if !matches!(bramble_agent::is_member(dir).await, Ok(false)) {
        return Ok(());
    }
    let node = NodeFile::load(dir).map_err(Failure::failed)?;
    let wish = wish(args, ticket, node.name)?;
    bramble_agent::rejoin(ticket, dir, &wish).await.map(drop).map_err(failure)
}

async fn enter(args: &Args, ticket: &Ticket) -> Result<(), Failure> {
    let wish = wish(args, ticket, agent::host_name())?;
    let folder = NewNode::claim(&args.data.dir)?;
    match bramble_agent::join(ticket, &args.data.dir, &wish).await {
        Ok(_) => folder.keep(),
        Err(error) => {
            if !error.is_refusal() {
                folder.keep_key();
            }
            return Err(failure(error));
        }
    }
    Ok(())
}

fn wish(args: &Args, ticket: &Ticket, name: String) -> Result<Wish, Failure> {
    Ok(Wish {
        name: args.name.clone().unwrap_or(name),
        address: args.address.map_or_else(|| towards(&ticket.addresses), Ok)?,
        worker_rate: args.worker_rate.0,
    })
}

fn failure(error: JoinError) -> Failure {
    match error {
        JoinError::Link(error @ LinkError::Unreachable { .. }) => {
            Failure::new(Exit::Unreachable, &error).hint(
                "is `bramble up` running there, and does this machine reach that address? The \
                 manager of a cluster on one machine listens there only: `bramble up --address IP` in a \
                 new folder makes one for several",
            )
        }
        JoinError::Link(error) => error.into(),
        error => Failure::failed(error),
    }
}

/// The address that this machine has on its way to the manager. Nothing is sent.
fn towards(managers: &[SocketAddr]) -> Result<IpAddr, Failure> {
    let Some(manager) = managers.first() else {
        return Err(Failure::bad_input("the ticket names no manager"));
    };
    let any = match manager {
        SocketAddr::V4(_) => "0.0.0.0:0",
        SocketAddr::V6(_) => "[::]:0",
    };
    let socket = UdpSocket::bind(any).and_then(|socket| {
        socket.connect(manager)?;
        socket.local_addr()
    });
    let address = socket.doing(format!("there is no way to the manager at {manager}"))?;
    Ok(address.ip())
}

fn announce(node: &NodeFile) {
    let roles: Vec<&str> =
        node.roles.iter().map(|role| bramble_agent::node::role_name(*role)).collect();
    print::tell(format_args!("node {} runs: {}", node.name, roles.join(", ")));
    if let Some(address) = node.worker_address() {
        print::tell(format_args!("its worker listens on {address}"));
    }
    print::tell("Ctrl-C stops it");
}

//! `bramble invite`: a ticket for one new node.

use std::time::Duration;

use bramble_cluster::api::{Invite, InviteRequest, Role};
use bramble_cluster::ticket::Ticket;

use super::data::Data;
use super::{print, value};
use crate::exit::Failure;
use crate::process;

/// Make a ticket that lets one node join
///
/// The ticket goes to standard output. It can be used once and holds a secret: treat it as a
/// password.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  bramble invite\n  \
                        bramble invite --role worker,balancer --expires 1h\n\n\
                        Exit codes: 0 made, 1 failed, 2 usage, 3 refused, 4 manager unreachable")]
pub struct Args {
    #[command(flatten)]
    data: Data,
    /// What the node will run: worker, balancer, or both with a comma
    #[arg(
        long = "role",
        value_name = "ROLES",
        value_delimiter = ',',
        value_parser = value::role,
        default_value = "worker"
    )]
    roles: Vec<Role>,
    /// How long it can be used, up to 7d
    #[arg(long, value_name = "TIME", value_parser = value::duration, default_value = "15m")]
    expires: Duration,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    let request = InviteRequest { roles: args.roles.clone(), expires_s: args.expires.as_secs() };
    let manager = args.data.manager();
    let invite: Invite = process::block_on(async {
        manager.post_json("/v1/invite", &request).await.map_err(|error| args.data.failure(error))
    })?;
    if args.json {
        return print::json(&invite);
    }
    print::line(&invite.ticket)?;
    print::note(format_args!(
        "for one node, within {} min: on that machine, bramble join TICKET",
        invite.expires_s.div_ceil(60)
    ));
    let ticket: Option<Ticket> = invite.ticket.parse().ok();
    if ticket.is_some_and(|ticket| ticket.addresses.iter().all(|a| a.ip().is_loopback())) {
        print::note(
            "this cluster is for one machine: its manager can't be reached from elsewhere. One for \
             several is made with `bramble up --address IP --listen 0.0.0.0:8080`, in a new folder",
        );
    }
    Ok(())
}

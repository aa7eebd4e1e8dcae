//! `bramble run`: one role alone, a balancer before listed backends or a file server.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use bramble_agent::UpgradeRequest;
use bramble_agent::upgrade::Refusal;
use bramble_config::plan::Plan;
use bramble_net::ListenSocket;
use bramble_server::Server;
use bramble_server::handover::Inheritance;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::ports;
use crate::exit::{Doing, Failure};
use crate::process::Program;
use crate::{activation, notify, process, upgrade};

/// Run one role alone: a balancer or a file server, by a file and without a manager
///
/// SIGHUP reads the file again; a faulty file changes nothing. SIGUSR2 starts the program anew, a
/// newer one if it was replaced, and hands listening sockets and clients over to it. Ctrl-C and
/// SIGTERM stop, once the requests in flight are answered.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  bramble run --config examples/balancer.toml\n\n\
                        Exit codes: 0 stopped as asked, 1 could not start, 2 bad configuration")]
pub struct Args {
    /// What to run; see docs/reference.md
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub fn run(args: &Args) -> Result<(), Failure> {
    process::log("info");
    let given = activation::sockets()?;
    process::block_on(serve(args, given))
}

async fn serve(args: &Args, given: Vec<ListenSocket>) -> Result<(), Failure> {
    let program = Program::current()?;
    let plan = read(&args.config)?;
    let mut inheritance = Inheritance::take().doing("can't take over")?;
    if inheritance.is_none() {
        check_addresses(args, &plan, &given)?;
    }
    let folder = args.config.parent().unwrap_or(Path::new("")).to_owned();
    let mut reload = signal(SignalKind::hangup()).doing("can't wait for signals")?;
    let mut upgrades = upgrade::requests(&program)?;
    let stop = process::stop_signal()?;
    let mut server = Server::new(folder);
    server.listen_by(given);
    if let Some(inheritance) = &mut inheritance {
        server.inherit(inheritance);
    }
    server.take(plan).await.doing("can't start")?;
    // Before the older process hears of it, and says who is the service now.
    notify::ready();
    if let Some(inheritance) = &inheritance {
        server.begin(inheritance).doing("can't take over")?;
    }
    announce(&server);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break notify::stopping(),
            _ = reload.recv() => {
                notify::reloading();
                take_again(&mut server, &args.config).await;
                notify::ready();
            }
            Some(request) = upgrades.recv() => tokio::select! {
                () = &mut stop => break notify::stopping(),
                // Then the service goes on, in another process.
                is_over = hand_over(&mut server, &program, request) => if is_over { break },
                never = refuse(&mut upgrades) => match never {},
            },
        }
    }
    if let Some(inheritance) = &inheritance {
        inheritance.over();
    }
    tracing::info!("stopping");
    say_counts(&server).await;
    server.stop().await;
    Ok(())
}

/// Whether all that is not given can be had; and what is given in vain.
fn check_addresses(args: &Args, plan: &Plan, given: &[ListenSocket]) -> Result<(), Failure> {
    let file = args.config.display();
    let change = format!("change the listener's address in {file}");
    let is_given = |address| given.iter().any(|socket| socket.address() == address);
    let mut others = plan.listeners.iter().filter(|listener| !is_given(listener.address));
    others.try_for_each(|listener| ports::check(listener.address, &change).map(drop))?;
    for socket in given {
        let address = socket.address();
        if !plan.listeners.iter().any(|listener| listener.address == address) {
            tracing::warn!(%address, "the service manager has a socket there, but {file} no listener: one that comes later needs a restart");
        }
    }
    Ok(())
}

/// Starts the program anew and gives it all there is; true: nothing is left here.
async fn hand_over(server: &mut Server, program: &Program, request: UpgradeRequest) -> bool {
    let heir = match server.start_heir(program.again()).await {
        Ok(heir) => heir,
        Err(error) => {
            tracing::error!(%error, "upgrade refused: this process goes on");
            request.answer(Err(Refusal::whole(error))).await;
            return false;
        }
    };
    tracing::info!(pid = heir.id(), "the new process accepts; this one ends its last requests");
    let id = heir.id();
    notify::handed_over(id);
    // Whoever asked hears of it at once, not when the last request has been answered.
    let (handed_over, ()) = tokio::join!(server.hand_over(heir), request.answer(Ok(id)));
    match handed_over {
        Ok(()) => true,
        Err(error) => {
            notify::handed_over(std::process::id());
            tracing::error!(%error, "this process accepts again");
            false
        }
    }
}

/// While one upgrade is under way there is none to ask for.
async fn refuse(upgrades: &mut mpsc::Receiver<UpgradeRequest>) -> Infallible {
    while let Some(request) = upgrades.recv().await {
        request.answer(Err(Refusal::whole("it makes way already"))).await;
    }
    std::future::pending().await
}

/// Without a manager nobody else keeps them. The words are those of docs/reasons.md.
async fn say_counts(server: &Server) {
    let facts = server.facts().await;
    let refused: Vec<_> = facts.refused.iter().map(|(why, n)| format!("{why} {n}")).collect();
    let (requests, panics, refused) = (facts.requests, facts.panics, refused.join(", "));
    tracing::info!(requests, panics, refused, "counted");
}

fn read(file: &Path) -> Result<Plan, Failure> {
    let name = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::bad_input(format!("can't read {name}: {error}")))?;
    let config = bramble_config::load(&text, &name.to_string()).map_err(Failure::bad_input)?;
    config.plan().map_err(|error| Failure::bad_input(format!("{name}: {error}")))
}

async fn take_again(server: &mut Server, file: &Path) {
    match read(file) {
        Err(failure) => {
            let _ = failure.report();
            tracing::error!("reload refused: the running configuration stays");
        }
        Ok(plan) => match server.take(plan).await {
            Ok(()) => tracing::info!("reloaded"),
            Err(error) => tracing::error!(%error, "reload refused: the running plan stays"),
        },
    }
}

fn announce(server: &Server) {
    for listener in server.plan().iter().flat_map(|plan| &plan.listeners) {
        tracing::info!(listener = listener.name, address = %listener.address, "listening");
    }
}

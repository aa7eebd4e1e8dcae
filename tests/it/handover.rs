//! SIGUSR2: another process takes over, and nobody who visits can tell.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use bramble_tests::{
    Address, Backend, Bramble, Broken, Caller, Client, Config, Folder, Heirs, Program,
    bramble_binary, eventually, get, processes, respond, under_load,
};
use rustix::process::Signal;

/// A route that needs no backend.
const FIXED: &str = "[[route]]\nrespond = { status = 200, body = \"fine\" }";

/// Whether it has a process id, be it as a zombie.
fn is_there(id: u32) -> bool {
    Path::new(&format!("/proc/{id}")).exists()
}

#[test]
fn kept_connections_go_over_and_the_old_process_ends() {
    let backend = Backend::start(respond(200, "fine"));
    let mut bramble = Config::balancer(&[&backend]).run();
    let mut silent = bramble.client();
    silent.get("/").expect(200);
    thread::sleep(Duration::from_millis(1_300));
    let mut recent = bramble.client();
    recent.get("/").expect(200);
    let mut fresh = bramble.client();
    let address = bramble.address();
    let program = bramble.program();
    let mut heirs = Heirs::of(program);
    let old = program.id();
    heirs.next();
    eventually("the old process has nothing left", || !processes::runs(old));
    for client in [&mut silent, &mut recent, &mut fresh, &mut Client::connect(address)] {
        client.get("/").expect(200).body("fine").lacks("Connection");
        client.get("/").expect(200).body("fine");
    }
}

#[test]
fn no_request_is_lost_over_upgrades_under_load() {
    let backends: Vec<_> = (0..2).map(|_| Backend::start(respond(200, "fine"))).collect();
    let mut bramble = Config::balancer(&[&backends[0], &backends[1]]).top("threads = 2").run();
    let address = bramble.address();
    let mut heirs = Heirs::of(bramble.program());
    let arrive = |i| (i, Client::connect(address));
    let visit = |(i, client): &mut (usize, Client)| {
        // Some keep their connection throughout, some are silent for a while, some come anew.
        match *i {
            0..3 => {}
            3..5 => thread::sleep(Duration::from_millis(700)),
            _ => *client = Client::connect(address),
        }
        client.get("/").expect(200).body("fine").lacks("Connection");
        thread::sleep(Duration::from_micros(500));
    };
    let visits = under_load(8, arrive, visit, || {
        for _ in 0..5 {
            heirs.next();
            thread::sleep(Duration::from_millis(200));
        }
    });
    assert!(visits > 500, "only {visits} visits");
}

#[test]
fn a_request_in_flight_is_answered_where_it_began() {
    let backend = Backend::start(|caller| {
        caller.pause(700);
        caller.respond(200, "late");
    });
    let mut bramble = Config::balancer(&[&backend]).run();
    let mut client = bramble.client();
    client.send(get("/").repeat(2));
    eventually("it is under way", || backend.count() == 1);
    let program = bramble.program();
    let mut heirs = Heirs::of(program);
    let old = program.id();
    heirs.next();
    assert!(processes::runs(old));
    client.answer().expect(200).body("late").lacks("Connection");
    client.answer().expect(200).body("late");
    eventually("the old process has nothing left", || !processes::runs(old));
    client.get("/").expect(200).body("late");
}

#[test]
fn requests_are_counted_over_upgrades() {
    let backend = Backend::start(respond(200, "fine"));
    let mut bramble =
        Config::balancer(&[&backend]).with("[limits]\nrequests_per_connection = 2").run();
    let mut client = bramble.client();
    client.get("/").expect(200).lacks("Connection");
    let mut heirs = Heirs::of(bramble.program());
    heirs.next();
    client.get("/").expect(200).has("Connection", "close");
    client.expect_closed();
}

const ASK: &str = "GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n";
const AGREE: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                     Upgrade: websocket\r\nSec-WebSocket-Accept: y\r\n\r\n";

/// A backend that agrees, and then says everything again.
fn echo(caller: &mut Caller) {
    caller.send(AGREE);
    while let Ok(byte) = caller.wire().exactly(1) {
        caller.send(byte);
    }
    caller.close();
}

/// A client that has a WebSocket.
fn chatting(bramble: &Bramble) -> Client {
    let mut client = bramble.client();
    client.send(ASK).wire().head().unwrap();
    client
}

#[test]
fn a_web_socket_lives_on_in_the_old_process() {
    let backend = Backend::start(echo);
    let mut bramble = Config::balancer(&[&backend]).run();
    let mut client = chatting(&bramble);
    let program = bramble.program();
    let mut heirs = Heirs::of(program);
    let old = program.id();
    heirs.next();
    for said in ["a", "b"] {
        client.send(said);
        assert_eq!(client.wire().exactly(1).unwrap(), said.as_bytes());
        thread::sleep(Duration::from_millis(100));
    }
    assert!(processes::runs(old));
    drop(client);
    eventually("the old process has nothing left", || !processes::runs(old));
}

#[test]
fn all_of_many_silent_clients_go_over() {
    const COUNT: usize = 3_000;
    let limits = "[limits]\nconnections = 8000\nconnections_per_client = 8000";
    let mut bramble = Config::of(FIXED).with(limits).run();
    let mut clients: Vec<_> = (0..COUNT).map(|_| bramble.client()).collect();
    for client in &mut clients {
        client.get("/").expect(200);
    }
    thread::sleep(Duration::from_millis(1_300));
    let program = bramble.program();
    let mut heirs = Heirs::of(program);
    let old = program.id();
    heirs.next();
    eventually("the old process has nothing left", || !processes::runs(old));
    for client in &mut clients {
        client.get("/").expect(200);
    }
}

#[test]
fn those_who_come_over_keep_to_the_limit() {
    let config = |most| {
        let limits = format!("[limits]\nconnections = {most}");
        Config::of(FIXED).top("threads = 2").with(&limits)
    };
    let mut bramble = config(1_000).run();
    let mut clients: Vec<_> = (0..40).map(|_| bramble.client()).collect();
    for client in &mut clients {
        client.get("/").expect(200);
    }
    bramble.write_config(&config(30).text(bramble.address()));
    let mut heirs = Heirs::of(bramble.program());
    heirs.next();
    heirs.log.expect("the older process has ended");
    let ask = |client: &mut Client| client.send(get("/")).try_answer().is_ok();
    assert_eq!(clients.iter_mut().map(ask).filter(|served| *served).count(), 30);
    processes::signal(heirs.newest(), Signal::TERM);
    heirs.log.expect("evicted 10");
}

#[test]
fn an_old_process_stays_old_when_the_new_one_is_upgraded_or_stopped() {
    let backend = Backend::start(echo);
    let mut bramble = Config::balancer(&[&backend]).run();
    let mut client = chatting(&bramble);
    let program = bramble.program();
    let mut heirs = Heirs::of(program);
    heirs.next();
    let second = heirs.newest();
    heirs.next();
    eventually("the second has nothing left", || !is_there(second));
    processes::signal(heirs.newest(), Signal::TERM);
    eventually("the third has ended", || !processes::runs(heirs.newest()));
    thread::sleep(Duration::from_millis(200));
    assert_eq!(program.log.count("accepts again"), 0);
    assert!(processes::runs(program.id()), "it still has its WebSocket");
    client.send("x");
    assert_eq!(client.wire().exactly(1).unwrap(), b"x");
}

#[test]
fn clients_that_nobody_takes_any_more_are_served_once_and_let_go() {
    let backend = Backend::start(|caller| {
        caller.pause(match caller.target() {
            "/late" => 800,
            "/later" => 2_000,
            _ => 0,
        });
        caller.respond(200, "fine");
    });
    let mut bramble = Config::balancer(&[&backend]).run();
    let (mut late, mut later) = (bramble.client(), bramble.client());
    late.send(get("/late"));
    later.send(get("/later"));
    eventually("both are under way", || backend.count() == 2);
    let program = bramble.program();
    let mut heirs = Heirs::of(program);
    let old = program.id();
    heirs.next();
    processes::signal(heirs.newest(), Signal::TERM);
    eventually("the new one has ended", || !processes::runs(heirs.newest()));
    late.answer().expect(200).lacks("Connection");
    late.get("/").expect(200).has("Connection", "close");
    late.expect_closed();
    let before = program.cpu_ms();
    thread::sleep(Duration::from_millis(500));
    assert!(program.cpu_ms() < before + 250, "it is busy with nothing");
    later.answer().expect(200).has("Connection", "close");
    later.expect_closed();
    eventually("the old process has nothing left", || !processes::runs(old));
}

#[test]
fn an_old_process_does_not_stay_for_ever() {
    let backend = Backend::start(echo);
    let tables = "[timeouts]\nhandover_ms = 500\nstop_ms = 100";
    let mut bramble = Config::balancer(&[&backend]).with(tables).run();
    let mut client = chatting(&bramble);
    let program = bramble.program();
    let mut heirs = Heirs::of(program);
    let old = program.id();
    heirs.next();
    eventually("its time is over", || !processes::runs(old));
    assert!(matches!(client.wire().rest(), Ok(_) | Err(Broken::Reset)));
}

#[test]
fn a_faulty_configuration_leaves_the_old_process_alone() {
    let backend = Backend::start(respond(200, "fine"));
    let mut bramble = Config::balancer(&[&backend]).run();
    let mut client = bramble.client();
    client.get("/").expect(200);
    bramble.write_config("nonsense = true");
    bramble.program().signal(Signal::USR2);
    bramble.log().expect("upgrade refused");
    bramble.log().expect("the new process ended before it was ready (exit status: 2)");
    client.get("/").expect(200);
    bramble.get("/").expect(200);
    // And it can be tried again.
    bramble.write_config(&Config::balancer(&[&backend]).text(bramble.address()));
    let mut heirs = Heirs::of(bramble.program());
    heirs.next();
    client.get("/").expect(200);
}

#[test]
fn when_the_new_process_dies_the_old_one_accepts_again() {
    let backend = Backend::start(|caller| {
        caller.pause(1_000);
        caller.respond(200, "late");
    });
    let mut bramble = Config::balancer(&[&backend]).run();
    let mut client = bramble.client();
    client.send(get("/"));
    eventually("it is under way", || backend.count() == 1);
    let address = bramble.address();
    let program = bramble.program();
    let mut heirs = Heirs::of(program);
    heirs.next();
    processes::signal(heirs.newest(), Signal::KILL);
    program.log.expect("accepts again");
    assert!(!is_there(heirs.newest()), "not even as a zombie");
    client.answer().expect(200).body("late");
    client.get("/").expect(200).body("late");
    Client::connect(address).get("/").expect(200).body("late");
}

#[test]
fn an_address_that_the_new_process_does_not_want_is_closed() {
    let other = Address::free();
    let two = format!("[[listener]]\nname = \"other\"\naddress = \"{}\"\n{FIXED}", other.socket());
    let mut bramble = Config::of(&two).run();
    let mut there = Client::connect(other.socket());
    there.get("/").expect(200);
    let mut waiting = bramble.client();
    waiting.send(ASK);
    bramble.write_config(&Config::of(FIXED).text(bramble.address()));
    let mut heirs = Heirs::of(bramble.program());
    heirs.next();
    eventually("nobody listens there", || std::net::TcpStream::connect(other.socket()).is_err());
    there.expect_closed();
    processes::signal(heirs.newest(), Signal::TERM);
    heirs.log.expect("listener_gone 1");
}

/// Lines that are long enough for a file to be full soon.
fn target(visitor: usize, number: usize) -> String {
    format!("/{visitor}/{number}/{}", "x".repeat(900))
}

#[test]
fn each_request_has_one_line_in_the_logs_of_both() {
    const VISITORS: usize = 4;
    const REQUESTS: usize = 4_000;
    let logs = Folder::empty();
    let log = format!("path = \"{}\"\nformat = \"common\"", logs.join("log").display());
    let limits = "max_bytes = 65536\nkeep = 1000\nbuffer_bytes = 1073741824";

    let tables = format!("[access_log]\n{log}\n{limits}\n{FIXED}");
    let mut bramble = Config::of(&tables).top("threads = 2").run();
    let address = bramble.address();
    let program = bramble.program();
    let mut heirs = Heirs::of(program);
    let visit = |visitor| {
        let mut client = Client::connect(address);
        // So many at once keep the old process at work for a while.
        for numbers in (0..REQUESTS).collect::<Vec<_>>().chunks(100) {
            let asked = numbers.iter().map(|number| get(&target(visitor, *number)));
            client.send(asked.collect::<String>());
            for _ in numbers {
                client.answer().expect(200);
            }
            thread::sleep(Duration::from_millis(20));
        }
    };
    thread::scope(|scope| {
        let visitors: Vec<_> = (0..VISITORS).map(|i| scope.spawn(move || visit(i))).collect();
        while visitors.iter().any(|visitor| !visitor.is_finished()) {
            let old = heirs.newest();
            heirs.next();
            eventually("the old process has nothing left", || !processes::runs(old));
        }
    });
    processes::signal(heirs.newest(), Signal::TERM);
    let all = || heirs.all.iter().copied().chain([program.id()]);
    eventually("all have ended", || all().all(|id| !processes::runs(id)));
    let files = std::fs::read_dir(logs.path()).unwrap().map(|file| file.unwrap().path());
    let text: String = files.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let mut logged: Vec<_> = text.lines().map(|line| line.split(' ').nth(6).unwrap()).collect();
    logged.sort_unstable();
    let asked = (0..VISITORS).flat_map(|visitor| (0..REQUESTS).map(move |n| target(visitor, n)));
    let mut asked: Vec<_> = asked.collect();
    asked.sort_unstable();
    assert!(logged == asked, "{} lines for {} requests", logged.len(), asked.len());
}

/// Puts the binary there under a name of its own, without a copy.
fn install(file: &Path) {
    let _ = std::fs::remove_file(file);
    if std::fs::hard_link(bramble_binary(), file).is_err() {
        std::fs::copy(bramble_binary(), file).unwrap();
    }
}

/// This binary with a configuration in this folder.
fn command(folder: &Folder, binary: &Path) -> (Command, Address) {
    let address = Address::free();
    folder.write("bramble.toml", Config::of(FIXED).text(address.socket()));
    let mut command = Command::new(binary);
    command.args(["run", "--config"]).arg(folder.join("bramble.toml"));
    (command, address)
}

#[test]
fn the_binary_that_lies_there_now_takes_over() {
    let folder = Folder::empty();
    let binary = folder.join("bramble");
    install(&binary);
    let (command, address) = command(&folder, &binary);
    let program = Program::start_as(command);
    program.log.expect(" listening ");
    let mut client = Client::connect(address.socket());
    client.get("/").expect(200);
    let mut heirs = Heirs::of(&program);
    // Nothing lies there: nothing happens.
    std::fs::remove_file(&binary).unwrap();
    program.signal(Signal::USR2);
    program.log.expect("upgrade refused");
    client.get("/").expect(200);
    install(&binary);
    heirs.next();
    client.get("/").expect(200);
    assert_eq!(std::fs::read_link(format!("/proc/{}/exe", heirs.newest())).unwrap(), binary);
}

#[test]
fn a_stop_while_the_new_process_starts_leaves_none() {
    let folder = Folder::empty();
    let (command, _address) = command(&folder, &bramble_binary());
    let mut program = Program::start_as(command);
    program.log.expect(" listening ");
    // The new one waits for somebody who writes its configuration.
    folder.remove("bramble.toml");
    let pipe = folder.join("bramble.toml");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, mode).unwrap();
    program.signal(Signal::USR2);
    eventually("another starts", || !processes::children(program.id()).is_empty());
    let mut heirs = Heirs::of(&program);
    heirs.all = processes::children(program.id());
    program.signal(Signal::TERM);
    eventually("both have ended", || {
        !processes::runs(program.id()) && !heirs.all.iter().any(|id| processes::runs(*id))
    });
    drop(heirs);
    assert_eq!(program.wait().code(), Some(0));
}

#[test]
fn a_stop_of_the_old_process_leaves_the_new_one() {
    let backend = Backend::start(echo);
    let mut bramble = Config::balancer(&[&backend]).with("[timeouts]\nstop_ms = 100").run();
    let _busy = chatting(&bramble);
    let address = bramble.address();
    let program = bramble.program();
    let mut heirs = Heirs::of(program);
    let old = program.id();
    heirs.next();
    program.signal(Signal::TERM);
    eventually("the old one has ended", || !processes::runs(old));
    thread::sleep(Duration::from_millis(100));
    let mut client = Client::connect(address);
    assert!(client.send(ASK).wire().head().is_ok());
}

#[test]
fn an_heir_knows_which_backends_are_out_before_it_accepts() {
    let sick = Backend::start(|caller| match caller.target() {
        "/health" => caller.respond(500, "sick"),
        _ => caller.respond(200, "sick"),
    });
    let well = Backend::start(|caller| {
        caller.pause(if caller.target() == "/health" { 200 } else { 0 });
        caller.respond(200, "well");
    });
    let health = "[pool.health]\npath = \"/health\"\nfails = 1";
    let mut bramble = Config::balancer(&[&sick, &well]).with(health).run();
    let address = bramble.address();
    bramble.log().expect("up=true");
    let mut heirs = Heirs::of(bramble.program());
    let visit = |_: &mut ()| {
        Client::connect(address).get("/").expect(200).body("well");
        thread::sleep(Duration::from_micros(500));
    };
    under_load(
        2,
        |_| (),
        visit,
        || {
            heirs.next();
            thread::sleep(Duration::from_millis(300));
        },
    );
}

#[test]
fn the_new_process_passes_nothing_of_the_passage_on() {
    let mut bramble = Config::of(FIXED).run();
    let mut heirs = Heirs::of(bramble.program());
    heirs.next();
    let input = std::fs::read_link(format!("/proc/{}/fd/0", heirs.newest())).unwrap();
    assert_eq!(input, Path::new("/dev/null"));
}

/// One that another process left in the environment must not be taken for an inheritance.
#[test]
fn what_is_no_passage_is_refused_in_words() {
    let folder = Folder::empty();
    let (mut command, _address) = command(&folder, &bramble_binary());
    command.env("BRAMBLE_HANDOVER", "stdin");
    let mut program = Program::start_as(command);
    assert_eq!(program.wait().code(), Some(1));
    program.log.expect("can't take over");
}

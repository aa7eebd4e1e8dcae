//! Under systemd: it is told when the service serves, reloads, is another process, and ends.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::{Duration, Instant};

use bramble_tests::{
    Address, Client, Config, Folder, Heirs, PATIENCE, Program, bramble_binary, processes,
};
use rustix::process::Signal;

/// The place where systemd listens, and a service that was told of it.
struct Unit {
    socket: UnixDatagram,
    program: Program,
    _folder: Folder,
    _address: Address,
}

impl Unit {
    fn start() -> Self {
        let (folder, address) = (Folder::empty(), Address::free());
        let socket = UnixDatagram::bind(folder.join("notify")).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let config = Config::of("[[route]]\nrespond = { status = 200, body = \"fine\" }");
        folder.write("bramble.toml", config.text(address.socket()));
        let mut command = Command::new(bramble_binary());
        command.args(["run", "--config"]).arg(folder.join("bramble.toml"));
        command.env("NOTIFY_SOCKET", folder.join("notify"));
        Self { socket, program: Program::start_as(command), _folder: folder, _address: address }
    }

    fn told(&self) -> String {
        let mut words = [0; 256];
        let len = self.socket.recv(&mut words).expect("a word");
        String::from_utf8_lossy(&words[..len]).into_owned()
    }
}

/// Ends what has taken over, also where a scenario has failed before it knew of it.
impl Drop for Unit {
    fn drop(&mut self) {
        // What it has to say of them is said by its end.
        self.program.signal(Signal::TERM);
        let start = Instant::now();
        while processes::runs(self.program.id()) && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(5));
        }
        let log = self.program.log.text();
        let heirs = log.lines().filter(|line| line.contains("the new process accepts"));
        let ids = heirs.filter_map(|line| line.rsplit_once("pid=")?.1.parse().ok());
        ids.for_each(|id| processes::signal(id, Signal::TERM));
    }
}

#[test]
fn it_is_told_when_the_service_serves_reloads_and_ends() {
    let unit = Unit::start();
    assert_eq!(unit.told(), "READY=1");
    unit.program.signal(Signal::HUP);
    let reloading = unit.told();
    let since = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect(&reloading);
    assert!(since.parse::<u64>().is_ok());
    assert_eq!(unit.told(), "READY=1");
    unit.program.signal(Signal::TERM);
    assert_eq!(unit.told(), "STOPPING=1");
}

/// A socket that was opened for the service, given as descriptor 3.
struct Activated {
    program: Program,
    address: SocketAddr,
    _folder: Folder,
}

impl Activated {
    /// With a configuration for this address.
    fn start(configured: impl FnOnce(SocketAddr) -> SocketAddr) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let (folder, address) = (Folder::empty(), socket.local_addr().unwrap());
        let config = Config::of("[[route]]\nrespond = { status = 200, body = \"fine\" }");
        let config = config.top("threads = 2").text(configured(address));
        folder.write("bramble.toml", config);
        let mut command = Command::new("sh");
        let script = "exec 3<&0 0</dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$@\"";
        command.args(["-c", script, "sh"]).arg(bramble_binary());
        command.args(["run", "--config"]).arg(folder.join("bramble.toml"));
        let program = Program::start_with_input(command, OwnedFd::from(socket));
        Self { program, address, _folder: folder }
    }
}

#[test]
fn it_listens_by_the_sockets_that_systemd_has_opened() {
    let service = Activated::start(|address| address);
    // Whoever comes before it listens waits for it.
    let mut clients: Vec<_> = (0..40).map(|_| Client::connect(service.address)).collect();
    for client in &mut clients {
        client.get("/").expect(200).body("fine");
    }
    let mut heirs = Heirs::of(&service.program);
    heirs.next();
    clients.push(Client::connect(service.address));
    for client in &mut clients {
        client.get("/").expect(200).body("fine");
    }
}

#[test]
fn a_socket_that_no_listener_is_for_is_told() {
    let other = Address::free();
    let service = Activated::start(|_| other.socket());
    service.program.log.expect(" listening ");
    let log = service.program.log.text();
    let line = log.lines().find(|line| line.contains("has a socket there")).expect(&log);
    assert!(line.contains(&service.address.to_string()), "{line}");
    Client::connect(other.socket()).get("/").expect(200);
}

#[test]
fn it_is_told_which_process_is_the_service_after_an_upgrade() {
    let mut unit = Unit::start();
    assert_eq!(unit.told(), "READY=1");
    unit.program.signal(Signal::USR2);
    assert_eq!(unit.told(), "READY=1", "the new one serves");
    let heir: u32 = unit.told().strip_prefix("MAINPID=").unwrap().parse().unwrap();
    assert!(processes::command(heir).contains("run --config"));
    assert_eq!(unit.program.wait().code(), Some(0));
    processes::signal(heir, Signal::TERM);
    assert_eq!(unit.told(), "STOPPING=1", "and not before");
}

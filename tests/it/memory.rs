//! The ceiling of memory: what a process may hold, sockets included, and who goes first when that
//! is not enough.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use bramble_tests::{
    Address, Backend, Bramble, Broken, Client, Config, Folder, Wire, connect_from, eventually, get,
    head, respond,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

const CEILING: f64 = 16777216.0;
const LIMIT: &str = "[limits]\nmemory_bytes = 16777216\n[timeouts]\nfirst_byte_ms = 3000\n";
/// What a slow reader has room for: the kernel doubles it, and takes no less.
const READER_BYTES: usize = 4096;

/// A balancer with little memory before a backend, one that never answers, and a large file.
struct Scene {
    bramble: Bramble,
    metrics: Address,
    _backend: Backend,
    _silent: TcpListener,
    _folder: Folder,
}

fn scene() -> Scene {
    scene_in(Folder::empty(), "")
}

fn scene_in(folder: Folder, more: &str) -> Scene {
    raise_descriptor_limit();
    let metrics = Address::free();
    let backend = Backend::start(respond(200, "fine"));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::listen(&silent, 4096).unwrap();
    folder.write("site/large/file.bin", vec![b'x'; 8 << 20]);
    let tables = format!(
        "[[pool]]\nname = \"silent\"\n[[pool.backend]]\naddress = \"{}\"\n\
         [[site]]\nname = \"site\"\nroot = \"{}\"\n\
         [[route]]\npath_prefix = \"/silent\"\npool = \"silent\"\n\
         [[route]]\npath_prefix = \"/large\"\nsite = \"site\"\n\
         [[route]]\npool = \"pool\"\n[metrics]\naddress = \"{}\"\n{LIMIT}{more}",
        silent.local_addr().unwrap(),
        folder.join("site").display(),
        metrics.socket(),
    );
    let bramble = Config::balancer(&[&backend]).top("threads = 1").with(&tables).run();
    Scene { bramble, metrics, _backend: backend, _silent: silent, _folder: folder }
}

/// A shell's soft limit is often 1,024.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
}

/// One of many visitors, so many from each address.
fn visitor(at: SocketAddr, i: usize, each: usize) -> Wire {
    let [.., high, low] = u32::try_from(i / each).unwrap().to_be_bytes();
    let own = Ipv4Addr::new(127, 1 + high, low, 1);
    Wire::new(connect_from(own, at, Some(READER_BYTES)))
}

impl Scene {
    /// As many as ask for this, and read nothing.
    fn crowd(&self, count: usize, request: &str) -> Vec<Wire> {
        self.crowd_of(count, 100, request)
    }

    /// The same, so many of each client.
    fn crowd_of(&self, count: usize, each: usize, request: &str) -> Vec<Wire> {
        let ask = |i| {
            let mut wire = visitor(self.bramble.address(), i, each);
            wire.send(request);
            wire
        };
        (0..count).map(ask).collect()
    }

    /// As many as send what a backend that reads nothing does not take, so many of each client.
    fn uploads(&self, count: usize, each: usize) -> Vec<Wire> {
        let all = "PUT /silent HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000000\r\n\r\n";
        let mut crowd = self.crowd_of(count, each, all);
        for wire in &mut crowd {
            wire.socket().upgrade().unwrap().set_nonblocking(true).unwrap();
            // As much as is taken, and until it is turned away.
            while wire.send([b'x'; 65536]) {}
        }
        crowd
    }

    /// The sum of the metrics that begin so.
    fn sum(&self, metric: &str) -> f64 {
        let mut client = Client::connect(self.metrics.socket());
        let answer = client.get("/metrics");
        answer.expect(200);
        let text = String::from_utf8(answer.bytes().to_vec()).unwrap();
        let values = text.lines().filter(|line| line.starts_with(metric));
        values.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
    }

    fn held(&self) -> f64 {
        self.sum("bramble_memory_held_bytes{")
    }
}

#[test]
fn what_sockets_hold_counts_and_is_told() {
    let scene = scene();
    assert!((scene.sum("bramble_memory_ceiling_bytes") - CEILING).abs() < 1.0);
    let rest = scene.held();
    let crowd = scene.crowd(20, &get("/large/file.bin"));
    eventually("the sockets are full", || {
        scene.sum("bramble_memory_held_bytes{use=\"sockets\"}") > 20.0 * 30_000.0
    });
    drop(crowd);
    eventually("all is given back", || scene.held() < rest * 1.1);
}

#[test]
fn slow_readers_make_room_for_whoever_has_fewer_connections() {
    let mut scene = scene();
    let crowd = scene.crowd(1200, &get("/large/file.bin"));
    for _ in 0..20 {
        scene.bramble.get("/").expect(200);
        assert!(scene.held() < CEILING * 1.5, "{}", scene.held());
    }
    drop(crowd);
    assert!(scene.bramble.stop_and_count("evicted") > 300);
}

#[test]
fn uploads_that_nobody_takes_make_room_and_are_told_so() {
    let folder = Folder::empty();
    let log = folder.join("access.log");
    let table = format!("[access_log]\npath = \"{}\"\n", log.display());
    let mut scene = scene_in(folder, &table);
    let mut crowd = scene.uploads(600, 100);
    for _ in 0..20 {
        scene.bramble.get("/").expect(200);
        assert!(scene.held() < CEILING * 1.5, "{}", scene.held());
    }
    let is_told = |wire: &mut Wire| wire.waiting().is_some_and(|n| n > 0);
    eventually("many are told so", || {
        crowd.iter_mut().map(is_told).filter(|told| *told).count() > 100
    });
    let told = crowd.iter_mut().filter_map(|wire| is_told(wire).then_some(wire));
    let heads: Vec<_> = told.map(|wire| wire.head().unwrap()).collect();
    assert!(heads.iter().all(|head| head.field("Bramble-Reason") == Some("busy")));
    drop(crowd);
    assert!(scene.bramble.stop_and_count("evicted") > 100);
    let log = std::fs::read_to_string(log).unwrap();
    let evicted = log.lines().filter(|line| line.contains("\"reason\":\"evicted\""));
    assert!(evicted.filter(|line| line.contains("\"status\":503")).count() > 100, "{log}");
}

#[test]
fn uploads_of_many_clients_make_room_for_a_newcomer_too() {
    let scene = scene();
    let crowd = scene.uploads(600, 1);
    eventually("it is below the ceiling", || scene.held() < CEILING);
    for _ in 0..20 {
        scene.bramble.get("/").expect(200);
        assert!(scene.held() < CEILING * 1.5, "{}", scene.held());
    }
    drop(crowd);
}

#[test]
fn idle_visitors_make_room_too() {
    let mut scene = scene();
    let mut crowd = scene.crowd(4200, &get("/"));
    crowd.iter_mut().for_each(|wire| drop(wire.head()));
    scene.bramble.get("/").expect(200);
    eventually("it is below the ceiling", || scene.held() < CEILING);
    scene.bramble.get("/").expect(200);
    drop(crowd);
    assert!(scene.bramble.stop_and_count("evicted") > 100);
}

#[test]
fn who_can_be_given_no_memory_gets_a_503_and_is_served_when_there_is_some() {
    let scene = scene();
    // All of one visitor, none of whose requests can make room for another.
    let mut busy: Vec<_> = (0..1200).map(|_| scene.bramble.client()).collect();
    for client in &mut busy {
        client.send(get("/silent"));
    }
    eventually("some are refused", || {
        busy.iter_mut().filter_map(|client| client.wire().waiting()).count() > 100
    });
    let mut late = scene.bramble.client();
    late.send(get("/"));
    let answer = late.answer();
    answer.expect(503).has("Bramble-Reason", "busy").has("Retry-After", "1");
    answer.has("Connection", "close");
    late.expect_closed();
    let mut late = scene.bramble.client();
    let answer = late.send(head("/")).answer_to_head();
    answer.expect(503).has("Bramble-Reason", "busy");
    late.expect_closed();
    drop(busy);
    eventually("there is memory again", || {
        let answer = scene.bramble.client().send(get("/")).try_answer();
        match answer {
            Ok(answer) => answer.status == 200,
            Err(Broken::Closed | Broken::Reset) => false,
            Err(other) => panic!("{other:?}"),
        }
    });
}

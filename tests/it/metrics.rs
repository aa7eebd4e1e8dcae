//! Metrics: what each listener, route, pool, backend and core has done, in the form of Prometheus.

use std::collections::BTreeMap;
use std::time::Duration;

use bramble_tests::{Address, Backend, Bramble, Client, Config, eventually, head, respond};

const FORM: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A balancer, and where its metrics are.
struct Scene {
    bramble: Bramble,
    metrics: Address,
}

impl Scene {
    fn of(config: Config) -> Self {
        let metrics = Address::free();
        let table = format!("[metrics]\naddress = \"{}\"", metrics.socket());
        Self { bramble: config.with(&table).run(), metrics }
    }

    fn read(&self) -> Metrics {
        let mut client = Client::connect(self.metrics.socket());
        let answer = client.get("/metrics");
        answer.expect(200).has("Content-Type", FORM);
        Metrics::read(std::str::from_utf8(answer.bytes()).unwrap())
    }

    /// Waits until a metric has this value: what has just been answered may not be counted yet.
    #[track_caller]
    fn expect(&self, metric: &str, value: f64) {
        eventually(&format!("{metric} {value}"), || self.read().get(metric) == Some(value));
    }
}

/// Names with their labels, and values.
struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    #[track_caller]
    fn read(text: &str) -> Self {
        assert!(text.ends_with("# EOF\n"), "{text}");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let read = |line: &str| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        };
        let all: Vec<_> = lines.map(read).collect();
        let (count, metrics) = (all.len(), Self(all.into_iter().collect()));
        assert_eq!(metrics.0.len(), count, "none stands there twice");
        metrics
    }

    fn get(&self, metric: &str) -> Option<f64> {
        self.0.get(metric).copied()
    }
}

#[test]
fn requests_are_counted_by_listener_route_pool_and_backend() {
    let backend = Backend::start(|caller| match caller.target() {
        "/missing" => caller.respond(404, "not here"),
        _ => caller.respond(200, "fine"),
    });
    let tables = "[[route]]\npath_prefix = \"/fixed\"\nrespond = { status = 200, body = \"x\" }\n\
                  [[route]]\npool = \"pool\"";
    let scene = Scene::of(Config::balancer(&[&backend]).with(tables));
    let mut client = scene.bramble.client();
    client.get("/").expect(200);
    client.get("/missing").expect(404);
    client.get("/fixed").expect(200);
    scene.expect("bramble_listener_requests_total{listener=\"web\",status=\"2xx\"}", 2.0);
    scene.expect("bramble_listener_requests_total{listener=\"web\",status=\"4xx\"}", 1.0);
    scene.expect("bramble_route_requests_total{route=\"*/fixed\",status=\"2xx\"}", 1.0);
    scene.expect("bramble_route_requests_total{route=\"*/\",status=\"2xx\"}", 1.0);
    scene.expect("bramble_pool_requests_total{pool=\"pool\",status=\"4xx\"}", 1.0);
    let name = format!("{{pool=\"pool\",backend=\"{}\"}}", backend.address());
    scene.expect(&format!("bramble_backend_requests_total{name}"), 2.0);
    scene.expect(&format!("bramble_backend_first_byte_seconds_count{name}"), 2.0);
    scene.expect("bramble_listener_connections{listener=\"web\"}", 1.0);
    drop(client);
    scene.expect("bramble_listener_connections{listener=\"web\"}", 0.0);
    scene.expect("bramble_listener_connections_accepted_total{listener=\"web\"}", 1.0);
}

#[test]
fn durations_are_those_of_the_answers() {
    let backend = Backend::start(|caller| {
        caller.pause(if caller.target() == "/slow" { 300 } else { 0 });
        caller.respond(200, "fine");
    });
    let scene = Scene::of(Config::balancer(&[&backend]));
    for path in ["/", "/slow"] {
        scene.bramble.client().get(path).expect(200);
    }
    scene.expect("bramble_pool_request_duration_seconds_count{pool=\"pool\"}", 2.0);
    let metrics = scene.read();
    let within = |le: &str| {
        let labels = format!("{{le=\"{le}\",pool=\"pool\"}}");
        metrics.get(&format!("bramble_pool_request_duration_seconds_bucket{labels}"))
    };
    assert_eq!((within("0.262144"), within("+Inf")), (Some(1.0), Some(2.0)));
    let sum = metrics.get("bramble_pool_request_duration_seconds_sum{pool=\"pool\"}").unwrap();
    assert!((0.3..5.0).contains(&sum), "{sum}");
}

#[test]
fn whatever_ends_badly_is_counted_too() {
    let mut backend = Backend::start(respond(200, "fine"));
    let scene = Scene::of(Config::balancer(&[&backend]));
    scene.bramble.client().send("GET / HTTP/1.1\r\n\r\n").answer().expect(400);
    scene.expect("bramble_listener_requests_total{listener=\"web\",status=\"4xx\"}", 1.0);
    scene.expect("bramble_refused_total{reason=\"missing_host\"}", 1.0);
    // It goes in the middle of its body.
    scene.bramble.client().send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx");
    scene.expect("bramble_listener_requests_total{listener=\"web\",status=\"none\"}", 1.0);
    backend.stop();
    scene.bramble.client().get("/").expect(503);
    scene.expect("bramble_pool_requests_total{pool=\"pool\",status=\"5xx\"}", 1.0);
}

#[test]
fn all_cores_have_their_share() {
    let backend = Backend::start(respond(200, "fine"));
    let scene = Scene::of(Config::balancer(&[&backend]).top("threads = 2"));
    for _ in 0..60 {
        scene.bramble.client().get("/").expect(200);
    }
    scene.expect("bramble_pool_requests_total{pool=\"pool\",status=\"2xx\"}", 60.0);
    let metrics = scene.read();
    let cores =
        [0, 1].map(|i| metrics.get(&format!("bramble_core_requests_total{{core=\"{i}\"}}")));
    assert!(cores.iter().all(|count| count.is_some_and(|count| count > 0.0)), "{cores:?}");
}

#[test]
fn counts_go_on_over_a_reload() {
    let backend = Backend::start(respond(200, "fine"));
    let metrics = Address::free();
    let table = format!("[metrics]\naddress = \"{}\"", metrics.socket());
    let config = Config::balancer(&[&backend]).with(&table);
    let scene = Scene { bramble: config.run(), metrics };
    let requests = "bramble_route_requests_total{route=\"*/\",status=\"2xx\"}";
    scene.bramble.client().get("/").expect(200);
    scene.expect(requests, 1.0);
    scene.bramble.reload(&config.clone().with("[limits]\nfields = 50"));
    scene.bramble.client().get("/").expect(200);
    scene.expect(requests, 2.0);
    let other = "[[route]]\npath_prefix = \"/other\"\npool = \"pool\"";
    scene.bramble.reload(&config.with(other));
    eventually("the route is forgotten", || scene.read().get(requests).is_none());
}

#[test]
fn visitors_do_not_see_them() {
    let backend = Backend::start(respond(200, "of the site"));
    let scene = Scene::of(Config::balancer(&[&backend]));
    scene.bramble.client().get("/metrics").expect(200).body("of the site");
    let mut client = Client::connect(scene.metrics.socket());
    client.get("/").expect(404);
    client.get("/metrics").expect(200);
    client.send(head("/metrics")).answer_to_head().expect(200);
    client.expect_open(Duration::from_millis(100));
}

//! What puts a backend out at once: a status, a late answer.

use std::thread;
use std::time::Duration;

use bramble_tests::{Backend, Caller, Client, Config, TURNS, eventually, get, respond};

use crate::each_backend::{slow, turns};

fn statuses(client: &mut Client, n: usize) -> Vec<u16> {
    (0..n).map(|_| client.get("/").status).collect()
}

#[test]
fn a_status_puts_its_backend_out_at_once_and_is_the_answer() {
    let (odd, even) = (Backend::start(respond(500, "odd")), Backend::start(respond(200, "even")));
    let bramble = turns((&odd, ""), (&even, ""), "fail_on_status = [500]\nretry_ms = 400");
    let mut client = bramble.client();
    client.get("/").expect(500).body("odd");
    assert_eq!(statuses(&mut client, 10), [200; 10]);
    assert_eq!(odd.count(), 1);
    thread::sleep(Duration::from_millis(500));
    assert_eq!(statuses(&mut client, 10).iter().filter(|status| **status == 500).count(), 1);
    assert_eq!(odd.count(), 2);
}

#[test]
fn without_such_a_rule_a_status_is_an_answer_like_others() {
    let (odd, even) = (Backend::start(respond(500, "odd")), Backend::start(respond(200, "even")));
    let bramble = turns((&odd, ""), (&even, ""), "fail_on_status = [503]");
    assert_eq!(statuses(&mut bramble.client(), 6), [500, 200, 500, 200, 500, 200]);
}

#[test]
fn what_is_asked_elsewhere_anyway_is_no_answer() {
    let (odd, even) = (Backend::start(respond(503, "odd")), Backend::start(respond(200, "even")));
    let bramble = turns((&odd, ""), (&even, ""), "fail_on_status = [503]");
    assert_eq!(statuses(&mut bramble.client(), 10), [200; 10]);
    assert_eq!(odd.count(), 1);
    // An order is not repeated.
    let bramble = turns((&odd, ""), (&even, ""), "fail_on_status = [503]");
    let mut client = bramble.client();
    client.post("/", "pay").expect(503).body("odd");
    client.post("/", "pay").expect(200);
    client.post("/", "pay").expect(200);
    assert_eq!(odd.count(), 2);
}

#[test]
fn neither_a_check_nor_a_late_answer_cuts_the_time_short() {
    let answer = |caller: &mut Caller| match caller.target() {
        "/slow" => {
            caller.pause(300);
            caller.respond(200, "late");
        }
        "/broken" => caller.respond(500, "odd"),
        _ => caller.respond(200, "odd"),
    };
    let (odd, even) = (Backend::start(answer), Backend::start(respond(200, "even")));
    let health = "[pool.health]\ninterval_ms = 20";
    let pool = Config::balancer(&[&odd, &even]).pool(TURNS).pool("fail_on_status = [500]");
    let bramble = pool.with(health).run();
    let (mut client, mut patient) = (bramble.client(), bramble.client());
    eventually("both are up", || {
        (0..4).for_each(|_| drop(client.get("/")));
        odd.count() > 0 && even.count() > 0
    });
    let is_odds_turn = |client: &mut Client| client.get("/").text() == "even";
    eventually("it is its turn", || is_odds_turn(&mut client));
    patient.send(get("/slow"));
    eventually("it has that", || odd.last().start.contains("/slow"));
    eventually("its turn again", || is_odds_turn(&mut client));
    client.get("/broken").expect(500);
    patient.answer().expect(200).body("late");
    let count = odd.count();
    for _ in 0..20 {
        client.get("/").expect(200).body("even");
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(odd.count(), count);
}

#[test]
fn a_backend_that_is_late_once_is_out_where_that_is_the_rule() {
    let rule = "fail_on_timeout = true";
    for (pool, asked) in [(rule, 1), ("", 3)] {
        let (late, even) = (slow(1000, "late"), slow(0, "even"));
        let own = "first_byte_ms = 100";
        let bramble = turns((&late, own), (&even, own), pool);
        let mut client = bramble.client();
        let answers: Vec<u16> = (0..10).map(|_| client.post("/", "x").status).collect();
        assert_eq!(late.count(), asked, "{pool}: {answers:?}");
        assert_eq!(answers.iter().filter(|status| **status == 504).count(), asked);
    }
}

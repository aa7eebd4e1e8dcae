use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::{DELAY, WINDOW_BYTES, Window, start};

#[test]
fn each_byte_is_late_by_a_delay_either_way() {
    let echo = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = echo.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = echo.accept().unwrap();
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        stream.write_all(&byte).unwrap();
    });
    let mut client = TcpStream::connect(start(address).unwrap()).unwrap();
    let begun = Instant::now();
    client.write_all(b"x").unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).unwrap();
    assert_eq!(answer, b"x");
    assert!(begun.elapsed() >= 2 * DELAY);
}

#[test]
fn a_full_window_waits_for_what_was_sent_first() {
    let mut window = Window::default();
    let begun = Instant::now();
    window.sent(1, begun - DELAY);
    window.sent(WINDOW_BYTES - 1, begun);
    window.wait();
    assert!(begun.elapsed() >= DELAY);
    assert_eq!(window.bytes, WINDOW_BYTES - 1);
    assert!(window.under_way.front().unwrap().0 >= begun + 2 * DELAY);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

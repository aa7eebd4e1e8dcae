use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::Parking;
use crate::{Ledger, ListenSocket, Listener, Stream, Whose};

/// Long enough for what must happen, and for what must not.
const SOON: Duration = Duration::from_secs(5);
const A_WHILE: Duration = Duration::from_millis(100);

/// Parked connections named by numbers, and their clients.
struct Park {
    parking: Parking<usize>,
    clients: Vec<Stream>,
}

impl Park {
    async fn with(count: usize) -> Self {
        let socket = ListenSocket::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let listener = Listener::share(&socket).unwrap();
        let (parking, mut clients) =
            (Parking::new(owner, &Ledger::unlimited()).unwrap(), Vec::new());
        for name in 0..count {
            let address = listener.address();
            let (client, (server, _)) = pair(address, &listener).await;
            let due = Instant::now() + SOON + A_WHILE * u32::try_from(name).unwrap();
            assert!(parking.park(server, due, name).is_ok());
            clients.push(client);
        }
        Self { parking, clients }
    }

    async fn woken(&self) -> Vec<usize> {
        let woken = tokio::time::timeout(A_WHILE, self.parking.woken()).await;
        let mut names: Vec<usize> = match woken {
            Ok(woken) => woken.unwrap().into_iter().map(|(_, name)| name).collect(),
            Err(_) => Vec::new(),
        };
        names.sort_unstable();
        names
    }
}

/// Two own them in turn.
fn owner(name: &usize) -> Option<IpAddr> {
    Some([192, 0, 2, u8::from(name % 2 == 1)].into())
}

async fn pair(address: SocketAddr, listener: &Listener) -> (Stream, (Stream, SocketAddr)) {
    let (client, server) = tokio::join!(
        async {
            let mut client = Stream::connect(address, None).await.unwrap();
            client.write_all(b"?").await.unwrap();
            client
        },
        listener.accept()
    );
    let mut server = server.unwrap();
    server.0.read(&mut [0; 8]).await.unwrap();
    (client, server)
}

#[tokio::test(flavor = "current_thread")]
async fn whoever_speaks_is_woken_with_all_that_was_said() {
    let mut park = Park::with(3).await;
    assert!(park.woken().await.is_empty());
    park.clients[1].write_all(b"hello").await.unwrap();
    let mut woken = tokio::time::timeout(SOON, park.parking.woken()).await.unwrap().unwrap();
    let (mut stream, name) = woken.pop().unwrap();
    let mut said = [0; 8];
    assert_eq!((name, stream.read(&mut said).await.unwrap()), (1, 5));
    stream.write_all(b"answer").await.unwrap();
    assert_eq!(park.clients[1].read(&mut said).await.unwrap(), 6);
    assert!(park.woken().await.is_empty(), "the others are still silent");
}

#[tokio::test(flavor = "current_thread")]
async fn what_was_said_before_wakes_at_once() {
    let mut park = Park::with(1).await;
    park.clients[0].write_all(b"first").await.unwrap();
    let (stream, name) = park.parking.woken().await.unwrap().pop().unwrap();
    assert!(park.parking.park(stream, Instant::now() + SOON, name).is_ok());
    assert_eq!(park.woken().await, [0]);
}

#[tokio::test(flavor = "current_thread")]
async fn whoever_goes_is_woken() {
    let mut park = Park::with(2).await;
    drop(park.clients.remove(0));
    assert_eq!(park.woken().await, [0]);
}

#[tokio::test(flavor = "current_thread")]
async fn more_than_a_turn_takes_are_all_woken() {
    let mut park = Park::with(300).await;
    for client in &mut park.clients {
        client.write_all(b"hello").await.unwrap();
    }
    let mut names = Vec::new();
    while names.len() < 300 {
        let some = park.woken().await;
        assert!(!some.is_empty(), "only {} were woken", names.len());
        names.extend(some);
    }
    names.sort_unstable();
    assert!(names.into_iter().eq(0..300));
}

#[tokio::test(flavor = "current_thread")]
async fn those_whose_time_is_up_are_closed_and_no_others() {
    let mut park = Park::with(3).await;
    assert_eq!(park.parking.end_due(Instant::now()), 0);
    assert_eq!(park.parking.end_due(Instant::now() + SOON + A_WHILE / 2), 1);
    assert_eq!(park.clients[0].read(&mut [0; 8]).await.unwrap(), 0);
    park.clients[2].write_all(b"hello").await.unwrap();
    assert_eq!(park.woken().await, [2]);
}

#[tokio::test(flavor = "current_thread")]
async fn the_oldest_of_some_is_ended() {
    let mut park = Park::with(5).await;
    let odd = Whose::Of(owner(&1).unwrap());
    assert!(park.parking.end_oldest(odd));
    assert_eq!(park.clients[1].read(&mut [0; 8]).await.unwrap(), 0);
    park.clients[0].write_all(b"hello").await.unwrap();
    assert_eq!(park.woken().await, [0]);
    assert!(park.parking.end_oldest(odd));
    assert!(!park.parking.end_oldest(odd), "none of these is left");
    assert!(park.parking.end_oldest(Whose::Any));
    assert_eq!(park.clients[2].read(&mut [0; 8]).await.unwrap(), 0);
}

use std::net::SocketAddr;

use bramble_cluster::certificate::Authority;

use super::*;
use crate::fake::{FakeLink, run};

fn wish() -> Wish {
    Wish { name: "n1".into(), address: [127, 0, 0, 1].into(), worker_rate: None }
}

fn ticket(address: SocketAddr) -> Ticket {
    let authority = Authority::create("test").unwrap();
    Ticket::new(vec![address], authority.key_id().unwrap()).unwrap()
}

/// Nobody listens there.
fn closed_port() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn a_folder_that_is_a_node_s_is_refused_by_name() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let node = NodeFile::new("n7", Vec::new(), Vec::new(), [127, 0, 0, 1].into()).unwrap();
        node.save(dir.path()).unwrap();
        disk::replace(&identity_path(dir.path(), "cert.pem"), b"x").unwrap();
        let error = join(&ticket(closed_port()), dir.path(), &wish()).await.unwrap_err();
        assert!(matches!(&error, JoinError::Member { name, .. } if name == "n7"), "{error}");
    });
}

#[test]
fn a_try_that_failed_leaves_only_a_key_that_the_next_uses() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let ticket = ticket(closed_port());
        let error = join(&ticket, dir.path(), &wish()).await.unwrap_err();
        assert!(matches!(error, JoinError::Link(LinkError::Unreachable { .. })), "{error}");
        let first = key(dir.path()).unwrap().pem();
        assert!(join(&ticket, dir.path(), &wish()).await.is_err());
        assert_eq!(key(dir.path()).unwrap().pem(), first);
        assert!(!identity_path(dir.path(), "cert.pem").exists());
    });
}

#[test]
fn an_address_of_another_machine_uses_up_no_ticket() {
    run(async {
        let dir = tempfile::tempdir().unwrap();
        let wish = Wish { address: [192, 0, 2, 1].into(), ..wish() };
        let error = join(&ticket(closed_port()), dir.path(), &wish).await.unwrap_err();
        assert!(matches!(error, JoinError::Node(NodeError::Address { .. })), "{error}");
    });
}

#[test]
fn a_ticket_makes_a_member_that_can_talk_to_its_manager() {
    run(async {
        let manager = FakeLink::open().await;
        let dir = tempfile::tempdir().unwrap();
        let node = join(&manager.desk.ticket, dir.path(), &wish()).await.unwrap();
        assert_eq!((node.name.as_str(), &node.managers), ("n1", &vec![manager.address]));
        assert!(node.worker_port.is_some());
        assert_eq!(NodeFile::load(dir.path()).unwrap(), node);
        let report = bramble_cluster::api::NodeReport::default();
        let link = link(dir.path()).unwrap();
        let _: serde_json::Value = link.post_json("/v1/report", &report).await.unwrap();
        let again = join(&manager.desk.ticket, dir.path(), &wish()).await;
        assert!(matches!(again, Err(JoinError::Member { .. })));
    });
}

#[test]
fn a_node_joins_again_with_the_key_that_it_has() {
    run(async {
        let manager = FakeLink::open().await;
        let dir = tempfile::tempdir().unwrap();
        join(&manager.desk.ticket, dir.path(), &wish()).await.unwrap();
        let before = key(dir.path()).unwrap().pem();
        rejoin(&manager.desk.ticket, dir.path(), &wish()).await.unwrap();
        assert_eq!(key(dir.path()).unwrap().pem(), before);
        assert!(crate::is_member(dir.path()).await.unwrap());
    });
}

#[test]
fn a_join_that_was_cut_off_at_any_file_is_repeated_with_its_ticket() {
    run(async {
        let manager = FakeLink::open().await;
        let ticket = &manager.desk.ticket;
        let files = ["identity/key.pem", "identity/ca.pem", "identity/cert.pem", "node.json"];
        for written in 0..files.len() {
            let dir = tempfile::tempdir().unwrap();
            join(ticket, dir.path(), &wish()).await.unwrap();
            let before = key(dir.path()).unwrap().pem();
            files[written..]
                .iter()
                .for_each(|file| fs::remove_file(dir.path().join(file)).unwrap());
            assert!(!is_node(dir.path()), "{written}");
            join(ticket, dir.path(), &wish()).await.unwrap();
            assert!(is_node(dir.path()) && crate::is_member(dir.path()).await.unwrap());
            assert_eq!(key(dir.path()).unwrap().pem() == before, written > 0);
        }
    });
}

#[test]
fn a_join_that_was_cut_off_is_not_repeated_in_another_cluster() {
    run(async {
        let (manager, other) = (FakeLink::open().await, FakeLink::open().await);
        let dir = tempfile::tempdir().unwrap();
        join(&manager.desk.ticket, dir.path(), &wish()).await.unwrap();
        fs::remove_file(dir.path().join("node.json")).unwrap();
        let error = join(&other.desk.ticket, dir.path(), &wish()).await.unwrap_err();
        assert!(matches!(error, JoinError::Member { .. }), "{error}");
    });
}

#[test]
fn a_refusal_comes_in_the_manager_s_words() {
    run(async {
        let manager = FakeLink::open().await;
        let dir = tempfile::tempdir().unwrap();
        let ticket = Ticket { secret: "other".into(), ..manager.desk.ticket.clone() };
        let error = join(&ticket, dir.path(), &wish()).await.unwrap_err();
        assert_eq!(error.to_string(), "the ticket is not genuine");
        assert!(error.is_refusal());
    });
}

#[test]
fn another_cluster_s_manager_gets_no_secret() {
    run(async {
        let (manager, other) = (FakeLink::open().await, FakeLink::open().await);
        let dir = tempfile::tempdir().unwrap();
        let ticket = Ticket { ca: other.desk.ticket.ca, ..manager.desk.ticket.clone() };
        let error = join(&ticket, dir.path(), &wish()).await.unwrap_err();
        assert!(matches!(error, JoinError::Link(LinkError::Unreachable { .. })), "{error}");
        assert!(!identity_path(dir.path(), "cert.pem").exists());
    });
}

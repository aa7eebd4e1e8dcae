use std::net::Ipv4Addr;

use super::*;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[test]
fn what_was_saved_is_loaded() {
    let dir = tempfile::tempdir().unwrap();
    let managers = vec!["127.0.0.1:7000".parse().unwrap()];
    let node = NodeFile::new("n1", vec![Role::Worker], managers, HERE).unwrap();
    node.save(dir.path()).unwrap();
    assert_eq!(NodeFile::load(dir.path()).unwrap(), node);
}

#[test]
fn only_a_worker_has_a_port() {
    let node = |roles| NodeFile::new("n1", roles, Vec::new(), HERE).unwrap();
    assert_eq!(node(vec![Role::Balancer]).worker_address(), None);
    let address = node(vec![Role::Balancer, Role::Worker]).worker_address().unwrap();
    assert!(address.ip() == HERE && address.port() != 0);
}

#[test]
fn an_address_of_another_machine_is_refused() {
    let error = NodeFile::check_address([192, 0, 2, 1].into()).unwrap_err().to_string();
    assert!(error.starts_with("192.0.2.1: ") && error.contains("--address"), "{error}");
}

#[test]
fn a_folder_without_or_with_a_damaged_file_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let error = NodeFile::load(dir.path()).unwrap_err().to_string();
    assert!(error.contains("is no node yet; `bramble join TICKET`"), "{error}");
    fs::write(path(dir.path()), "{").unwrap();
    assert!(matches!(NodeFile::load(dir.path()), Err(NodeError::Damaged { .. })));
}

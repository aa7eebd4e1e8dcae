//! How a manager begins, and what it says when it can't.

use std::net::TcpListener;

use bramble_manager::{Manager, ManagerError, Setup, init};

use crate::cluster::{Cluster, setup};

#[tokio::test]
async fn a_cluster_is_made_once() {
    let cluster = Cluster::start().await;
    let ca = std::fs::read(cluster.path().join("manager/ca.pem")).unwrap();
    assert_eq!(init(cluster.path(), &setup()).await.unwrap(), [cluster.address]);
    assert_eq!(std::fs::read(cluster.path().join("manager/ca.pem")).unwrap(), ca);
}

#[tokio::test]
async fn a_broken_off_beginning_is_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    init(folder.path(), &setup()).await.unwrap();
    let ca = std::fs::read(folder.path().join("manager/ca.pem")).unwrap();
    std::fs::remove_file(folder.path().join("manager/manager.json")).unwrap();
    std::fs::remove_file(folder.path().join("identity/cert.pem")).unwrap();
    init(folder.path(), &setup()).await.unwrap();
    assert_eq!(std::fs::read(folder.path().join("identity/ca.pem")).unwrap(), ca);
    Manager::open(folder.path()).await.unwrap();
}

#[tokio::test]
async fn a_faulty_configuration_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let faulty = Setup { configuration: "[[site]]\nnam = 1\n".to_owned(), ..setup() };
    let error = init(folder.path(), &faulty).await.unwrap_err();
    assert!(error.to_string().contains("bramble.toml:2"), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_folder_without_a_manager_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Manager::open(folder.path()).await.err().unwrap();
    assert!(matches!(error, ManagerError::Nothing(_)), "{error}");
    assert!(error.to_string().contains("bramble up"), "{error}");
}

#[tokio::test]
async fn a_second_manager_on_the_same_state_is_refused() {
    let cluster = Cluster::start().await;
    let error = Manager::open(cluster.path()).await.err().unwrap();
    assert!(error.to_string().contains("in use by another manager"), "{error}");
    cluster.status().await;
}

#[tokio::test]
async fn a_taken_port_is_named_with_the_file_that_sets_it() {
    let mut cluster = Cluster::start().await;
    cluster.stop().await;
    let _other = TcpListener::bind(cluster.address).unwrap();
    let error = Manager::open(cluster.path()).await.err().unwrap().to_string();
    assert!(error.contains(&cluster.address.to_string()), "{error}");
    assert!(error.contains("manager.json"), "{error}");
}

use super::*;
use crate::fake::{FakeLink, run};
use crate::join::{self, Wish, join};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn age(data: &Path, age: Duration) {
    let file = fs::File::options().append(true).open(identity_path(data, "cert.pem")).unwrap();
    file.set_modified(SystemTime::now() - age).unwrap();
}

#[test]
fn a_certificate_is_due_at_a_third_of_its_life() {
    let dir = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    assert!(!is_due(dir.path(), now), "there is none");
    disk::replace(&identity_path(dir.path(), "cert.pem"), b"x").unwrap();
    assert!(!is_due(dir.path(), now + DAY * 9));
    assert!(is_due(dir.path(), now + DAY * 11));
    assert!(is_due(dir.path(), now - DAY), "written by a clock that was wrong");
}

#[test]
fn an_old_certificate_is_replaced_by_one_that_works() {
    run(async {
        let manager = FakeLink::open().await;
        let dir = tempfile::tempdir().unwrap();
        let wish = Wish { name: "n1".into(), address: [127, 0, 0, 1].into(), worker_rate: None };
        join(&manager.desk.ticket, dir.path(), &wish).await.unwrap();
        let before = fs::read(identity_path(dir.path(), "cert.pem")).unwrap();
        age(dir.path(), DAY * 11);
        renew(&join::link(dir.path()).unwrap(), dir.path()).await;
        assert_ne!(fs::read(identity_path(dir.path(), "cert.pem")).unwrap(), before);
        assert_eq!(manager.desk.renewals.get(), 1);
        let report = bramble_cluster::api::NodeReport::default();
        let link = join::link(dir.path()).unwrap();
        let _: serde_json::Value = link.post_json("/v1/report", &report).await.unwrap();
    });
}

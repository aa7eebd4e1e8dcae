use super::*;
use crate::fake::{FakeManager, content, run};

const SITE: &[(&str, &str)] = &[("index.html", "one"), ("a/b", "two"), ("a/c", "one")];

#[test]
fn a_release_comes_whole() {
    run(async {
        let manager = FakeManager::new();
        let id = manager.publish(SITE);
        let (_dir, here) = content();
        fetch(&manager, &here, &id, ()).await.unwrap();
        assert_eq!(here.verify(&id).unwrap(), []);
        assert_eq!(manager.blobs.get(), 2);
    });
}

#[test]
fn only_what_is_missing_is_sent() {
    run(async {
        let manager = FakeManager::new();
        let (old, new) = (manager.publish(SITE), manager.publish(&[("a", "two"), ("b", "new")]));
        let (_dir, here) = content();
        fetch(&manager, &here, &old, ()).await.unwrap();
        manager.blobs.set(0);
        fetch(&manager, &here, &new, ()).await.unwrap();
        fetch(&manager, &here, &new, ()).await.unwrap();
        assert_eq!(manager.blobs.get(), 1);
    });
}

#[test]
fn a_damaged_blob_is_not_taken_and_comes_again() {
    run(async {
        let manager = FakeManager::new();
        let id = manager.publish(SITE);
        let hash = Hash::of(b"two");
        let path = manager.releases.blobs().path(&hash);
        let (_dir, here) = content();
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "tw0").unwrap();
        let error = fetch(&manager, &here, &id, ()).await.unwrap_err();
        assert!(matches!(error, FetchError::Store(StoreError::Mismatch { .. })), "{error}");
        assert!(!here.has(&id) && !here.blobs().has(&hash));
        std::fs::write(&path, "two").unwrap();
        fetch(&manager, &here, &id, ()).await.unwrap();
        assert_eq!(here.verify(&id).unwrap(), []);
    });
}

/// A manager that sends one manifest for all releases.
struct Liar(String);

impl Source for Liar {
    async fn manifest(&self, _: &ReleaseId) -> Result<Vec<u8>, FetchError> {
        Ok(self.0.clone().into_bytes())
    }

    async fn blob(&self, _: &Hash, into: &mut BlobWriter) -> Result<(), FetchError> {
        Ok(into.write(b"one")?)
    }
}

#[test]
fn another_manifest_than_asked_for_is_refused() {
    run(async {
        let manager = FakeManager::new();
        let (one, two) = (manager.publish(SITE), manager.publish(&[("a", "two")]));
        let (_dir, here) = content();
        let liar = Liar(manager.releases.manifest(&two).unwrap().to_string());
        let error = fetch(&liar, &here, &one, ()).await.unwrap_err();
        assert!(matches!(error, FetchError::Other { .. }), "{error}");
        let error = fetch(&Liar("<html>".into()), &here, &one, ()).await.unwrap_err();
        assert!(matches!(error, FetchError::Manifest(_)), "{error}");
    });
}

#[test]
fn a_manifest_that_lies_about_a_size_is_refused() {
    run(async {
        for (said, is_long) in [(2, true), (4, false)] {
            let text = format!("bramble-manifest 1\n{} {said} text/plain a\n", Hash::of(b"one"));
            let id = Manifest::parse(text.as_bytes()).unwrap().id();
            let (_dir, here) = content();
            let error = fetch(&Liar(text), &here, &id, ()).await.unwrap_err();
            assert_eq!(matches!(error, FetchError::Store(StoreError::Long { .. })), is_long);
            assert_eq!(matches!(error, FetchError::Size { .. }), !is_long, "{error}");
            assert!(!here.has(&id));
        }
    });
}

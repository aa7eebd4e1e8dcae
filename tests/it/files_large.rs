//! Large files: sent at once, however large, and never half of one state and half of another.

#![allow(clippy::print_stdout)] // Figures belong to what a run says.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::thread;
use std::time::Duration;

use bramble_tests::{Broken, Cluster, Config, Folder, files, get, head, under_load};

const LARGE: usize = 60 * 1024 * 1024;

#[test]
fn ten_gigabytes_need_no_reading_before() {
    let folder = Folder::empty();
    File::create(folder.join("huge.bin")).unwrap().set_len(10 << 30).unwrap();
    let mut bramble = files(&folder);
    let mut client = bramble.client();
    let before = bramble.program().cpu_ms();
    let answer = client.send(head("/huge.bin")).answer_to_head();
    answer.expect(200).has("Content-Length", "10737418240");
    client.send(get("/huge.bin"));
    assert_eq!(client.wire().head().unwrap().field("Content-Length"), Some("10737418240"));
    assert_eq!(client.wire().exactly(1 << 20), Ok(vec![0; 1 << 20]));
    let used = bramble.program().cpu_ms() - before;
    println!("{used} ms of processor time");
}

#[test]
fn a_tag_that_may_not_stay_is_weak() {
    let folder = Folder::empty();
    folder.write("large.bin", vec![b'x'; 300_000]);
    let bramble = files(&folder);
    let mut client = bramble.client();
    let file = File::options().write(true).open(folder.join("large.bin")).unwrap();
    file.set_modified(std::time::SystemTime::now() + Duration::from_secs(5)).unwrap();
    let weak = client.get("/large.bin").expect(200).field("ETag").unwrap().to_owned();
    assert!(weak.starts_with("W/\""), "{weak}");
    client.get_with("/large.bin", &[&format!("If-None-Match: {weak}")]).expect(304);
    client.get_with("/large.bin", &[&format!("If-Match: {weak}")]).expect(412);
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    let strong = client.get("/large.bin").expect(200).field("ETag").unwrap().to_owned();
    assert!(strong.starts_with('"'), "{strong}");
    client.get_with("/large.bin", &[&format!("If-Match: {strong}")]).expect(200);
}

#[test]
fn a_large_file_of_a_release_has_one_tag_on_all_nodes() {
    let folder = Folder::with(&[("index.html", "home")]);
    folder.write("large.bin", vec![b'x'; 3 << 20]);
    let cluster = Cluster::up();
    cluster.publish(&folder).expect(0);
    // It fetches the file later, so that its own copy has another time.
    let _second = cluster.join("second");
    cluster.wait_until_serving(&["first", "second"]);
    let ask = |_| cluster.get("/large.bin").expect(200).field("ETag").unwrap().to_owned();
    let tags: BTreeSet<String> = (0..8).map(ask).collect();
    assert_eq!(tags.len(), 1, "{tags:?}");
    let tag = tags.first().unwrap();
    assert!(tag.len() == 34 && !tag.contains('-'), "{tag}");
    let mut client = cluster.client();
    client.get_with("/large.bin", &[&format!("If-None-Match: {tag}")]).expect(304);
}

#[test]
fn a_file_that_is_changed_in_place_while_it_is_sent_is_cut() {
    let folder = Folder::empty();
    folder.write("large.bin", vec![b'x'; LARGE]);
    let bramble = files(&folder);
    let mut client = bramble.client();
    client.send(get("/large.bin"));
    client.wire().head().unwrap();
    // As long as before: only its time tells.
    let mut file = File::options().write(true).open(folder.join("large.bin")).unwrap();
    file.write_all(&vec![b'y'; LARGE]).unwrap();
    assert_eq!(client.wire().exactly(LARGE), Err(Broken::Cut));
    bramble.client().get("/large.bin").expect(200).body(vec![b'y'; LARGE]);
}

#[test]
fn one_that_is_replaced_or_removed_while_it_is_sent_comes_whole() {
    let folder = Folder::empty();
    folder.write("large.bin", vec![b'x'; LARGE]);
    folder.write("new.bin", vec![b'y'; LARGE]);
    let bramble = files(&folder);
    let mut clients = [bramble.client(), bramble.client()];
    for (client, old) in clients.iter_mut().zip([b'x', b'y']) {
        client.send(get("/large.bin"));
        client.wire().head().unwrap();
        match old {
            b'x' => fs::rename(folder.join("new.bin"), folder.join("large.bin")).unwrap(),
            _ => folder.remove("large.bin"),
        }
        thread::sleep(Duration::from_millis(1100));
    }
    for (client, old) in clients.iter_mut().zip([b'x', b'y']) {
        assert!(client.wire().exactly(LARGE).unwrap().iter().all(|byte| *byte == old));
    }
    bramble.get("/large.bin").expect(404);
}

#[test]
fn what_is_renamed_removed_and_shortened_under_load_is_never_half() {
    const SIZES: [(&str, usize); 3] = [("small", 3000), ("middle", 300_000), ("large", 3_000_000)];
    let folder = Folder::empty();
    let put = |name: &str, size: usize, byte: u8| {
        folder.write("new", vec![byte; size]);
        fs::rename(folder.join("new"), folder.join(name)).unwrap();
    };
    SIZES.iter().for_each(|(name, size)| put(name, *size, 0));
    let bramble = Config::files(&folder, "").top("threads = 2").run();
    let seen = [(); 3].map(|()| std::sync::atomic::AtomicUsize::new(0));
    let count = |kind: usize| seen[kind].fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let visit = |(client, turn): &mut (bramble_tests::Client, usize)| {
        *turn += 1;
        let (name, size) = SIZES[*turn % SIZES.len()];
        match client.send(get(&format!("/{name}"))).try_answer() {
            Ok(answer) if answer.status == 404 => drop(count(0)),
            Ok(answer) => {
                let body = answer.expect(200).bytes();
                assert!(body.len() == size || body.len() == size / 2, "{} bytes", body.len());
                assert!(body.iter().all(|byte| *byte == body[0]), "{name} is of two states");
                count(1);
            }
            Err(broken) => {
                assert!(matches!(broken, Broken::Cut | Broken::Reset), "{broken:?}");
                count(2);
                *client = bramble.client();
            }
        }
    };
    under_load(
        3,
        |i| (bramble.client(), i),
        visit,
        || {
            for round in 1..=60_u8 {
                for (name, size) in SIZES {
                    match round % 3 {
                        0 => folder.remove(name),
                        1 => put(name, size, round),
                        _ => {
                            let file = File::options().write(true).open(folder.join(name));
                            file.unwrap().set_len(size as u64 / 2).unwrap();
                        }
                    }
                    thread::sleep(Duration::from_millis(15));
                }
            }
        },
    );
    let [absent, whole, cut] = seen.map(std::sync::atomic::AtomicUsize::into_inner);
    println!("{whole} whole, {absent} not there, {cut} cut, 0 half");
    assert!(whole > 100, "{whole}");
}

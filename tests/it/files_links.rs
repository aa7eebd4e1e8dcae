//! Links: none is followed, wherever it stands and whenever it comes.

#![allow(clippy::print_stdout)] // The figures are for whoever reads the run.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use bramble_tests::{Config, Folder, files, under_load};

/// Something beside the site that nobody is to see.
fn outside() -> Folder {
    Folder::with(&[("secret.txt", "secret"), ("index.html", "secret"), ("page.txt", "secret")])
}

#[test]
fn a_link_is_no_index_and_no_error_page() {
    let (outside, folder) = (outside(), Folder::with(&[("second.html", "second")]));
    folder.link("index.html", outside.join("secret.txt"));
    folder.link("lost.html", outside.join("secret.txt"));
    folder.write("more/second.html", "more");
    folder.link("more/index.html", "../second.html");
    let keys = "index = [\"index.html\", \"second.html\"]\nnot_found = \"lost.html\"";
    let bramble = Config::files(&folder, keys).run();
    bramble.get("/").expect(200).body("second");
    bramble.get("/more/").expect(200).body("more");
    for path in ["/index.html", "/lost.html", "/missing"] {
        let answer = bramble.get(path);
        assert!(answer.expect(404).text().contains("There is no page"), "{}", answer.text());
    }
}

#[test]
fn a_way_out_by_the_systems_own_links_is_none() {
    let folder = Folder::with(&[("index.html", "home")]);
    for (name, target) in [
        ("self", "/proc/self"),
        ("root", "/proc/self/root"),
        ("working", "/proc/self/cwd"),
        ("opened", "/proc/self/fd"),
        ("absolute", "/"),
        ("up", ".."),
    ] {
        folder.link(name, target);
    }
    let bramble = files(&folder);
    for path in [
        "/self/environ",
        "/self/status",
        "/root/etc/passwd",
        "/working/",
        "/opened/0",
        "/absolute/etc/passwd",
        "/up/",
    ] {
        bramble.get(path).expect(404);
    }
    bramble.get("/").expect(200).body("home");
}

/// Puts a link where something else is, in one step.
fn swap(target: &Path, aside: &Path, name: &Path) {
    let _ = fs::remove_file(aside);
    symlink(target, aside).unwrap();
    fs::rename(aside, name).unwrap();
}

#[test]
fn a_link_that_comes_and_goes_is_never_followed() {
    // Whoever looks first and opens then is too late (a race that many servers have had).
    let (outside, folder) = (outside(), Folder::with(&[("page.txt", "open")]));
    folder.write("folder/page.txt", "open");
    let bramble = Config::files(&folder, "").top("threads = 2").run();
    let [open, absent] = [(); 2].map(|()| AtomicUsize::new(0));
    let visit = |(client, turn): &mut (bramble_tests::Client, usize)| {
        *turn += 1;
        thread::sleep(Duration::from_micros(300));
        // Each spelling is looked up and kept for itself.
        let path = format!("/{}page.txt?{turn}", ["", "folder/", "./folder//"][*turn % 3]);
        let answer = client.get(&path);
        match answer.status {
            404 => absent.fetch_add(1, Ordering::Relaxed),
            _ => {
                answer.expect(200).body("open");
                open.fetch_add(1, Ordering::Relaxed)
            }
        };
    };
    let (aside, name, inner) =
        (folder.join("aside"), folder.join("page.txt"), folder.join("folder"));
    under_load(
        3,
        |i| (bramble.client(), i),
        visit,
        || {
            for _ in 0..150 {
                swap(&outside.join("secret.txt"), &aside, &name);
                // A folder can't be renamed over: it goes and a link stands there for a moment.
                fs::rename(&inner, folder.join("moved")).unwrap();
                symlink(outside.path(), &inner).unwrap();
                thread::sleep(Duration::from_millis(2));
                fs::remove_file(&inner).unwrap();
                fs::rename(folder.join("moved"), &inner).unwrap();
                folder.write("new", "open");
                fs::rename(folder.join("new"), &name).unwrap();
                thread::sleep(Duration::from_millis(2));
            }
        },
    );
    let (open, absent) = (open.into_inner(), absent.into_inner());
    println!("{open} times the file, {absent} times nothing, 0 times what a link leads to");
    assert!(open > 100 && absent > 0, "{open} {absent}");
}

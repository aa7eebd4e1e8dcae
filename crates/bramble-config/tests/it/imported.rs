//! Configurations of Apache with what is made of them: `apache/NAME.conf` becomes `NAME.toml`, and
//! `NAME.said` is what is said about the rest. `GOLDEN=write` writes both anew, to be looked at.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use bramble_config::apache::{File, ImportError, Imported, Surroundings, import};
use bramble_config::load;

/// Includes lie beside the files, one name can be looked up, one variable is there.
struct Beside;

impl Surroundings for Beside {
    fn include(&mut self, pattern: &str, _: Option<&str>, _: &str) -> Result<Vec<File>, String> {
        let Some((folder, _)) = pattern.split_once("/*") else {
            return file(pattern).map(|file| vec![file]);
        };
        let entries = fs::read_dir(place(folder)).map_err(|error| error.to_string())?;
        let mut names: Vec<String> = entries
            .map(|entry| format!("{folder}/{}", entry.unwrap().file_name().display()))
            .collect();
        names.sort();
        names.iter().map(|name| file(name)).collect()
    }

    fn variable(&self, name: &str) -> Option<String> {
        (name == "APACHE_LOG_DIR").then(|| "/var/log/apache2".to_owned())
    }

    fn resolve(&mut self, host: &str) -> Option<IpAddr> {
        (host == "app.internal").then(|| "10.0.0.9".parse().unwrap())
    }
}

fn place(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/apache").join(name)
}

fn file(name: &str) -> Result<File, String> {
    let bytes = fs::read(place(name)).map_err(|error| format!("can't read {name}: {error}"))?;
    Ok(File { name: name.to_owned(), bytes })
}

fn of(text: &str) -> Result<Imported, ImportError> {
    import(&[File { name: "a.conf".to_owned(), bytes: text.into() }], &mut Beside)
}

fn said(imported: &Imported) -> String {
    let mut said: String = imported.notices.iter().map(|notice| format!("{notice}\n\n")).collect();
    for (name, times) in &imported.idle {
        said += &format!("needless: {name} ({times})\n");
    }
    said
}

#[track_caller]
fn check(name: &str) {
    let imported = import(&[file(&format!("{name}.conf")).unwrap()], &mut Beside).unwrap();
    for (kind, found) in [("toml", imported.text.clone()), ("said", said(&imported))] {
        let golden = place(&format!("{name}.{kind}"));
        if std::env::var_os("GOLDEN").is_some() {
            fs::write(&golden, &found).unwrap();
        }
        let expected = fs::read_to_string(&golden).unwrap_or_default();
        assert_eq!(found, expected, "{name}.{kind} differs; GOLDEN=write writes it anew");
    }
    load(&imported.text, name).unwrap_or_else(|errors| panic!("{errors}"));
}

macro_rules! golden {
    ($($name:ident)*) => { $(#[test] fn $name() { check(stringify!($name)); })* };
}

golden! {
    aliases checks eight flags folders hostile included locations methods patterns redirects
    sole sticky three tls variables
}

#[test]
fn what_httpd_refuses_is_refused_with_its_place() {
    let error = of("Listen 80\n<Proxy balancer://a>\n").unwrap_err().to_string();
    assert_eq!(error, "a.conf:2: `<Proxy>` has no end");
}

#[test]
fn a_file_that_includes_itself_comes_to_an_end() {
    let error = of("Include loop.conf").unwrap_err().to_string();
    assert!(error.contains("nested includes"), "{error}");
}

#[test]
fn variables_that_grow_come_to_an_end() {
    let mut text = String::from("Define a0 xxxxxxxxxxxxxxxx\n");
    for i in 1..40 {
        text += &format!("Define a{i} ${{a{}}}${{a{}}}\n", i - 1, i - 1);
    }
    text += &"ServerAdmin ${a39}${a39}\n".repeat(19_000);
    assert!(matches!(of(&text), Err(ImportError::TooMuch { .. } | ImportError::Nothing)));
}

#[test]
fn nothing_to_answer_with_is_said() {
    assert_eq!(of("Listen 80"), Err(ImportError::Nothing));
}

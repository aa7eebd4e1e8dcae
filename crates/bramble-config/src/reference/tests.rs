use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde_json::Value;

use super::*;
use crate::{Config, raw};

/// A deserializer that only learns which fields a struct asks for.
struct FieldNames<'a>(&'a mut Vec<&'static str>);

#[derive(Debug)]
struct Learnt;

impl<'de> Deserializer<'de> for FieldNames<'_> {
    type Error = Learnt;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Learnt> {
        Err(Learnt)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Learnt> {
        self.0.extend_from_slice(fields);
        Err(Learnt)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl de::Error for Learnt {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl fmt::Display for Learnt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("learnt")
    }
}

impl std::error::Error for Learnt {}

fn keys<'de, T: Deserialize<'de>>() -> Vec<&'static str> {
    let mut names = Vec::new();
    assert!(T::deserialize(FieldNames(&mut names)).is_err());
    names
}

fn table(header: &str) -> &'static Table {
    TABLES.iter().find(|table| table.header == header).unwrap()
}

fn check<'de, T: Deserialize<'de>>(header: &str) {
    let documented: Vec<&str> = table(header).rows.iter().map(|row| row.key).collect();
    assert_eq!(documented, keys::<T>(), "keys of `{header}`: reference.rs against raw.rs");
}

#[test]
fn every_key_is_documented() {
    check::<raw::Raw>("top");
    check::<raw::Listener>("[[listener]]");
    check::<raw::Pool>("[[pool]]");
    check::<raw::Backend>("[[pool.backend]]");
    check::<raw::Health>("[pool.health]");
    check::<raw::Sticky>("[pool.sticky]");
    check::<raw::Site>("[[site]]");
    check::<raw::Route>("[[route]]");
    check::<raw::Redirect>("redirect");
    check::<raw::Respond>("respond");
    check::<raw::Limits>("[limits]");
    check::<raw::Timeouts>("[timeouts]");
    check::<raw::AccessLog>("[access_log]");
    check::<raw::Metrics>("[metrics]");
}

fn documented_defaults(header: &str) -> BTreeMap<String, String> {
    let given = table(header).rows.iter().filter(|row| !row.default.is_empty());
    given.map(|row| (row.key.to_owned(), row.default.replace('"', ""))).collect()
}

fn real_defaults(value: &impl serde::Serialize) -> BTreeMap<String, String> {
    let Value::Object(fields) = serde_json::to_value(value).unwrap() else { panic!("no table") };
    // What has no value by default is found out when it starts; the text says how.
    let given = fields.into_iter().filter(|(_, value)| !value.is_null());
    given.map(|(key, value)| (key, value.to_string().replace('"', ""))).collect()
}

#[test]
fn documented_defaults_are_those_in_force() {
    let config = Config::default();
    assert_eq!(documented_defaults("[limits]"), real_defaults(config.limits()));
    assert_eq!(documented_defaults("[timeouts]"), real_defaults(config.timeouts()));
}

#[test]
fn documented_defaults_of_a_pool_are_those_in_force() {
    let text = r#"
        listener = [{ name = "web", address = "127.0.0.1:8080" }]
        pool = [{ name = "app", backend = [{ address = "127.0.0.1:9001" }], health = {} }]
    "#;
    let config = crate::load(text, "test").unwrap();
    let pool = config.pools().first().unwrap();
    let documented = documented_defaults("[[pool]]");
    let real = real_defaults(pool);
    assert!(documented.iter().all(|(key, value)| real.get(key) == Some(value)), "{real:?}");
    assert_eq!(documented_defaults("[pool.health]"), real_defaults(pool.health.as_ref().unwrap()));
}

#[test]
fn documented_defaults_of_sessions_are_those_in_force() {
    let text = r#"
        listener = [{ name = "web", address = "127.0.0.1:8080" }]
        [[pool]]
        name = "app"
        backend = [{ address = "127.0.0.1:9001" }]
        [pool.sticky]
        cookie = "SID"
    "#;
    let config = crate::load(text, "test").unwrap();
    let mut real = real_defaults(config.pools()[0].sticky.as_ref().unwrap());
    for name in ["cookie", "parameter"] {
        assert_eq!(real.remove(name).as_deref(), Some("SID"));
    }
    assert_eq!(documented_defaults("[pool.sticky]"), real);
}

#[test]
fn documented_defaults_of_the_access_log_are_those_in_force() {
    let listener = "listener = [{ name = 'web', address = '127.0.0.1:8080' }]";
    let text = format!("{listener}\nsite = [{{ name = 'a' }}]\naccess_log = {{ path = 'a.log' }}");
    let config = crate::load(&text, "test").unwrap();
    let mut real = real_defaults(config.access_log().unwrap());
    assert_eq!(real.remove("path").as_deref(), Some("a.log"));
    assert_eq!(documented_defaults("[access_log]"), real);
}

#[test]
fn the_page_in_docs_is_in_step() {
    let page = std::fs::read_to_string("../../docs/reference.md").unwrap_or_default();
    let remake = "cargo run --package bramble-config --example reference > docs/reference.md";
    assert!(page == reference(), "docs/reference.md is out of step, make it anew: {remake}");
}

//! Where a pool and its backends stand in a file.

use std::net::SocketAddr;

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value};

use super::style::{Form, blank};
use super::{EditError, Setting};

pub(super) fn find<'a>(document: &'a mut DocumentMut, name: &str) -> Result<Form<'a>, EditError> {
    let mut pools = document.get_mut("pool").map(tables).unwrap_or_default();
    match pools.iter().position(|pool| pool.text("name") == Some(name)) {
        Some(at) => Ok(pools.swap_remove(at)),
        None => {
            let known = pools.iter().filter_map(|pool| pool.text("name")).map(str::to_owned);
            Err(EditError::Pool { name: name.to_owned(), known: known.collect() })
        }
    }
}

pub(super) fn set(mut pool: Form<'_>, settings: &[Setting]) -> Result<(), EditError> {
    let is_backend = |setting: &Setting| setting.key.split('.').next() == Some("backend");
    if settings.iter().any(is_backend) {
        return Err(EditError::Backends);
    }
    settings.iter().try_for_each(|setting| setting.apply(pool.again()))
}

pub(super) fn set_backend(
    pool: Form<'_>,
    of: &str,
    name: &str,
    settings: &[Setting],
) -> Result<(), EditError> {
    let mut backends = pool.item("backend").map(tables).unwrap_or_default();
    let at = position(&backends, of, name)?;
    let mut backend = backends.swap_remove(at);
    settings.iter().try_for_each(|setting| setting.apply(backend.again()))
}

pub(super) fn add(pool: Form<'_>, settings: &[Setting]) -> Result<(), EditError> {
    match pool.item("backend") {
        Some(Item::ArrayOfTables(list)) => add_block(list, settings),
        Some(Item::Value(Value::Array(list))) => add_inline(list, settings),
        // A pool without a backend is no pool.
        _ => Ok(()),
    }
}

pub(super) fn remove(mut pool: Form<'_>, of: &str, names: &[String]) -> Result<(), EditError> {
    let backends = pool.again().item("backend").map(tables).unwrap_or_default();
    let places = names.iter().map(|name| position(&backends, of, name));
    let mut places = places.collect::<Result<Vec<_>, _>>()?;
    places.sort_unstable();
    places.dedup();
    drop(backends);
    let list = pool.item("backend");
    match list {
        Some(Item::ArrayOfTables(list)) => {
            places.into_iter().rev().for_each(|at| drop(list.remove(at)));
        }
        Some(Item::Value(Value::Array(list))) => {
            places.into_iter().rev().for_each(|at| drop(list.remove(at)));
        }
        _ => {}
    }
    Ok(())
}

/// By name, or by address for who is called so or has no other name at hand.
fn position(backends: &[Form<'_>], pool: &str, name: &str) -> Result<usize, EditError> {
    let by_name = backends.iter().position(|backend| backend.text("name") == Some(name));
    let address = name.parse::<SocketAddr>().ok();
    let is_there = |backend: &Form<'_>| {
        let parsed = backend.text("address").and_then(|text| text.parse().ok());
        address.is_some() && parsed == address
    };
    by_name.or_else(|| backends.iter().position(is_there)).ok_or_else(|| {
        let name_of = |backend: &Form<'_>| {
            backend.text("name").or_else(|| backend.text("address")).map(str::to_owned)
        };
        EditError::Backend {
            pool: pool.to_owned(),
            name: name.to_owned(),
            known: backends.iter().filter_map(name_of).collect(),
        }
    })
}

fn add_block(list: &mut ArrayOfTables, settings: &[Setting]) -> Result<(), EditError> {
    let mut table = Table::new();
    // As far from the one above as that is from what is above it.
    let above = list.iter().last().and_then(|last| blank(last.decor().prefix()));
    above.into_iter().for_each(|above| table.decor_mut().set_prefix(above));
    settings.iter().try_for_each(|setting| setting.apply(Form::Block(&mut table)))?;
    list.push(table);
    Ok(())
}

fn add_inline(list: &mut Array, settings: &[Setting]) -> Result<(), EditError> {
    let mut table = InlineTable::new();
    settings.iter().try_for_each(|setting| setting.apply(Form::Inline(&mut table)))?;
    let before = list.iter().last().and_then(|last| blank(last.decor().prefix()));
    let before = before.filter(|before| !before.is_empty()).unwrap_or(" ").to_owned();
    let mut value = Value::from(table);
    value.decor_mut().set_prefix(before);
    list.push_formatted(value);
    Ok(())
}

/// The tables of a list, whichever form it has.
fn tables(item: &mut Item) -> Vec<Form<'_>> {
    match item {
        Item::ArrayOfTables(list) => list.iter_mut().map(Form::Block).collect(),
        Item::Value(Value::Array(list)) => {
            list.iter_mut().filter_map(Value::as_inline_table_mut).map(Form::Inline).collect()
        }
        _ => Vec::new(),
    }
}

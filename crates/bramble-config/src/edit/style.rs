//! The two forms of a table, under its header and between braces, and new lines that look as
//! those around them.

use toml_edit::{Decor, InlineTable, Item, RawString, Table, Value};

/// A table in the form that it has.
pub(super) enum Form<'a> {
    /// Lines under a header.
    Block(&'a mut Table),
    /// Between braces.
    Inline(&'a mut InlineTable),
}

impl<'a> Form<'a> {
    /// The table that stands there, if one does.
    pub(super) fn of(item: &'a mut Item) -> Option<Self> {
        match item {
            Item::Table(table) => Some(Self::Block(table)),
            Item::Value(Value::InlineTable(table)) => Some(Self::Inline(table)),
            _ => None,
        }
    }

    /// The text under that key.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self {
            Self::Block(table) => table.get(key)?.as_str(),
            Self::Inline(table) => table.get(key)?.as_str(),
        }
    }

    pub(super) fn item(self, key: &str) -> Option<&'a mut Item> {
        match self {
            Self::Block(table) => table.get_mut(key),
            Self::Inline(table) => toml_edit::TableLike::get_mut(table, key),
        }
    }

    /// The same, for a while.
    pub(super) fn again(&mut self) -> Form<'_> {
        match self {
            Self::Block(table) => Form::Block(table),
            Self::Inline(table) => Form::Inline(table),
        }
    }

    /// A table in this one, made in the form of this one where there is none.
    pub(super) fn open(mut self, key: &str) -> Option<Self> {
        if self.again().item(key).is_none() {
            match &mut self {
                Self::Block(table) => drop(table.insert(key, Item::Table(Table::new()))),
                Self::Inline(table) => append(table, key, Value::from(InlineTable::new())),
            }
        }
        self.item(key).and_then(Form::of)
    }

    /// Gives the key a value; what is said beside the one before stays.
    pub(super) fn put(mut self, key: &str, value: Value) {
        if let Some(item) = self.again().item(key) {
            return replace(item, value);
        }
        match self {
            Self::Block(table) => indent(table, key, value),
            Self::Inline(table) => append(table, key, value),
        }
    }

    pub(super) fn remove(self, key: &str) {
        match self {
            Self::Block(table) => drop(table.remove(key)),
            Self::Inline(table) => take(table, key),
        }
    }
}

fn replace(item: &mut Item, mut value: Value) {
    if let Item::Value(old) = item {
        *value.decor_mut() = old.decor().clone();
    }
    *item = Item::Value(value);
}

/// A line more, as far to the right as the first.
fn indent(table: &mut Table, key: &str, value: Value) {
    let first = table.iter().find(|(_, item)| item.is_value()).map(|(key, _)| key.to_owned());
    let before = first.and_then(|key| table.key(&key)?.leaf_decor().prefix()?.as_str());
    // Empty lines and comments may stand above it.
    let indent = before.and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
    let indent = indent.to_owned();
    table.insert(key, Item::Value(value));
    if let Some(mut key) = table.key_mut(key) {
        key.leaf_decor_mut().set_prefix(indent);
    }
}

/// One more between the braces; what stood before the closing one still does.
fn append(table: &mut InlineTable, key: &str, mut value: Value) {
    let last = table.iter_mut().last().map(|(_, last)| last.decor_mut());
    let end = last.and_then(take_suffix);
    value.decor_mut().set_prefix(" ");
    end.into_iter().for_each(|end| value.decor_mut().set_suffix(end));
    table.insert(key, value);
}

fn take(table: &mut InlineTable, key: &str) {
    let is_last = table.iter().last().is_some_and(|(last, _)| last == key);
    let end = table.remove(key).and_then(|mut value| take_suffix(value.decor_mut()));
    let Some(end) = end.filter(|_| is_last) else { return };
    if let Some((_, last)) = table.iter_mut().last() {
        last.decor_mut().set_suffix(end);
    }
}

fn take_suffix(decor: &mut Decor) -> Option<String> {
    let suffix = blank(decor.suffix())?.to_owned();
    decor.set_suffix("");
    Some(suffix)
}

/// What holds no comment.
pub(super) fn blank(text: Option<&RawString>) -> Option<&str> {
    text?.as_str().filter(|text| text.trim().is_empty())
}

//! Files → one tree: what is included stands in its place, variables are put in, and what a
//! condition leaves out is gone.
//!
//! Conditions on modules are taken as met: whoever wrote `<IfModule mod_proxy.c>` meant it to be.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::ImportError;
use super::notice::Notices;
use super::syntax::{self, Item};
use super::words::{expand, split_word, words};

const NODES: usize = 20_000;
const FILES: usize = 512;
const INCLUDE_DEPTH: usize = 16;
/// Of all lines together, with what variables put in.
const BYTES: usize = 16 << 20;

/// A file of the configuration.
#[derive(Clone, Debug)]
pub struct File {
    /// How it is named in messages.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// What an import asks of the world around it.
pub trait Surroundings {
    /// The files that an `Include` in `from` means, in order; `root` is the `ServerRoot`, if that
    /// was said.
    ///
    /// # Errors
    /// Why there are none, in words.
    fn include(
        &mut self,
        pattern: &str,
        root: Option<&str>,
        from: &str,
    ) -> Result<Vec<File>, String>;

    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<String>;

    /// The address of a host, where names may be looked up.
    fn resolve(&mut self, host: &str) -> Option<IpAddr>;
}

/// File and line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file's name.
    pub file: Arc<str>,
    /// From 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A directive or section with nothing left to replace.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub place: Place,
    /// In lower case.
    pub name: String,
    pub args: Vec<String>,
    /// As written, for messages.
    pub text: String,
    pub inside: Option<Vec<Node>>,
}

impl Node {
    pub fn arg(&self, index: usize) -> &str {
        self.args.get(index).map_or("", String::as_str)
    }
}

pub(crate) fn read(
    files: &[File],
    world: &mut dyn Surroundings,
    notices: &mut Notices,
) -> Result<Vec<Node>, ImportError> {
    let mut reader = Reader {
        world,
        notices,
        defined: BTreeMap::new(),
        root: None,
        nodes: 0,
        bytes: 0,
        files: 0,
        depth: 0,
    };
    let mut out = Vec::new();
    files.iter().try_for_each(|file| reader.file(file, &mut out))?;
    Ok(out)
}

struct Reader<'a> {
    world: &'a mut dyn Surroundings,
    notices: &'a mut Notices,
    defined: BTreeMap<String, String>,
    root: Option<String>,
    nodes: usize,
    bytes: usize,
    files: usize,
    depth: usize,
}

impl Reader<'_> {
    fn file(&mut self, file: &File, out: &mut Vec<Node>) -> Result<(), ImportError> {
        let name: Arc<str> = file.name.as_str().into();
        let place = |line| Place { file: Arc::clone(&name), line };
        self.files += 1;
        if self.files > FILES {
            return Err(ImportError::TooMuch { place: place(1), what: "files" });
        }
        let items = syntax::parse(&file.bytes)
            .map_err(|(line, fault)| ImportError::Syntax { place: place(line), fault })?;
        self.items(&items, &name, out)
    }

    fn items(
        &mut self,
        items: &[Item],
        file: &Arc<str>,
        out: &mut Vec<Node>,
    ) -> Result<(), ImportError> {
        items.iter().try_for_each(|item| self.item(item, file, out))
    }

    fn item(
        &mut self,
        item: &Item,
        file: &Arc<str>,
        out: &mut Vec<Node>,
    ) -> Result<(), ImportError> {
        let place = Place { file: Arc::clone(file), line: item.line };
        let known = |name: &str| self.defined.get(name).cloned().or(self.world.variable(name));
        let rest = expand(&item.rest, known);
        self.nodes += 1;
        self.bytes += rest.len();
        if self.nodes > NODES || self.bytes > BYTES {
            return Err(ImportError::TooMuch { place, what: "lines" });
        }
        let node = Node {
            place,
            name: item.name.to_ascii_lowercase(),
            args: words(&rest),
            text: shown(item),
            inside: None,
        };
        match &item.inside {
            Some(inside) => self.section(node, &rest, inside, file, out),
            None => self.directive(node, &rest, file, out),
        }
    }

    fn directive(
        &mut self,
        node: Node,
        rest: &str,
        file: &Arc<str>,
        out: &mut Vec<Node>,
    ) -> Result<(), ImportError> {
        match node.name.as_str() {
            "define" => {
                let (name, value) = split_word(rest);
                self.defined.insert(name, split_word(value).0);
            }
            "undefine" => drop(self.defined.remove(node.arg(0))),
            "serverroot" => self.root = Some(node.arg(0).to_owned()),
            "include" | "includeoptional" => return self.include(&node, file, out),
            _ => out.push(node),
        }
        Ok(())
    }

    fn include(
        &mut self,
        node: &Node,
        file: &Arc<str>,
        out: &mut Vec<Node>,
    ) -> Result<(), ImportError> {
        if self.depth >= INCLUDE_DEPTH {
            return Err(ImportError::TooMuch {
                place: node.place.clone(),
                what: "nested includes",
            });
        }
        match self.world.include(node.arg(0), self.root.as_deref(), file) {
            Ok(files) => {
                self.depth += 1;
                let read = files.iter().try_for_each(|file| self.file(file, out));
                self.depth -= 1;
                read
            }
            Err(_) if node.name == "includeoptional" => Ok(()),
            Err(why) => {
                self.notices.left_out(node, why, "name that file, too: import apache FILE...");
                Ok(())
            }
        }
    }

    fn section(
        &mut self,
        mut node: Node,
        rest: &str,
        inside: &[Item],
        file: &Arc<str>,
        out: &mut Vec<Node>,
    ) -> Result<(), ImportError> {
        match node.name.as_str() {
            "ifmodule" if !rest.starts_with('!') => self.items(inside, file, out),
            "ifmodule" => {
                let why = "it is for an Apache that lacks this module";
                self.notices.changed(&node, why, "nothing, unless yours does");
                Ok(())
            }
            "ifdefine" => {
                let name = rest.trim_start_matches('!');
                if self.defined.contains_key(name) != rest.starts_with('!') {
                    return self.items(inside, file, out);
                }
                Ok(())
            }
            _ => {
                let mut nodes = Vec::new();
                self.items(inside, file, &mut nodes)?;
                node.inside = Some(nodes);
                out.push(node);
                Ok(())
            }
        }
    }
}

fn shown(item: &Item) -> String {
    let Item { name, rest, .. } = item;
    let gap = if rest.is_empty() { "" } else { " " };
    match item.inside {
        Some(_) => format!("<{name}{gap}{rest}>"),
        None => format!("{name}{gap}{rest}"),
    }
}

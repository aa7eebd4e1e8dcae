//! Who may: `Order`, `Allow`, `Deny` and `Require` of one section.
//!
//! bramble knows no visitors by address or password. What some may not see is closed to all
//! rather than opened to all.

use super::expand::Node;
use super::notice::Notices;

/// What the lines of one section say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    allow_first: bool,
    has_order: bool,
    allows_all: bool,
    denies_all: bool,
    grants_all: bool,
    refuses_all: bool,
    /// Lines that let some in, or keep some out.
    some: Vec<Node>,
    requires_some: bool,
}

impl Access {
    /// Takes a line if it is about access.
    pub fn takes(&mut self, node: &Node) -> bool {
        let of_all = node.args.iter().skip(1).any(|arg| arg.eq_ignore_ascii_case("all"));
        match node.name.as_str() {
            "order" => {
                self.has_order = true;
                self.allow_first = node.args.concat().to_ascii_lowercase().starts_with("allow");
            }
            "allow" if of_all => self.allows_all = true,
            "deny" if of_all => self.denies_all = true,
            "allow" | "deny" => self.some.push(node.clone()),
            "require" => self.require(node),
            "authtype" | "authname" | "authuserfile" | "authgroupfile" | "authbasicprovider" => {
                self.some.push(node.clone());
            }
            "requireall" | "requireany" | "requirenone" => {
                self.requires_some = true;
                self.some.push(node.clone());
            }
            "satisfy" => {}
            _ => return false,
        }
        true
    }

    fn require(&mut self, node: &Node) {
        let is = |index: usize, word: &str| node.arg(index).eq_ignore_ascii_case(word);
        match (is(0, "all"), is(1, "granted"), is(1, "denied")) {
            (true, true, _) => self.grants_all = true,
            (true, _, true) => self.refuses_all = true,
            _ => {
                self.requires_some = true;
                self.some.push(node.clone());
            }
        }
    }

    /// Whether there is anybody who may not.
    pub fn is_closed(&self) -> bool {
        let required = self.refuses_all || (self.requires_some && !self.grants_all);
        let ordered = match self.allow_first {
            true => self.has_order && (!self.allows_all || self.denies_all),
            false => self.denies_all && !self.allows_all,
        };
        required || ordered
    }

    /// Names the lines that tell visitors apart.
    pub fn explain(&self, notices: &mut Notices) {
        for node in &self.some {
            let (why, instead) = match self.is_closed() {
                true => (
                    "bramble does not tell visitors apart: this is closed to all of them",
                    "leave it closed, or take the route with 403 out to open it to everybody",
                ),
                false => {
                    ("bramble does not tell visitors apart", "use the firewall of the machine")
                }
            };
            notices.left_out(node, why, instead);
        }
    }
}

#[cfg(test)]
mod tests;

//! What a server says of itself: names, folder, redirects, times.

use super::Reader;
use crate::apache::expand::Node;
use crate::apache::model::Setting;
use crate::apache::parameter::seconds;

impl Reader<'_> {
    /// Takes a line; false: it is another kind.
    pub(super) fn server(&mut self, node: &Node, scope: usize) -> bool {
        match node.name.as_str() {
            "servername" => self.name(node, node.arg(0), scope),
            "serveralias" => node.args.iter().for_each(|name| self.name(node, name, scope)),
            "listen" => self.declared.listens.push(node.clone()),
            "documentroot" => {
                let root = node.arg(0).to_owned();
                self.host(scope).root = Some((root, node.place.clone()));
            }
            "directoryindex" => self.host(scope).index = index(node),
            "errordocument" => self.error_page(node, scope),
            "proxypreservehost" => {
                self.host(scope).keeps_host = Some(node.arg(0).eq_ignore_ascii_case("on"));
            }
            "redirect" | "redirectpermanent" | "redirecttemp" => {
                let redirect = self.redirect(node, None);
                self.host(scope).redirects.extend(redirect);
            }
            "proxytimeout" => self.time(node, "timeouts.first_byte_ms"),
            "keepalivetimeout" => self.time(node, "timeouts.idle_ms"),
            "header" => return self.cookie(node),
            "proxyhctemplate" => {}
            _ => return false,
        }
        true
    }

    fn name(&mut self, node: &Node, name: &str, scope: usize) {
        // The main server answers whatever no virtual host does, under any name.
        if scope == 0 {
            return;
        }
        let name = name.split_once("://").map_or(name, |(_, name)| name).to_ascii_lowercase();
        let name = name.split_once(':').map_or(name.as_str(), |(name, _)| name).to_owned();
        if !is_host(&name) {
            let why = format!("`{name}` is no host that bramble takes");
            let instead = "write names out; a `*` stands only for whole labels at the start";
            return self.notices.left_out(node, why, instead);
        }
        let host = self.host(scope);
        if !host.names.contains(&name) {
            host.names.push(name);
        }
    }

    fn error_page(&mut self, node: &Node, scope: usize) {
        let code = node.arg(0).parse().unwrap_or_default();
        let page = node.arg(1).strip_prefix('/').filter(|page| !page.contains(['?', '#', '%']));
        let is_plain = |page: &str| {
            !page.is_empty() && page.split('/').all(|part| !matches!(part, "" | "." | ".."))
        };
        match page.filter(|page| is_plain(page)) {
            Some(page) if [400, 404, 405, 412, 416, 500, 503].contains(&code) => {
                self.host(scope).pages.insert(code, page.to_owned());
            }
            _ => {
                let why = "bramble shows files of the site, for 400, 404, 405, 412, 416, 500, 503";
                self.notices.left_out(node, why, "write such a page and name it in `error_pages`");
            }
        }
    }

    fn time(&mut self, node: &Node, key: &'static str) {
        match seconds(node.arg(0)) {
            Some(ms) if ms > 0 => self.declared.settings.push(Setting {
                key,
                value: ms.to_string(),
                place: node.place.clone(),
                text: node.text.clone(),
            }),
            _ => self.notices.left_out(node, "bramble takes 1 ms to a day", "choose such a time"),
        }
    }

    /// `Header add Set-Cookie "ROUTEID=.%{BALANCER_WORKER_ROUTE}e; path=/" env=…`.
    fn cookie(&mut self, node: &Node) -> bool {
        let cookie = node.args.iter().find(|word| word.contains("%{BALANCER_WORKER_ROUTE}e"));
        let Some((name, _)) = cookie.and_then(|word| word.split_once('=')) else { return false };
        self.declared.cookies.push((name.to_owned(), node.clone()));
        true
    }
}

fn index(node: &Node) -> Vec<String> {
    let files = node.args.iter().filter(|file| {
        !file.contains(['/', '\0']) && !matches!(file.as_str(), "" | "." | ".." | "disabled")
    });
    // Scripts, which bramble does not run, would be sent as they are.
    files
        .filter(|file| !file.contains(".php") && !file.contains(".cgi"))
        .take(16)
        .cloned()
        .collect()
}

fn is_host(name: &str) -> bool {
    let plain = name.strip_prefix("*.").unwrap_or(name);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    plain.len() <= 253 && plain.split('.').all(is_label)
}

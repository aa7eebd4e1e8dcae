//! Directives that nothing is made of: those that bramble has no need of, and why others are
//! left out.

use super::expand::Node;

pub(crate) enum Fate {
    Idle,
    /// Why, and what to do instead.
    LeftOut(&'static str, &'static str),
}

/// Ways of Apache's own, defaults, and what bramble does anyway.
const IDLE: &[&str] = &[
    "acceptfilter",
    "accessfilename",
    "adddefaultcharset",
    "addencoding",
    "addhandler",
    "addicon",
    "addlanguage",
    "addtype",
    "allowoverride",
    "asyncrequestworkerfactor",
    "balancergrowth",
    "balancerinherit",
    "balancerpersist",
    "defaulticon",
    "defaultruntimedir",
    "errorlog",
    "errorlogformat",
    "extendedstatus",
    "fileetag",
    "hostnamelookups",
    "indexoptions",
    "keepalive",
    "languagepriority",
    "listenbacklog",
    "loadmodule",
    "logformat",
    "loglevel",
    "maxconnectionsperchild",
    "maxkeepaliverequests",
    "maxrequestworkers",
    "maxspareservers",
    "maxsparethreads",
    "minspareservers",
    "minsparethreads",
    "mutex",
    "namevirtualhost",
    "options",
    "pidfile",
    "proxyaddheaders",
    "proxyhctpsize",
    "proxypassinherit",
    "proxystatus",
    "proxyvia",
    "serveradmin",
    "serverlimit",
    "serversignature",
    "servertokens",
    "setenvif",
    "setenvifnocase",
    "browsermatch",
    "sslrandomseed",
    "sslsessioncache",
    "startservers",
    "threadlimit",
    "threadsperchild",
    "timeout",
    "traceenable",
    "typesconfig",
    "usecanonicalname",
    "user",
    "group",
    "unsetenv",
    "readmename",
    "headername",
    "indexignore",
    "addiconbytype",
    "addiconbyencoding",
    "forcelanguagepriority",
];

const TLS: (&str, &str) = (
    "bramble does not end visitors' TLS yet",
    "keep what does in front of it, and name its address in `trusted_proxies`",
);

/// First letters of a name → why, and what to do instead.
const LEFT_OUT: &[(&str, (&str, &str))] = &[
    ("alias", ("a site has one folder", "put these files below the site's own folder")),
    (
        "customlog",
        ("one access log is for all", "add [access_log] with `path`, see docs/manual.md"),
    ),
    ("files", ("bramble closes paths, not names of files", "keep such files out of the folder")),
    ("header", ("bramble adds no fields of its own to answers", "let the backends send it")),
    ("limitrequest", ("bramble's limits are for all alike", "see [limits] in docs/reference.md")),
    ("locationmatch", ("bramble's routes are prefixes", "write a [[route]] for each path")),
    ("php", ("bramble runs no scripts", "let a backend run them, and make it a pool")),
    (
        "proxyerroroverride",
        ("bramble passes a backend's answers on", "let the backends send such pages"),
    ),
    ("proxymatch", ("bramble's pools have no patterns", "set what is needed in each pool")),
    ("proxyhcexpr", ("bramble has no expressions of Apache's", "see [pool.health]")),
    ("proxyrequests", ("bramble is no forward proxy", "keep one for that purpose")),
    ("redirectmatch", ("bramble's routes are prefixes", "write a [[route]] for each path")),
    (
        "requestheader",
        (
            "bramble sends X-Forwarded-For, -Host and -Proto, and no field of your own",
            "let the backends do without it",
        ),
    ),
    (
        "rewrite",
        ("bramble rewrites nothing by rules", "say it with routes, redirects or in the app"),
    ),
    ("scriptalias", ("bramble runs no scripts", "let a backend run them, and make it a pool")),
    ("serverpath", ("a route goes by host and path", "write a [[route]] with `path_prefix`")),
    (
        "sethandler",
        (
            "bramble has no pages of Apache's, as balancer-manager or server-status",
            "`bramble status` and [metrics] show what goes on",
        ),
    ),
    ("ssl", TLS),
    ("protocols", ("bramble speaks HTTP/1.1", "nothing: clients find out")),
];

pub(crate) fn fate(node: &Node) -> Fate {
    let name = node.name.as_str();
    let is_off = name == "proxyrequests" && node.arg(0).eq_ignore_ascii_case("off");
    // Names that begin with a dot are never sent.
    let is_hidden = name.starts_with("files") && node.args.concat().contains("^\\.ht");
    if IDLE.contains(&name) || is_off || is_hidden {
        return Fate::Idle;
    }
    let found = LEFT_OUT.iter().find(|(start, _)| name.starts_with(start));
    let (why, instead) = found.map_or(
        ("bramble has nothing of that kind", "see docs/reference.md for what there is"),
        |(_, words)| *words,
    );
    Fate::LeftOut(why, instead)
}

/// Why a virtual host with TLS is left out.
pub(crate) const fn tls() -> (&'static str, &'static str) {
    TLS
}

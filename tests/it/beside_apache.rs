//! Imported configurations beside httpd itself: the same request gets the same answer from both.

mod both;
mod files;
mod picks;

use bramble_tests::{Backend, Caller};

use both::Both;

/// Says its name and what it was asked for.
fn echo(name: &'static str) -> Backend {
    Backend::start(move |caller: &mut Caller| {
        let body = format!("{name} {}", caller.target());
        caller.respond(200, &body);
    })
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn three_sites_with_exclusions_and_closed_paths() {
    let (a, b) = (echo("a"), echo("b"));
    let conf = "\
ProxyPreserveHost On
<Proxy balancer://one>
    BalancerMember http://{a}
</Proxy>
<Proxy balancer://two>
    BalancerMember http://{b}
</Proxy>
<VirtualHost *:*>
    ServerName first.example
    ServerAlias *.first.example
    ProxyPass /balancer-manager !
    ProxyPass / balancer://one/
</VirtualHost>
<VirtualHost *:*>
    ServerName second.example
    ServerAlias *.second.example
    <Location /admin>
        Require all denied
    </Location>
    ProxyPass /bpi-balancer-manager !
    ProxyPass / balancer://two/
</VirtualHost>
<VirtualHost *:*>
    ServerName third.example
    DocumentRoot {dir}/www
    ErrorDocument 404 /errors/404.html
    Redirect 410 /gone
    ProxyPass /app/static !
    ProxyPass /app balancer://one/app
</VirtualHost>
";
    let both = Both::start(conf, &[&a, &b], 0);
    let paths = ["/", "/x?y=1", "/balancer-manager", "/balancer-managers", "/balancer-manager/x"];
    for host in ["first.example", "www.first.example", "a.b.first.example", "nobody.example"] {
        both.agree(host, &paths);
    }
    let paths = ["/", "/admin", "/admin/", "/admin/x", "/administrator", "/bpi-balancer-manager"];
    both.agree("second.example", &paths);
    both.agree("WWW.Second.Example", &paths);
    let paths =
        ["/", "/static/a.txt", "/static/none", "/gone", "/gone/x", "/app", "/app/x", "/apple"];
    both.agree("third.example", &paths);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn members_are_picked_in_the_same_order() {
    let (a, b) = (echo("a"), echo("b"));
    let conf = "\
ProxyPreserveHost On
<Proxy balancer://app>
    BalancerMember http://{a} loadfactor=3
    BalancerMember http://{b}
    ProxySet lbmethod=byrequests
</Proxy>
ProxyPass / balancer://app/
";
    let both = Both::start(conf, &[&a, &b], 0);
    both.agree("any.example", &["/"; 40]);
}

/// Says where it is by its own address and prefix.
fn mounted() -> Backend {
    Backend::start(|caller: &mut Caller| {
        let own = caller.wire().local();
        let body = caller.target().to_owned();
        caller.send(format!(
            "HTTP/1.1 302 Found\r\nLocation: http://{own}/base/next{body}\r\n\
             Set-Cookie: s=1; Path=/base; HttpOnly\r\nContent-Length: 0\r\n\r\n"
        ));
    })
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn prefixes_are_mapped_there_and_back() {
    let (a, b) = (mounted(), echo("b"));
    let conf = "\
ProxyPreserveHost On
ProxyPass /app http://{a}/base
ProxyPassReverse /app http://{a}/base
ProxyPassReverseCookiePath /base /app
ProxyPass /strip http://{b}
ProxyPass / http://{b}/inner/
";
    let both = Both::start(conf, &[&a, &b], 0);
    both.agree("any.example", &["/app", "/app/", "/app/x", "/app/x/?y=/z", "/app/a%20b"]);
    both.agree("any.example", &["/strip", "/strip/x", "/stripe", "/", "/x", "/x/?y"]);
}

/// Says whom it was asked as, and speaks of its places under that name.
fn named() -> Backend {
    Backend::start(|caller: &mut Caller| {
        let field = |name: &str| caller.request.field(name).unwrap_or_default().to_owned();
        let (host, visitors, to) =
            (field("Host"), field("X-Forwarded-Host"), caller.target().to_owned());
        if to.contains("away") {
            let head = format!("HTTP/1.1 302 Found\r\nLocation: http://{host}{to}/next\r\n");
            caller.send(format!("{head}Content-Length: 0\r\n\r\n"));
        } else {
            caller.respond(200, &format!("{host} {visitors} {to}"));
        }
    })
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn backends_get_their_own_host() {
    let (a, b) = (named(), named());
    let conf = "\
ProxyPass /app http://{a}/base
ProxyPassReverse /app http://{a}/base
ProxyPass /same http://{b}/same
ProxyPassReverse /same http://{b}/same
";
    let both = Both::start(conf, &[&a, &b], 0);
    both.agree("any.example", &["/app", "/app/x?y", "/app/away", "/same/x", "/same/away?z=/"]);
}

#[test]
#[ignore = "needs Apache: cargo xtask test --all"]
fn redirects_keep_what_follows() {
    let (a, b) = (echo("a"), echo("b"));
    let conf = "\
Redirect /old https://b.example/new
RedirectPermanent /older/ https://b.example/newer/
Redirect seeother /here /there
";
    let both = Both::start(conf, &[&a, &b], 0);
    both.agree("any.example", &["/old", "/old/", "/old/a/b?c=d", "/old/a%20b", "/old?x"]);
    both.agree("any.example", &["/older/", "/older/a?b", "/here", "/here/a", "/here?x=y"]);
}

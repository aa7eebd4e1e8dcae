//! Imported configurations beside httpd itself: the same request gets the same answer from both.

use std::process::{Command, Stdio};

use bramble_tests::{
    Address, Answer, Backend, Caller, Client, Folder, Program, bramble, bramble_binary, eventually,
};

const HTTPD: &str = "/usr/sbin/apache2";
/// What every httpd of these tests needs, and bramble does not.
const PREAMBLE: &str = "\
ServerRoot {dir}
DefaultRuntimeDir {dir}
PidFile {dir}/apache.pid
ErrorLog {dir}/apache.log
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_host_module {modules}/mod_authz_host.so
LoadModule access_compat_module {modules}/mod_access_compat.so
LoadModule alias_module {modules}/mod_alias.so
LoadModule dir_module {modules}/mod_dir.so
LoadModule headers_module {modules}/mod_headers.so
LoadModule mime_module {modules}/mod_mime.so
LoadModule slotmem_shm_module {modules}/mod_slotmem_shm.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
LoadModule proxy_balancer_module {modules}/mod_proxy_balancer.so
LoadModule lbmethod_byrequests_module {modules}/mod_lbmethod_byrequests.so
TypesConfig /dev/null
StartServers 1
ServerLimit 1
ThreadsPerChild 16
MaxRequestWorkers 16
MaxSpareThreads 16
Listen {address}
";

/// httpd and bramble with the same configuration.
struct Both {
    httpd: Httpd,
    bramble: Program,
    at: [Address; 2],
    _folder: Folder,
}

/// Ended by its process id, which its workers follow.
struct Httpd(std::process::Child);

impl Drop for Httpd {
    fn drop(&mut self) {
        let id = rustix::process::Pid::from_child(&self.0);
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        let _ = self.0.wait();
    }
}

impl Both {
    /// `{a}`, `{b}` and `{dir}` in `conf` are two backends' addresses and a folder with `www/` in it.
    fn start(conf: &str, a: &Backend, b: &Backend, exit: i32) -> Self {
        assert!(
            std::path::Path::new(HTTPD).exists(),
            "no {HTTPD}: cargo xtask test --all installs it"
        );
        let folder = Folder::with(&[
            ("www/index.html", "home"),
            ("www/static/a.txt", "a file"),
            ("www/errors/404.html", "not there"),
        ]);
        let at = [Address::free(), Address::free()];
        let filled = |template: &str, at: &Address| {
            template
                .replace("{dir}", &folder.path().display().to_string())
                .replace("{modules}", "/usr/lib/apache2/modules")
                .replace("{address}", &at.socket().to_string())
                .replace("{a}", &a.address().to_string())
                .replace("{b}", &b.address().to_string())
        };
        folder.write("httpd.conf", filled(&format!("{PREAMBLE}{conf}"), &at[0]));
        folder.write("import.conf", filled(&format!("Listen {{address}}\n{conf}"), &at[1]));
        bramble(folder.path(), &["import", "apache", "import.conf", "--output", "bramble.toml"])
            .expect(exit);
        let file = folder.join("bramble.toml").display().to_string();
        let bramble = Program::start(&["run", "--config", &file]);
        let mut command = Command::new(HTTPD);
        command.args(["-DFOREGROUND", "-f"]).arg(folder.join("httpd.conf"));
        let httpd = Httpd(command.stdout(Stdio::null()).spawn().unwrap());
        for address in &at {
            eventually("it listens", || std::net::TcpStream::connect(address.socket()).is_ok());
        }
        Self { httpd, bramble, at, _folder: folder }
    }

    fn ask(&self, host: &str, path: &str) -> [Answer; 2] {
        self.at.each_ref().map(|at| {
            let request =
                format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            Client::connect(at.socket()).send(request).answer()
        })
    }

    /// Both answer with the same status, `Location`, cookies, and body where it is not an error's.
    #[track_caller]
    fn agree(&self, host: &str, paths: &[&str]) {
        for path in paths {
            let [httpd, bramble] = self.ask(host, path).map(|answer| essence(host, &answer));
            assert_eq!(httpd, bramble, "{host} {path}: httpd, then bramble");
        }
        assert!(self.httpd.0.id() != self.bramble.id() && bramble_binary().exists());
    }
}

fn essence(host: &str, answer: &Answer) -> (u16, Option<String>, Option<String>, String) {
    // httpd makes an absolute URL of a path.
    let location = answer.field("Location").map(|to| to.replace(&format!("http://{host}"), ""));
    let cookie = answer.field("Set-Cookie").map(str::to_owned);
    let body = if answer.status == 200 { answer.text() } else { String::new() };
    (answer.status, location, cookie, body)
}

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
    let both = Both::start(conf, &a, &b, 0);
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
    let both = Both::start(conf, &a, &b, 0);
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
    let both = Both::start(conf, &a, &b, 0);
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
    let both = Both::start(conf, &a, &b, 0);
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
    let both = Both::start(conf, &a, &b, 0);
    both.agree("any.example", &["/old", "/old/", "/old/a/b?c=d", "/old/a%20b", "/old?x"]);
    both.agree("any.example", &["/older/", "/older/a?b", "/here", "/here/a", "/here?x=y"]);
}

//! httpd and bramble side by side, with the same configuration.

use std::net::SocketAddr;
use std::process::{Command, Stdio};

use bramble_tests::{
    Address, Answer, Backend, Client, Folder, Program, bramble, bramble_binary, eventually,
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
LoadModule lbmethod_bybusyness_module {modules}/mod_lbmethod_bybusyness.so
LoadModule lbmethod_byrequests_module {modules}/mod_lbmethod_byrequests.so
LoadModule lbmethod_bytraffic_module {modules}/mod_lbmethod_bytraffic.so
TypesConfig /dev/null
StartServers 1
ServerLimit 1
ThreadsPerChild 16
MaxRequestWorkers 16
MaxSpareThreads 16
MaxKeepAliveRequests 0
Listen {address}
";

/// httpd and bramble with the same configuration.
pub struct Both {
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
    /// `{a}`, `{b}` … in `conf` are the backends' addresses, `{dir}` is a folder with `www/` in it.
    #[track_caller]
    pub fn start(conf: &str, backends: &[&Backend], exit: i32) -> Self {
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
            let fixed = template
                .replace("{dir}", &folder.path().display().to_string())
                .replace("{modules}", "/usr/lib/apache2/modules")
                .replace("{address}", &at.socket().to_string());
            ('a'..).zip(backends).fold(fixed, |text, (name, backend)| {
                text.replace(&format!("{{{name}}}"), &backend.address().to_string())
            })
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

    /// Where httpd listens, and bramble.
    pub fn at(&self) -> [SocketAddr; 2] {
        self.at.each_ref().map(Address::socket)
    }

    fn ask(&self, host: &str, path: &str) -> [Answer; 2] {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
    }

    /// What httpd answers, and bramble.
    pub fn send(&self, request: &str) -> [Answer; 2] {
        self.at().map(|at| Client::connect(at).send(request).answer())
    }

    /// Both answer with the same status, `Location`, cookies, and body where it is not an error's.
    #[track_caller]
    pub fn agree(&self, host: &str, paths: &[&str]) {
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

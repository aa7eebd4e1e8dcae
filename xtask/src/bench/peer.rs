//! The peers: their names, versions, configurations and commands. How they are started is in
//! `running`.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use clap::ValueEnum;

use super::origin::{BACKENDS, WWW};
use super::setup::Setup;
use crate::needs;

const APACHE_MODULES: &str = "/usr/lib/apache2/modules";
const FILE_CACHE: &str = "open_file_cache max=1000 inactive=1h; open_file_cache_valid 1h;";

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Peer {
    Apache,
    Bramble,
    /// With its access log on.
    #[value(skip)]
    BrambleLogged,
    Caddy,
    Haproxy,
    Nginx,
    #[value(skip)]
    NginxFileCache,
}

/// What a configuration is filled with.
pub(super) struct Filling<'a> {
    pub folder: &'a Path,
    pub setup: Setup,
    pub port: u16,
    pub origin_port: u16,
    /// Of those health checks that the peer has.
    pub check_ms: u32,
    pub spread: Spread,
}

/// How the peer spreads requests; by default as it does by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spread {
    /// The peer's own word for its method.
    pub method: Option<&'static str>,
    /// Requests that one backend has at a time; HAProxy's alone.
    pub maxconn: Option<u32>,
}

impl Peer {
    pub fn name(self) -> &'static str {
        match self {
            Self::Apache => "apache",
            Self::Bramble => "bramble",
            Self::BrambleLogged => "bramble-logged",
            Self::Caddy => "caddy",
            Self::Haproxy => "haproxy",
            Self::Nginx => "nginx",
            Self::NginxFileCache => "nginx-file-cache",
        }
    }

    /// The same program as it comes.
    pub fn plain(self) -> Self {
        match self {
            Self::BrambleLogged => Self::Bramble,
            Self::NginxFileCache => Self::Nginx,
            other => other,
        }
    }

    /// The version that it says of itself, on one line.
    pub fn version(self, bramble: &Path) -> String {
        let word = match self.plain() {
            Self::Bramble | Self::Caddy => "version",
            _ => "-v",
        };
        let program = self.program(bramble).ok();
        let Some(output) = program.and_then(|path| Command::new(path).arg(word).output().ok())
        else {
            return "unknown version".to_owned();
        };
        let said = [output.stdout, output.stderr].concat();
        String::from_utf8_lossy(&said).lines().next().unwrap_or_default().to_owned()
    }

    pub fn configuration(self, filling: &Filling<'_>) -> String {
        let backends = lines(|host| self.backend(host, filling));
        let file_cache = if self == Self::NginxFileCache { FILE_CACHE } else { "" };
        self.template(filling.setup)
            .replace("{backends}", &backends)
            .replace("{check_ms}", &filling.check_ms.to_string())
            .replace("{dir}", &filling.folder.display().to_string())
            .replace("{file_cache}", file_cache)
            .replace("{method}", &self.method(filling.spread))
            .replace("{modules}", APACHE_MODULES)
            .replace("{port}", &filling.port.to_string())
            .replace("{threads}", &filling.setup.threads().to_string())
            .replace("{www}", &filling.folder.join(WWW).display().to_string())
    }

    pub fn command(self, file: &Path, bramble: &Path) -> Result<Vec<String>> {
        let file = file.display().to_string();
        let words: &[&str] = match self.plain() {
            Self::Apache => &["-DFOREGROUND", "-f", &file],
            Self::Caddy => &["run", "--adapter", "caddyfile", "--config", &file],
            Self::Haproxy => &["-db", "-f", &file],
            Self::Nginx => &["-c", &file],
            _ => &["run", "--config", &file],
        };
        let mut command = vec![self.program(bramble)?];
        command.extend(words.iter().map(|word| (*word).to_owned()));
        Ok(command)
    }

    /// Further words that make it one process, for those that look into it.
    pub fn alone(self) -> &'static [&'static str] {
        if self.plain() == Self::Nginx { &["-g", "master_process off;"] } else { &[] }
    }

    fn program(self, bramble: &Path) -> Result<String> {
        let program = match self.plain() {
            Self::Apache => "apache2",
            Self::Caddy => "caddy",
            Self::Haproxy => "haproxy",
            Self::Nginx => "nginx",
            _ => return Ok(bramble.display().to_string()),
        };
        needs::find(program).with_context(|| format!("{program} is not installed"))
    }

    fn template(self, setup: Setup) -> &'static str {
        match (self, setup) {
            (Self::Bramble, Setup::Files) => include_str!("templates/bramble.files.toml"),
            (Self::Nginx | Self::NginxFileCache, Setup::Files) => {
                include_str!("templates/nginx.files.conf")
            }
            (Self::Apache, _) => include_str!("templates/apache.conf"),
            (Self::Bramble, _) => include_str!("templates/bramble.toml"),
            (Self::BrambleLogged, _) => {
                concat!(
                    include_str!("templates/bramble.toml"),
                    include_str!("templates/bramble.log.toml")
                )
            }
            (Self::Caddy, _) => include_str!("templates/Caddyfile"),
            (Self::Haproxy, _) => include_str!("templates/haproxy.cfg"),
            (Self::Nginx | Self::NginxFileCache, _) => include_str!("templates/nginx.conf"),
        }
    }

    /// As the template wants it.
    fn method(self, spread: Spread) -> String {
        let word = |default| spread.method.unwrap_or(default).to_owned();
        match self.plain() {
            Self::Apache => word("byrequests"),
            Self::Haproxy => word("roundrobin"),
            Self::Nginx => spread.method.map_or_else(String::new, |method| format!("{method};")),
            _ => spread.method.map_or_else(String::new, |method| format!("method = \"{method}\"")),
        }
    }

    fn backend(self, host: u8, filling: &Filling<'_>) -> String {
        let address = format!("127.0.0.{host}:{}", filling.origin_port);
        let maxconn = filling.spread.maxconn.map(|most| format!(" maxconn {most}"));
        match self.plain() {
            Self::Apache => format!("    BalancerMember http://{address}"),
            Self::Caddy => format!("        to {address}"),
            Self::Haproxy => {
                format!("    server b{host} {address}{}", maxconn.unwrap_or_default())
            }
            Self::Nginx => format!("        server {address};"),
            _ => format!("[[pool.backend]]\naddress = \"{address}\""),
        }
    }
}

/// A line for each backend, of its address' last number.
pub(super) fn lines(line: impl Fn(u8) -> String) -> String {
    let mut text = String::new();
    for host in BACKENDS {
        // Writing to a String can't fail.
        let _ = writeln!(text, "{}", line(host));
    }
    text
}

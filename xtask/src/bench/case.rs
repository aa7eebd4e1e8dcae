//! The cases: what is asked of whom, and how often.

use clap::ValueEnum;

use super::load::Shape;
use super::peer::Peer;
use super::setup::Setup;

/// Runs of those that no bar speaks of, and of cases that start each peer anew.
const FEW: usize = 3;

/// Named as in the rows; on the command line by the word in quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Case {
    #[value(name = "a", help = "2 KB over kept-alive connections")]
    Keepalive,
    #[value(name = "b", help = "2 KB, a client connection a request")]
    ConnectionARequest,
    #[value(name = "d", help = "bodies of 1 MiB")]
    Bodies,
    #[value(name = "d-cubic", help = "the same with Linux's default congestion control")]
    BodiesCubic,
    #[value(name = "files-2k", help = "files of 2 KB from the disk's cache")]
    Files2k,
    #[value(name = "files-100k", help = "files of 100 KB")]
    Files100k,
    #[value(name = "relay", help = "a download of 48 MiB through a relay of 100 ms")]
    Relay,
    #[value(name = "relay-file", help = "the same, of a file")]
    RelayFile,
    #[value(name = "two-cores", help = "a, two threads and the load sharing both cores")]
    TwoCores,
    #[value(name = "memory", help = "at rest, and with 5,000 idle connections")]
    Memory,
    #[value(name = "users", help = "800 users of siege")]
    Users,
}

impl Case {
    pub fn name(self) -> &'static str {
        match self {
            Self::Keepalive => "keepalive_2k",
            Self::ConnectionARequest => "connection_a_request",
            Self::Bodies => "bodies_1m",
            Self::BodiesCubic => "bodies_1m_cubic",
            Self::Files2k => "files_2k",
            Self::Files100k => "files_100k",
            Self::Relay => "download_far",
            Self::RelayFile => "download_far_file",
            Self::TwoCores => "keepalive_2k_two_cores",
            Self::Memory => "memory",
            Self::Users => "users_800",
        }
    }

    /// For the reader of the page.
    pub fn title(self) -> &'static str {
        match self {
            Self::Keepalive => "a: keep-alive, 2 KB (wrk -c64)",
            Self::ConnectionARequest => "b: a client connection a request, 2 KB (wrk -c64)",
            Self::Bodies => "d: bodies of 1 MiB (wrk -c16)",
            Self::BodiesCubic => "d where the congestion control is Linux's default",
            Self::Files2k => "Files of 2 KB (wrk -c64)",
            Self::Files100k => "Files of 100 KB (wrk -c64)",
            Self::Relay => "One download of 48 MiB by a client 100 ms away",
            Self::RelayFile => "The same of a file",
            Self::TwoCores => "a on two cores that balancer, backends and load share (wrk -c64)",
            Self::Memory => "Memory at rest and of an idle keep-alive connection (5,000 held)",
            Self::Users => "800 users (siege -c800 -d1)",
        }
    }

    pub fn setup(self) -> Setup {
        match self {
            Self::Files2k | Self::Files100k | Self::RelayFile => Setup::Files,
            Self::TwoCores => Setup::TwoCores,
            _ => Setup::Balancer,
        }
    }

    pub fn shape(self) -> Shape {
        let usual = Shape { path: "/", connections: 64, keeps: true };
        match self {
            Self::ConnectionARequest => Shape { keeps: false, ..usual },
            Self::Bodies | Self::BodiesCubic => Shape { path: "/1m", connections: 16, ..usual },
            Self::Relay | Self::RelayFile => Shape { path: "/48m", connections: 1, keeps: false },
            Self::Files2k => Shape { path: "/2k.html", ..usual },
            Self::Files100k => Shape { path: "/100k.jpg", ..usual },
            _ => usual,
        }
    }

    pub fn peers(self) -> &'static [Peer] {
        match self {
            Self::Files2k | Self::Files100k => &[Peer::Bramble, Peer::Nginx, Peer::NginxFileCache],
            Self::BodiesCubic | Self::Relay | Self::RelayFile | Self::TwoCores => {
                &[Peer::Bramble, Peer::Nginx]
            }
            _ => &[Peer::Bramble, Peer::Nginx, Peer::Haproxy, Peer::Apache, Peer::Caddy],
        }
    }

    /// The kernel's setting for new sockets. None: the machine's own.
    pub fn congestion_control(self) -> Option<&'static str> {
        (self == Self::BodiesCubic).then_some("cubic")
    }

    /// Under callgrind, which they bear when they are one process without a runtime of its own.
    pub fn counted(self) -> &'static [Peer] {
        match self {
            Self::Keepalive => &[Peer::Bramble, Peer::BrambleLogged, Peer::Nginx, Peer::Haproxy],
            Self::ConnectionARequest | Self::Bodies => &[Peer::Bramble, Peer::Nginx, Peer::Haproxy],
            Self::Files2k | Self::Files100k => self.peers(),
            Self::BodiesCubic
            | Self::Relay
            | Self::RelayFile
            | Self::TwoCores
            | Self::Memory
            | Self::Users => &[],
        }
    }

    /// Requests whose instructions are counted: what is large shows soon.
    pub fn counted_requests(self) -> usize {
        if self == Self::Bodies { 40 } else { 1000 }
    }

    /// How many rounds the peer takes part in.
    pub fn rounds(self, peer: Peer, repeats: usize) -> usize {
        let starts_anew = matches!(self, Self::Memory | Self::Users);
        let is_aside = matches!(peer, Peer::Apache | Peer::Caddy);
        if starts_anew || is_aside { repeats.min(FEW) } else { repeats }
    }
}

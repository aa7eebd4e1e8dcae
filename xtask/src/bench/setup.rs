//! How the parts share the machine, and which configuration the peers get.

/// The core of the load, where the peer has one to itself.
pub(super) const LOAD_CORE: usize = 1;

/// What peers are set up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setup {
    /// Before 8 backends, alone on core 0.
    Balancer,
    /// Serving a folder, alone on core 0.
    Files,
    /// Before 8 backends, with two threads on the cores that the load has too.
    TwoCores,
}

impl Setup {
    /// As taskset wants it.
    pub fn peer_cores(self) -> &'static str {
        if self == Self::TwoCores { "0,1" } else { "0" }
    }

    pub fn load_cores(self) -> &'static str {
        if self == Self::TwoCores { "0,1" } else { "1" }
    }

    pub fn threads(self) -> usize {
        if self == Self::TwoCores { 2 } else { 1 }
    }

    /// A path that is there as soon as the peer serves.
    pub fn probe(self) -> &'static str {
        if self == Self::Files { "/2k.html" } else { "/" }
    }
}

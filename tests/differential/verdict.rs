//! What became of a case, and what is wrong with that.

/// How a proxy dealt with a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Passed on in part, and then visibly broken off.
    Cut,
    /// Passed on as a whole message.
    Forwarded,
    /// Nothing was passed on.
    Refused,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// What was passed on is not what all had read.
    Changed,
    /// A message arrived that was one of its own to some judges, while others had refused what
    /// stood before it: they are stricter than the proxy, and nobody was misled.
    Doubtful,
    /// Something was begun and neither ended nor broken off.
    LeftOpen,
    /// A later request did not get its own answer.
    Poisoned,
    /// A message arrived that was a part of another, or of nothing, to who read what was sent.
    Smuggled,
    /// The judges read different messages in what was passed on, or no message.
    Split,
    /// It was passed on though none of the judges could read it as it was sent.
    Unreadable,
}

impl Fault {
    pub const ALL: [Self; 7] = [
        Self::Split,
        Self::Smuggled,
        Self::Poisoned,
        Self::Changed,
        Self::LeftOpen,
        Self::Unreadable,
        Self::Doubtful,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Doubtful => "doubtful",
            Self::LeftOpen => "left open",
            Self::Poisoned => "poisoned",
            Self::Smuggled => "smuggled",
            Self::Split => "split",
            Self::Unreadable => "unreadable",
        }
    }
}

/// A fault of a case.
pub(crate) struct Finding {
    pub fault: Fault,
    /// Who differs, where judges do.
    pub judges: Vec<&'static str>,
    pub words: String,
}

/// All about a case and a proxy.
pub(crate) struct Verdict {
    pub outcome: Outcome,
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// Something is wrong, beyond doubts.
    pub fn is_faulty(&self) -> bool {
        self.findings.iter().any(|finding| finding.fault != Fault::Doubtful)
    }
}

impl Finding {
    pub fn new(fault: Fault, words: impl Into<String>) -> Self {
        Self { fault, judges: Vec::new(), words: words.into() }
    }
}

//! A file that is ready to be sent: its bytes or an open descriptor, what tells its state, and
//! the head of its answer as far as that is always the same.

use std::os::fd::OwnedFd;

use bramble_http::{Accepted, Body as Framing, Coding, Validators, begin_head, write_date};

use super::load::{Identity, Opened};

/// Always asked again, mostly answered with 304: a new release shows at once.
const CACHE_CONTROL: (&str, &str) = ("Cache-Control", "no-cache");

/// What a path names, in every coding that lies ready beside it.
pub(super) struct Resource {
    pub(super) plain: Entry,
    pub(super) coded: Vec<Entry>,
}

/// A file in one coding.
pub(super) struct Entry {
    pub(super) about: About,
    pub(super) len: u64,
    pub(super) body: Body,
    pub(super) identity: Identity,
    /// Of a release.
    pub(super) immutable: bool,
    /// Of 200, without `Date` and `Connection`: most answers are this, and cost no formatting.
    pub(super) head: Vec<u8>,
}

/// What an answer says of a file.
pub(super) struct About {
    pub(super) etag: String,
    /// When it changed last; none while that is not known for good.
    pub(super) modified_unix_s: Option<u64>,
    /// Of the plain file, whatever the coding.
    pub(super) media_type: &'static str,
    pub(super) coding: Option<Coding>,
    /// Whether another client might get it in another coding.
    pub(super) varies: bool,
    modified: Option<String>,
}

pub(super) enum Body {
    /// On the disk.
    File(OwnedFd),
    Memory(Vec<u8>),
    /// A copy in memory that nobody can change any more, so that the kernel can send it without
    /// copying it again.
    Sealed(OwnedFd),
}

/// What it takes to keep something.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Cost {
    pub(super) bytes: usize,
    pub(super) descriptors: usize,
}

impl Resource {
    /// In the coding that the client likes best.
    pub(super) fn best(&self, accepted: &Accepted) -> &Entry {
        let codings = self.coded.iter().filter_map(|entry| entry.about.coding);
        let best = accepted.best(codings);
        let coded = self.coded.iter().find(|entry| best.is_some() && entry.about.coding == best);
        coded.unwrap_or(&self.plain)
    }

    /// Whether the files are those that were opened now.
    pub(super) fn is_still(&self, plain: &Opened, coded: &[Opened]) -> bool {
        let same = |(entry, opened): (&Entry, &Opened)| {
            entry.about.coding == opened.coding && entry.is_still(opened)
        };
        self.plain.is_still(plain)
            && self.coded.len() == coded.len()
            && self.coded.iter().zip(coded).all(same)
    }

    /// Whether the files that are held open still have the bytes that they had then.
    pub(super) fn is_intact(&self) -> bool {
        self.plain.is_intact() && self.coded.iter().all(Entry::is_intact)
    }

    pub(super) fn cost(&self) -> Cost {
        let mut cost = Cost::default();
        for entry in std::iter::once(&self.plain).chain(&self.coded) {
            match &entry.body {
                Body::File(_) => cost.descriptors += 1,
                Body::Memory(bytes) => cost.bytes += bytes.len(),
                Body::Sealed(_) => {
                    cost.bytes += usize::try_from(entry.len).unwrap_or(usize::MAX);
                    cost.descriptors += 1;
                }
            }
        }
        cost
    }
}

impl Entry {
    pub(super) fn new(about: About, body: Body, identity: Identity, immutable: bool) -> Self {
        let len = match &body {
            Body::File(_) | Body::Sealed(_) => identity.size,
            Body::Memory(bytes) => bytes.len() as u64,
        };
        let mut head = Vec::new();
        let mut fields = about.fields();
        fields.push(("Content-Type", about.media_type));
        begin_head(&mut head, 200, &fields, Framing::Length(len));
        Self { about, len, body, identity, immutable, head }
    }

    fn is_still(&self, opened: &Opened) -> bool {
        (self.identity, self.about.modified_unix_s) == (opened.identity, opened.modified_unix_s)
    }

    /// Whether the bytes of its body stay what they are, whatever happens on the disk.
    pub(super) fn is_constant(&self) -> bool {
        self.immutable || matches!(self.body, Body::Sealed(_))
    }

    /// To ask is cheap beside sending it.
    pub(super) fn is_intact(&self) -> bool {
        match &self.body {
            Body::File(file) => rustix::fs::fstat(file)
                .is_ok_and(|stat| Identity::of(&stat).has_content_of(&self.identity)),
            Body::Memory(_) | Body::Sealed(_) => true,
        }
    }
}

impl About {
    pub(super) fn new(etag: String, media_type: &'static str, opened: &Opened) -> Self {
        let (modified_unix_s, coding) = (opened.modified_unix_s, opened.coding);
        let modified = modified_unix_s.map(date_text);
        // One content must not have one tag in two codings (RFC 9110 section 8.8.3).
        let etag = match (coding, etag.strip_suffix('"')) {
            (Some(coding), Some(open)) => format!("{open}-{}\"", coding.name()),
            _ => etag,
        };
        Self { etag, modified_unix_s, media_type, coding, varies: opened.varies, modified }
    }

    pub(super) fn validators(&self) -> Validators<'_> {
        Validators { etag: &self.etag, modified_unix_s: self.modified_unix_s }
    }

    /// All but what tells of the body's form.
    pub(super) fn fields(&self) -> Vec<(&str, &str)> {
        let mut fields = self.fields_of_unmodified();
        fields.extend(self.modified.as_deref().map(|date| ("Last-Modified", date)));
        fields.extend(self.coding.map(|coding| ("Content-Encoding", coding.name())));
        fields.extend([("Accept-Ranges", "bytes"), ("X-Content-Type-Options", "nosniff")]);
        fields
    }

    /// What a client needs to go on with its copy (RFC 9110 section 15.4.5).
    pub(super) fn fields_of_unmodified(&self) -> Vec<(&str, &str)> {
        let mut fields = vec![("ETag", self.etag.as_str()), CACHE_CONTROL];
        fields.extend(self.vary());
        fields
    }

    /// Said with every answer, so that no cache takes one coding for another.
    pub(super) fn vary(&self) -> Option<(&str, &str)> {
        self.varies.then_some(("Vary", "Accept-Encoding"))
    }
}

fn date_text(unix_s: u64) -> String {
    let mut date = Vec::new();
    write_date(&mut date, unix_s);
    String::from_utf8(date).unwrap_or_default()
}

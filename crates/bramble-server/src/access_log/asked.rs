//! What a request asked for, kept until its line is written: the start of its head, and where in
//! that the texts are which a line says. Pure.

use bramble_http::{Kind, Method, RequestHead, Span, Version};

use super::escape::TEXT_BYTES;
use super::room::Text;

/// Of a head whose last text ends behind this only the texts are kept: so none is longer.
const KEPT_BYTES: usize = TEXT_BYTES;

/// So much stands behind the last text, so that it can be added by [`super::room::Room::text`].
const BEHIND_BYTES: usize = 32;

/// The texts of a head.
#[derive(Default)]
pub(super) struct Asked {
    head: Vec<u8>,
    method: Method,
    target: Span,
    pub(super) version: Version,
    host: Option<Span>,
    referer: Option<Span>,
    user_agent: Option<Span>,
}

impl Asked {
    /// Keeps what there is of a head that was read as far as it could be, in `buf`.
    #[inline]
    pub(super) fn keep(&mut self, head: &RequestHead, buf: &[u8]) {
        (self.method, self.target, self.version) = (head.method, head.target.raw, head.version);
        (self.host, self.referer, self.user_agent) =
            (head.host, last(head, Kind::Referer), last(head, Kind::UserAgent));
        match buf.get(..head.len) {
            Some(all) if (1..=KEPT_BYTES).contains(&head.len) => self.keep_all(all),
            _ => self.keep_some(buf),
        }
    }

    #[inline(always)]
    pub(super) fn is_get(&self) -> bool {
        self.method == Method::Get
    }

    #[inline(always)]
    pub(super) fn method(&self) -> &[u8] {
        self.method.name(&self.head)
    }

    /// None where the request's line was not understood.
    #[inline(always)]
    pub(super) fn target(&self) -> Option<Text<'_>> {
        if self.target.is_empty() { None } else { self.text(self.target) }
    }

    #[inline(always)]
    pub(super) fn host(&self) -> Option<Text<'_>> {
        self.text(self.host?)
    }

    #[inline(always)]
    pub(super) fn referer(&self) -> Option<Text<'_>> {
        self.text(self.referer?)
    }

    #[inline(always)]
    pub(super) fn user_agent(&self) -> Option<Text<'_>> {
        self.text(self.user_agent?)
    }

    #[inline(always)]
    fn text(&self, span: Span) -> Option<Text<'_>> {
        Some(Text::new(self.head.get(span.start()..)?, span.len()))
    }

    /// Keeps a head as it is. What stands behind it may be left from one before.
    #[inline(always)]
    fn keep_all(&mut self, head: &[u8]) {
        let all = head.len() + BEHIND_BYTES;
        if self.head.len() < all {
            self.head.resize(all, 0);
        }
        if let Some(to) = self.head.get_mut(..head.len()) {
            to.copy_from_slice(head);
        }
    }

    /// Keeps a part of a long head, or what could be read of one.
    #[cold]
    fn keep_some(&mut self, buf: &[u8]) {
        let spans = [Some(self.target), self.host, self.referer, self.user_agent];
        let end = spans.into_iter().flatten().map(|span| span.end()).max().unwrap_or(0);
        match buf.get(..end) {
            Some(start) if end <= KEPT_BYTES => self.keep_all(start),
            _ => self.keep_texts(buf),
        }
    }

    /// Keeps nothing but the texts, side by side.
    fn keep_texts(&mut self, buf: &[u8]) {
        let Self { head, .. } = self;
        head.clear();
        let mut keep = |span: Span| {
            let start = head.len();
            let text = span.of(buf);
            head.extend_from_slice(text.get(..TEXT_BYTES).unwrap_or(text));
            Span::new(start, head.len())
        };
        if let Method::Other(name) = self.method {
            self.method = Method::Other(keep(name));
        }
        self.target = keep(self.target);
        self.host = self.host.map(&mut keep);
        self.referer = self.referer.map(&mut keep);
        self.user_agent = self.user_agent.map(&mut keep);
        self.head.extend_from_slice(&[0; BEHIND_BYTES]);
    }
}

/// The value of the last field of this kind. To look for two kinds one after the other takes fewer
/// instructions than one loop for both, which the compiler unrolls.
#[inline(always)]
fn last(head: &RequestHead, kind: Kind) -> Option<Span> {
    head.fields.iter().rfind(|field| field.kind == kind).map(|field| field.value)
}

#[cfg(test)]
pub(super) mod tests;

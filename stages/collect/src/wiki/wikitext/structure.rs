//! First pass: where templates, links, variants, comments and extension tags begin and end.
//!
//! Brackets match as in MediaWiki's `Preprocessor_Hash`, but one that is never closed does not
//! take its surroundings along. Linear in the text, whatever it nests.

use memchr::{memchr, memmem};

use super::tag::{self, Extension};

/// What a span is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `{{…}}`
    Template,
    /// `{{{…}}}`
    Parameter,
    /// `[[…]]`
    Link,
    /// `-{…}-`
    Variant,
    /// `<!--…-->`
    Comment,
    /// A tag with its content, which is not wikitext or is left out.
    Extension(Extension),
    /// Brackets without a partner.
    Stray,
}

/// A span of the source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// First byte.
    pub start: usize,
    /// Byte behind the last.
    pub end: usize,
    /// What lies between the brackets or tags.
    pub inner: (usize, usize),
    /// What it is.
    pub kind: Kind,
    /// Index of the first span that does not lie in this one.
    pub next: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Bracket {
    Brace,
    Link,
    Variant,
}

struct Open {
    bracket: Bracket,
    start: usize,
    count: usize,
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    spans: Vec<Span>,
    stack: Vec<Open>,
    /// Open brackets of each sort.
    braces: usize,
    links: usize,
    variants: usize,
    /// Where the last single `[` stands.
    single: usize,
    /// Extension tags that are not closed any more.
    unclosed: u64,
    /// Whether there is no `>` any more.
    no_close: bool,
    has_variants: bool,
}

/// Finds the spans of a text, sorted by where they begin.
pub(super) fn scan(text: &str, has_variants: bool) -> Vec<Span> {
    let mut scanner = Scanner {
        text,
        bytes: text.as_bytes(),
        spans: Vec::new(),
        stack: Vec::new(),
        braces: 0,
        links: 0,
        variants: 0,
        single: 0,
        unclosed: 0,
        no_close: false,
        has_variants,
    };
    scanner.run();
    scanner.finish()
}

impl Scanner<'_> {
    fn run(&mut self) {
        let mut at = 0;
        while let Some(byte) = self.bytes.get(at) {
            at = match byte {
                b'{' => self.open_braces(at),
                b'}' => self.close_braces(at),
                b'[' => self.open_link(at),
                b']' => self.close_link(at),
                b'<' => self.tag(at),
                b'-' if self.has_variants => self.variant(at),
                _ => at + 1,
            };
        }
    }

    fn finish(mut self) -> Vec<Span> {
        while let Some(open) = self.stack.pop() {
            self.stray(open.start, open.count);
        }
        let mut spans = self.spans;
        spans.sort_unstable_by_key(|span| span.start);
        for at in (0..spans.len()).rev() {
            let end = spans.get(at).map_or(0, |span| span.end);
            let mut next = at + 1;
            while let Some(inner) = spans.get(next).filter(|inner| inner.start < end) {
                next = inner.next;
            }
            if let Some(span) = spans.get_mut(at) {
                span.next = next;
            }
        }
        spans
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize, inner: (usize, usize)) {
        self.spans.push(Span {
            start,
            end,
            inner,
            kind,
            next: 0,
        });
    }

    fn stray(&mut self, start: usize, count: usize) {
        if count > 1 {
            self.push(Kind::Stray, start, start + count, (start, start));
        }
    }

    fn run_of(&self, at: usize, byte: u8) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        rest.iter().take_while(|other| **other == byte).count()
    }

    fn counter(&mut self, bracket: Bracket) -> &mut usize {
        match bracket {
            Bracket::Brace => &mut self.braces,
            Bracket::Link => &mut self.links,
            Bracket::Variant => &mut self.variants,
        }
    }

    fn open(&mut self, bracket: Bracket, start: usize, count: usize) {
        *self.counter(bracket) += 1;
        self.stack.push(Open {
            bracket,
            start,
            count,
        });
    }

    fn top(&self) -> Option<Bracket> {
        self.stack.last().map(|open| open.bracket)
    }

    /// Takes what is open above the nearest bracket of this sort off the stack.
    fn unwind(&mut self, to: Bracket) {
        while self.top().is_some_and(|top| top != to) {
            self.pop_stray();
        }
    }

    fn pop_stray(&mut self) {
        if let Some(open) = self.stack.pop() {
            *self.counter(open.bracket) -= 1;
            self.stray(open.start, open.count);
        }
    }

    fn open_braces(&mut self, at: usize) -> usize {
        let count = self.run_of(at, b'{');
        if count > 1 {
            self.open(Bracket::Brace, at, count);
        }
        at + count
    }

    fn variant(&mut self, at: usize) -> usize {
        let braces = self.run_of(at + 1, b'{');
        // `-{{` is a hyphen before a template.
        if braces.is_multiple_of(2) {
            return at + 1;
        }
        self.open(Bracket::Variant, at, 2);
        at + 2
    }

    fn close_braces(&mut self, at: usize) -> usize {
        let end = at + self.run_of(at, b'}');
        let before_hyphen = self.bytes.get(end) == Some(&b'-');
        let mut at = at;
        loop {
            let left = end - at;
            let ends_variant = left == 1 && before_hyphen && self.variants > 0;
            if ends_variant && self.top() == Some(Bracket::Link) {
                self.pop_stray();
            } else if ends_variant && self.top() == Some(Bracket::Variant) {
                if let Some(open) = self.stack.pop() {
                    self.variants -= 1;
                    self.push(Kind::Variant, open.start, end + 1, (open.start + 2, at));
                }
                return end + 1;
            } else if left > 1 && self.braces > 0 {
                self.unwind(Bracket::Brace);
                at = self.close_brace(at, left);
            } else {
                break;
            }
        }
        self.stray(at, end - at);
        end
    }

    fn close_brace(&mut self, at: usize, left: usize) -> usize {
        let Some(open) = self.stack.last_mut() else {
            return at;
        };
        let taken = open.count.min(left).min(3);
        open.count -= taken;
        let (start, inner) = (open.start + open.count, open.start + open.count + taken);
        if open.count < 2 {
            self.stack.pop();
            self.braces -= 1;
        }
        let kind = match taken {
            3 => Kind::Parameter,
            _ => Kind::Template,
        };
        self.push(kind, start, at + taken, (inner, at));
        at + taken
    }

    fn open_link(&mut self, at: usize) -> usize {
        if self.bytes.get(at + 1) != Some(&b'[') {
            self.single = at;
            return at + 1;
        }
        self.open(Bracket::Link, at, 2);
        at + 2
    }

    fn close_link(&mut self, at: usize) -> usize {
        let run = self.run_of(at, b']');
        if run < 2 {
            return at + 1;
        }
        if self.top() != Some(Bracket::Link) {
            if self.links == 0 {
                self.stray(at, 2);
            }
            return at + 2;
        }
        let Some(open) = self.stack.pop() else {
            return at + 2;
        };
        self.links -= 1;
        // `[[a|[b]]]`: the first bracket closes the inner one.
        let close = at + usize::from(run == 3 && self.single > open.start);
        self.push(Kind::Link, open.start, close + 2, (open.start + 2, close));
        close + 2
    }

    fn tag(&mut self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        if rest.starts_with("<!--") {
            let close = memmem::find(rest.get(4..).unwrap_or_default().as_bytes(), b"-->");
            let end = close.map_or(self.text.len(), |close| at + 4 + close + 3);
            self.push(Kind::Comment, at, end, (at, at));
            return end;
        }
        let name = tag::name(rest.get(1..).unwrap_or_default());
        let Some(extension) = tag::extension(name) else {
            return at + 1;
        };
        self.extension(at, name, extension)
    }

    fn extension(&mut self, at: usize, name: &str, extension: Extension) -> usize {
        let after = at + 1 + name.len();
        let rest = self.bytes.get(after..).unwrap_or_default();
        let close = match self.no_close {
            true => None,
            false => memchr(b'>', rest),
        };
        let Some(close) = close else {
            self.no_close = true;
            return at + 1;
        };
        let inner = after + close + 1;
        let is_empty = close > 0 && rest.get(close - 1) == Some(&b'/');
        let bit = 1_u64 << (extension.index.min(63));
        let found = match is_empty || self.unclosed & bit != 0 {
            true => None,
            false => self.closing(inner, name),
        };
        match found {
            Some((start, end)) => {
                self.push(Kind::Extension(extension), at, end, (inner, start));
                end
            }
            None => {
                if !is_empty {
                    self.unclosed |= bit;
                }
                self.push(Kind::Extension(extension), at, inner, (inner, inner));
                inner
            }
        }
    }

    /// The next closing tag of this name.
    fn closing(&self, from: usize, name: &str) -> Option<(usize, usize)> {
        let mut at = from;
        loop {
            let rest = self.bytes.get(at..)?;
            let found = at + memmem::find(rest, b"</")?;
            at = found + 2;
            let end = at + name.len();
            let same = self
                .bytes
                .get(at..end)?
                .eq_ignore_ascii_case(name.as_bytes());
            let after = self.bytes.get(end..).unwrap_or_default();
            let blank = after.iter().take_while(|byte| byte.is_ascii_whitespace());
            let blank = if same { blank.count() } else { 0 };
            if same && after.get(blank) == Some(&b'>') {
                return Some((found, end + blank + 1));
            }
        }
    }
}

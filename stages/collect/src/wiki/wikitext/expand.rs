//! Second pass: the text with templates, parser functions, links, variants, comments and
//! extension tags resolved. What is left is markup of lines and of words.
//!
//! As MediaWiki does it with strip markers, text that is no wikitext stands aside and leaves a
//! mark behind: [`MARK`], its number, [`MARK_END`]. [`HOLE`] stands where something was left out.

use super::args::Args;
use super::structure::{Kind, Span};
use super::tag::{Extension, Use};
use super::variant::Rules;
use super::{Page, function, link, template, variant};

/// Before the number of a text that stands aside.
pub(super) const MARK: char = '\x01';
/// Behind it.
pub(super) const MARK_END: char = '\x02';
/// Something was left out here.
pub(super) const HOLE: char = '\x03';
/// Templates and links in each other that are looked into; MediaWiki stops at 100.
const MAX_DEPTH: usize = 40;
/// Longest text that a template's name or a condition may have.
const MAX_NAME: usize = 500;

/// A text that stands aside.
pub(super) enum Aside {
    /// Text without markup, in a line.
    Plain(String),
    /// A block whose lines stay.
    Lines(String),
}

/// Resolves what the first pass found.
pub(super) struct Expander<'a> {
    /// The source.
    pub source: &'a str,
    /// Its spans.
    pub spans: &'a [Span],
    /// The page that it belongs to.
    pub page: &'a Page<'a>,
    /// Texts that stand aside.
    pub asides: Vec<Aside>,
    /// Conversions between variants that hold on the whole page.
    pub rules: Rules,
    depth: usize,
    /// Work that is left: some functions read an argument twice, and those nest.
    budget: usize,
}

/// A part of the source.
pub(super) type Range = (usize, usize);

impl<'a> Expander<'a> {
    /// Ready for the spans of a source.
    pub fn new(source: &'a str, spans: &'a [Span], page: &'a Page<'a>) -> Self {
        Self {
            source,
            spans,
            page,
            asides: Vec::new(),
            rules: Rules::default(),
            depth: 0,
            budget: source.len().saturating_mul(32).saturating_add(64 << 10),
        }
    }

    /// A part of the source as it stands.
    pub fn slice(&self, (start, end): Range) -> &'a str {
        self.source.get(start..end).unwrap_or_default()
    }

    /// Appends a part of the source, resolved.
    pub fn expand(&mut self, (start, end): Range, out: &mut String) {
        let mut at = start;
        let mut index = self.first(start);
        while let Some(span) = self.spans.get(index).filter(|span| span.start < end) {
            let span = *span;
            if !self.copy((at, span.start), out) {
                return;
            }
            self.depth += 1;
            if self.depth <= MAX_DEPTH {
                self.span(&span, out);
            } else {
                out.push(HOLE);
            }
            self.depth -= 1;
            at = self.behind(&span, end);
            index = span.next;
        }
        self.copy((at, end), out);
    }

    /// Appends a part of the source as it stands; false if there was too much work already.
    fn copy(&mut self, range: Range, out: &mut String) -> bool {
        let text = self.slice(range);
        let affordable = self.spend(text.len());
        match affordable {
            true => out.push_str(text),
            false => out.push(HOLE),
        }
        affordable
    }

    fn spend(&mut self, bytes: usize) -> bool {
        let left = self.budget.checked_sub(bytes + 8);
        self.budget = left.unwrap_or(0);
        left.is_some()
    }

    /// A part of the source, resolved and trimmed.
    pub fn text(&mut self, range: Range) -> String {
        let mut out = String::new();
        self.expand(range, &mut out);
        match out.trim() {
            trimmed if trimmed.len() == out.len() => out,
            trimmed => trimmed.to_owned(),
        }
    }

    /// The parts of a range between bars that do not stand inside brackets.
    pub fn parts(&self, range: Range) -> Vec<Range> {
        let mut parts = Vec::new();
        let mut rest = range;
        while let Some(bar) = self.find(rest, b'|') {
            parts.push((rest.0, bar));
            rest.0 = bar + 1;
        }
        parts.push(rest);
        parts
    }

    /// Where a byte stands in a range, not inside brackets.
    pub fn find(&self, (start, end): Range, byte: u8) -> Option<usize> {
        let mut at = start;
        let mut index = self.first(start);
        loop {
            let span = self.spans.get(index).filter(|span| span.start < end);
            let until = span.map_or(end, |span| span.start);
            let text = self.slice((at, until)).as_bytes();
            if let Some(found) = memchr::memchr(byte, text) {
                return Some(at + found);
            }
            let span = span?;
            at = span.end;
            index = span.next;
        }
    }

    fn first(&self, from: usize) -> usize {
        self.spans.partition_point(|span| span.start < from)
    }

    /// Where the text goes on behind a span: a comment alone on its line takes the line along.
    fn behind(&self, span: &Span, end: usize) -> usize {
        let bytes = self.source.as_bytes();
        let begins = span.start == 0 || bytes.get(span.start - 1) == Some(&b'\n');
        let ends = span.end < end && bytes.get(span.end) == Some(&b'\n');
        span.end + usize::from(span.kind == Kind::Comment && begins && ends)
    }

    fn span(&mut self, span: &Span, out: &mut String) {
        match span.kind {
            Kind::Comment => {}
            Kind::Stray => self.stray(span, out),
            Kind::Parameter => self.parameter(span.inner, out),
            Kind::Template => self.template(span.inner, out),
            Kind::Link => link::write(self, span.inner, out),
            Kind::Variant => variant::write(self, span.inner, out),
            Kind::Extension(extension) => self.extension(extension, span, out),
        }
    }

    /// Brackets without a partner go. A table that a template should have opened or closed keeps
    /// its mark.
    fn stray(&mut self, span: &Span, out: &mut String) {
        let is_braces = self.slice((span.start, span.end)).starts_with('}');
        if is_braces && (out.ends_with("\n|") || out == "|") {
            out.push('}');
        }
    }

    /// A parameter on a page that nobody transcludes: its default.
    fn parameter(&mut self, range: Range, out: &mut String) {
        match self.find(range, b'|') {
            Some(bar) => {
                let default = (bar + 1, range.1);
                self.expand(default, out);
            }
            None => out.push(HOLE),
        }
    }

    fn template(&mut self, range: Range, out: &mut String) {
        let bar = self.find(range, b'|');
        let name = (range.0, bar.unwrap_or(range.1));
        if name.1 - name.0 > MAX_NAME && self.find(name, b':').is_none() {
            out.push(HOLE);
            return;
        }
        let rest = bar.map(|bar| (bar + 1, range.1));
        if function::write(self, name, rest, out) {
            return;
        }
        let name = self.text(name);
        let args = match rest {
            Some(rest) => Args::of(self, rest),
            None => Args::default(),
        };
        match template::text(self, &name, &args) {
            Some(text) if !text.is_empty() => out.push_str(&text),
            _ => out.push(HOLE),
        }
    }

    fn extension(&mut self, extension: Extension, span: &Span, out: &mut String) {
        let content = self.slice(span.inner);
        if content.trim().is_empty() {
            // An empty `<nowiki/>` keeps its neighbours apart; nothing else is to be seen.
            let keeps = matches!(extension.usage, Use::Plain);
            out.push_str(if keeps { "\x01\x02" } else { "\x03" });
            return;
        }
        let tag = self.slice((span.start, span.inner.0));
        if !self.spend(content.len()) {
            out.push(HOLE);
            return;
        }
        let aside = match extension.usage {
            Use::Drop => {
                out.push(HOLE);
                return;
            }
            Use::Plain => Aside::Plain(content.to_owned()),
            Use::Lines => Aside::Lines(content.to_owned()),
            Use::Code if tag.contains("inline") => Aside::Plain(content.trim().to_owned()),
            Use::Code => Aside::Lines(content.to_owned()),
            Use::Formula => Aside::Plain(formula(content)),
        };
        self.aside(aside, out);
    }

    /// Puts a text aside and leaves its mark.
    pub fn aside(&mut self, aside: Aside, out: &mut String) {
        out.push(MARK);
        out.push_str(&self.asides.len().to_string());
        out.push(MARK_END);
        self.asides.push(aside);
    }
}

/// A formula in TeX on one line, between dollar signs.
fn formula(content: &str) -> String {
    let mut out = String::with_capacity(content.len() + 2);
    out.push('$');
    for (index, word) in content.split_whitespace().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
    out.push('$');
    out
}

//! Follows the elements of a feed and hands out an entry as soon as it ends.

mod fields;

use super::capture::Capture;
use super::names::{Ns, Prefixes};
use super::slot::{Attributes, Slot, ends_a_field, slot};
use super::value::one_line;
use super::{Entry, Found, Info};
use crate::markup::Charset;
use crate::markup::{Entities, attributes, local, push_decoded};
use crate::record::too_large;

/// Elements open at once; deeper ones are passed over.
const MAX_DEPTH: usize = 256;
/// Bytes of a field of the feed itself, and of those of an entry that are one line.
const MAX_LINE: usize = 64 << 10;

/// An open element.
struct Open {
    /// As it is written, to find its end.
    raw: Vec<u8>,
    ns: Ns,
    /// Without prefix, in lower case.
    local: String,
    /// Prefixes that it declares.
    prefixes: usize,
    base: Option<String>,
    lang: Option<String>,
}

/// An entry while it is read.
struct Pending {
    entry: Entry,
    /// Open elements with the entry itself.
    depth: usize,
    /// Offset of its start tag.
    offset: u64,
}

/// Reads the tokens of a feed.
pub(crate) struct Parser {
    /// What the feed says so far.
    pub info: Info,
    charset: Charset,
    max_record: u64,
    stack: Vec<Open>,
    /// Elements open beyond the stack.
    beyond: u64,
    prefixes: Prefixes,
    entities: Entities,
    pending: Option<Pending>,
    capture: Option<Capture>,
    /// Entries that ended.
    done: Vec<Found>,
}

impl Parser {
    /// Starts with a charset and the longest entry.
    pub fn new(charset: Charset, max_record: u64) -> Self {
        Self {
            info: Info::default(),
            charset,
            max_record,
            stack: Vec::new(),
            beyond: 0,
            prefixes: Prefixes::default(),
            entities: Entities::default(),
            pending: None,
            capture: None,
            done: Vec::new(),
        }
    }

    /// Offset of the entry that is not yet finished.
    pub fn unfinished(&self) -> Option<u64> {
        self.pending.as_ref().map(|pending| pending.offset)
    }

    /// The entries that the last token ended.
    pub fn take(&mut self) -> impl Iterator<Item = Found> {
        self.done.drain(..)
    }

    /// A document type declaration.
    pub fn doctype(&mut self, bytes: &[u8]) {
        self.entities.declare(&self.charset.decode(bytes));
    }

    /// Text, with references to resolve or without.
    pub fn text(&mut self, bytes: &[u8], references: bool) {
        let Some(capture) = &mut self.capture else {
            return;
        };
        let text = self.charset.decode(bytes);
        // One that is decoded is clean of control characters too.
        let mut decoded = String::with_capacity(text.len());
        match references {
            true => push_decoded(&text, &self.entities, &mut decoded),
            false => {
                let is_odd = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
                decoded.extend(text.chars().filter(|c| !is_odd(*c)));
            }
        }
        capture.text(&decoded);
    }

    /// A start tag at an offset; `end` is the offset behind it.
    pub fn start(&mut self, raw: &[u8], rest: &[u8], empty: bool, at: (u64, u64)) {
        let mut open = Open {
            raw: raw.to_ascii_lowercase(),
            ns: Ns::Other,
            local: String::from_utf8_lossy(&local(raw).to_ascii_lowercase()).into_owned(),
            prefixes: 0,
            base: None,
            lang: None,
        };
        let (found, alt) = self.attributes(rest, &mut open);
        open.ns = self.prefixes.of(raw);
        self.leave_fields(&open, at.0);
        if self.stack.len() >= MAX_DEPTH {
            self.prefixes.forget(open.prefixes);
            self.beyond += u64::from(!empty);
            return;
        }
        if let Some(capture) = &mut self.capture {
            capture.start(&open.local, alt.as_deref());
            self.stack.push(open);
        } else {
            self.enter(open, &found, at.0);
        }
        if empty {
            self.pop(at.1);
        }
    }

    /// An end tag; `offset` is the one behind it.
    pub fn end(&mut self, raw: &[u8], offset: u64) {
        let of_entry = self
            .pending
            .as_ref()
            .and_then(|pending| self.stack.get(pending.depth - 1));
        if of_entry.is_some_and(|open| open.raw.eq_ignore_ascii_case(raw)) {
            // Whatever was left open in it.
            self.beyond = 0;
        }
        if self.beyond > 0 {
            self.beyond -= 1;
            return;
        }
        let is_it = |open: &Open| open.raw.eq_ignore_ascii_case(raw);
        let Some(at) = self.stack.iter().rposition(is_it) else {
            return;
        };
        while self.stack.len() > at {
            self.pop(offset);
        }
    }

    /// Decodes the attributes; namespaces, base and language go to the element.
    fn attributes(&mut self, rest: &[u8], open: &mut Open) -> (Attributes, Option<String>) {
        let (mut found, mut alt) = (Attributes::default(), None);
        for (name, value) in attributes(rest) {
            let mut text = String::new();
            push_decoded(&self.charset.decode(value), &self.entities, &mut text);
            let lower = name.to_ascii_lowercase();
            match lower.as_slice() {
                b"xmlns" => open.prefixes += usize::from(self.prefixes.declare(b"", &text)),
                b"xml:base" => open.base = Some(text),
                b"xml:lang" => open.lang = Some(text),
                b"base" if open.local == "channel" => open.base = Some(text),
                b"alt" => alt = Some(text),
                _ => match name.strip_prefix(b"xmlns:") {
                    Some(prefix) => {
                        open.prefixes += usize::from(self.prefixes.declare(prefix, &text));
                    }
                    None => found.set(local(&lower), text),
                },
            }
        }
        (found, alt)
    }

    /// Ends what was never closed before an element that cannot stand in it.
    fn leave_fields(&mut self, open: &Open, offset: u64) {
        let inside = self.capture.as_ref();
        let leaves =
            inside.is_some_and(|capture| !capture.is_xhtml() && ends_a_field(open.ns, &open.local));
        if let Some(depth) = inside.map(|capture| capture.depth).filter(|_| leaves) {
            while self.stack.len() >= depth {
                self.pop(offset);
            }
        }
        if self.capture.is_some() || open.ns != Ns::Core && open.ns != Ns::Rdf {
            return;
        }
        let root = matches!(
            (open.ns, open.local.as_str()),
            (Ns::Core, "rss" | "feed") | (Ns::Rdf, "rdf")
        );
        if root {
            // Feeds one behind the other.
            while !self.stack.is_empty() {
                self.pop(offset);
            }
            self.beyond = 0;
            self.info = Info::default();
        }
        let depth = self.pending.as_ref().map(|pending| pending.depth);
        if let Some(depth) = depth.filter(|_| is_entry(open)) {
            while self.stack.len() >= depth {
                self.pop(offset);
            }
        }
    }

    /// An element outside of texts.
    fn enter(&mut self, open: Open, found: &Attributes, offset: u64) {
        let begins = is_entry(&open) && self.pending.is_none();
        let parent = self.stack.last().map_or("", |parent| parent.local.as_str());
        let of_feed = self.pending.is_none()
            && (matches!(parent, "channel" | "feed" | "rss")
                || (parent == "rdf" && open.local != "channel"));
        let of_entry = self.pending.as_ref().is_some_and(|pending| {
            let nested = parent == "source" && self.stack.len() == pending.depth + 1;
            self.stack.len() == pending.depth
                || (nested && open.local == "author" && pending.entry.authors.is_empty())
        });
        let known = slot(open.ns, &open.local, found);
        self.stack.push(open);
        let depth = self.stack.len();
        if begins {
            let mut entry = Entry::default();
            entry.published.clone_from(&found.last_modified);
            entry.link = self.address(found.href.as_deref());
            entry.id = self.address(found.resource.as_deref());
            self.pending = Some(Pending {
                entry,
                depth,
                offset,
            });
            return;
        }
        if let Some(href) = found.href.as_deref().filter(|_| self.is_channel()) {
            self.info.link = self.address(Some(href));
        }
        let Some((slot, mode)) = known.filter(|_| of_feed || of_entry) else {
            return;
        };
        self.by_attribute(slot, found);
        let is_text = matches!(slot, Slot::Content | Slot::Description | Slot::Summary);
        let room = match is_text && self.pending.is_some() {
            true => usize::try_from(self.max_record).unwrap_or(usize::MAX),
            false => MAX_LINE,
        };
        self.capture = Some(Capture::new(depth, slot, mode, room));
    }

    fn is_channel(&self) -> bool {
        self.stack
            .last()
            .is_some_and(|open| open.local == "channel")
    }

    /// Closes the innermost element; `offset` is the one behind it.
    fn pop(&mut self, offset: u64) {
        let depth = self.stack.len();
        let ends = self
            .capture
            .as_ref()
            .is_some_and(|capture| capture.depth == depth);
        if let Some(capture) = self.capture.take_if(|_| ends) {
            self.finish_field(capture);
        }
        if self
            .pending
            .as_ref()
            .is_some_and(|pending| pending.depth == depth)
        {
            self.finish_entry(offset);
        }
        let Some(open) = self.stack.pop() else { return };
        if let Some(capture) = &mut self.capture {
            capture.end(&open.local);
        }
        self.prefixes.forget(open.prefixes);
    }

    fn finish_entry(&mut self, offset: u64) {
        let Some(pending) = self.pending.take() else {
            return;
        };
        let mut entry = pending.entry;
        let lang = self
            .stack
            .iter()
            .rev()
            .find_map(|open| open.lang.as_deref());
        let lang = lang.map(one_line).filter(|lang| !lang.is_empty());
        entry.lang = entry.lang.or(lang);
        entry.complete(&self.info);
        let size = offset.saturating_sub(pending.offset);
        let found = match size > self.max_record {
            true => Err(too_large(size, self.max_record)),
            false => Ok(entry),
        };
        self.done.push(Found {
            offset: pending.offset,
            entry: found,
        });
    }
}

/// Whether an entry begins with this element.
fn is_entry(open: &Open) -> bool {
    open.ns == Ns::Core && matches!(open.local.as_str(), "item" | "entry")
}

//! Text of a page whose body is not in its elements: a script of it would show it.
//!
//! Such pages hold their text as data: in JSON-LD, which is meant for search engines, or in JSON for
//! the page's own program. What stands there is made into a page of its own, which goes the same
//! way as any other, one level deep. Only a page that gives nothing, or next to nothing, by its
//! elements comes here; what `<noscript>` holds are elements.

mod collect;
mod compose;
mod keys;
mod prose;

use html5ever::tendril::StrTendril;

use crate::decide::measure;
use crate::html::tag::Tag;
use crate::html::tree::{Element, Tree};
use collect::Collector;
use rustc_hash::FxHashSet;

/// Nodes below a script that are read.
const MAX_NODES: usize = 50;
/// Shortest data that may hold a text, in bytes.
const MIN_BYTES: usize = 100;
/// Most bytes of text that are taken from data.
const MAX_BYTES: usize = 2 << 20;
/// Bytes before the value in a script that assigns one: `window.__INITIAL_STATE__ = {`.
const ASSIGNMENT: usize = 80;

/// Fewest tokens of a page's text that is never given up.
const ENOUGH: usize = 100;
/// Tokens of a text that is given up for any other: it asks for JavaScript, or says to wait.
const NEXT_TO_NOTHING: usize = 25;
/// How many times as long an embedded text must be.
const LONGER: usize = 3;
/// Fewest tokens of an embedded text.
const MIN_TOKENS: usize = 20;
/// The same of one from a program's data that nobody signed: many hold the texts of banners.
const MIN_UNSIGNED: usize = 100;

/// Where a text stands that is not in a page's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Schema.org declarations.
    JsonLd,
    /// Data for the page's program.
    Data,
}

impl Source {
    /// Its name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::JsonLd => "JSON-LD",
            Self::Data => "the data of the page's program",
        }
    }
}

/// A page made of what another one holds as data.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Embedded {
    pub(crate) source: Source,
    pub(crate) html: String,
    /// Whether it is made of posts of several authors.
    pub(crate) is_thread: bool,
}

/// Whether a page's text is so short that its data is looked at.
pub(crate) fn is_thin(text: &str) -> bool {
    // A token has a dozen bytes or less, but for addresses and the like.
    text.len() < ENOUGH * 20 && measure::token_hashes(text).len() < ENOUGH
}

impl Embedded {
    /// Whether the text that this page gives may stand for another: it is much longer, and the other
    /// says hardly anything, or nothing that this one does not.
    pub(crate) fn is_better(&self, text: &str, than: &str) -> bool {
        let (text, than) = (measure::token_hashes(text), measure::token_hashes(than));
        let least = match self.source == Source::Data && !self.is_thread {
            true => MIN_UNSIGNED,
            false => MIN_TOKENS,
        };
        if text.len() < least.max(LONGER * than.len()) {
            return false;
        }
        let all: FxHashSet<u64> = text.into_iter().collect();
        let known = than.iter().filter(|token| all.contains(token)).count();
        than.len() < NEXT_TO_NOTHING || known * 10 >= than.len() * 9
    }
}

/// Makes pages of what a page holds as data, in the order in which they are to be tried; `title` is
/// that of the page.
pub(crate) fn all(tree: &Tree, title: &str) -> Vec<Embedded> {
    let sources = [Source::JsonLd, Source::Data].into_iter();
    sources
        .filter_map(|source| find(tree, source, title))
        .collect()
}

fn find(tree: &Tree, source: Source, title: &str) -> Option<Embedded> {
    // No longer than the page, so that it costs no more than the page may.
    let mut collector = Collector::new(source, tree.bytes().min(MAX_BYTES));
    for id in tree.ids() {
        let Some(element) = tree.element(id) else {
            continue;
        };
        match source {
            Source::JsonLd if is_json_ld(element) => collector.read(&element.text(MAX_NODES)),
            Source::JsonLd => {}
            Source::Data => read_data(element, &mut collector),
        }
    }
    compose::page(collector.finish(), source, title, tree.bytes())
}

fn is_json_ld(element: Element<'_>) -> bool {
    element.tag == Tag::Script && element.attr("type") == Some("application/ld+json")
}

/// Reads JSON in a script or an attribute: Discourse has it in `data-preloaded`, Inertia in
/// `data-page`, Next.js in a script of the type `application/json`.
fn read_data(element: Element<'_>, collector: &mut Collector) {
    if element.tag == Tag::Script {
        match element.attr("type") {
            Some("application/json" | "text/json") => collector.read(&element.text(MAX_NODES)),
            None | Some("text/javascript" | "application/javascript" | "module") => {
                let text = element.text(MAX_NODES);
                if let Some(value) = assigned(&text) {
                    collector.read(value);
                }
            }
            _ => {}
        }
    }
    let values = element.attributes().iter().map(|(_, value)| value);
    let long = values.filter(|value: &&StrTendril| value.len() >= MIN_BYTES);
    for value in long.filter(|value| value.starts_with(['{', '['])) {
        collector.read(value);
    }
}

/// The value that a script assigns first, and what follows it.
fn assigned(script: &str) -> Option<&str> {
    let script = script.trim_start();
    if script.len() < MIN_BYTES {
        return None;
    }
    let head = &script.as_bytes()[..ASSIGNMENT];
    let at = memchr::memchr(b'=', head)?;
    // The byte after an ASCII character is a character's first.
    let value = script[at + 1..].trim_start();
    value.starts_with(['{', '[']).then_some(value)
}

#[cfg(test)]
mod tests;

//! HTML of posts, mended so that each stays in its place: what is opened is closed, nothing nests
//! deep, nothing is a script, and mentions of authors are pseudonyms.
//!
//! A light scanner in linear time and bounded memory, not a parser: what comes out is well-formed,
//! so that html5ever reads it without its costly repairs.

use std::borrow::Cow;

use super::pseudonym::{Names, Pseudonyms};
use crate::markup::{Entities, push_decoded};

/// Elements that may be open at a time.
const MAX_DEPTH: usize = 200;
/// Elements of a font or style that may be open at a time: html5ever opens them again in each block.
const MAX_STYLES: usize = 8;
/// Elements of a page at most; beyond that only their text stays.
const MAX_ELEMENTS: usize = 400_000;

/// Bytes of a link to a person at most, its markup included.
const LONGEST_NAME: usize = 400;

const VOID: &[&str] = &[
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
    "track", "wbr",
];
const STYLES: &[&str] = &[
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
];
/// What is left out with its content: it is no text, or its content would be raw text.
const LEFT_OUT: &[&str] = &[
    "script",
    "style",
    "textarea",
    "iframe",
    "noembed",
    "noframes",
    "xmp",
    "template",
    "svg",
    "math",
    "select",
    "object",
    "plaintext",
];

/// How markup is rewritten.
#[derive(Default)]
pub(super) struct Rewrite<'a> {
    /// Names that are replaced where they are mentioned.
    pub names: Option<&'a Names>,
    /// Makes pseudonyms of people whom links lead to.
    pub people: Option<&'a Pseudonyms>,
    /// Who a link leads to, by its address and text.
    pub person: Option<fn(&str, &str) -> Option<String>>,
}

struct Scan<'a, 'b> {
    rest: &'a str,
    out: String,
    open: Vec<&'a str>,
    styles: usize,
    elements: usize,
    /// Open `code` and `pre`.
    code: usize,
    rewrite: &'b Rewrite<'b>,
}

/// Rewrites a piece of HTML.
pub(super) fn rewrite(html: &str, rewrite: &Rewrite) -> String {
    let mut scan = Scan {
        rest: html,
        out: String::with_capacity(html.len() + 16),
        open: Vec::new(),
        styles: 0,
        elements: 0,
        code: 0,
        rewrite,
    };
    while !scan.rest.is_empty() {
        scan.step();
    }
    while let Some(name) = scan.open.pop() {
        scan.out.push_str(&format!("</{name}>"));
    }
    scan.out
}

/// A text as HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

impl<'a> Scan<'a, '_> {
    fn step(&mut self) {
        let Some(tag) = self.rest.find('<') else {
            let text = std::mem::take(&mut self.rest);
            return self.text(text);
        };
        let (text, from) = self.rest.split_at(tag);
        self.rest = from;
        if !text.is_empty() {
            self.text(text);
        }
        let after = from.get(1..).unwrap_or_default();
        if after.starts_with("!--") {
            self.rest = after.split_once("-->").map_or("", |(_, rest)| rest);
        } else if after.starts_with(['!', '?']) {
            self.rest = after.split_once('>').map_or("", |(_, rest)| rest);
        } else if after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') {
            self.tag(after);
        } else {
            self.out.push_str("&lt;");
            self.rest = after;
        }
    }

    fn text(&mut self, text: &str) {
        match self.rewrite.names {
            Some(names) if self.code == 0 => self.out.push_str(&names.replace(text)),
            _ => self.out.push_str(text),
        }
    }

    /// Takes a tag, `<` not included.
    fn tag(&mut self, after: &'a str) {
        let Some((tag, rest)) = cut_tag(after) else {
            // The standard drops a tag that the text ends in.
            self.rest = "";
            return;
        };
        self.rest = rest;
        let name_end = |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric());
        if let Some(end) = tag.strip_prefix('/') {
            let name = end
                .get(..name_end(end).unwrap_or(end.len()))
                .unwrap_or_default();
            return self.close(name);
        }
        let (name, attributes) = tag.split_at(name_end(tag).unwrap_or(tag.len()));
        let is = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        // Nothing runs scripts here.
        if is(&["noscript"]) {
            return;
        }
        if is(LEFT_OUT) {
            self.rest = after_end_tag(rest, name);
            return;
        }
        self.elements += 1;
        let style = is(STYLES);
        let many = self.elements > MAX_ELEMENTS || self.open.len() >= MAX_DEPTH;
        if many || (style && self.styles >= MAX_STYLES) {
            self.out.push(' ');
            return;
        }
        if is(&["a"]) && self.person(attributes) || is(&["img"]) && self.portrait(attributes) {
            return;
        }
        self.imply_ends(name);
        self.out.push('<');
        self.out.push_str(&escape_tag(tag.trim_end_matches('/')));
        self.out.push('>');
        if is(VOID) {
            return;
        }
        self.styles += usize::from(style);
        self.code += usize::from(is(&["code", "pre"]));
        self.open.push(name);
    }

    /// A link to a person becomes a pseudonym.
    fn person(&mut self, attributes: &str) -> bool {
        let (Some(people), Some(person)) = (self.rewrite.people, self.rewrite.person) else {
            return false;
        };
        let Some(href) = attribute(attributes, "href") else {
            return false;
        };
        // A name is short; a block of other things is no name.
        let near = self.rest.floor_char_boundary(LONGEST_NAME);
        let end = self
            .rest
            .get(..near)
            .and_then(|near| find_ignoring_case(near, "</a"));
        let Some((inside, after)) = end.and_then(|end| self.rest.split_at_checked(end)) else {
            return false;
        };
        let text = without_tags(inside);
        let Some(who) = person(&href, text.trim()) else {
            return false;
        };
        if text.trim_start().starts_with('@') {
            self.out.push('@');
        }
        self.out.push_str(&people.of(&who));
        self.rest = after.split_once('>').map_or("", |(_, rest)| rest);
        true
    }

    /// Whether a picture shows a person, whom its description names.
    fn portrait(&self, attributes: &str) -> bool {
        let source = attribute(attributes, "src").unwrap_or_default();
        let person = self.rewrite.person;
        person.is_some_and(|person| person(&source, "").is_some())
    }

    /// Closes what the standard lets an author leave open.
    fn imply_ends(&mut self, name: &str) {
        let ended: &[&str] = match name.to_ascii_lowercase().as_str() {
            "li" => &["p", "li"],
            "dt" | "dd" => &["p", "dt", "dd"],
            "td" | "th" => &["p", "td", "th"],
            "tr" => &["p", "td", "th", "tr"],
            "option" => &["option"],
            "p" | "div" | "ul" | "ol" | "table" | "blockquote" | "pre" => &["p"],
            _ => return,
        };
        let ends = |top: &&str| ended.iter().any(|known| known.eq_ignore_ascii_case(top));
        while let Some(top) = self.open.last().copied().filter(|top| ends(top)) {
            self.pop();
            // An item ends one item, not the list around it.
            if top.eq_ignore_ascii_case(ended.last().unwrap_or(&"")) {
                break;
            }
        }
    }

    fn close(&mut self, name: &str) {
        // The depth is bounded, so that the search is.
        let Some(at) = self
            .open
            .iter()
            .rposition(|open| open.eq_ignore_ascii_case(name))
        else {
            return;
        };
        while self.open.len() > at {
            self.pop();
        }
    }

    fn pop(&mut self) {
        let Some(name) = self.open.pop() else {
            return;
        };
        let is = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        self.styles -= usize::from(is(STYLES));
        self.code -= usize::from(is(&["code", "pre"]));
        self.out.push_str(&format!("</{name}>"));
    }
}

/// Brackets inside of an attribute, written so that no scanner stumbles over them.
fn escape_tag(tag: &str) -> Cow<'_, str> {
    match tag.contains(['<', '>']) {
        true => Cow::Owned(tag.replace('<', "&lt;").replace('>', "&gt;")),
        false => Cow::Borrowed(tag),
    }
}

/// Cuts a tag at its `>` outside of quotes. One whose quotes never end is its name alone.
fn cut_tag(after: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    let mut value = false;
    for (at, byte) in after.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => {
                let rest = after.get(at + 1..).unwrap_or_default();
                return Some((after.get(..at)?, rest));
            }
            (None, b'"' | b'\'') if value => quote = Some(byte),
            (Some(open), _) if byte == open => quote = None,
            _ => {}
        }
        // A quotation mark opens a value only behind an equals sign.
        value = byte == b'=' || (value && byte.is_ascii_whitespace());
    }
    let (tag, rest) = after.split_once('>')?;
    let end = tag.find(|c: char| !(c.is_ascii_alphanumeric() || c == '/'));
    Some((tag.get(..end.unwrap_or(tag.len()))?, rest))
}

/// The value of an attribute, entities decoded as far as addresses have them.
fn attribute(attributes: &str, name: &str) -> Option<String> {
    let start = find_ignoring_case(attributes, &format!("{name}="))? + name.len() + 1;
    let value = attributes.get(start..)?;
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value.get(1..)?.split(quote).next()?,
        _ => value.split_ascii_whitespace().next()?,
    };
    Some(value.replace("&amp;", "&"))
}

/// What follows the end tag of an element whose content is left out.
fn after_end_tag<'a>(html: &'a str, name: &str) -> &'a str {
    let end = find_ignoring_case(html, &format!("</{name}"));
    let after = end.and_then(|end| html.get(end..)).unwrap_or_default();
    after.split_once('>').map_or("", |(_, rest)| rest)
}

fn find_ignoring_case(text: &str, what: &str) -> Option<usize> {
    let (bytes, what) = (text.as_bytes(), what.as_bytes());
    let first = *what.first()?;
    memchr::memchr2_iter(
        first.to_ascii_lowercase(),
        first.to_ascii_uppercase(),
        bytes,
    )
    .find(|at| {
        let found = bytes.get(*at..at + what.len());
        found.is_some_and(|found| found.eq_ignore_ascii_case(what))
    })
}

/// The text of a short piece of HTML.
pub(super) fn without_tags(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some((text, after)) = rest.split_once('<') {
        out.push_str(text);
        rest = cut_tag(after).map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    unescape(&out)
}

/// Text with the entities of HTML decoded.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_decoded(text, &Entities::default(), &mut out);
    out
}

#[cfg(test)]
mod tests;

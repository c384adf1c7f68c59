//! A file of a book as HTML that is nothing but text: no scripts, page numbers, note marks or
//! readings of characters.

use crate::markup::{Entities, Token, Tokenizer, attribute, local, push_decoded, push_escaped};

/// Elements open at once; what lies deeper is text without markup.
const MAX_DEPTH: usize = 200;

/// Elements that are written.
const WRITTEN: &str = "p div section article aside blockquote h1 h2 h3 h4 h5 h6 ul ol li dl dt dd table thead \
    tbody tfoot tr td th caption pre code br hr em strong i b sub sup q figure figcaption \
    math mrow mi mn mo ms mtext mfrac msqrt mroot msub msup msubsup munder mover munderover \
    mtable mtr mtd mspace mfenced mstyle semantics annotation";
/// Elements without an end.
const VOID: &str = "br hr img input meta link col area wbr source track param embed base mspace";
/// Elements whose content is not read. `rp`, `rt` and `rtc` are readings: 漢字 (かんじ).
const SKIPPED: &str = "script style template rt rp rtc nav audio video object canvas iframe select button \
    annotation-xml metadata desc defs";
/// Structural semantics (`epub:type`) and roles (`doc-…`) of what is not read.
const SKIPPED_TYPES: &str = "noteref pagebreak backlink annoref page-list landmarks";
/// Classes of page and line numbers in the margin.
const NUMBERS: &str = "pagenum pageno pagenumber page-number pagebreak lnum linenum lineno linenumber \
    line-number";
/// Classes of groups of verses; what stands in one is a line.
const STANZAS: &str = "linegroup line-group stanza strophe lg";
/// Those of notes, which go behind the chapter.
const NOTES: &str = "footnote endnote rearnote";
/// Those of files that are no text of the book.
const APPARATUS: &str =
    "cover titlepage halftitlepage copyright-page colophon toc loi lot landmarks";

/// A file of a book.
#[derive(Debug, Default)]
pub(crate) struct Chapter {
    /// The text.
    pub html: String,
    /// Whether it has a heading.
    pub heading: bool,
    /// Bytes of text without markup.
    pub length: usize,
    /// Whether it calls itself a cover, title page, or the like.
    pub is_apparatus: bool,
    /// Title in the head of the file.
    pub title: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    None,
    /// Content is not read.
    Skip,
    /// Content goes to the notes.
    Note,
    /// A link that may be a mark of a note: where its text begins.
    Mark(usize, bool),
    /// The title in the head.
    Title,
    /// A group of verses.
    Stanza,
    /// A verse.
    Verse,
}

struct Open {
    name: String,
    written: bool,
    effect: Effect,
}

#[derive(Default)]
struct Walker {
    out: String,
    notes: String,
    open: Vec<Open>,
    skipping: u32,
    in_notes: u32,
    chapter: Chapter,
    in_head: bool,
}

/// Reads a file.
pub(crate) fn read(text: &str) -> Chapter {
    let mut walker = Walker::default();
    let mut tokenizer = Tokenizer::default();
    let entities = Entities::default();
    let mut rest = text;
    while let Some((token, length)) = tokenizer.next(rest.as_bytes(), true) {
        match token {
            Token::Start {
                name,
                attributes,
                empty,
            } => walker.start(name, attributes, empty),
            Token::End(name) => walker.end(&lower(name)),
            Token::Text(bytes) => {
                let mut text = String::new();
                push_decoded(&String::from_utf8_lossy(bytes), &entities, &mut text);
                walker.text(&text);
            }
            Token::Cdata(bytes) => walker.text(&String::from_utf8_lossy(bytes)),
            _ => {}
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    while !walker.open.is_empty() {
        walker.pop();
    }
    let mut chapter = walker.chapter;
    chapter.html = walker.out.trim().to_owned();
    let notes = walker.notes.trim();
    if !notes.is_empty() {
        chapter.html.push('\n');
        chapter.html += notes;
    }
    chapter
}

impl Walker {
    fn target(&mut self) -> &mut String {
        if self.in_notes > 0 {
            &mut self.notes
        } else {
            &mut self.out
        }
    }

    fn text(&mut self, text: &str) {
        if self
            .open
            .last()
            .is_some_and(|open| open.effect == Effect::Title)
        {
            *self.chapter.title.get_or_insert_default() += text;
        }
        if self.skipping > 0 || self.in_head {
            return;
        }
        self.chapter.length += text.trim().len();
        push_escaped(text, self.target());
    }

    fn start(&mut self, name: &[u8], attributes: &[u8], empty: bool) {
        let name = lower(name);
        self.imply_end(&name);
        match name.as_str() {
            "head" => self.in_head = true,
            "body" => self.in_head = false,
            "img" | "image" => self.picture(attributes),
            _ => {}
        }
        let types = types(attributes);
        let is = |list: &str| types.iter().any(|found| holds(list, found));
        self.chapter.is_apparatus |= is(APPARATUS) && self.chapter.length < 200;
        let effect = self.effect(&name, attributes, &is);
        let written = holds(WRITTEN, &name)
            && self.skipping == 0
            && !self.in_head
            && !matches!(effect, Effect::Skip | Effect::Verse);
        self.chapter.heading |= written && is_heading(&name);
        if empty || holds(VOID, &name) {
            if written && matches!(name.as_str(), "br" | "hr") {
                let tag = format!("<{name}>");
                *self.target() += &tag;
            }
            return;
        }
        if self.open.len() >= MAX_DEPTH {
            return;
        }
        match effect {
            Effect::Skip => self.skipping += 1,
            Effect::Note => self.in_notes += 1,
            _ => {}
        }
        if written {
            let tag = tag(&name, attributes);
            *self.target() += &tag;
        }
        self.open.push(Open {
            name,
            written,
            effect,
        });
    }

    fn effect(&self, name: &str, attributes: &[u8], is: &dyn Fn(&str) -> bool) -> Effect {
        let hidden = crate::markup::attributes(attributes).any(|(name, _)| name == b"hidden");
        match name {
            "title" if self.in_head => Effect::Title,
            _ if holds(SKIPPED, name) || is(SKIPPED_TYPES) || hidden => Effect::Skip,
            "span" | "a" if is_class(attributes, NUMBERS) => Effect::Skip,
            "div" | "p" if is_class(attributes, STANZAS) => Effect::Stanza,
            "div" | "p"
                if self
                    .open
                    .last()
                    .is_some_and(|open| open.effect == Effect::Stanza) =>
            {
                Effect::Verse
            }
            // The title of a drawing.
            "title" => Effect::Skip,
            _ if is(NOTES) && self.in_notes == 0 => Effect::Note,
            "a" if attribute(attributes, "href").is_some_and(|href| href.contains(&b'#')) => {
                let raised = self
                    .open
                    .iter()
                    .rev()
                    .take(3)
                    .any(|open| open.name == "sup");
                let at = if self.in_notes > 0 {
                    self.notes.len()
                } else {
                    self.out.len()
                };
                Effect::Mark(at, raised)
            }
            _ => Effect::None,
        }
    }

    /// Pictures are not read, but for those that stand for a character.
    fn picture(&mut self, attributes: &[u8]) {
        if self.skipping > 0 {
            return;
        }
        let value = |name| {
            attribute(attributes, name).map(|value| String::from_utf8_lossy(value).into_owned())
        };
        let mut alt = String::new();
        push_decoded(
            &value("alt").unwrap_or_default(),
            &Entities::default(),
            &mut alt,
        );
        let is_character =
            value("class").is_some_and(|class| class.contains("gaiji")) || alt.chars().count() == 1;
        if is_character {
            self.text(&alt);
        }
    }

    /// In HTML a paragraph ends where a block begins, and an item where the next does.
    fn imply_end(&mut self, name: &str) {
        let Some(last) = self.open.last() else { return };
        let block = [
            "p",
            "div",
            "ul",
            "ol",
            "table",
            "blockquote",
            "section",
            "pre",
            "hr",
            "dl",
        ];
        let ends = match last.name.as_str() {
            "p" => block.contains(&name) || is_heading(name),
            "li" => name == "li",
            "dt" | "dd" => matches!(name, "dt" | "dd"),
            "td" | "th" => matches!(name, "td" | "th" | "tr"),
            "tr" => name == "tr",
            _ => false,
        };
        if ends {
            self.pop();
        }
    }

    fn end(&mut self, name: &str) {
        if name == "head" {
            self.in_head = false;
        }
        let is_it = |open: &Open| open.name == name;
        if let Some(at) = self.open.iter().rposition(is_it) {
            while self.open.len() > at {
                self.pop();
            }
        }
    }

    fn pop(&mut self) {
        let Some(open) = self.open.pop() else { return };
        if open.written {
            let tag = format!("</{}>", open.name);
            *self.target() += &tag;
            // Blocks on lines of their own, for whoever looks at the body.
            if matches!(open.name.as_str(), "p" | "div" | "section" | "li" | "tr")
                || is_heading(&open.name)
            {
                self.target().push('\n');
            }
        }
        match open.effect {
            Effect::Skip => self.skipping -= 1,
            Effect::Note => self.in_notes -= 1,
            Effect::Mark(at, raised) => {
                let target = self.target();
                // A longer link is a sentence, and is not looked at once for each link around it.
                let text = target.get(at..).filter(|text| text.len() < 80);
                if text.is_some_and(|text| is_mark(text, raised)) {
                    target.truncate(at);
                }
            }
            Effect::Verse if self.skipping == 0 => *self.target() += "<br>\n",
            _ => {}
        }
    }
}

/// Whether the text of a link is the mark of a note: a raised number, [3], *.
fn is_mark(text: &str, raised: bool) -> bool {
    let raised = raised || text.contains("<sup>");
    let plain = text.replace("<sup>", "").replace("</sup>", "");
    let plain = plain.trim();
    let bare = plain.trim_matches(['[', ']', '(', ')']);
    let short =
        bare.len() <= 4 && !bare.is_empty() && bare.chars().all(|c| c.is_ascii_alphanumeric());
    let bracketed = plain.starts_with('[') && plain.ends_with(']');
    let sign = !plain.is_empty()
        && plain.chars().count() <= 3
        && plain.chars().all(|c| "*†‡§¶※".contains(c));
    let number = bare.chars().all(|c| c.is_ascii_digit());
    sign || (short && (raised || (bracketed && number)))
}

fn tag(name: &str, attributes: &[u8]) -> String {
    let mut tag = format!("<{name}");
    for kept in ["colspan", "rowspan", "start", "alttext", "encoding"] {
        if let Some(value) = attribute(attributes, kept) {
            let mut decoded = String::new();
            push_decoded(
                &String::from_utf8_lossy(value),
                &Entities::default(),
                &mut decoded,
            );
            tag += &format!(" {kept}=\"");
            push_escaped(&decoded, &mut tag);
            tag.push('"');
        }
    }
    tag.push('>');
    tag
}

fn is_class(attributes: &[u8], names: &str) -> bool {
    let value = attribute(attributes, "class").unwrap_or_default();
    let value = String::from_utf8_lossy(value).to_ascii_lowercase();
    value.split_whitespace().any(|class| holds(names, class))
}

/// Whether a list of words holds this one.
fn holds(list: &str, word: &str) -> bool {
    list.split(' ').any(|known| known == word)
}

/// Values of `epub:type` and `role`, the latter without `doc-`.
fn types(attributes: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    for name in ["epub:type", "role"] {
        let value = attribute(attributes, name).unwrap_or_default();
        let value = String::from_utf8_lossy(value).to_ascii_lowercase();
        all.extend(
            value
                .split_whitespace()
                .map(|word| word.trim_start_matches("doc-").to_owned()),
        );
    }
    all
}

fn is_heading(name: &str) -> bool {
    matches!(name.as_bytes(), [b'h', b'1'..=b'6'])
}

fn lower(name: &[u8]) -> String {
    String::from_utf8_lossy(local(name)).to_ascii_lowercase()
}

#[cfg(test)]
mod tests;

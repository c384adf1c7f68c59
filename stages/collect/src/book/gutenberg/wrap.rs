//! Lines to paragraphs.

use super::between::{note, pages, remark};
use super::blocks::{Block, Kind, blocks};
use super::inline::clean;
use super::lines::{begin_as_verse, early_breaks, is_cjk, is_early, width, wrap_width};
use super::vocabulary::Vocabulary;
use crate::markup::push_escaped;

/// Lines wider than this on the whole are paragraphs.
const MAX_WRAP: usize = 120;
/// A book's text as HTML.
pub(super) fn html(lines: &[&str]) -> String {
    let mut blocks = blocks(lines);
    let mut writer = Writer {
        words: Vocabulary::of(lines),
        wrap: wrapped_at(&blocks),
        notes: blocks.iter().any(|block| note(block).is_some()),
        ..Writer::default()
    };
    let pages = pages(&blocks);
    let mut joins = false;
    let mut at = 0;
    while let Some(block) = blocks.get_mut(at) {
        let block = std::mem::replace(
            block,
            Block {
                lines: Vec::new(),
                blanks: 0,
                at: 0,
            },
        );
        at += 1;
        if pages.get(at - 1) == Some(&true) {
            joins = true;
            continue;
        }
        if let Some(length) = remark(&block, blocks.get(at..).unwrap_or_default()) {
            at += length;
            continue;
        }
        writer.block(&block, std::mem::take(&mut joins));
    }
    writer.finish()
}

/// The width at which the text is wrapped; 0 where it is not, so that each line is a paragraph
/// or a verse.
fn wrapped_at(blocks: &[Block]) -> usize {
    let wrap = wrap_width(blocks.iter().map(|block| block.lines.as_slice()));
    let (mut prose, mut all) = (0, 0);
    for block in blocks.iter().filter(|block| block.lines.len() > 1) {
        let pairs = block.lines.len() - 1;
        let fills =
            early_breaks(&block.lines, wrap) * 4 <= pairs && !begin_as_verse(&block.lines, wrap);
        prose += if fills { pairs } else { 0 };
        all += pairs;
    }
    // Books of verse have some stanzas that look like prose, books of prose have some verse.
    match !(30..=MAX_WRAP).contains(&wrap) || prose * 5 < all {
        true => 0,
        false => wrap,
    }
}

#[derive(Default)]
struct Writer {
    words: Vocabulary,
    wrap: usize,
    /// Whether the book has notes.
    notes: bool,
    out: String,
    /// Paragraph that may go on behind a page's end.
    pending: Option<(String, &'static str)>,
    /// Notes of the chapter, written at its end.
    held: Vec<String>,
    /// Whether a note in brackets is not yet closed.
    in_note: bool,
}

impl Writer {
    fn block(&mut self, block: &Block, joins: bool) {
        if self.note(block) {
            return;
        }
        let kind = block.kind(self.wrap);
        match kind {
            Kind::Prose | Kind::Quote => {
                let text = clean(&self.joined(&block.lines), self.notes);
                let open = if kind == Kind::Quote {
                    "blockquote"
                } else {
                    "p"
                };
                let starts_low = text
                    .chars()
                    .next()
                    .is_some_and(|c| c.is_lowercase() || is_cjk(c));
                if let Some((before, _)) = self
                    .pending
                    .as_mut()
                    .filter(|(before, _)| joins && starts_low && !ends_sentence(before))
                {
                    join(before, &text, &self.words);
                    return;
                }
                self.flush();
                if !text.is_empty() {
                    self.pending = Some((text, open));
                }
            }
            Kind::Heading(level) => {
                self.flush();
                self.flush_notes();
                let lines: Vec<&str> = block.lines.iter().map(|line| line.trim()).collect();
                let text = clean(&lines.join(" "), self.notes);
                self.element(&format!("h{level}"), &text);
            }
            Kind::Rule => {
                self.flush();
                self.out += "<hr>\n";
            }
            Kind::Lines => self.lines(block),
            Kind::Table => {
                self.flush();
                let lines: Vec<String> = block
                    .lines
                    .iter()
                    .map(|line| line.replace('_', ""))
                    .collect();
                self.element("pre", &lines.join("\n"));
            }
        }
    }

    /// Keeps a note for the end of the chapter.
    fn note(&mut self, block: &Block) -> bool {
        if self.in_note {
            let text = self.joined(&block.lines);
            self.in_note = !text.trim_end().ends_with(']');
            self.held
                .push(clean(text.trim_end().trim_end_matches(']'), true));
            return true;
        }
        let Some(first) = note(block).filter(|_| self.notes) else {
            return false;
        };
        let lines: Vec<&str> = std::iter::once(first.as_str())
            .chain(block.lines.iter().skip(1).copied())
            .collect();
        let text = self.joined(&lines);
        let named = block
            .lines
            .first()
            .is_some_and(|line| line.to_lowercase().contains("[footnote"));
        let closed = text.matches(']').count() > text.matches('[').count();
        self.in_note = named && !closed && self.held.len() < 10_000;
        let text = if named && closed {
            text.trim_end().trim_end_matches(']')
        } else {
            &text
        };
        self.held.push(clean(text, true));
        true
    }

    fn lines(&mut self, block: &Block) {
        self.flush();
        let lines: Vec<String> = block
            .lines
            .iter()
            .map(|line| clean(line.trim(), self.notes))
            .collect();
        let lines: Vec<&String> = lines.iter().filter(|line| !line.is_empty()).collect();
        if lines.is_empty() {
            return;
        }
        self.out += "<p>";
        for (at, line) in lines.iter().enumerate() {
            if at > 0 {
                self.out += "<br>\n";
            }
            push_escaped(line, &mut self.out);
        }
        self.out += "</p>\n";
    }

    /// Lines as one, but for breaks that were meant: a line much shorter than the width.
    fn joined(&self, lines: &[&str]) -> String {
        let mut text = String::new();
        let mut before: Option<&str> = None;
        for line in lines {
            let line = line.trim();
            match before {
                Some(last) if width(last) * 3 < self.wrap && is_early(last, line, self.wrap) => {
                    text.push('\n');
                    text += line;
                }
                _ => join(&mut text, line, &self.words),
            }
            before = Some(line);
        }
        text
    }

    fn element(&mut self, name: &str, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        self.out += &format!("<{name}>");
        let mut escaped = String::new();
        push_escaped(text, &mut escaped);
        self.out += &if name == "pre" {
            escaped
        } else {
            escaped.replace('\n', "<br>\n")
        };
        self.out += &format!("</{name}>\n");
    }

    fn flush(&mut self) {
        if let Some((text, name)) = self.pending.take() {
            self.element(name, &text);
        }
    }

    fn flush_notes(&mut self) {
        for note in std::mem::take(&mut self.held) {
            self.element("p", &note);
        }
    }

    fn finish(mut self) -> String {
        self.flush();
        self.flush_notes();
        self.out.trim_end().to_owned()
    }
}

fn ends_sentence(text: &str) -> bool {
    text.trim_end().ends_with([
        '.', '!', '?', '"', '”', ':', '。', '！', '？', '」', '』', '’', ')',
    ])
}

/// Adds a line to a text: without a space in Chinese and Japanese, and behind a dash; with the
/// two halves of a parted word as one.
fn join(text: &mut String, line: &str, words: &Vocabulary) {
    let (Some(last), Some(first)) = (text.chars().last(), line.chars().next()) else {
        *text += line;
        return;
    };
    if last == '\u{ad}' {
        text.pop();
    } else if last == '-' && !text.ends_with("--") {
        let half = |c: char| c.is_alphabetic() || c == '-' || c == '\'' || c == '’';
        let stem = text.get(..text.len() - 1).unwrap_or_default();
        // Only as far back as a word may be long.
        let near = stem
            .char_indices()
            .rev()
            .take(60)
            .last()
            .map_or(0, |(at, _)| at);
        let stem = stem.get(near..).unwrap_or_default();
        let before = stem.rsplit(|c| !half(c)).next().unwrap_or_default();
        let after = line
            .split(|c: char| !c.is_alphabetic())
            .next()
            .unwrap_or_default();
        let mends = first.is_lowercase() && !before.is_empty();
        if mends && !words.keeps_hyphen(before, after) {
            text.pop();
        }
    } else {
        let is_dash = text.ends_with("--") || last == '—' || line.starts_with("--");
        if !is_dash && !is_cjk(last) && !is_cjk(first) {
            text.push(' ');
        }
    }
    *text += line;
}

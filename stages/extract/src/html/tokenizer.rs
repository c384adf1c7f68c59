//! HTML text to tokens for html5ever's tree builder, as the HTML standard cuts them.
//!
//! The whole page is at hand, so nothing here works character by character: each kind of token
//! is found by its end, and its text is a view of the page unless something in it is replaced.
//! No state machine, no suspension, time linear in the page.

mod comments;
mod doctype;
mod names;
mod raw;
mod references;
mod tags;
#[cfg(test)]
mod tests;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Token, TokenSink};
use memchr::{memchr, memchr2, memchr3};

use names::Names;
use references::Place;

/// Attributes kept of one tag; those beyond are dropped.
pub(crate) const MAX_ATTRIBUTES: usize = 256;
/// Takes the place of a NUL almost everywhere.
const REPLACEMENT: char = '\u{fffd}';

/// Cuts a page into tokens and gives them to `sink`. Parse errors are not reported, and every
/// token is said to be on line 1.
pub(crate) fn tokenize<S: TokenSink>(html: &str, sink: &S) {
    let page = normalize(html);
    Tokenizer::new(&page, sink).run();
}

/// The page without its byte order mark, and with every kind of newline as `\n`.
fn normalize(html: &str) -> StrTendril {
    let mut rest = html.strip_prefix('\u{feff}').unwrap_or(html);
    let mut page = StrTendril::new();
    while let Some(end) = memchr(b'\r', rest.as_bytes()) {
        if page.is_empty() {
            page.reserve(rest.len() as u32);
        }
        page.push_slice(&rest[..end]);
        page.push_slice("\n");
        let next = &rest[end + 1..];
        rest = next.strip_prefix('\n').unwrap_or(next);
    }
    page.push_slice(rest);
    page
}

/// What the text that follows is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Text, tags and comments.
    Data,
    /// Text that only the end tag of its element ends.
    Raw(RawKind),
    /// Text up to the end of the page.
    Plaintext,
}

struct Tokenizer<'a, S> {
    page: &'a StrTendril,
    /// The same as a plain string, which is cheaper to look into.
    text: &'a str,
    sink: &'a S,
    /// How far the page has been read.
    at: usize,
    mode: Mode,
    /// Name of the last start tag: raw text ends at the end tag of that name.
    last_start: Option<html5ever::LocalName>,
    names: Names,
    /// Text that is not a part of the page as it stands; empty between tokens.
    scratch: String,
}

impl<'a, S: TokenSink> Tokenizer<'a, S> {
    fn new(page: &'a StrTendril, sink: &'a S) -> Self {
        Self {
            page,
            text: page,
            sink,
            at: 0,
            mode: Mode::Data,
            last_start: None,
            names: Names::new(),
            scratch: String::new(),
        }
    }

    fn run(mut self) {
        while self.at < self.text.len() {
            match self.mode {
                Mode::Data => {
                    self.data();
                    self.markup();
                }
                Mode::Raw(kind) => self.raw(kind),
                Mode::Plaintext => self.plaintext(),
            }
        }
        self.emit(Token::EOFToken);
        self.sink.end();
    }

    /// Emits the text before the next tag or comment.
    fn data(&mut self) {
        let bytes = self.text.as_bytes();
        // Everything before `start` is emitted or in `scratch`.
        let (mut start, mut at) = (self.at, self.at);
        while let Some(found) = memchr3(b'<', b'&', 0, &bytes[at..]).map(|i| at + i) {
            at = found + 1;
            match bytes[found] {
                b'<' if opens_markup(&bytes[at..]) => {
                    self.flush_text(start, found);
                    self.at = found;
                    return;
                }
                b'&' => {
                    if let Some(reference) = references::find(&self.text[at..], Place::Text) {
                        self.scratch.push_str(&self.text[start..found]);
                        reference.push_to(&mut self.scratch);
                        at += reference.length;
                        start = at;
                    }
                }
                0 => {
                    self.flush_text(start, found);
                    self.emit(Token::NullCharacterToken);
                    start = at;
                }
                _ => {}
            }
        }
        self.at = bytes.len();
        self.flush_text(start, self.at);
    }

    /// Emits `scratch` and what follows it in the page.
    fn flush_text(&mut self, start: usize, end: usize) {
        if !self.scratch.is_empty() {
            self.scratch.push_str(&self.text[start..end]);
            self.emit(Token::CharacterTokens(StrTendril::from_slice(
                &self.scratch,
            )));
            self.scratch.clear();
        } else if start < end {
            self.emit(Token::CharacterTokens(self.piece(start, end)));
        }
    }

    /// Reads the tag or comment that opens here, if the page is not at its end.
    fn markup(&mut self) {
        let after = &self.text.as_bytes()[self.at..];
        match after {
            [_, b'/', b'>', ..] => self.at += b"</>".len(),
            [_, b'/', first, ..] if first.is_ascii_alphabetic() => self.end_tag(),
            [_, b'/', ..] => self.bogus_comment(self.at + b"</".len()),
            [_, b'!', ..] => self.declaration(),
            [_, b'?', ..] => self.bogus_comment(self.at + b"<".len()),
            [_, ..] => self.start_tag(),
            [] => {}
        }
    }

    fn plaintext(&mut self) {
        let end = self.text.len();
        self.emit_raw(self.at, end);
        self.at = end;
    }

    fn emit(&self, token: Token) {
        // Only tags have answers that mean something.
        let _ = self.sink.process_token(token, 1);
    }

    /// A part of the page as it stands. Both ends must be next to ASCII.
    #[inline]
    fn piece(&self, start: usize, end: usize) -> StrTendril {
        self.page.subtendril(start as u32, (end - start) as u32)
    }

    /// A part of the page with NULs replaced.
    fn without_nulls(&self, start: usize, end: usize) -> StrTendril {
        let raw = &self.text[start..end];
        if memchr(0, raw.as_bytes()).is_none() {
            return self.piece(start, end);
        }
        raw.chars()
            .map(|character| {
                if character == '\0' {
                    REPLACEMENT
                } else {
                    character
                }
            })
            .collect()
    }

    /// A part of the page with NULs and references replaced.
    fn decoded(&mut self, start: usize, end: usize, place: Place) -> StrTendril {
        let raw = &self.text[start..end];
        if memchr2(b'&', 0, raw.as_bytes()).is_none() {
            return self.piece(start, end);
        }
        references::decode(raw, place, &mut self.scratch);
        let value = StrTendril::from_slice(&self.scratch);
        self.scratch.clear();
        value
    }
}

/// Whether a `<` before `rest` begins anything; if not, it is text.
#[inline]
fn opens_markup(rest: &[u8]) -> bool {
    match rest {
        [b'/', rest @ ..] => !rest.is_empty(),
        [first, ..] => first.is_ascii_alphabetic() || matches!(first, b'!' | b'?'),
        [] => false,
    }
}

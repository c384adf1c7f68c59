//! Text that only the right end tag ends: titles, styles, scripts.

use html5ever::tokenizer::states::{RawKind, ScriptEscapeKind};
use html5ever::tokenizer::{Token, TokenSink};
use memchr::{memchr, memchr2};

use super::references::Place;
use super::tags::is_space;
use super::{Mode, Tokenizer};

impl<S: TokenSink> Tokenizer<'_, S> {
    /// Emits raw text, then the end tag behind it.
    pub(super) fn raw(&mut self, kind: RawKind) {
        let start = self.at;
        let found = match kind {
            RawKind::Rcdata | RawKind::Rawtext => self.raw_end(),
            RawKind::ScriptData => self.script_end(Script::Plain),
            RawKind::ScriptDataEscaped(ScriptEscapeKind::Escaped) => {
                self.script_end(Script::Escaped)
            }
            RawKind::ScriptDataEscaped(ScriptEscapeKind::DoubleEscaped) => {
                self.script_end(Script::DoubleEscaped)
            }
        };
        let end = found.unwrap_or(self.text.len());
        self.at = end;
        self.mode = Mode::Data;
        if kind == RawKind::Rcdata && start < end {
            let text = self.decoded(start, end, Place::Text);
            self.emit(Token::CharacterTokens(text));
        } else {
            self.emit_raw(start, end);
        }
        if found.is_some() {
            self.end_tag();
        }
    }

    /// Emits text without references.
    pub(super) fn emit_raw(&self, start: usize, end: usize) {
        if start < end {
            self.emit(Token::CharacterTokens(self.without_nulls(start, end)));
        }
    }

    fn raw_end(&self) -> Option<usize> {
        let bytes = self.text.as_bytes();
        memchr::memchr_iter(b'<', &bytes[self.at..])
            .map(|offset| self.at + offset)
            .find(|at| self.ends_raw(*at))
    }

    /// Whether the `<` at this place opens the end tag of the element that is open.
    fn ends_raw(&self, at: usize) -> bool {
        let Some([b'/', rest @ ..]) = self.text.as_bytes().get(at + 1..) else {
            return false;
        };
        let Some(name) = self.last_start.as_deref() else {
            return false;
        };
        is_word(rest, name) && name.bytes().all(|byte| byte.is_ascii_alphabetic())
    }

    /// The end of a script. An end tag in a comment counts, unless a start tag is before it.
    fn script_end(&self, mut script: Script) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let mut at = self.at;
        loop {
            let rest = &bytes[at..];
            at += match script {
                Script::Plain => memchr(b'<', rest)?,
                Script::Escaped | Script::DoubleEscaped => memchr2(b'<', b'-', rest)?,
            };
            if script != Script::DoubleEscaped && bytes[at] == b'<' && self.ends_raw(at) {
                return Some(at);
            }
            let (next, length) = script.step(&bytes[at..]);
            script = next;
            at += length;
        }
    }
}

/// How far into a comment a script is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Script {
    /// In no comment.
    Plain,
    /// In a comment.
    Escaped,
    /// In a script in a comment.
    DoubleEscaped,
}

impl Script {
    /// What comes after the `<` or `-` that `rest` begins with, and how many bytes belong to it.
    fn step(self, rest: &[u8]) -> (Self, usize) {
        match (self, rest) {
            // The dashes may be those that end the comment.
            (Self::Plain, [b'<', b'!', b'-', b'-', ..]) => (Self::Escaped, b"<!".len()),
            (Self::Escaped | Self::DoubleEscaped, [b'-', ..]) => {
                let dashes = rest.iter().take_while(|byte| **byte == b'-').count();
                if dashes >= 2 && rest.get(dashes) == Some(&b'>') {
                    return (Self::Plain, dashes);
                }
                (self, dashes)
            }
            (Self::Escaped, [b'<', word @ ..]) if is_word(word, "script") => {
                (Self::DoubleEscaped, b"<script".len())
            }
            (Self::DoubleEscaped, [b'<', b'/', word @ ..]) if is_word(word, "script") => {
                (Self::Escaped, b"</script".len())
            }
            _ => (self, 1),
        }
    }
}

/// Whether a text begins with a word (in any case) that ends there as the name of a tag does.
fn is_word(text: &[u8], word: &str) -> bool {
    text.split_at_checked(word.len())
        .is_some_and(|(name, rest)| {
            name.eq_ignore_ascii_case(word.as_bytes())
                && rest
                    .first()
                    .is_some_and(|next| is_space(*next) || matches!(next, b'/' | b'>'))
        })
}

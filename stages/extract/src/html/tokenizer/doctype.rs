//! `<!DOCTYPE html PUBLIC "…" "…">`.

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Doctype, Token, TokenSink};
use memchr::{memchr, memchr2};

use super::comments::starts_with_word;
use super::tags::is_space;
use super::{REPLACEMENT, Tokenizer};

/// The reader's next step after a part of a doctype.
enum Next {
    /// The part is well-formed, and more may follow.
    More,
    /// The page's end or the `>`, which has been read.
    End,
    /// Nothing that follows counts.
    Skip,
}

impl<S: TokenSink> Tokenizer<'_, S> {
    /// Reads a doctype from behind its keyword and emits it.
    pub(super) fn doctype(&mut self, start: usize) {
        self.at = start;
        let mut doctype = Doctype::default();
        if let Next::Skip = self.doctype_parts(&mut doctype) {
            let rest = &self.text.as_bytes()[self.at..];
            self.at += memchr(b'>', rest).map_or(rest.len(), |end| end + 1);
        }
        self.emit(Token::DoctypeToken(doctype));
    }

    /// Reads the name and the identifiers.
    fn doctype_parts(&mut self, doctype: &mut Doctype) -> Next {
        if self.doctype_ends(doctype, true) {
            return Next::End;
        }
        doctype.name = Some(self.doctype_name());
        if self.doctype_ends(doctype, false) {
            return Next::End;
        }
        let rest = &self.text.as_bytes()[self.at..];
        let is_public = starts_with_word(rest, b"public");
        if !is_public && !starts_with_word(rest, b"system") {
            doctype.force_quirks = true;
            return Next::Skip;
        }
        self.at += b"public".len();
        if is_public {
            if let next @ (Next::End | Next::Skip) = self.doctype_identifier(doctype, true) {
                return next;
            }
            if self.doctype_ends(doctype, false) {
                return Next::End;
            }
        }
        if let next @ (Next::End | Next::Skip) = self.doctype_identifier(doctype, false) {
            return next;
        }
        if self.doctype_ends(doctype, false) {
            return Next::End;
        }
        Next::Skip
    }

    /// Skips white space and reads the `>`, if there is one. A doctype that the page's end cuts
    /// off, or that ends too early, puts the page in quirks mode.
    fn doctype_ends(&mut self, doctype: &mut Doctype, too_early: bool) -> bool {
        self.skip_spaces();
        match self.text.as_bytes().get(self.at) {
            Some(b'>') => {
                self.at += 1;
                doctype.force_quirks |= too_early;
                true
            }
            Some(_) => false,
            None => {
                doctype.force_quirks = true;
                true
            }
        }
    }

    fn doctype_name(&mut self) -> StrTendril {
        let rest = &self.text[self.at..];
        let length = rest
            .bytes()
            .position(|byte| is_space(byte) || byte == b'>')
            .unwrap_or(rest.len());
        self.at += length;
        rest[..length]
            .chars()
            .map(|character| match character {
                '\0' => REPLACEMENT,
                character => character.to_ascii_lowercase(),
            })
            .collect()
    }

    /// Reads an identifier in quotes.
    fn doctype_identifier(&mut self, doctype: &mut Doctype, is_public: bool) -> Next {
        if self.doctype_ends(doctype, true) {
            return Next::End;
        }
        let bytes = self.text.as_bytes();
        let quote = bytes[self.at];
        if !matches!(quote, b'"' | b'\'') {
            doctype.force_quirks = true;
            return Next::Skip;
        }
        let start = self.at + 1;
        let found = memchr2(quote, b'>', &bytes[start..]).map(|length| start + length);
        let end = found.unwrap_or(bytes.len());
        self.at = end + usize::from(found.is_some());
        let identifier = Some(self.without_nulls(start, end));
        if is_public {
            doctype.public_id = identifier;
        } else {
            doctype.system_id = identifier;
        }
        if found.is_some_and(|end| bytes[end] == quote) {
            return Next::More;
        }
        doctype.force_quirks = true;
        Next::End
    }
}

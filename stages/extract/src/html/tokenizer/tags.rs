//! Start and end tags.

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult};
use html5ever::{Attribute, LocalName, QualName, ns};
use memchr::{memchr, memchr3};

use super::references::Place;
use super::{MAX_ATTRIBUTES, Mode, REPLACEMENT, Tokenizer};

/// Ends the name of an element: white space, `/` and `>`.
const ENDS_TAG_NAME: u8 = 1;
/// Ends the name of an attribute: as before, and `=`.
const ENDS_ATTRIBUTE_NAME: u8 = 2;
/// Ends a value without quotes: white space and `>`.
const ENDS_VALUE: u8 = 4;
/// Stands for another character in a name: capital letters and NUL.
const REPLACED_IN_NAME: u8 = 8;
/// Stands for something else in a value: `&` and NUL.
const REPLACED_IN_VALUE: u8 = 16;

/// What every byte means in a tag.
static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < classes.len() {
        classes[byte] = match byte as u8 {
            b' ' | b'\t' | b'\n' | b'\x0c' | b'>' => {
                ENDS_TAG_NAME | ENDS_ATTRIBUTE_NAME | ENDS_VALUE
            }
            b'/' => ENDS_TAG_NAME | ENDS_ATTRIBUTE_NAME,
            b'=' => ENDS_ATTRIBUTE_NAME,
            b'A'..=b'Z' => REPLACED_IN_NAME,
            b'&' => REPLACED_IN_VALUE,
            0 => REPLACED_IN_NAME | REPLACED_IN_VALUE,
            _ => 0,
        };
        byte += 1;
    }
    classes
}

/// The white space of the standard; there is no `\r` in a normalized page.
#[inline]
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\x0c')
}

impl<S: TokenSink> Tokenizer<'_, S> {
    /// Reads the start tag that opens here.
    pub(super) fn start_tag(&mut self) {
        self.at += b"<".len();
        self.tag(TagKind::StartTag);
    }

    /// Reads the end tag that opens here.
    pub(super) fn end_tag(&mut self) {
        self.at += b"</".len();
        self.tag(TagKind::EndTag);
    }

    /// Reads and emits a tag from its name on. A tag that the page's end cuts off is dropped.
    fn tag(&mut self, kind: TagKind) {
        let mut tag = Tag {
            kind,
            name: self.name(self.at, ENDS_TAG_NAME),
            self_closing: false,
            attrs: Vec::new(),
            had_duplicate_attributes: false,
        };
        if !self.attributes(&mut tag) {
            return;
        }
        if kind == TagKind::StartTag {
            self.last_start = Some(tag.name.clone());
        }
        self.mode = match self.sink.process_token(Token::TagToken(tag), 1) {
            TokenSinkResult::Plaintext => Mode::Plaintext,
            TokenSinkResult::RawData(kind) => Mode::Raw(kind),
            TokenSinkResult::Continue
            | TokenSinkResult::Script(_)
            | TokenSinkResult::EncodingIndicator(_) => Mode::Data,
        };
    }

    /// Reads the rest of a tag. False if the page ends before it does.
    fn attributes(&mut self, tag: &mut Tag) -> bool {
        let bytes = self.text.as_bytes();
        loop {
            match &bytes[self.at..] {
                [b'>', ..] => {
                    self.at += 1;
                    return true;
                }
                [b'/', b'>', ..] => {
                    self.at += 2;
                    tag.self_closing = true;
                    return true;
                }
                [byte, ..] if *byte == b'/' || is_space(*byte) => self.at += 1,
                [_, ..] => self.attribute(tag),
                [] => return false,
            }
        }
    }

    /// Reads one attribute. The first of two with the same name stays.
    fn attribute(&mut self, tag: &mut Tag) {
        let start = self.at;
        if tag.attrs.len() >= MAX_ATTRIBUTES {
            self.at = self.end_of(start + 1, ENDS_ATTRIBUTE_NAME).0;
            self.value();
            return;
        }
        let name = self.name(start, ENDS_ATTRIBUTE_NAME);
        let value = self.value();
        if tag
            .attrs
            .iter()
            .any(|attribute| attribute.name.local == name)
        {
            tag.had_duplicate_attributes = true;
        } else {
            // The tree builder sets the namespace where there is one.
            let name = QualName::new(None, ns!(), name);
            tag.attrs.push(Attribute { name, value });
        }
    }

    /// Reads a name. Its first character belongs to it whatever it is.
    #[inline]
    fn name(&mut self, start: usize, ends: u8) -> LocalName {
        let first = CLASSES[usize::from(self.text.as_bytes()[start])];
        let (end, seen) = self.end_of(start + 1, ends);
        self.at = end;
        let raw = &self.text[start..end];
        if (first | seen) & REPLACED_IN_NAME == 0 {
            return self.names.get(raw);
        }
        self.scratch
            .extend(raw.chars().map(|character| match character {
                '\0' => REPLACEMENT,
                character => character.to_ascii_lowercase(),
            }));
        let name = self.names.get(&self.scratch);
        self.scratch.clear();
        name
    }

    /// Reads the value of an attribute whose name has just been read, if it has one.
    fn value(&mut self) -> StrTendril {
        self.skip_spaces();
        let bytes = self.text.as_bytes();
        if bytes.get(self.at) != Some(&b'=') {
            return StrTendril::new();
        }
        self.at += 1;
        self.skip_spaces();
        match bytes.get(self.at) {
            Some(&quote @ (b'"' | b'\'')) => self.quoted_value(quote),
            Some(_) => self.unquoted_value(),
            None => StrTendril::new(),
        }
    }

    fn quoted_value(&mut self, quote: u8) -> StrTendril {
        let start = self.at + 1;
        let rest = &self.text.as_bytes()[start..];
        let Some(found) = memchr3(quote, b'&', 0, rest) else {
            self.at = self.text.len();
            return StrTendril::new();
        };
        if rest[found] == quote {
            self.at = start + found + 1;
            return self.piece(start, start + found);
        }
        let Some(length) = memchr(quote, &rest[found..]).map(|i| found + i) else {
            self.at = self.text.len();
            return StrTendril::new();
        };
        self.at = start + length + 1;
        self.decoded(start, start + length, Place::Attribute)
    }

    fn unquoted_value(&mut self) -> StrTendril {
        let start = self.at;
        let (end, seen) = self.end_of(start, ENDS_VALUE);
        self.at = end;
        if seen & REPLACED_IN_VALUE == 0 {
            return self.piece(start, end);
        }
        self.decoded(start, end, Place::Attribute)
    }

    /// The first byte of a class from `start` on, and the classes of all bytes before it.
    #[inline]
    fn end_of(&self, start: usize, class: u8) -> (usize, u8) {
        let mut seen = 0;
        for (offset, byte) in self.text.as_bytes()[start..].iter().enumerate() {
            let found = CLASSES[usize::from(*byte)];
            if found & class != 0 {
                return (start + offset, seen);
            }
            seen |= found;
        }
        (self.text.len(), seen)
    }

    #[inline]
    pub(super) fn skip_spaces(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| is_space(**byte)).count();
    }
}

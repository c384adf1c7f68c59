//! Cuts bytes of any charset that contains ASCII into tags and text, never failing.

use memchr::{memchr, memchr3, memmem};

/// Longest tag in bytes; longer ones are text.
const MAX_TAG: usize = 1 << 20;
/// Longest document type declaration in bytes.
const MAX_DOCTYPE: usize = 64 << 10;
/// Document type declarations that are read; each may cost a look at that many bytes.
const MAX_DOCTYPES: u32 = 16;
/// Text without a tag is handed on in pieces of about this size.
const PIECE: usize = 32 << 10;

/// A piece of markup. Names and values are bytes of the file, references not yet resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A start tag.
    Start {
        /// Name with its prefix.
        name: &'a [u8],
        /// What stands behind the name.
        attributes: &'a [u8],
        /// Whether it is an end tag too.
        empty: bool,
    },
    /// An end tag.
    End(&'a [u8]),
    /// Text with references; a longer one comes in several pieces.
    Text(&'a [u8]),
    /// Text without references.
    Cdata(&'a [u8]),
    /// A document type declaration.
    Doctype(&'a [u8]),
    /// A comment or processing instruction, or a piece of one.
    Other,
}

/// What the next bytes belong to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Inside {
    #[default]
    Markup,
    Cdata,
    Comment,
    Instruction,
}

/// Where a tag ends.
enum End {
    At(usize),
    Never,
    Unknown,
}

/// Cuts markup into tokens; holds the state between two windows of a stream.
#[derive(Debug, Default)]
pub(crate) struct Tokenizer {
    inside: Inside,
    doctypes: u32,
}

impl Tokenizer {
    /// The token at the start of the bytes and its length; none when more bytes are needed to
    /// tell. With `last` there are no more, and each byte ends up in a token.
    pub fn next<'a>(&mut self, bytes: &'a [u8], last: bool) -> Option<(Token<'a>, usize)> {
        if bytes.is_empty() {
            return None;
        }
        match self.inside {
            Inside::Markup if bytes.first() == Some(&b'<') => self.tag(bytes, last),
            Inside::Markup => text(bytes, last),
            Inside::Cdata => self.section(bytes, b"]]>", last, Token::Cdata),
            Inside::Comment => self.section(bytes, b"-->", last, |_| Token::Other),
            Inside::Instruction => self.section(bytes, b">", last, |_| Token::Other),
        }
    }

    /// A piece of a section that `close` ends.
    fn section<'a>(
        &mut self,
        bytes: &'a [u8],
        close: &[u8],
        last: bool,
        token: impl Fn(&'a [u8]) -> Token<'a>,
    ) -> Option<(Token<'a>, usize)> {
        if let Some(end) = memmem::find(bytes, close) {
            self.inside = Inside::Markup;
            return Some((token(bytes.get(..end)?), end + close.len()));
        }
        let end = match last {
            true => bytes.len(),
            false => {
                let end = safe_end(bytes.get(..bytes.len().checked_sub(close.len())?)?);
                (end > 0).then_some(end)?
            }
        };
        Some((token(bytes.get(..end)?), end))
    }

    /// What begins with `<`.
    fn tag<'a>(&mut self, bytes: &'a [u8], last: bool) -> Option<(Token<'a>, usize)> {
        const LITERAL: Token = Token::Text(b"<");
        for (open, inside) in [
            (&b"<![CDATA["[..], Inside::Cdata),
            (b"<!--", Inside::Comment),
            (b"<?", Inside::Instruction),
        ] {
            if bytes.starts_with(open) {
                self.inside = inside;
                return Some((Token::Other, open.len()));
            }
            if !last && open.starts_with(bytes) {
                return None;
            }
        }
        let Some(second) = bytes.get(1) else {
            return last.then_some((LITERAL, 1));
        };
        let is_end = *second == b'/';
        let name_at = 1 + usize::from(is_end);
        let declares = *second == b'!';
        match bytes.get(name_at) {
            _ if declares => {}
            Some(first) if first.is_ascii_alphabetic() || matches!(first, b'_' | 0x80..) => {}
            Some(_) => return Some((LITERAL, 1)),
            None => return last.then_some((LITERAL, 1)),
        }
        let is_doctype = declares && self.is_doctype(bytes);
        let end = match if is_doctype {
            doctype_end(bytes)
        } else {
            tag_end(bytes)
        } {
            End::At(end) => end,
            End::Never => return Some((LITERAL, 1)),
            End::Unknown if last || bytes.len() > MAX_TAG => return Some((LITERAL, 1)),
            End::Unknown => return None,
        };
        let inner = bytes.get(name_at..end)?;
        let token = match () {
            () if is_doctype => Token::Doctype(inner),
            () if declares => Token::Other,
            () if is_end => Token::End(split_name(inner).0),
            () => start(inner),
        };
        Some((token, end + 1))
    }
}

impl Tokenizer {
    fn is_doctype(&mut self, bytes: &[u8]) -> bool {
        let name = bytes.get(2..9);
        let is = name.is_some_and(|name| name.eq_ignore_ascii_case(b"doctype"));
        // The same one is looked at again when more bytes are there; that is rare enough.
        self.doctypes += u32::from(is);
        is && self.doctypes <= MAX_DOCTYPES
    }
}

fn start(inner: &[u8]) -> Token<'_> {
    let (inner, empty) = match inner.strip_suffix(b"/") {
        Some(inner) => (inner, true),
        None => (inner, false),
    };
    let (name, attributes) = split_name(inner);
    Token::Start {
        name,
        attributes,
        empty,
    }
}

fn split_name(inner: &[u8]) -> (&[u8], &[u8]) {
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'/' | b'"' | b'\'');
    let end = inner.iter().position(is_end).unwrap_or(inner.len());
    inner.split_at(end)
}

/// The `>` that ends a tag. In XML a value never holds `<`: where one comes after a `>`, the
/// quote was never closed, and the tag ended there.
fn tag_end(bytes: &[u8]) -> End {
    let mut at = 1;
    loop {
        let Some(found) = bytes.get(at..).and_then(|rest| {
            rest.iter()
                .position(|byte| matches!(byte, b'<' | b'>' | b'"' | b'\''))
        }) else {
            return End::Unknown;
        };
        at += found;
        let quote = match bytes.get(at) {
            Some(b'>') => return End::At(at),
            Some(b'<') => return End::Never,
            Some(quote) => *quote,
            None => return End::Unknown,
        };
        // A quote opens a value only behind `=`; elsewhere it is a stray.
        let before = bytes.get(..at).unwrap_or_default().trim_ascii_end();
        at += 1;
        if before.last() != Some(&b'=') {
            continue;
        }
        match value_end(bytes, at, quote) {
            Ok(end) => at = end,
            Err(end) => return end,
        }
    }
}

/// Where a quoted value ends, behind its quote; or that of its tag.
fn value_end(bytes: &[u8], from: usize, quote: u8) -> Result<usize, End> {
    let mut at = from;
    let mut close = None;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let Some(found) = memchr3(quote, b'<', b'>', rest) else {
            return match close {
                Some(close) if bytes.len() > MAX_TAG => Err(End::At(close)),
                _ => Err(End::Unknown),
            };
        };
        at += found;
        match (bytes.get(at), close) {
            (Some(b'<'), Some(close)) => return Err(End::At(close)),
            (Some(b'>'), None) => close = Some(at),
            (Some(byte), _) if *byte == quote => return Ok(at + 1),
            _ => {}
        }
        at += 1;
    }
}

/// The `>` that ends a document type declaration; one inside quotes or brackets does not.
fn doctype_end(bytes: &[u8]) -> End {
    let mut quote = None;
    let mut brackets = 0_u32;
    for (at, byte) in bytes.iter().enumerate().take(MAX_DOCTYPE) {
        match (quote, byte) {
            (Some(open), byte) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'[') => brackets += 1,
            (None, b']') => brackets = brackets.saturating_sub(1),
            (None, b'>') if brackets == 0 => return End::At(at),
            _ => {}
        }
    }
    // Rather a declaration cut short than a file lost.
    match memchr(b'>', bytes) {
        Some(end) if bytes.len() >= MAX_DOCTYPE => End::At(end),
        _ => End::Unknown,
    }
}

fn text(bytes: &[u8], last: bool) -> Option<(Token<'_>, usize)> {
    let end = match memchr(b'<', bytes) {
        Some(end) => end,
        None if last => bytes.len(),
        None if bytes.len() < PIECE => return None,
        None => safe_end(bytes),
    };
    (end > 0).then_some((Token::Text(bytes.get(..end)?), end))
}

/// Where text may be cut: behind a byte that is no part of a character or reference in any
/// charset that contains ASCII; second bytes of two begin at 0x30.
fn safe_end(bytes: &[u8]) -> usize {
    let is_safe = |byte: &u8| *byte < 0x30 && !matches!(byte, b'#' | b'&');
    let near = bytes.len().saturating_sub(4096);
    let tail = bytes.get(near..).unwrap_or_default();
    if let Some(at) = tail.iter().rposition(is_safe) {
        return near + at + 1;
    }
    // Not within a UTF-8 character or a reference either.
    let is_start = |byte: &u8| *byte & 0xc0 != 0x80;
    let cut = tail
        .iter()
        .rposition(is_start)
        .map_or(bytes.len(), |at| near + at);
    let short = cut.saturating_sub(40);
    let reference = bytes
        .get(short..cut)
        .and_then(|tail| memchr::memrchr(b'&', tail));
    reference.map_or(cut, |at| short + at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(text: &str) -> String {
        let mut tokenizer = Tokenizer::default();
        let (mut rest, mut out) = (text.as_bytes(), String::new());
        while let Some((token, length)) = tokenizer.next(rest, true) {
            let text = String::from_utf8_lossy;
            out += &match token {
                Token::Start {
                    name,
                    attributes,
                    empty,
                } => {
                    format!(
                        "({}|{}{})",
                        text(name),
                        text(attributes).trim(),
                        if empty { "/" } else { "" }
                    )
                }
                Token::End(name) => format!("(/{})", text(name)),
                Token::Text(bytes) => text(bytes).into_owned(),
                Token::Cdata(bytes) => format!("[{}]", text(bytes)),
                Token::Doctype(bytes) => format!("!{}!", text(bytes)),
                Token::Other => String::new(),
            };
            rest = &rest[length..];
        }
        out
    }

    #[test]
    fn well_formed_and_not() {
        for (markup, expected) in [
            ("<a b='>'>x</a >", "(a|b='>')x(/a)"),
            ("<br/><br />", "(br|/)(br|/)"),
            ("a < b & c <3 </ x", "a < b & c <3 </ x"),
            ("<![CDATA[<b>]]>x", "[<b>]x"),
            ("<!-- <a> -->x<?p <b ?>y", "xy"),
            (
                "<!DOCTYPE r [<!ENTITY a \"<b>\">]><r>",
                "!!DOCTYPE r [<!ENTITY a \"<b>\">]!(r|)",
            ),
            ("<a href=\"x>text</a>", "(a|href=\"x)text(/a)"),
            ("<a <b>x", "<a (b|)x"),
            ("<a it's>x", "(a|it's)x"),
            ("<a b=\"1", "<a b=\"1"),
            ("<![CDATA[cut", "[cut]"),
        ] {
            assert_eq!(all(markup), expected, "{markup}");
        }
    }

    proptest! {
        #[test]
        fn each_byte_ends_in_a_token(bytes in prop::collection::vec(prop::sample::select(b"<>/!-[]\"'=a &?;x".to_vec()), 0..300)) {
            let mut tokenizer = Tokenizer::default();
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let (_, length) = tokenizer.next(rest, true).unwrap();
                prop_assert!(length > 0);
                rest = &rest[length..];
            }
        }

        #[test]
        fn windows_do_not_show(text in "(<[ab]( c=\"[a-z>]{0,3}\")?/?>|</a>|[a-z &;]{0,5}|<!--x-->|<!\\[CDATA\\[y<]]>){0,20}") {
            let (mut tokenizer, bytes) = (Tokenizer::default(), text.as_bytes());
            let (mut at, mut seen, mut found) = (0, 0, Vec::new());
            while at < bytes.len() {
                match tokenizer.next(&bytes[at..seen], seen == bytes.len()) {
                    Some((token, length)) => { found.push(format!("{token:?}")); at += length; }
                    None => seen += 1,
                }
            }
            let mut whole = Tokenizer::default();
            let (mut rest, mut expected) = (bytes, Vec::new());
            while let Some((token, length)) = whole.next(rest, true) {
                expected.push(format!("{token:?}"));
                rest = &rest[length..];
            }
            let tags = |list: Vec<String>| list.into_iter().filter(|token| token.starts_with('S') || token.starts_with('E')).collect::<Vec<_>>();
            prop_assert_eq!(tags(found), tags(expected));
        }
    }
}

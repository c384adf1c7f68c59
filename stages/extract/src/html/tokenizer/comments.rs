//! Comments, what is taken for comments, and CDATA sections.

use html5ever::tokenizer::{Token, TokenSink};
use memchr::{memchr, memchr_iter, memmem};

use super::Tokenizer;

impl<S: TokenSink> Tokenizer<'_, S> {
    /// Reads what begins with `<!`.
    pub(super) fn declaration(&mut self) {
        let start = self.at + b"<!".len();
        let rest = &self.text.as_bytes()[start..];
        if rest.starts_with(b"--") {
            self.comment(start + b"--".len());
        } else if starts_with_word(rest, b"doctype") {
            self.doctype(start + b"doctype".len());
        } else if rest.starts_with(b"[CDATA[")
            && self
                .sink
                .adjusted_current_node_present_but_not_in_html_namespace()
        {
            self.cdata(start + b"[CDATA[".len());
        } else {
            self.bogus_comment(start);
        }
    }

    /// Emits all up to the next `>` as a comment.
    pub(super) fn bogus_comment(&mut self, start: usize) {
        let rest = &self.text.as_bytes()[start..];
        let length = memchr(b'>', rest).unwrap_or(rest.len());
        self.emit_comment(start, start + length, start + length + 1);
    }

    /// Reads a comment from behind its `<!--`.
    fn comment(&mut self, start: usize) {
        let rest = &self.text.as_bytes()[start..];
        for end in memchr_iter(b'>', rest) {
            let before = &rest[..end];
            let length = match before {
                b"" | b"-" => Some(0),
                [.., b'-', b'-'] => Some(end - 2),
                [.., b'-', b'-', b'!'] => Some(end - 3),
                _ => None,
            };
            if let Some(length) = length {
                return self.emit_comment(start, start + length, start + end + 1);
            }
        }
        let cut = match rest {
            [.., b'-', b'-', b'!'] => 3,
            [.., b'-', b'-'] => 2,
            [.., b'-'] => 1,
            _ => 0,
        };
        let end = self.text.len();
        self.emit_comment(start, end - cut, end);
    }

    /// Emits a comment and goes on at `next`, or at the end of the page.
    fn emit_comment(&mut self, start: usize, end: usize, next: usize) {
        self.emit(Token::CommentToken(self.without_nulls(start, end)));
        self.at = next.min(self.text.len());
    }

    /// Emits a CDATA section from behind its `<![CDATA[` as text, in which NULs are tokens.
    fn cdata(&mut self, start: usize) {
        let rest = &self.text.as_bytes()[start..];
        let found = memmem::find(rest, b"]]>");
        let end = start + found.unwrap_or(rest.len());
        let mut at = start;
        for null in memchr_iter(0, &self.text.as_bytes()[start..end]) {
            self.flush_text(at, start + null);
            self.emit(Token::NullCharacterToken);
            at = start + null + 1;
        }
        self.flush_text(at, end);
        self.at = found.map_or(end, |_| end + b"]]>".len());
    }
}

/// Whether a text begins with a word in capital or small letters.
pub(super) fn starts_with_word(text: &[u8], word: &[u8]) -> bool {
    text.get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word))
}

//! Texts of feeds: plain, HTML, or either without saying so.

use data_encoding::{BASE64_MIME, BASE64_MIME_PERMISSIVE};

use crate::charset::guess;
use crate::markup::{Entities, Token, Tokenizer, local, push_decoded, strip};

/// Elements that texts are written with. Others in angle brackets are no markup.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "article",
    "aside",
    "audio",
    "b",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "dd",
    "del",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "embed",
    "figcaption",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "i",
    "iframe",
    "img",
    "ins",
    "kbd",
    "li",
    "mark",
    "object",
    "ol",
    "p",
    "param",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "script",
    "section",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "video",
    "math",
    "svg",
];
/// Ends of descriptions that were cut, in lower case.
const CUT: &[&str] = &[
    "…",
    "...",
    "[…]",
    "[...]",
    "(...)",
    "(…)",
    "&hellip;",
    "read more",
    "continue reading",
    "read more »",
    "more »",
    "阅读全文",
    "閱讀全文",
    "查看全文",
    "続きを読む",
    "weiterlesen",
    "lire la suite",
    "leer más",
    "читать далее",
];

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As plain text.
    Text,
    /// As HTML, escaped.
    Html,
    /// As elements of the feed itself.
    Xhtml,
    /// In base 64; whether that is HTML, where it is said.
    Base64(Option<bool>),
    /// Not said.
    Guess,
    /// Something that is not text.
    Foreign,
}

impl Mode {
    /// By the attributes of Atom 1.0 (RFC 4287, section 3.1) and of Atom 0.3.
    pub fn of(kind: Option<&str>, mode: Option<&str>) -> Self {
        let kind = kind.unwrap_or_default().trim().to_ascii_lowercase();
        let kind = kind.split(';').next().unwrap_or_default().trim_end();
        let is_html = matches!(
            kind,
            "html" | "text/html" | "application/xhtml+xml" | "xhtml"
        );
        match mode.map(str::trim) {
            Some("base64") => return Self::Base64(Some(is_html)),
            Some("escaped") if is_html => return Self::Html,
            Some("xml") if is_html => return Self::Xhtml,
            _ => {}
        }
        match kind {
            "" => Self::Guess,
            "text" | "text/plain" | "plain" => Self::Text,
            "html" | "text/html" => Self::Html,
            "xhtml" | "application/xhtml+xml" => Self::Xhtml,
            // XML within the feed; RFC 4287 has anything else in base 64.
            _ if kind.ends_with("+xml") || kind.ends_with("/xml") => Self::Foreign,
            _ if kind.starts_with("text/") => Self::Text,
            "application/octet-stream" => Self::Base64(None),
            _ if kind.contains('/') => Self::Foreign,
            _ => Self::Guess,
        }
    }
}

/// A text of a feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Value {
    /// The text.
    pub text: String,
    /// Whether it is HTML.
    pub html: bool,
}

impl Value {
    /// The text that was captured in this mode. `inline` says that it holds elements of the feed.
    pub fn new(text: String, mode: Mode, inline: bool) -> Self {
        match mode {
            Mode::Text => Self { text, html: false },
            Mode::Html | Mode::Xhtml => Self { text, html: true },
            Mode::Base64(html) => {
                let text = from_base64(&text);
                Self {
                    html: html.unwrap_or_else(|| looks_like_html(&text)),
                    text,
                }
            }
            Mode::Guess => Self {
                html: inline || looks_like_html(&text),
                text,
            },
            Mode::Foreign => Self::default(),
        }
    }

    /// The text on one line, without markup.
    pub fn line(&self) -> String {
        match self.html {
            true => strip(&self.text),
            false => one_line(&self.text),
        }
    }

    /// Whether there is nothing to read.
    pub fn is_blank(&self) -> bool {
        match self.html {
            true => strip(&self.text).is_empty(),
            false => self.text.trim().is_empty(),
        }
    }

    /// Whether it is long enough for a whole text, and does not end as a cut one does.
    pub fn is_whole(&self, full_chars: u64) -> bool {
        let line = self.line();
        let weight = |c: char| {
            if ('\u{2e80}'..='\u{fa6d}').contains(&c) {
                3
            } else {
                1
            }
        };
        let end: String = line.chars().rev().take(40).collect();
        let end: String = end.chars().rev().collect();
        let end = end.to_lowercase();
        let end = end.trim_end_matches(['.', ' ', '→', ']', '»']);
        let is_cut = |mark: &&str| {
            let mark = mark.trim_end_matches(['.', ' ', '→', ']', '»']);
            !mark.is_empty() && end.ends_with(mark)
        };
        let dots = line.trim_end_matches([']', ')', ' ']).ends_with("...");
        !dots && !CUT.iter().any(is_cut) && line.chars().map(weight).sum::<u64>() >= full_chars
    }

    /// The text for a document: HTML that was escaped twice is HTML again.
    pub fn body(self) -> String {
        if !self.html || !is_escaped_twice(&self.text) {
            return self.text;
        }
        let mut out = String::with_capacity(self.text.len());
        push_decoded(&self.text, &Entities::default(), &mut out);
        out
    }
}

/// White space as one space each.
pub(crate) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// Whether a text that does not say what it is holds HTML: it has an end tag, a line break or a
/// reference, and every tag is one that texts are written with. The rule is feedparser's.
pub(crate) fn looks_like_html(text: &str) -> bool {
    let mut tokenizer = Tokenizer::default();
    let (mut rest, mut evidence) = (text, false);
    while let Some((token, length)) = tokenizer.next(rest.as_bytes(), true) {
        let is_known = |name: &[u8]| {
            let name = local(name).to_ascii_lowercase();
            ELEMENTS.iter().any(|known| known.as_bytes() == name)
        };
        match token {
            Token::Start { name, .. } if !is_known(name) => return false,
            Token::End(name) if !is_known(name) => return false,
            Token::Start { name, .. } => {
                evidence |= [&b"br"[..], b"p", b"img", b"hr"]
                    .iter()
                    .any(|lone| name.eq_ignore_ascii_case(lone));
            }
            Token::End(_) => evidence = true,
            Token::Text(bytes) => evidence |= has_reference(&String::from_utf8_lossy(bytes)),
            _ => {}
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    evidence
}

fn has_reference(text: &str) -> bool {
    if !text.contains('&') {
        return false;
    }
    let mut decoded = String::with_capacity(text.len());
    push_decoded(text, &Entities::default(), &mut decoded);
    decoded != text
}

/// Whether HTML holds no tags, but escaped ones of blocks.
fn is_escaped_twice(html: &str) -> bool {
    let tags = [
        "&lt;p&gt;",
        "&lt;/p&gt;",
        "&lt;br",
        "&lt;div",
        "&lt;/div&gt;",
        "&lt;/a&gt;",
    ];
    let lower = html
        .get(..html.len().min(64 << 10))
        .unwrap_or(html)
        .to_ascii_lowercase();
    !html.contains("</") && !html.contains("<br") && tags.iter().any(|tag| lower.contains(tag))
}

fn from_base64(text: &str) -> String {
    let clean: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let decoded = BASE64_MIME
        .decode(&clean)
        .or_else(|_| BASE64_MIME_PERMISSIVE.decode(&clean));
    let bytes = decoded.unwrap_or_default();
    // Pictures and the like are no text.
    if bytes.contains(&0) {
        return String::new();
    }
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let bytes = error.as_bytes();
            let text = guess(bytes).decode_without_bom_handling(bytes).0;
            text.into_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_or_not() {
        for (text, html) in [
            ("a <b>b</b>", true),
            ("a<br>b", true),
            ("fish &amp; chips", true),
            ("fish & chips", false),
            ("the <blink> tag", false),
            ("Vec<String> of </a>", false),
            ("a < b", false),
            ("<b>bold", false),
        ] {
            assert_eq!(looks_like_html(text), html, "{text}");
        }
    }

    #[test]
    fn modes() {
        for (kind, mode, expected) in [
            (None, None, Mode::Guess),
            (Some("text"), None, Mode::Text),
            (Some("text/html"), Some("escaped"), Mode::Html),
            (Some("application/xhtml+xml"), Some("xml"), Mode::Xhtml),
            (
                Some("text/html; charset=x"),
                Some("base64"),
                Mode::Base64(Some(true)),
            ),
            (Some("image/png"), None, Mode::Foreign),
        ] {
            assert_eq!(Mode::of(kind, mode), expected, "{kind:?} {mode:?}");
        }
        let value = Value::new(" PHA+\nYWJj ".into(), Mode::Base64(Some(true)), false);
        assert_eq!((value.text.as_str(), value.html), ("<p>abc", true));
    }

    #[test]
    fn cut_and_whole() {
        let whole = |text: &str| {
            Value {
                text: text.into(),
                html: true,
            }
            .is_whole(30)
        };
        assert!(whole("<p>a text of more than thirty characters</p>"));
        assert!(!whole("short"));
        assert!(whole("这是一篇完整的中文文章的正文。"));
        assert!(!whole("a text of more than thirty characters [&#8230;]"));
        assert!(!whole(
            "a text of more than thirty characters... <a>Continue reading</a>"
        ));
    }

    #[test]
    fn escaped_twice() {
        let body = |text: &str| {
            Value {
                text: text.into(),
                html: true,
            }
            .body()
        };
        assert_eq!(body("&lt;p&gt;a &amp;amp; b&lt;/p&gt;"), "<p>a &amp; b</p>");
        assert_eq!(body("<p>write &lt;p&gt;</p>"), "<p>write &lt;p&gt;</p>");
    }
}

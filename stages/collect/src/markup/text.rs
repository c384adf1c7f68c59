//! Text in and out of markup.

use super::local;
use super::reference::{Entities, push_decoded};
use super::tokenizer::{Token, Tokenizer};

/// Writes text so that HTML reads it back as it is.
pub(crate) fn push_escaped(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => *out += "&amp;",
            '<' => *out += "&lt;",
            '>' => *out += "&gt;",
            '"' => *out += "&quot;",
            c => out.push(c),
        }
    }
}

/// The text of a piece of HTML on one line: tags and white space at blocks become one space.
pub(crate) fn strip(html: &str) -> String {
    let mut tokenizer = Tokenizer::default();
    let (mut rest, mut text) = (html, String::with_capacity(html.len()));
    let entities = Entities::default();
    let mut hidden = 0_u32;
    while let Some((token, length)) = tokenizer.next(rest.as_bytes(), true) {
        match token {
            Token::Start {
                name, empty: false, ..
            } if is_hidden(name) => hidden += 1,
            Token::End(name) if is_hidden(name) => hidden = hidden.saturating_sub(1),
            Token::Start { name, .. } | Token::End(name) if !is_inline(name) => text.push(' '),
            Token::Text(bytes) if hidden == 0 => {
                push_decoded(&String::from_utf8_lossy(bytes), &entities, &mut text);
            }
            Token::Cdata(bytes) if hidden == 0 => text += &String::from_utf8_lossy(bytes),
            _ => {}
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

fn is_hidden(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"script") || name.eq_ignore_ascii_case(b"style")
}

/// Whether an element stands within a line.
fn is_inline(name: &[u8]) -> bool {
    let inline: &[&[u8]] = &[
        b"a", b"abbr", b"acronym", b"b", b"bdi", b"bdo", b"big", b"cite", b"code", b"del", b"dfn",
        b"em", b"font", b"i", b"ins", b"kbd", b"mark", b"q", b"ruby", b"s", b"samp", b"small",
        b"span", b"strike", b"strong", b"sub", b"sup", b"tt", b"u", b"var", b"wbr",
    ];
    let name = local(name).to_ascii_lowercase();
    inline.contains(&name.as_slice())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_and_escapes() {
        assert_eq!(
            strip("<p>a<b>b</b> &amp; c</p><p>d<script>x</script>"),
            "ab & c d"
        );
        let mut out = String::new();
        push_escaped("a<b>&\"", &mut out);
        assert_eq!(out, "a&lt;b&gt;&amp;&quot;");
        assert_eq!(strip(&out), "a<b>&\"");
    }
}

//! Which strings of a program's data are texts that people wrote, and texts as HTML.

use crate::decide::measure;

/// Fewest words, or characters of scripts without spaces, of a text that nobody signed.
const MIN_TOKENS: usize = 20;
/// Bytes of a text by which it is judged.
const JUDGED: usize = 2000;

/// Tags of paragraphs.
const BLOCKS: [&str; 8] = [
    "<p", "<br", "<div", "<li", "<h2", "<h3", "<table", "<section",
];

/// Whether a string reads like a text: words in sentences, no code and no address. One that is
/// signed may be short.
pub(super) fn is_prose(text: &str, signed: bool) -> bool {
    let text = text.trim();
    let text = &text[..text.floor_char_boundary(text.len().min(JUDGED))];
    let is_code = text.starts_with(['{', '[', '#', '.', '@', '(', '/'])
        || text.starts_with("http")
        || ["<svg", "<script", "<style", "<!--", "<iframe", "function"]
            .iter()
            .any(|start| text.starts_with(start));
    let braces = text
        .bytes()
        .filter(|byte| matches!(byte, b'{' | b'}' | b';'))
        .count();
    let tokens = measure::token_hashes(text).len();
    // Entities have a semicolon each.
    !is_code && braces * 20 < text.len() && (tokens >= MIN_TOKENS || (signed && tokens > 0))
}

/// Appends a text as HTML; plain text gets its paragraphs.
pub(super) fn push_html(text: &str, out: &mut String) {
    // Some declare HTML with its marks as references.
    let referenced = !text.contains('<')
        && ["&lt;p", "&lt;br", "&lt;div"]
            .iter()
            .any(|tag| text.contains(tag));
    if referenced {
        let text = text
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"");
        return push_html(&text.replace("&amp;", "&"), out);
    }
    if BLOCKS.iter().any(|tag| text.contains(tag)) {
        out.push_str(text);
        return;
    }
    // A text may hold inline markup without paragraphs.
    let marked = text.contains("</");
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        out.push_str("<p>");
        match marked {
            true => out.push_str(line),
            false => push_text(line, out),
        }
        out.push_str("</p>");
    }
}

/// Appends a text with its marks as references. Texts in data have references of their own, which
/// stay what they are.
pub(super) fn push_text(text: &str, out: &mut String) {
    for (at, part) in text.split('<').enumerate() {
        if at > 0 {
            out.push_str("&lt;");
        }
        out.push_str(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        let mut out = String::new();
        push_html(text, &mut out);
        out
    }

    #[test]
    fn texts_become_html() {
        assert_eq!(
            html("One & two.\r\n\n1 < 2"),
            "<p>One & two.</p><p>1 &lt; 2</p>"
        );
        assert_eq!(html("A <b>b</b>\nC"), "<p>A <b>b</b></p><p>C</p>");
        assert_eq!(html("<p>A</p>\n<p>B</p>"), "<p>A</p>\n<p>B</p>");
        assert_eq!(html("&lt;p&gt;A &amp;amp; B&lt;/p&gt;"), "<p>A &amp; B</p>");
    }

    #[test]
    fn prose_is_told_from_code_and_labels() {
        let prose = "The harbour was quiet in the morning, and the boats came back before noon, as \
            they do on most days of the year.";
        assert!(
            is_prose(prose, false)
                && is_prose("Thanks!", true)
                && is_prose("去年秋天，门口来了一个年轻人，走了三天才找到这里。", false)
        );
        assert!(!is_prose("Add to cart", false) && !is_prose("", true));
        let code = "body { color: red; } p { margin: 0; } ".repeat(20);
        assert!(
            !is_prose(&code, false) && !is_prose(&format!("https://example.org/{prose}"), false)
        );
    }
}

use proptest::prelude::*;

use super::*;

fn auto(head: &[u8], name: &str) -> Format {
    format(Kind::Auto, head, name)
}

#[test]
fn content_decides() {
    for (head, name, expected) in [
        (&b"WARC/1.0\r\n\0\x01"[..], "a.txt", Format::Warc),
        (b" <!DOCTYPE HTML PUBLIC", "a", Format::Html),
        (
            b"\xef\xbb\xbf<?xml version='1.0'?><!-- x --><HTML lang",
            "a.xml",
            Format::Html,
        ),
        (b"<!doctype html>", "page.txt", Format::Html),
        (b"<div class=a>", "a", Format::Html),
        (b"<div class=a>", "a.txt", Format::Text),
        (b"<div align=center>", "README.md", Format::Markdown),
        (b"plain words", "a.htm.gz", Format::Html),
        (b"plain words", "a", Format::Text),
        (b"\xd6\xd0\xb9\xfa", "gbk", Format::Text),
        (b"\x1b[31mred\x1b[0m", "a.txt", Format::Text),
        (b"{\"text\": \"a\"}\n{", "a.txt", Format::JsonLines),
        (b"{\"text\": \"a\"}", "a.json", Format::JsonLines),
        (b"{bad\n{\"a\":1}", "a.jsonl.zst", Format::JsonLines),
        (b"{\n \"text\": 1\n}", "a.json", Format::Json),
        (b"{like so}", "a.txt", Format::Text),
        (b"body { color: red }", "a.css", Format::Other("text/css")),
        (b"<?xml version='1.0'?><rss>", "feed", Format::Feed),
        (b"\x89PNG\r\n\x1a\n", "a.html", Format::Other("image/png")),
        (
            b"\0\x01\x02\x03abc",
            "a.txt",
            Format::Other("application/octet-stream"),
        ),
    ] {
        assert_eq!(
            auto(head, name),
            expected,
            "{name}: {}",
            head.escape_ascii()
        );
    }
}

#[test]
fn utf_16_is_text() {
    let wide = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    };
    assert_eq!(
        auto(&wide("\u{feff}中文", u16::to_be_bytes), "a"),
        Format::Text
    );
    assert_eq!(
        auto(&wide("中文,\n好", u16::to_le_bytes), "a"),
        Format::Text
    );
    assert_eq!(
        auto(&wide("<html><body>", u16::to_le_bytes), "a"),
        Format::Html
    );
    assert_eq!(
        auto(&wide("words", u16::to_be_bytes), "a.txt"),
        Format::Text
    );
}

#[test]
fn a_named_kind_is_obeyed_for_text() {
    let words = b"words";
    assert_eq!(format(Kind::Html, words, "a"), Format::Html);
    assert_eq!(
        format(Kind::Html, words, "a.css"),
        Format::Other("text/css")
    );
    let xhtml = b"<?xml version='1.0'?>\n<html xmlns='http://www.w3.org/1999/xhtml'>";
    for name in ["a.xml", "a.xhtml", "a.xht", "a"] {
        assert_eq!(format(Kind::Html, xhtml, name), Format::Html, "{name}");
        assert_eq!(auto(xhtml, name), Format::Html, "{name}");
    }
    assert_eq!(
        format(Kind::Html, b"<rss>", "a.xml"),
        Format::Other("application/xml")
    );
    assert_eq!(format(Kind::Text, b"<html>", "a.css"), Format::Text);
    assert_eq!(format(Kind::Jsonl, words, "a"), Format::JsonLines);
    assert_eq!(format(Kind::Wet, words, "a"), Format::Warc);
    let png = b"\x89PNG\r\n";
    assert_eq!(format(Kind::Text, png, "a"), Format::Other("image/png"));
}

proptest! {
    #[test]
    fn never_panics(head in prop::collection::vec(any::<u8>(), 0..200), name in ".*") {
        auto(&head, &name);
    }
}

use std::io::Cursor;

use proptest::prelude::*;

use crate::reader::testing::{TestSource, package, source};
use crate::record::memory::Memory;

const CONTAINER: &str = r#"<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OPS/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"#;
const PACKAGE: &str = r##"<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:title id="s">A Subtitle</dc:title><dc:title id="t">A Book</dc:title><meta refines="#t" property="title-type">main</meta>
<dc:creator id="a">Ann Author</dc:creator><dc:creator id="b">Tim Translator</dc:creator><meta refines="#b" property="role">trl</meta>
<dc:language>en</dc:language><dc:date>2011</dc:date><dc:rights>All wrongs reserved</dc:rights><dc:identifier>https://example.org/book</dc:identifier></metadata>
<manifest><item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/><item id="c" href="cover.xhtml" media-type="application/xhtml+xml"/>
<item id="1" href="Text/Chapter%201.xhtml" media-type="application/xhtml+xml"/><item id="2" href="text/chapter2.XHTML" media-type="application/xhtml+xml"/>
<item id="n" href="notes.xhtml" media-type="application/xhtml+xml"/><item id="i" href="a.png" media-type="image/png"/></manifest>
<spine><itemref idref="c"/><itemref idref="nav"/><itemref idref="1"/><itemref idref="2"/><itemref idref="n" linear="no"/></spine></package>"##;
const FILES: &[(&str, &str)] = &[
    ("mimetype", "application/epub+zip"),
    ("META-INF/container.xml", CONTAINER),
    ("OPS/package.opf", PACKAGE),
    (
        "OPS/nav.xhtml",
        "<html><body><nav><ol><li><a href='Text/Chapter%201.xhtml'>The First</a></li></ol></nav></body></html>",
    ),
    (
        "OPS/cover.xhtml",
        "<html><body epub:type='cover'><p>Cover</p></body></html>",
    ),
    (
        "OPS/Text/Chapter 1.xhtml",
        "<?xml version='1.0'?><html><head><title>x</title></head><body><p>One &mdash; broken & <b>bold</p></body></html>",
    ),
    (
        "OPS/Text/Chapter2.xhtml",
        "<html><body><h1>Second</h1><p>Two</p></body></html>",
    ),
    (
        "OPS/notes.xhtml",
        "<html><body><p>Not in line</p></body></html>",
    ),
];

fn with(name: &str, content: Option<&str>) -> Vec<u8> {
    let mut files: Vec<_> = FILES
        .iter()
        .filter(|(known, _)| *known != name)
        .copied()
        .collect();
    files.extend(content.map(|content| (name, content)));
    package(&files)
}

fn read_with(source: &TestSource, bytes: Vec<u8>) -> Memory {
    let file = source.file("a.epub");
    let mut out = Memory::default();
    super::read(
        Box::new(Cursor::new(bytes)),
        &file,
        &source.settings,
        &mut out,
    )
    .unwrap();
    out
}

fn read(bytes: Vec<u8>) -> Memory {
    read_with(&source("epub"), bytes)
}

const BODY: &str =
    "<h2>The First</h2>\n<p>One — broken &amp; <b>bold</b></p>\n<h1>Second</h1>\n<p>Two</p>\n";

#[test]
fn a_book_is_a_document() {
    let out = read(package(FILES));
    assert_eq!(out.bodies(), [BODY]);
    let row = &out.kept[0];
    assert_eq!(row.title.as_deref(), Some("A Book"));
    assert_eq!(row.author.as_deref(), Some("Ann Author"));
    assert_eq!(row.lang.as_deref(), Some("en"));
    assert_eq!(row.time.as_deref(), Some("2011-01-01T00:00:00Z"));
    assert_eq!(row.license.as_deref(), Some("All wrongs reserved"));
    assert_eq!(row.url.as_deref(), Some("https://example.org/book"));
    assert_eq!(out.counts["book_files_left_out"], 3);
}

#[test]
fn or_each_chapter() {
    let mut source = source("epub");
    source.settings.book.by_chapter = true;
    let out = read_with(&source, package(FILES));
    let titles: Vec<_> = out
        .kept
        .iter()
        .filter_map(|row| row.title.as_deref())
        .collect();
    assert_eq!(titles, ["A Book: The First", "A Book"]);
    assert_ne!(out.kept[0].id, out.kept[1].id);
}

#[test]
fn broken_books() {
    assert_eq!(read(with("META-INF/container.xml", None)).bodies(), [BODY]);
    assert_eq!(
        read(with("OPS/package.opf", None)).rules(),
        ["collect.invalid_epub"]
    );
    let missing = read(with("OPS/Text/Chapter2.xhtml", None));
    assert_eq!(
        (missing.kept.len(), missing.rules()),
        (1, vec!["collect.missing_file"])
    );
    assert_eq!(
        read(b"PK\x03\x04 nothing".to_vec()).rules(),
        ["collect.invalid_zip"]
    );
    let bytes = package(FILES);
    assert_eq!(
        read(bytes[..bytes.len() / 2].to_vec()).rules(),
        ["collect.invalid_zip"]
    );
}

#[test]
fn encrypted_books() {
    let encryption = |method: &str, name: &str| {
        format!(
            "<encryption><enc:EncryptedData><enc:EncryptionMethod Algorithm=\"{method}\"/><enc:CipherData><enc:CipherReference URI=\"{name}\"/></enc:CipherData></enc:EncryptedData></encryption>"
        )
    };
    let aes = encryption(
        "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
        "OPS/Text/Chapter%201.xhtml",
    );
    let out = read(with("META-INF/encryption.xml", Some(&aes)));
    assert_eq!(
        (out.kept.len(), out.rules()),
        (1, vec!["collect.encrypted"])
    );
    let fonts = encryption("http://www.idpf.org/2008/embedding", "OPS/font.otf");
    assert_eq!(
        read(with("META-INF/encryption.xml", Some(&fonts))).dropped,
        []
    );
}

#[test]
fn bombs_are_dropped() {
    let mut source = source("epub");
    source.settings.max_record = 10_000;
    let bomb = "a ".repeat(1 << 20);
    let out = read_with(&source, with("OPS/Text/Chapter2.xhtml", Some(&bomb)));
    assert_eq!(out.rules(), ["collect.too_large"]);
    assert_eq!(out.kept.len(), 1);
    // Many that are each short enough.
    let page = format!("<p>x{}</p>", " ".repeat(9000));
    let names: Vec<String> = (0..50).map(|at| format!("OPS/{at}.xhtml")).collect();
    let items: String = (0..50)
        .map(|at| {
            format!("<item id=\"i{at}\" href=\"{at}.xhtml\" media-type=\"application/xhtml+xml\"/>")
        })
        .collect();
    let spine: String = (0..50)
        .map(|at| format!("<itemref idref=\"i{at}\"/>"))
        .collect();
    let directory =
        format!("<package><metadata/><manifest>{items}</manifest><spine>{spine}</spine></package>");
    let mut files = vec![("OPS/package.opf", directory.as_str())];
    files.extend(names.iter().map(|name| (name.as_str(), page.as_str())));
    source.settings.book.by_chapter = true;
    let out = read_with(&source, package(&files));
    assert_eq!(out.kept.len(), 8);
    assert_eq!(out.rules(), ["collect.too_large"; 42]);
}

proptest! {
    #[test]
    fn damage_ends_in_rows(at in 0..2000_usize, byte in any::<u8>()) {
        let mut bytes = package(FILES);
        let at = at % bytes.len();
        bytes[at] = byte;
        let out = read(bytes);
        prop_assert!(out.kept.len() + out.dropped.len() > 0);
    }
}

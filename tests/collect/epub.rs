//! Electronic books, made here.

use std::io::{Cursor, Write};

use textmill_schemas::CONTENT_HTML;
use zip::write::SimpleFileOptions;

use super::collect_bytes;

const FILES: &[(&str, &str)] = &[
    ("mimetype", "application/epub+zip"),
    (
        "META-INF/container.xml",
        "<container><rootfiles><rootfile full-path=\"OPS/package.opf\" media-type=\"application/oebps-package+xml\"/></rootfiles></container>",
    ),
    (
        "OPS/package.opf",
        "<package><metadata xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><dc:title>A Book</dc:title><dc:creator>Ann Author</dc:creator><dc:language>ja</dc:language></metadata><manifest><item id=\"a\" href=\"a.xhtml\" media-type=\"application/xhtml+xml\"/><item id=\"b\" href=\"b%20b.xhtml\" media-type=\"application/xhtml+xml\"/></manifest><spine><itemref idref=\"b\"/><itemref idref=\"a\"/></spine></package>",
    ),
    (
        "OPS/a.xhtml",
        "<html><body><p>The second chapter<script>x()</script>.</body></html>",
    ),
    (
        "OPS/B b.xhtml",
        "<html><body><h1>One</h1><p><ruby>本<rt>ほん</rt></ruby>である。</p></body></html>",
    ),
];

fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn chapters_in_reading_order() {
    for kind in ["auto", "epub"] {
        let out = collect_bytes(kind, "a.epub", &zip(FILES));
        assert!(out.ok, "{}", out.stderr);
        assert_eq!(
            out.bodies(),
            ["<h1>One</h1>\n<p>本である。</p>\n<p>The second chapter.</p>\n"]
        );
        let row = &out.kept[0];
        assert_eq!(
            (row.title.as_deref(), row.lang.as_deref()),
            (Some("A Book"), Some("ja"))
        );
        assert_eq!(row.media_type, CONTENT_HTML);
    }
}

#[test]
fn damage_ends_in_dropped_rows() {
    let out = collect_bytes("auto", "a.epub", &zip(&FILES[..4]));
    assert!(out.ok, "{}", out.stderr);
    assert_eq!(
        (out.kept.len(), out.rules()),
        (1, vec!["collect.missing_file"])
    );
    let bytes = zip(FILES);
    let cut = collect_bytes("epub", "a.epub", &bytes[..bytes.len() - 40]);
    assert!(cut.ok, "{}", cut.stderr);
    // What a cut archive still holds is the archive reader's to tell.
    assert!(!cut.dropped.is_empty());
}

use std::io::Cursor;

use proptest::prelude::*;

use super::*;
use crate::reader::testing::{package, source};
use crate::record::memory::Memory;

fn read_bytes(bytes: Vec<u8>, limit: u64) -> Memory {
    let mut source = source("auto");
    source.settings.max_record = limit;
    let file = source.file("a.docx");
    let mut out = Memory::default();
    read(
        Box::new(Cursor::new(bytes)),
        &file,
        &source.settings,
        &mut out,
    )
    .unwrap();
    out
}

fn word(body: &str, more: &[(&str, &str)]) -> Memory {
    let document =
        format!("<?xml version=\"1.0\"?><w:document><w:body>{body}</w:body></w:document>");
    let mut parts = vec![("word/document.xml", document.as_str())];
    parts.extend(more);
    read_bytes(package(&parts), 1 << 20)
}

const STYLES: &str = r#"<w:styles>
<w:style w:styleId="a1"><w:name w:val="heading 1"/></w:style>
<w:style w:styleId="a2"><w:name w:val="My heading"/><w:basedOn w:val="a1"/></w:style>
<w:style w:styleId="a3"><w:name w:val="Steps"/><w:pPr><w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>
</w:styles>"#;
const NUMBERING: &str = r#"<w:numbering>
<w:abstractNum w:abstractNumId="7"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl><w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>
<w:num w:numId="2"><w:abstractNumId w:val="7"/></w:num></w:numbering>"#;

#[test]
fn paragraphs_headings_lists_and_tables() {
    let body = r#"
<w:p><w:pPr><w:pStyle w:val="a2"/></w:pPr><w:r><w:t>Head &amp; co</w:t></w:r></w:p>
<w:p><w:r><w:t xml:space="preserve">One </w:t></w:r><w:hyperlink><w:r><w:t>link</w:t></w:r></w:hyperlink><w:r><w:br/><w:t>two</w:t></w:r></w:p>
<w:p><w:pPr><w:pStyle w:val="a3"/></w:pPr><w:r><w:t>first</w:t></w:r></w:p>
<w:p><w:pPr><w:numPr><w:ilvl w:val="1"/><w:numId w:val="2"/></w:numPr></w:pPr><w:r><w:t>inner</w:t></w:r></w:p>
<w:p><w:pPr><w:pStyle w:val="a3"/></w:pPr><w:r><w:t>second</w:t></w:r></w:p>
<w:tbl><w:tblPr><w:tblStyle w:val="x"/></w:tblPr><w:tr><w:tc><w:p><w:r><w:t>A1</w:t></w:r></w:p></w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>"#;
    let core = r#"<cp:coreProperties><dc:title>T</dc:title><dc:creator>Ann</dc:creator><dcterms:created>2020-02-03T04:05:06Z</dcterms:created></cp:coreProperties>"#;
    let out = word(
        body,
        &[
            ("word/styles.xml", STYLES),
            ("word/numbering.xml", NUMBERING),
            ("docProps/core.xml", core),
        ],
    );
    assert_eq!(
        out.bodies(),
        [concat!(
            "<h1>Head &amp; co</h1>\n<p>One link<br>two</p>\n",
            "\n<ol>\n<li>first\n<ul>\n<li>inner</li>\n</ul>\n</li>\n<li>second</li>\n</ol>\n",
            "<table><tr><td><p>A1</p>\n</td><td></td></tr></table>",
        )]
    );
    let row = &out.kept[0];
    assert_eq!(row.media_type, CONTENT_HTML);
    assert_eq!(
        (row.title.as_deref(), row.author.as_deref()),
        (Some("T"), Some("Ann"))
    );
    assert_eq!(row.time.as_deref(), Some("2020-02-03T04:05:06Z"));
}

#[test]
fn changes_fields_boxes_and_notes() {
    let body = r#"
<w:p><w:r><w:t>Kept</w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:ins><w:r><w:t> new</w:t></w:r></w:ins>
<w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r></w:p>
<w:p><w:r><w:t>Before</w:t></w:r><mc:AlternateContent><mc:Choice><wps:txbx><w:txbxContent><w:p><w:r><w:t>Box</w:t></w:r></w:p></w:txbxContent></wps:txbx></mc:Choice><mc:Fallback><w:p><w:r><w:t>Box</w:t></w:r></w:p></mc:Fallback></mc:AlternateContent><w:r><w:t> after</w:t></w:r></w:p>"#;
    let notes = r#"<w:footnotes><w:footnote w:id="0" w:type="separator"><w:p><w:r><w:t>-</w:t></w:r></w:p></w:footnote>
<w:footnote w:id="2"><w:p><w:r><w:footnoteRef/><w:t>A note.</w:t></w:r></w:p></w:footnote></w:footnotes>"#;
    let out = word(body, &[("word/footnotes.xml", notes)]);
    assert_eq!(
        out.bodies(),
        ["<p>Kept new</p>\n<p>Before after</p>\n<p>Box</p>\n<p>A note.</p>\n"]
    );
}

#[test]
fn open_documents() {
    let content = r#"<office:document-content><office:automatic-styles><style:x>no</style:x></office:automatic-styles><office:body><office:text>
<text:tracked-changes><text:deletion><text:p>gone</text:p></text:deletion></text:tracked-changes>
<text:h text:outline-level="2">Head</text:h><text:p>a<text:s text:c="2"/>b<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Note.</text:p></text:note-body></text:note> c</text:p>
<text:list><text:list-item><text:p>one</text:p><text:list><text:list-item><text:p>in</text:p></text:list-item></text:list></text:list-item></text:list>
</office:text></office:body></office:document-content>"#;
    let out = read_bytes(
        package(&[
            ("mimetype", "application/vnd.oasis.opendocument.text"),
            ("content.xml", content),
        ]),
        1 << 20,
    );
    assert_eq!(
        out.bodies(),
        [
            "<h2>Head</h2>\n<p>a  b c</p>\n\n<ul>\n<li>one\n<ul>\n<li>in</li>\n</ul>\n</li>\n</ul>\n<p>Note.</p>\n"
        ]
    );
    assert_eq!(out.kept[0].title.as_deref(), Some("Head"));
    let manifest = "<manifest><file-entry><encryption-data/></file-entry></manifest>";
    let out = read_bytes(
        package(&[
            ("content.xml", "\u{1}"),
            ("META-INF/manifest.xml", manifest),
        ]),
        1 << 20,
    );
    assert_eq!(out.rules(), ["collect.encrypted"]);
}

#[test]
fn what_is_empty_broken_or_long_is_dropped() {
    assert_eq!(word("<w:p/>", &[]).rules(), ["collect.no_text"]);
    assert_eq!(
        read_bytes(package(&[("word/document.xml", "<w:p><w:r")]), 1000).rules(),
        ["collect.corrupt"]
    );
    assert_eq!(
        read_bytes(package(&[("word/other.xml", "")]), 1000).rules(),
        ["collect.corrupt"]
    );
    assert_eq!(
        read_bytes(b"PK\x03\x04".to_vec(), 1000).rules(),
        ["collect.corrupt"]
    );
    for text in ["x".repeat(2000), format!("<w:t>{}", "y".repeat(100_000))] {
        let bomb = format!("<w:document><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:document>");
        let out = read_bytes(package(&[("word/document.xml", &bomb)]), 1000);
        assert_eq!(out.rules(), ["collect.too_large"]);
    }
    let deep = "<w:tbl><w:tr><w:tc><w:p>".repeat(20_000);
    let out = word(&deep, &[]);
    assert_eq!(out.kept.len() + out.dropped.len(), 1);
}

proptest! {
    #[test]
    fn any_elements_end_in_one_row(tags in prop::collection::vec((prop::sample::select(vec!["p", "t", "r", "tbl", "tr", "tc", "pPr", "numId", "del", "txbxContent", "br", "h", "list", "list-item", "note-body"]), 0..3), 0..60), odt in any::<bool>()) {
        let xml: String = tags.iter().map(|(tag, form)| match form {
            0 => format!("<x:{tag} x:val=\"1\">a&lt;"),
            1 => format!("</x:{tag}>"),
            _ => format!("<x:{tag}/>"),
        }).collect();
        let part = if odt { "content.xml" } else { "word/document.xml" };
        let out = read_bytes(package(&[(part, &format!("<x>{xml}</x>"))]), 1 << 20);
        prop_assert_eq!(out.kept.len() + out.dropped.len(), 1);
    }

    #[test]
    fn damage_ends_in_one_row(at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let mut bytes = package(&[("word/document.xml", "<w:p><w:r><w:t>words</w:t></w:r></w:p>")]);
        let at = at.index(bytes.len());
        bytes[at] = with;
        let out = read_bytes(bytes, 1 << 20);
        prop_assert_eq!(out.kept.len() + out.dropped.len(), 1);
    }
}

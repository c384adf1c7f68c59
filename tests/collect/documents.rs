//! Markdown, PDF and documents of word processors.

use std::io::Write;

use textmill_schemas::CONTENT_HTML;

use super::{collect_bytes, collect_path, fixture};

#[test]
fn markdown_with_front_matter() {
    let out = collect_path("auto", &fixture("documents/note.md"), "");
    assert_eq!(out.bodies(), ["\n# Ferries\n\nThey leave at *six*.\n"]);
    let row = &out.kept[0];
    assert_eq!(row.title.as_deref(), Some("Ferries"));
    assert_eq!(row.author.as_deref(), Some("Ann, Bo"));
    assert_eq!(row.time.as_deref(), Some("2020-02-03T00:00:00Z"));
}

/// A package of one part.
fn archive(name: &str, content: &str) -> Vec<u8> {
    let types = b"<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>";
    super::archives::zip(&[("[Content_Types].xml", types), (name, content.as_bytes())])
}

#[test]
fn word_documents() {
    let document = "<w:document><w:body><w:p><w:pPr><w:pStyle w:val=\"Heading1\"/></w:pPr>\
        <w:r><w:t>Ferries</w:t></w:r></w:p><w:p><w:r><w:t>They leave at six.</w:t></w:r></w:p>\
        </w:body></w:document>";
    let bytes = archive("word/document.xml", document);
    for name in ["a.docx", "a.bin"] {
        let out = collect_bytes("docx", name, &bytes);
        assert_eq!(
            out.bodies(),
            ["<h1>Ferries</h1>\n<p>They leave at six.</p>\n"]
        );
        assert_eq!(out.kept[0].media_type, CONTENT_HTML);
        assert_eq!(out.kept[0].title.as_deref(), Some("Ferries"));
    }
    let broken = archive("word/document.xml", "<w:p><w:r><w:t");
    assert_eq!(
        collect_bytes("docx", "a.docx", &broken).rules(),
        ["collect.corrupt"]
    );
}

#[test]
fn pdf_documents() {
    let content = "BT /F 12 Tf 50 700 Td (Ferries leave) Tj 0 -14 Td (at six.) Tj ET";
    let mut pdf = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
    for (index, object) in [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 5 0 R/Resources<</Font<</F 4 0 R>>>>>>".to_owned(),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned(),
        format!("<</Length {}>>stream\n{content}\nendstream", content.len()),
    ]
    .iter()
    .enumerate()
    {
        offsets.push(pdf.len());
        writeln!(pdf, "{} 0 obj{object}endobj", index + 1).unwrap();
    }
    let start = pdf.len();
    writeln!(pdf, "xref\n0 6\n0000000000 65535 f ").unwrap();
    for offset in offsets {
        writeln!(pdf, "{offset:010} 00000 n ").unwrap();
    }
    write!(
        pdf,
        "trailer<</Size 6/Root 1 0 R>>\nstartxref\n{start}\n%%EOF"
    )
    .unwrap();
    let out = collect_bytes("auto", "a.pdf", &pdf);
    assert_eq!(out.bodies(), ["Ferries leave at six."]);
    let empty = collect_bytes("pdf", "a.pdf", b"%PDF-1.4\n%%EOF");
    assert_eq!(empty.rules(), ["collect.corrupt"]);
    assert!(empty.ok, "{}", empty.stderr);
}

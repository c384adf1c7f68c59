use std::io::Write;

use proptest::prelude::*;

use crate::reader::testing::{read_bytes, source};

/// A document of pages with this content each, in Helvetica.
fn pdf(pages: &[&str], info: &str) -> Vec<u8> {
    let kids: String = (0..pages.len())
        .map(|page| format!("{} 0 R ", 5 + 2 * page))
        .collect();
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        format!("<</Type/Pages/Kids[{kids}]/Count {}>>", pages.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>".to_owned(),
        format!("<<{info}>>"),
    ];
    for (index, content) in pages.iter().enumerate() {
        objects.push(format!("<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents {} 0 R/Resources<</Font<</F 3 0 R>>>>>>", 6 + 2 * index));
        objects.push(stream("", content));
    }
    file(&objects)
}

fn stream(dict: &str, content: &str) -> String {
    format!(
        "<<{dict}/Length {}>>stream\n{content}\nendstream",
        content.len()
    )
}

/// A file of these objects, of which the first is the catalog and the fourth the information.
fn file(objects: &[String]) -> Vec<u8> {
    let mut bytes = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        offsets.push(bytes.len());
        bytes.extend_from_slice(format!("{} 0 obj{object}endobj\n", index + 1).as_bytes());
    }
    let start = bytes.len();
    bytes.extend_from_slice(
        format!("xref\n0 {}\n0000000000 65535 f \n", offsets.len() + 1).as_bytes(),
    );
    for offset in &offsets {
        bytes.extend_from_slice(format!("{offset:010} 00000 n \n").as_bytes());
    }
    bytes.extend_from_slice(
        format!(
            "trailer<</Size {}/Root 1 0 R/Info 4 0 R>>\nstartxref\n{start}\n%%EOF",
            offsets.len() + 1
        )
        .as_bytes(),
    );
    bytes
}

const PAGE: &str = "BT /F 12 Tf 50 700 Td (Words in a) Tj 0 -14 Td [(li) -20 (ne) -400 (and mo-)] TJ 0 -14 Td (re.) Tj 0 -40 Td (Second one.) Tj ET";

#[test]
fn text_and_metadata() {
    let info = "/Title(T)/Author<FEFF4E2D>/CreationDate(D:20200203040506Z)";
    let out = read_bytes(&source("auto"), "a", pdf(&[PAGE], info));
    assert_eq!(out.bodies(), ["Words in a line and more.\n\nSecond one."]);
    let row = &out.kept[0];
    assert_eq!(
        (row.title.as_deref(), row.author.as_deref()),
        (Some("T"), Some("中"))
    );
    assert_eq!(row.time.as_deref(), Some("2020-02-03T04:05:06Z"));
    assert_eq!(row.media_type, "text/plain");
}

#[test]
fn what_has_no_text_is_dropped() {
    let out = read_bytes(&source("auto"), "a", pdf(&["0 0 10 10 re f"], ""));
    assert_eq!(out.rules(), ["collect.no_text"]);
    assert_eq!(
        read_bytes(&source("auto"), "a", b"%PDF-1.4\nnothing".to_vec()).rules(),
        ["collect.corrupt"]
    );
    let mut small = source("pdf");
    small.settings.max_record = 100;
    assert_eq!(
        read_bytes(&small, "a", pdf(&[PAGE], "")).rules(),
        ["collect.too_large"]
    );
}

/// A page that draws a form; each form draws the next one ten times, the last one itself.
fn forms(count: usize) -> Vec<u8> {
    let mut objects = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 5 0 R\
         /Resources<</XObject<</X 6 0 R>>>>>>"
            .to_owned(),
        "<<>>".to_owned(),
        stream("", "/X Do "),
    ];
    for form in 0..count {
        let next = 6 + (form + 1).min(count - 1);
        let dict = format!(
            "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X {next} 0 R>>>>"
        );
        objects.push(stream(&dict, &"/X Do ".repeat(10)));
    }
    file(&objects)
}

#[test]
fn too_much_to_draw_is_dropped() {
    // One form that draws itself does not come far; a hundred draw 10^50.
    for (count, rule) in [(1, "collect.no_text"), (100, "collect.bomb")] {
        let out = read_bytes(&source("pdf"), "a", forms(count));
        assert_eq!(out.rules(), [rule], "{count}");
    }
    // The same part of a page again and again.
    let page = format!("({}) Tj", "x".repeat(100_000));
    let many = format!("/Contents[{}]", "6 0 R ".repeat(10_000));
    let text = String::from_utf8(pdf(&[&page], "")).unwrap();
    let many = text.replace("/Contents 6 0 R", &many).into_bytes();
    let out = read_bytes(&source("pdf"), "a", many);
    assert_eq!(out.rules(), ["collect.bomb"]);
}

#[test]
fn streams_that_unpack_to_too_much_are_dropped() {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    for _ in 0..257 {
        encoder.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let packed = encoder.finish().unwrap();
    let mut bytes = pdf(&[PAGE], "");
    bytes.extend_from_slice(b"9 0 obj<</Filter/FlateDecode>>stream\r\n");
    bytes.extend_from_slice(&packed);
    let out = read_bytes(&source("pdf"), "a", bytes);
    assert_eq!(out.rules(), ["collect.bomb"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn damage_ends_in_one_row(at in any::<prop::sample::Index>(), with in any::<u8>(), cut in any::<bool>()) {
        let mut bytes = pdf(&[PAGE, PAGE], "/Title(T)");
        let at = at.index(bytes.len() - 8) + 8;
        bytes[at] = with;
        if cut {
            bytes.truncate(at);
        }
        let out = read_bytes(&source("pdf"), "a", bytes);
        prop_assert_eq!(out.kept.len() + out.dropped.len(), 1);
    }
}

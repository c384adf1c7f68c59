use proptest::prelude::*;

use crate::reader::testing::{read_bytes, source};

/// A document of pages with this content each, in Helvetica.
fn pdf(pages: &[&str], info: &str) -> Vec<u8> {
    let mut bytes = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
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
        objects.push(format!(
            "<</Length {}>>stream\n{content}\nendstream",
            content.len()
        ));
    }
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

//! What must hold of every document, whatever bytes it came from.

use textmill_extract::{Config, Extract};
use textmill_schemas::{Document, DocumentStage, RawDocument, Verdict};

/// A stage with a configuration.
pub fn stage(config: Config) -> Extract {
    Extract::new(&config).expect("the configuration is valid")
}

/// Reads a body twice and checks what comes out.
pub fn check(stage: &Extract, media_type: &str, body: &[u8]) {
    let read = || {
        stage.process(RawDocument {
            url: Some("https://www.example.org/2024/05/06/page.html".to_owned()),
            media_type: media_type.to_owned(),
            body: body.to_vec(),
            ..RawDocument::default()
        })
    };
    let (first, second) = (read(), read());
    assert_eq!(first, second, "the same page gives two answers");
    if let Verdict::Keep(document) = first {
        check_document(&document);
    }
}

fn check_document(document: &Document) {
    let text = &document.text;
    assert!(
        text.chars().any(|c| !c.is_whitespace()),
        "kept without text"
    );
    let odd = |c: char| c.is_ascii_control() && c != '\n' && c != '\t';
    assert!(!text.contains(odd), "control characters in the text");
    for spans in [
        &document.title_span,
        &document.code_spans,
        &document.comment_spans,
        &document.author_spans,
    ] {
        let (pairs, rest) = spans.as_chunks::<2>();
        assert!(rest.is_empty(), "a span without an end");
        let mut last = 0;
        for [start, end] in pairs.iter().map(|pair| pair.map(|at| at as usize)) {
            assert!(last <= start && start <= end, "spans out of order");
            assert!(text.get(start..end).is_some(), "a span outside the text");
            last = end;
        }
    }
}

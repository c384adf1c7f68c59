//! Plain texts of books.

use super::{collect_bytes, collect_path, fixture};

#[test]
fn head_and_licence_are_cut_and_lines_joined() {
    let out = collect_path("auto", &fixture("gutenberg"), "");
    assert!(out.ok, "{}", out.stderr);
    let row = &out.kept[0];
    assert_eq!(row.title.as_deref(), Some("Walks and Days"));
    assert_eq!(row.author.as_deref(), Some("Ann Author"));
    assert_eq!(
        row.url.as_deref(),
        Some("https://www.gutenberg.org/ebooks/12345")
    );
    let body = out.bodies()[0];
    assert!(body.starts_with("<h3>CHAPTER I</h3>\n<p>It was the first day of the summer, and the whole of the long valley lay open"), "{body}");
    assert!(
        body.contains(
            "the morning was full of light.</p>\n<p>The road goes on,<br>\nThe hills are near.</p>"
        ),
        "{body}"
    );
    assert!(body.ends_with("until the evening came.</p>"), "{body}");
}

#[test]
fn damage_ends_in_dropped_rows() {
    let out = collect_bytes("gutenberg", "a.txt", b"*** START OF THE PROJECT GUTENBERG EBOOK X ***\n\n*** END OF THE PROJECT GUTENBERG EBOOK X ***\n");
    assert!(out.ok, "{}", out.stderr);
    assert_eq!(out.rules(), ["collect.no_text"]);
    let whole = std::fs::read(fixture("gutenberg/walks.txt")).unwrap();
    let cut = collect_bytes("auto", "a.txt", &whole[..whole.len() / 2]);
    assert_eq!(cut.kept.len(), 1);
}

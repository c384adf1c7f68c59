use crate::reader::testing::{TestSource, read_bytes, source};
use crate::record::memory::Memory;

const HEAD: &str = "<mediawiki version=\"0.11\" xml:lang=\"en\"><siteinfo><base>https://w.example/wiki/Main</base><namespaces><namespace key=\"0\" /><namespace key=\"4\">Club</namespace></namespaces></siteinfo>\n";

fn page(title: &str, text: &str) -> String {
    format!(
        "<page><title>{title}</title><revision><timestamp>2024-02-29T10:00:00Z</timestamp><text xml:space=\"preserve\">{text}</text></revision></page>\n"
    )
}

fn dump(pages: &str) -> String {
    format!("{HEAD}{pages}</mediawiki>\n")
}

fn read_with(source: &TestSource, xml: &str) -> Memory {
    read_bytes(source, "a.xml", xml.as_bytes().to_vec())
}

fn read(xml: &str) -> Memory {
    read_with(&source("auto"), xml)
}

fn titles(out: &Memory) -> Vec<&str> {
    let rows = out.kept.iter();
    rows.map(|row| row.title.as_deref().unwrap()).collect()
}

#[test]
fn pages_become_documents() {
    let out = read(&dump(&page(
        "Abacus &amp; rod",
        "A '''tool''' &lt;b&gt;to&lt;/b&gt; count.",
    )));
    assert_eq!(out.bodies(), ["A tool to count."]);
    let row = &out.kept[0];
    assert_eq!(row.title.as_deref(), Some("Abacus & rod"));
    assert_eq!(
        row.url.as_deref(),
        Some("https://w.example/wiki/Abacus_%26_rod")
    );
    assert_eq!(row.time.as_deref(), Some("2024-02-29T10:00:00Z"));
    assert_eq!(row.lang.as_deref(), Some("en"));
    assert_eq!(row.offset, HEAD.len() as u64);
    assert!(out.dropped.is_empty());
}

#[test]
fn what_is_no_article_is_dropped_by_rule() {
    let redirect = "<page><title>R</title><ns>0</ns><redirect title=\"A\" /><revision><text>#REDIRECT [[A]]</text></revision></page>";
    let model = "<page><title>M</title><ns>0</ns><revision><model>css</model><text>a {}</text></revision></page>";
    let deleted = "<page><title>D</title><revision><text deleted=\"deleted\" /></revision></page>";
    let pages = [
        redirect,
        &page("Old redirect", "#重定向 [[A]]"),
        &page("Club:Rules", "be kind"),
        "<page><title>Talk</title><ns>1</ns><revision><text>hi</text></revision></page>",
        model,
        deleted,
        "<page><title>N</title></page>",
        "<page><revision><text>no title</text></revision></page>",
        &page("Nothing left", "{{stub}}"),
        &page("Kept", "words"),
    ];
    let out = read(&dump(&pages.concat()));
    assert_eq!(titles(&out), ["Kept"]);
    assert_eq!(
        out.rules(),
        [
            "collect.redirect",
            "collect.redirect",
            "collect.namespace",
            "collect.namespace",
            "collect.content_model",
            "collect.deleted",
            "collect.empty",
            "collect.malformed",
            "collect.empty"
        ]
    );
    let mut club = source("auto");
    club.settings.wiki.namespaces = vec![4];
    assert_eq!(
        titles(&read_with(&club, &dump(&pages.concat()))),
        ["Club:Rules"]
    );
}

#[test]
fn of_several_revisions_the_last_counts() {
    let xml = "<page><title>A</title><revision><text>old</text></revision><revision><text>newer</text></revision><revision><text>newest</text></revision></page>";
    let out = read(&dump(&format!("{xml}{}", page("B", "other"))));
    assert_eq!(out.bodies(), ["newest", "other"]);
}

#[test]
fn an_interrupted_page_takes_nothing_along_at_any_edge_of_a_buffer() {
    let open = "<page><title>A</title><revision><text>";
    // The buffer of a stream, and that of a file in it.
    for edge in [64 << 10, 128 << 10, 256 << 10] {
        for inside in 0..=8 {
            let filler = "x".repeat(edge - HEAD.len() - open.len() - inside);
            let out = read(&dump(&format!("{open}{filler}{}", page("B", "words"))));
            assert_eq!(out.rules(), ["collect.malformed"], "{edge} {inside}");
            assert_eq!(titles(&out), ["B"], "{edge} {inside}");
            assert_eq!(out.kept[0].offset, (edge - inside) as u64);
        }
    }
}

#[test]
fn tags_at_any_edge_of_a_buffer_are_seen() {
    for inside in 0..=80 {
        let open = "<page><title>A</title><revision><text>";
        let filler = "x".repeat((128 << 10) - HEAD.len() - open.len() - inside);
        let out = read(&dump(&format!(
            "{open}{filler}</text></revision></page>{}",
            page("B", "words")
        )));
        assert_eq!(titles(&out), ["A", "B"], "{inside}");
        assert!(out.dropped.is_empty());
    }
}

#[test]
fn pages_that_are_too_long_are_dropped() {
    let mut short = source("auto");
    short.settings.max_record = 1000;
    let long = page("Long", &"word ".repeat(60_000));
    let open = long.trim_end().trim_end_matches("</page>");
    let pages = [
        page("A", "first"),
        long.clone(),
        page("B", "second"),
        open.to_owned(),
        page("C", "third"),
    ];
    let out = read_with(&short, &dump(&pages.concat()));
    assert_eq!(titles(&out), ["A", "B", "C"]);
    assert_eq!(out.rules(), ["collect.too_large"; 2]);
    assert_eq!(out.dropped[0].value, Some((long.len() - 1) as f64));
}

#[test]
fn a_dump_cut_anywhere_ends_in_one_row() {
    let whole = dump(&(page("A", "first") + &page("B", "甲乙")));
    let end = whole.find("</mediawiki>").unwrap();
    for cut in HEAD.len()..end + "</mediawiki>".len() - 1 {
        let out = read_bytes(&source("auto"), "a.xml", whole.as_bytes()[..cut].to_vec());
        assert_eq!(out.rules(), ["collect.truncated"], "{cut}");
        let before = whole.as_bytes()[..cut]
            .windows(7)
            .filter(|tag| tag == b"</page>");
        assert_eq!(out.kept.len(), before.count(), "{cut}");
    }
}

#[test]
fn mistakes_of_the_xml_stay_in_their_page() {
    let pages = [
        &page("A", "first"),
        "</page></revision><text>&bad; &#xFFFFFFFF; &#; <",
        "<page><title>B</title><revision><text>never <closed</revision></page>",
        &page("C", "a &unknown; b &#x4E2D; &#65;"),
        "<page/><pages><page ",
        &page("D", "last"),
    ];
    let out = read(&dump(&pages.concat()));
    let titles = titles(&out);
    assert!(titles.contains(&"A") && titles.contains(&"D"), "{titles:?}");
    let c = out
        .kept
        .iter()
        .find(|row| row.title.as_deref() == Some("C"));
    assert_eq!(c.unwrap().body, "a &unknown; b 中 A".as_bytes());
}

#[test]
fn dumps_in_utf_16_are_read() {
    let xml = dump(&(page("甲", "文字") + &page("乙", "更多文字")));
    let wide: Vec<u8> = xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bytes = [&[0xff, 0xfe][..], &wide].concat();
    let read = |bytes: &[u8]| read_bytes(&source("mediawiki"), "a.xml", bytes.to_vec());
    assert_eq!(read(&bytes).bodies(), ["文字", "更多文字"]);
    let head = 2 * HEAD.encode_utf16().count();
    for cut in [2, 3, head, bytes.len() - 60, bytes.len() - 61] {
        assert_eq!(read(&bytes[..cut]).rules(), ["collect.truncated"], "{cut}");
    }
}

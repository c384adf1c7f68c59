//! Dumps of encyclopedias.

use std::io::Write;

use super::{Collected, collect_bytes, collect_path, fixture};

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn dump(name: &str) -> Vec<u8> {
    std::fs::read(fixture("wiki").join(name)).unwrap()
}

/// A stream for the head, one for each page, one for the end.
fn multistream(xml: &[u8]) -> Vec<Vec<u8>> {
    let text = std::str::from_utf8(xml).unwrap();
    let (head, rest) = text.split_at(text.find("  <page>").unwrap());
    let pages = rest.split_inclusive("</page>\n");
    let parts = std::iter::once(head).chain(pages);
    parts.map(|part| bzip2(part.as_bytes())).collect()
}

fn titles(out: &Collected) -> Vec<&str> {
    let rows = out.kept.iter();
    rows.map(|row| row.title.as_deref().unwrap()).collect()
}

const RULES: [&str; 3] = ["collect.redirect", "collect.namespace", "collect.namespace"];

#[test]
fn an_english_dump() {
    let out = collect_path("mediawiki", &fixture("wiki").join("english.xml"), "");
    assert!(out.ok, "{}", out.stderr);
    assert_eq!(
        out.bodies(),
        [
            "A foghorn is a signal for ships in fog. It is heard 5 miles away.\n\nTypes\n\nType | Tone\nReed | high\nDiaphone | n/a",
            "A buoy floats — and is anchored.\n\n- Red to port\n- Green to starboard"
        ]
    );
    assert_eq!(out.rules(), RULES);
    let row = &out.kept[0];
    assert_eq!(row.title.as_deref(), Some("Foghorn"));
    assert_eq!(
        row.url.as_deref(),
        Some("https://harbour.example/wiki/Foghorn")
    );
    assert_eq!(row.time.as_deref(), Some("2025-03-01T08:00:00Z"));
    assert_eq!(row.lang.as_deref(), Some("en"));
    let redirect = &out.dropped[0];
    assert_eq!(redirect.detail.as_deref(), Some("to Foghorn"));
    assert_eq!(
        redirect.url.as_deref(),
        Some("https://harbour.example/wiki/Fog_horn")
    );
}

#[test]
fn a_chinese_dump_in_either_script() {
    let path = fixture("wiki").join("chinese.xml");
    let out = collect_path("auto", &path, "");
    assert!(out.ok, "{}", out.stderr);
    assert_eq!(
        out.bodies(),
        ["雾笛（foghorn）是海上的一种信号，后来被雷达取代。"]
    );
    assert_eq!(out.rules(), ["collect.redirect", "collect.namespace"]);
    let more = "[collect.wiki]\nvariant = \"zh-tw\"\nkeep_appendices = true\nnamespaces = [0, 10]";
    let out = collect_path("auto", &path, more);
    assert_eq!(titles(&out), ["雾笛", "模板:信息框"]);
    let body = out.bodies()[0];
    assert!(body.contains("海面的一种信号，后来被雷達取代。"), "{body}");
    assert!(body.ends_with("外部链接\n\n- 网站"), "{body}");
}

#[test]
fn a_multistream_dump_is_the_same() {
    let xml = dump("english.xml");
    let plain = collect_bytes("mediawiki", "a.xml", &xml);
    for bytes in [multistream(&xml).concat(), bzip2(&xml)] {
        let out = collect_bytes("auto", "a.xml.bz2", &bytes);
        assert_eq!(out.bodies(), plain.bodies());
        assert_eq!(out.rules(), RULES);
    }
}

#[test]
fn cut_short() {
    let xml = dump("english.xml");
    let inside = xml.len() - 120;
    let out = collect_bytes("mediawiki", "a.xml", &xml[..inside]);
    assert!(out.ok, "{}", out.stderr);
    assert_eq!(titles(&out), ["Foghorn"]);
    assert_eq!(out.rules(), [&RULES[..], &["collect.truncated"]].concat());
    let whole = multistream(&xml).concat();
    let out = collect_bytes("mediawiki", "a.xml.bz2", &whole[..whole.len() - 60]);
    assert!(out.ok, "{}", out.stderr);
    assert_eq!(titles(&out)[0], "Foghorn");
    assert_eq!(out.rules().last(), Some(&"collect.truncated"));
}

#[test]
fn damage_stays_in_its_stream() {
    let mut streams = multistream(&dump("english.xml"));
    let middle = streams[1].len() / 2;
    streams[1][middle] ^= 0x55;
    let out = collect_bytes("mediawiki", "a.xml.bz2", &streams.concat());
    assert!(out.ok, "{}", out.stderr);
    assert_eq!(titles(&out), ["Buoy"]);
    assert_eq!(out.rules()[1..], RULES);
    assert!(out.rules()[0].starts_with("collect."));
}

#[test]
fn broken_xml_loses_only_its_page() {
    let xml = String::from_utf8(dump("english.xml")).unwrap();
    let open = xml.replacen("    </revision>\n  </page>\n", "", 1);
    let out = collect_bytes("mediawiki", "a.xml", open.as_bytes());
    assert!(out.ok, "{}", out.stderr);
    assert_eq!(titles(&out), ["Buoy"]);
    assert_eq!(out.rules(), [&["collect.malformed"], &RULES[..]].concat());
    let nothing = "<mediawiki>&lt;page&gt; <title>x</page></title>";
    let out = collect_bytes("mediawiki", "a.xml", nothing.as_bytes());
    assert!(out.ok, "{}", out.stderr);
    assert_eq!(out.rules(), ["collect.truncated"]);
}

#[test]
fn hostile_wikitext_ends() {
    let nested = |open: &str, close: &str| open.repeat(50_000) + &close.repeat(50_000);
    for text in [
        nested("{{", "}}"),
        nested("[[", "]]"),
        nested("{|\n|", "|}\n"),
        nested("-{", "}-"),
    ] {
        let xml = format!(
            "<mediawiki xml:lang=\"zh\"><page><title>A</title><revision><text>a\n{text}</text></revision></page></mediawiki>"
        );
        let out = collect_bytes("mediawiki", "a.xml", xml.as_bytes());
        assert!(out.ok, "{}", out.stderr);
        assert_eq!(out.kept.len() + out.dropped.len(), 1);
    }
}

use proptest::prelude::*;
use textmill_schemas::{CONTENT_HTML, RawDocument};

use crate::reader::testing::{TestSource, read_bytes, source};
use crate::record::memory::Memory;

fn read(xml: &str) -> Memory {
    read_bytes(&source("feed"), "feed.xml", xml.into())
}

fn all(xml: &str) -> Memory {
    let mut source = source("feed");
    source.source.config.summaries = true;
    read_bytes(&source, "feed.xml", xml.into())
}

fn first(xml: &str) -> RawDocument {
    let out = all(xml);
    assert_eq!(out.dropped, [], "{xml}");
    out.kept.into_iter().next().unwrap()
}

#[test]
fn rss_2() {
    let xml = r#"<?xml version="1.0"?><rss version="2.0" xmlns:c="http://purl.org/rss/1.0/modules/content/" xmlns:d="http://purl.org/dc/elements/1.1/">
<channel><title>Feed</title><link>https://example.org/</link><language>en-us</language>
<creativeCommons:license>https://creativecommons.org/licenses/by/4.0/</creativeCommons:license>
<image><title>Logo</title><link>https://example.org/logo</link></image>
<item><title>One &amp;amp; only</title><link>/one</link><d:creator>Me</d:creator><pubDate>Thu, 01 Jan 2004 19:48:21 GMT</pubDate>
<description>short</description><c:encoded><![CDATA[<p>The whole text &amp; more</p>]]></c:encoded></item>
<item><title>Two</title><guid>https://example.org/two</guid><description>only a teaser</description></item>
<item><description>A post without a title.</description><guid isPermaLink="false">https://example.org/no</guid></item>
</channel></rss>"#;
    let out = read(xml);
    assert_eq!(
        out.bodies(),
        [
            "<p>The whole text &amp; more</p>",
            "A post without a title."
        ]
    );
    let row = &out.kept[0];
    assert_eq!(row.title.as_deref(), Some("One & only"));
    assert_eq!(row.url.as_deref(), Some("https://example.org/one"));
    assert_eq!(row.author.as_deref(), Some("Me"));
    assert_eq!(row.time.as_deref(), Some("2004-01-01T19:48:21Z"));
    assert_eq!(row.lang.as_deref(), Some("en-us"));
    assert_eq!(
        row.license.as_deref(),
        Some("https://creativecommons.org/licenses/by/4.0/")
    );
    assert_eq!(row.media_type, CONTENT_HTML);
    assert!(xml[row.offset as usize..].starts_with("<item><title>One"));
    assert_eq!(out.kept[1].media_type, "text/plain");
    assert_eq!(out.kept[1].url, None);
    assert_eq!(out.rules(), ["collect.no_content"]);
    assert_eq!(
        out.dropped[0].url.as_deref(),
        Some("https://example.org/two")
    );
}

#[test]
fn atom() {
    let row = first(
        r#"<a:feed xmlns:a="http://www.w3.org/2005/Atom" xml:base="https://example.org/blog/" xml:lang="de">
<a:author><a:name>Feed Author</a:name><a:email>x@example.org</a:email></a:author>
<a:link rel="license" href="https://example.org/license"/>
<a:entry xml:base="2020/"><a:title type="html">A &lt;b&gt;B&lt;/b&gt;</a:title><a:link rel="enclosure" href="x.mp3"/><a:link href="one"/>
<a:source><a:title>Elsewhere</a:title></a:source><a:id>tag:x</a:id><a:published>2003-12-31T10:14:55Z</a:published><a:updated>2004-01-01T00:00:00Z</a:updated>
<a:content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>1 &lt; 2<br/>x</p></div></a:content></a:entry></a:feed>"#,
    );
    assert_eq!(row.body, b"<div><p>1 &lt; 2<br>x</p></div>");
    assert_eq!(row.title.as_deref(), Some("A B"));
    assert_eq!(
        row.url.as_deref(),
        Some("https://example.org/blog/2020/one")
    );
    assert_eq!(row.author.as_deref(), Some("Feed Author"));
    assert_eq!(row.time.as_deref(), Some("2003-12-31T10:14:55Z"));
    assert_eq!(row.lang.as_deref(), Some("de"));
    assert_eq!(row.license.as_deref(), Some("https://example.org/license"));
}

#[test]
fn atom_0_3_base_64_and_rdf_and_cdf() {
    let row = first(
        r#"<feed version="0.3" xmlns="http://purl.org/atom/ns#"><entry><content type="text/html" mode="base64">PHA+RXhhbXBsZTwvcD4=</content><issued>2003-12-31T10:14:55Z</issued></entry></feed>"#,
    );
    assert_eq!(row.body, b"<p>Example</p>");
    let row = first(
        r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel rdf:about="x"><title>F</title></channel><item rdf:about="http://example.org/1"><title>T</title><description>d</description></item></rdf:RDF>"#,
    );
    assert_eq!(row.url.as_deref(), Some("http://example.org/1"));
    let row = first(
        r#"<CHANNEL HREF="http://example.org/a"><ITEM HREF="b" LASTMOD="2004-04-06T23:05:43-05:00"><TITLE>T</TITLE><ABSTRACT>text</ABSTRACT></ITEM></CHANNEL>"#,
    );
    assert_eq!(row.url.as_deref(), Some("http://example.org/b"));
    assert_eq!(row.time.as_deref(), Some("2004-04-07T04:05:43Z"));
}

#[test]
fn not_well_formed() {
    let out = all(
        "<rss><channel><item><title>AT&T&nbsp;&#8212; <b>x</b> &bogus;<description>a < b & c\u{b}<item><description>second</item></channel>",
    );
    assert_eq!(out.bodies(), ["a < b & c", "second"]);
    assert_eq!(out.kept[0].title.as_deref(), Some("AT&T — x &bogus;"));
    let doubled = first(
        "<rss><item><description>&lt;p&gt;a &amp;amp; b&lt;/p&gt;</description></item></rss>",
    );
    assert_eq!(doubled.body, b"<p>a &amp; b</p>");
    let laughs = first(
        r#"<!DOCTYPE rss [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]><rss><item><description>&a; &c;</description></item></rss>"#,
    );
    assert_eq!(laughs.body, b"lol &c;");
}

#[test]
fn charsets() {
    let xml = |encoding: &str| {
        format!(
            "<?xml version='1.0' encoding='{encoding}'?><rss><item><title>t</title><description>中文字</description></item></rss>"
        )
    };
    let (gbk, _, _) = encoding_rs::GBK.encode("<?xml version='1.0' encoding='gb2312'?><rss><item><description>中文字</description></item></rss>");
    let wide = |bytes: fn(u16) -> [u8; 2]| {
        xml("utf-16")
            .encode_utf16()
            .flat_map(bytes)
            .collect::<Vec<u8>>()
    };
    let utf32 = |bytes: fn(u32) -> [u8; 4]| {
        xml("utf-32")
            .chars()
            .flat_map(|c| bytes(u32::from(c)))
            .collect::<Vec<u8>>()
    };
    for bytes in [
        xml("utf-8").into_bytes(),
        xml("iso-8859-1").into_bytes(),
        gbk.into_owned(),
        wide(u16::to_le_bytes),
        wide(u16::to_be_bytes),
        utf32(u32::to_le_bytes),
        utf32(u32::to_be_bytes),
    ] {
        for kind in ["feed", "auto"] {
            let mut source = source(kind);
            source.source.config.summaries = true;
            let out = read_bytes(&source, "feed", bytes.clone());
            assert_eq!(out.bodies(), ["中文字"], "{}", bytes.escape_ascii());
        }
    }
    let wide = wide(u16::to_le_bytes);
    let mut source = source("feed");
    source.source.config.summaries = true;
    let out = read_bytes(&source, "feed", wide.clone());
    let offset = out.kept[0].offset as usize;
    assert!(wide[offset..].starts_with(b"<\0i\0t\0"));
}

#[test]
fn cut_long_and_empty() {
    let cut = read("<rss><item><description>whole</description></item><item><description>cu");
    assert_eq!(
        (cut.bodies(), cut.rules()),
        (vec!["whole"], vec!["collect.truncated"])
    );
    assert_eq!(cut.dropped[0].offset, 50);
    let none =
        read("<rss><channel><title>Quiet</title><link>http://example.org/</link></channel></rss>");
    assert_eq!(none.rules(), ["collect.no_entries"]);
    assert!(none.dropped[0].detail.as_deref().unwrap().contains("Quiet"));
    let mut small = source("feed");
    small.settings.max_record = 500;
    let long = format!(
        "<rss><item><description>{}</description></item><item><description>b</description></item></rss>",
        "a ".repeat(100_000)
    );
    let out = read_bytes(&small, "feed", long.into());
    assert_eq!(
        (out.bodies(), out.rules()),
        (vec!["b"], vec!["collect.too_large"])
    );
}

#[test]
fn one_feed_behind_another() {
    let out = all(
        "<rss><channel><title>A</title><language>fr</language><item><title>1</title><description>x</description></item></channel></rss>\n<?xml version='1.0'?><rss><channel><item><title>2</title><description>y</description></item></channel></rss>",
    );
    assert_eq!(out.bodies(), ["x", "y"]);
    assert_eq!(
        (out.kept[0].lang.as_deref(), out.kept[1].lang.as_deref()),
        (Some("fr"), None)
    );
}

#[test]
fn found_by_content() {
    let is = super::begins;
    assert!(is("<rss version='0.91'>"));
    assert!(is("<!DOCTYPE rss PUBLIC \"-//Netscape\" \"x.dtd\"><rss>"));
    assert!(is(
        "<!DOCTYPE rdf:RDF [\n<!ENTITY % x SYSTEM \"y>\">\n]>\n<rdf:RDF xmlns='http://purl.org/rss/1.0/'>"
    ));
    assert!(is("<feed xmlns=\"http://www.w3.org/2005/Atom\">"));
    assert!(is("<CHANNEL HREF='x'><ITEM>"));
    assert!(!is("<html>"));
    assert!(!is("<rdf:RDF xmlns:foaf='x'>"));
    assert!(!is("<channel>4</channel>"));
    assert!(!is("words"));
}

fn hostile() -> TestSource {
    let mut source = source("feed");
    source.settings.max_record = 10_000;
    source.source.config.summaries = true;
    source
}

proptest! {
    #[test]
    fn anything_ends_in_rows(xml in "(<(rss|item|entry|a:entry|title|content type='xhtml'|description|link href='[a-z:/#%]{0,8}'|div|![A-Z\\[]{0,9}|/item|/title|/rss|/div|xml:base=)>?|[a-z &;<>#\u{e9}]{0,6}|&[#a-z0-9]{0,6};?){0,40}") {
        let out = read_bytes(&hostile(), "feed", xml.into());
        prop_assert!(out.kept.len() + out.dropped.len() > 0);
        for row in &out.kept {
            prop_assert!(!row.body.is_empty());
        }
    }

    #[test]
    fn bytes_too(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let bytes = [&b"<rss><item><description>"[..], &bytes].concat();
        read_bytes(&hostile(), "feed", bytes);
    }
}

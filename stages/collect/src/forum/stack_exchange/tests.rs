use proptest::prelude::*;

use crate::config::Kind;
use crate::forum::pseudonym::Pseudonyms;
use crate::reader::testing::{read_bytes, source};
use crate::record::memory::Memory;
use crate::sniff::{self, Format};

fn read(text: &str) -> Memory {
    read_bytes(
        &source("auto"),
        "ai.stackexchange.com/Posts.xml",
        text.as_bytes().to_vec(),
    )
}

const POSTS: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<posts>
  <row Id="1" PostTypeId="1" AcceptedAnswerId="3" CreationDate="2010-02-06T20:19:50.957" Score="10" Body="&lt;p&gt;How &amp;amp; why?&lt;/p&gt;&#xA;" OwnerUserId="14" Title="A &lt;b&gt; question" Tags="&lt;x&gt;&lt;y-z&gt;" />
  <row Id="2" PostTypeId="2" ParentId="1" CreationDate="2019-02-06T20:25:42.850" Score="22" Body="&lt;p&gt;Popular&lt;/p&gt;" OwnerDisplayName="user23" />
  <row Id="3" PostTypeId="2" ParentId="1" CreationDate="2012-02-06T20:25:42.850" Score="1" Body="&lt;p&gt;Accepted, by &lt;a href=&quot;/users/14/ann&quot;&gt;Ann&lt;/a&gt;&lt;/p&gt;" OwnerUserId="15" />
  <row Id="4" PostTypeId="5" CreationDate="2012-02-06T20:25:42.850" Score="0" Body="wiki" />
  <row Id="5" PostTypeId="2" ParentId="99" CreationDate="2012-02-06T20:25:42.850" Score="0" Body="lost" />
  <row Id="6" PostTypeId="1" Body="cut
  <row Id="7" PostTypeId="1" Body="&bomb;" />
  <row Id="8" PostTypeId="1" Body="gone" DeletionDate="2020-01-01T00:00:00" />
  <row Id="1" PostTypeId="1" Body="again" />
</posts>
"#;

#[test]
fn a_question_with_its_answers_is_one_document() {
    let out = read(POSTS);
    let rules = out.rules();
    assert_eq!(
        rules,
        [
            "collect.post_type",
            "collect.invalid_xml",
            "collect.invalid_xml",
            "collect.deleted",
            "collect.duplicate_row",
            "collect.orphan"
        ]
    );
    assert_eq!(
        out.dropped[1].offset,
        POSTS.find("<row Id=\"6\"").unwrap() as u64
    );
    assert_eq!(out.counts["stack_exchange_posts"], 5);
    let [row] = &out.kept[..] else {
        panic!("{:?}", out.kept)
    };
    let of = |name: &str| Pseudonyms::new("s").of(name);
    assert_eq!(
        out.bodies()[0],
        format!(
            "<h1>A &lt;b&gt; question</h1>\n<p>{q}:</p>\n<p>How &amp; why?</p>\n<p>Tags: x, y-z</p>\n<p>{a}:</p>\n<p>Accepted, by {q}</p>\n<p>{p}:</p>\n<p>Popular</p>\n",
            q = of("id:14"),
            a = of("id:15"),
            p = of("user23")
        )
    );
    assert_eq!(
        row.url.as_deref(),
        Some("https://ai.stackexchange.com/questions/1")
    );
    assert_eq!(row.license.as_deref(), Some("CC-BY-SA-4.0"));
    assert_eq!(row.time.as_deref(), Some("2010-02-06T20:19:50.957Z"));
    assert_eq!(row.author.as_deref(), Some(of("id:14").as_str()));
}

#[test]
fn only_dumps_are_taken_for_dumps() {
    let of = |text: &str| sniff::format(Kind::Auto, text.as_bytes(), "a.xml");
    assert_eq!(of(POSTS), Format::StackExchange);
    assert_eq!(
        of("\u{feff}<?xml version='1.0'?>\r\n<users>\r\n  <row Id=\"1\"/>"),
        Format::StackExchange
    );
    for other in [
        "<posts user='a'><post/></posts>",
        "<tags><tag>a</tag></tags>",
        "<postscript><row />",
    ] {
        assert_ne!(of(other), Format::StackExchange, "{other}");
    }
}

#[test]
fn other_tables_are_counted() {
    let out = read("<votes>\n  <row Id=\"1\" />\n</votes>");
    assert_eq!((out.kept.len(), out.dropped.len()), (0, 0));
    assert_eq!(out.counts["stack_exchange_tables_left_out"], 1);
}

#[test]
fn bounds_hold() {
    let mut small = source("auto");
    small.settings.max_record = 1 << 16;
    small.settings.forum.sort_bytes = 1 << 12;
    let question = "<posts>\n<row Id=\"1\" PostTypeId=\"1\" Body=\"q\" />\n";
    let answers: String = (2..1000)
        .map(|id| {
            format!(
                "<row Id=\"{id}\" PostTypeId=\"2\" ParentId=\"1\" Body=\"{}\" />",
                "x".repeat(100)
            )
        })
        .collect();
    let long = format!(
        "<row Id=\"9999\" PostTypeId=\"1\" Body=\"{}\" />",
        "y".repeat(1 << 17)
    );
    let other = "<row Id=\"5000\" PostTypeId=\"1\" Body=\"short\" /></posts>";
    let out = read_bytes(
        &small,
        "Posts.xml",
        format!("{question}{answers}{long}{other}").into_bytes(),
    );
    assert_eq!(out.rules(), ["collect.too_large", "collect.too_large"]);
    assert_eq!(out.kept.len(), 1);
}

proptest! {
    #[test]
    fn rows_are_kept_or_dropped(rows in prop::collection::vec((0_u64..6, 1_u8..4, 0_u64..6, "[a-z<>&@ ]{1,20}"), 0..12)) {
        let text: String = rows.iter().map(|(id, kind, parent, body)| {
            let body = quick_xml::escape::escape(body.as_str());
            format!("<row Id=\"{id}\" PostTypeId=\"{kind}\" ParentId=\"{parent}\" Body=\"{body}\" />\n")
        }).collect();
        let out = read(&format!("<posts>\n{text}</posts>"));
        let parts: usize = out.bodies().iter().map(|body| body.matches("anonymous:").count()).sum();
        let rejected = out.dropped.len();
        prop_assert_eq!(parts + rejected, rows.len());
    }

    #[test]
    fn any_damage_ends_in_rows(at in 0_usize..1800, with in any::<u8>()) {
        let mut bytes = POSTS.as_bytes().to_vec();
        let at = at % bytes.len();
        bytes[at] = with;
        let out = read_bytes(&source("stackexchange"), "Posts.xml", bytes);
        prop_assert!(out.kept.len() + out.dropped.len() > 0);
    }
}

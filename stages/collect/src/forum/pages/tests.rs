use proptest::prelude::*;

use crate::forum::pseudonym::Pseudonyms;
use crate::reader::testing::{read_bytes, source};
use crate::record::memory::Memory;

fn read(page: &[u8]) -> Memory {
    read_bytes(&source("forum"), "page.html", page.to_vec())
}

fn of(name: &str) -> String {
    Pseudonyms::new("s").of(name)
}

/// Each software's markup of a thread with two posts, written after its templates.
const PAGES: &[(&str, &str)] = &[
    (
        "phpBB",
        r#"<link rel="canonical" href="https://f.org/viewtopic.php?t=5"><h2 class="topic-title"><a href="x">Green tea</a></h2>
<div id="p1" class="post has-profile bg2"><dl class="postprofile"><dt><a class="username" href="u">Ann</a></dt></dl>
<div class="postbody"><p class="author">by <strong><a class="username">Ann</a></strong> &raquo; <time datetime="2020-03-01T10:00:00+00:00">x</time></p>
<div class="content">Which one?</div><div id="sig1" class="signature">SIGNATURE</div></div></div>
<div id="p2" class="post"><div class="postbody"><p class="author">by <a class="username">Bob</a></p>
<div class="content"><blockquote><div><cite>Ann wrote:</cite>Which one?</div></blockquote>This one, @Ann.</div><div class="notice">Last edited by Bob</div></div></div>"#,
    ),
    (
        "XenForo",
        r#"<h1 class="p-title-value">Green tea</h1>
<article class="message message--post" data-author="Ann" data-content="post-1"><time datetime="2020-03-01T10:00:00+0000">x</time><div class="message-body"><div class="bbWrapper">Which one?</div></div><aside class="message-signature">SIGNATURE</aside></article>
<article class="message message--post" data-author="Bob" data-content="post-2"><div class="bbWrapper"><blockquote class="bbCodeBlock bbCodeBlock--quote"><div class="bbCodeBlock-title"><a>Ann said:</a></div><div class="bbCodeBlock-content">Which one?</div></blockquote>This one, <a class="username">@Ann</a>.</div></article>"#,
    ),
    (
        "vBulletin",
        r#"<h1>Green tea</h1><ol><li class="postcontainer" id="post_1"><span class="postdate"><span class="date">2020-03-01, 10:00</span></span><a class="username"><strong>Ann</strong></a>
<blockquote class="postcontent">Which one?</blockquote><div class="signature">SIGNATURE</div></li>
<li class="postcontainer" id="post_2"><a class="username"><strong>Bob</strong></a><blockquote class="postcontent"><div class="bbcode_quote"><div class="bbcode_postedby">Originally Posted by <strong>Ann</strong></div>Which one?</div>This one, @Ann.</blockquote></li></ol>"#,
    ),
    (
        "SMF",
        r#"<span id="top_subject">Green tea</span><div class="post_wrapper"><div class="poster"><h4><a>Ann</a></h4></div><div class="postarea"><div class="keyinfo"><div class="smalltext">2020-03-01, 10:00</div></div><div class="post"><div class="inner" id="msg_1">Which one?</div></div></div><div class="signature">SIGNATURE</div></div>
<div class="post_wrapper"><div class="poster"><h4><a>Bob</a></h4></div><div class="post"><div class="inner" id="msg_2"><blockquote class="bbc_standard_quote"><cite><a>Quote from: Ann on March 01, 2020</a></cite>Which one?</blockquote>This one, @Ann.</div></div></div>"#,
    ),
    (
        "MyBB",
        r#"<table><tr><td class="thead"><strong>Green tea</strong></td></tr></table><div class="post classic" id="post_1"><div class="post_author"><div class="author_information"><span class="largetext"><a>Ann</a></span></div></div><span class="post_date">2020-03-01, 10:00</span><div class="post_body" id="pid_1">Which one?</div><div class="signature">SIGNATURE</div></div>
<div class="post classic" id="post_2"><div class="author_information"><span class="largetext"><a>Bob</a></span></div><div class="post_body"><blockquote class="mycode_quote"><cite><span> (03-01-2020, 10:00 AM)</span>Ann Wrote: <a></a></cite>Which one?</blockquote>This one, @Ann.</div></div>"#,
    ),
    (
        "Discuz!",
        r#"<span id="thread_subject">Green tea</span><div id="post_1"><table id="pid1"><tr><td class="pls"><div class="authi"><a class="xw1">Ann</a></div></td><td><em id="authorposton1">发表于 2020-3-1 10:00</em><table><tr><td class="t_f" id="postmessage_1">Which one?</td></tr></table><div class="sign">SIGNATURE</div></td></tr></table></div>
<div id="post_2"><div class="authi"><a class="xw1">Bob</a></div><table><tr><td class="t_f" id="postmessage_2"><i class="pstatus"> 本帖最后由 Bob 于 2020-3-2 编辑 </i><div class="quote"><blockquote><font size="2"><a href="x"><font color=gray>Ann 发表于 2020-3-1 10:00</font></a></font><br>Which one?</blockquote></div>This one, @Ann.</td></tr></table></div>"#,
    ),
    (
        "Discourse",
        r#"<div id="topic-title"><h1><a href="x">Green tea</a></h1></div><noscript><div class="topic-body crawler-post" id="post_1"><span class="creator"><a><span itemprop="name">Ann</span></a></span><time datetime="2020-03-01T10:00:00Z">x</time><div class="post" itemprop="text"><p>Which one?</p></div></div>
<div class="topic-body crawler-post" id="post_2"><span class="creator"><span itemprop="name">Bob</span></span><div class="post" itemprop="text"><aside class="quote" data-username="Ann"><div class="title">Ann:</div><blockquote><p>Which one?</p></blockquote></aside><p>This one, <a class="mention">@Ann</a>.</p></div></div></noscript>"#,
    ),
];

#[test]
fn each_software_gives_the_same_thread() {
    for (name, page) in PAGES {
        let page =
            format!("<!DOCTYPE html><html><head><title>x</title></head><body>{page}</body></html>");
        let out = read(page.as_bytes());
        assert_eq!(out.kept.len(), 1, "{name}: {:?}", out.dropped);
        let row = &out.kept[0];
        assert_eq!(row.title.as_deref(), Some("Green tea"), "{name}");
        assert_eq!(row.time.as_deref(), Some("2020-03-01T10:00:00Z"), "{name}");
        let text = crate::forum::markup::without_tags(out.bodies()[0]);
        let words: Vec<&str> = text.split_whitespace().collect();
        let expected = format!(
            "Green tea {a}: Which one? {b}: {a}: Which one?This one, @{a}.",
            a = of("Ann"),
            b = of("Bob")
        );
        let squeeze = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(squeeze(&words.concat()), squeeze(&expected), "{name}");
    }
}

#[test]
fn other_pages_are_not_threads() {
    let index = "<html><body><ul><li><a href='t1'>A thread</a> by <a class='username'>Ann</a></li></ul></body></html>";
    assert_eq!(read(index.as_bytes()).rules(), ["collect.not_a_thread"]);
    assert_eq!(read(b"plain words").rules(), ["collect.not_a_thread"]);
    assert_eq!(read(b"{\"a\": 1}").rules(), ["collect.not_a_thread"]);
    assert_eq!(read(b"{\"a\": ").rules(), ["collect.invalid_json"]);
}

#[test]
fn old_charsets_are_read() {
    let page = "<html><head><meta charset=gbk></head><body><span id=thread_subject>绿茶</span><div id=post_1><div class=authi><a class=xw1>张三</a></div><div id=postmessage_1>哪一种好？</div></div></body></html>";
    let (bytes, _, _) = encoding_rs::GBK.encode(page);
    let out = read(&bytes);
    assert_eq!(
        out.bodies()[0],
        format!("<h1>绿茶</h1>\n<p>{}:</p>\n哪一种好？\n", of("张三"))
    );
}

#[test]
fn discourse_as_json() {
    let topic = r#"{"id": 7, "title": "Tea", "slug": "tea", "post_stream": {"posts": [
        {"id": 2, "post_number": 2, "topic_id": 7, "username": "Bob", "cooked": "<p>Second <a class=\"mention\" href=\"/u/ann\">@Ann</a></p>", "created_at": "2020-01-02T00:00:00.000Z"},
        {"id": 1, "post_number": 1, "topic_id": 7, "username": "Ann", "cooked": "<p>First</p>", "created_at": "2020-01-01T00:00:00.000Z"},
        {"id": 3, "post_number": 3, "topic_id": 7, "username": "Cy", "cooked": "<p>Gone</p>", "hidden": true}]}}"#;
    let out = read(topic.as_bytes());
    let expected = format!(
        "<h1>Tea</h1>\n<p>{a}:</p>\n<p>First</p>\n<p>{b}:</p>\n<p>Second @{a}</p>\n",
        a = of("Ann"),
        b = of("Bob")
    );
    assert_eq!(out.bodies(), [expected]);
}

#[test]
fn depth_and_size_are_bounded() {
    let deep = format!(
        "<div id=post_1><div class=authi><a>A</a></div><div id=postmessage_1>{}x",
        "<div><b>".repeat(100_000)
    );
    assert_eq!(read(deep.as_bytes()).kept.len(), 1);
    let styles: String = (0..3000).map(|i| format!("<font id={i}><div>")).collect();
    assert_eq!(read(styles.as_bytes()).rules(), ["collect.not_a_thread"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_page_ends_in_rows(parts in prop::collection::vec(prop::sample::select(vec![
        "<div class=post>", "<p class=author>", "<b class=username>", "Ann", "</b>", "<div class=content>", "</div>", "<blockquote>", "<cite>", "wrote:", "<table>", "<td class=t_f>", "<a class=mention>@", "<!--", "<script>", "中", "<li>", "&", "<",
    ]), 0..60)) {
        let out = read(parts.concat().as_bytes());
        prop_assert!(out.kept.len() + out.dropped.len() == 1);
    }
}

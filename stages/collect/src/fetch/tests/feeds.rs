//! Feeds whose entries are rows: what has no full text is fetched.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::Site;
use super::server::{Server, html, reply};
use crate::{Kind, Refresh};

/// A feed with one whole entry, one with a summary, and one of a page that is gone.
fn feed(edition: usize) -> String {
    format!(
        "<rss xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel><title>F</title>\
        <item><title>Whole</title><link>/whole</link><content:encoded>&lt;p&gt;All of it.</content:encoded></item>\
        <item><title>Part</title><link>/part?{edition}</link><description>Only this</description></item>\
        <item><title>Again</title><link>/part?{edition}</link><description>The same page</description></item>\
        <item><title>Gone</title><link>/gone</link><description>Not there</description></item>\
        </channel></rss>"
    )
}

fn server(edition: Arc<AtomicUsize>) -> Server {
    Server::start(move |request, stream| match request.path.as_str() {
        "/robots.txt" | "/.well-known/tdmrep.json" | "/gone" => reply(stream, 404, &[], ""),
        "/feed" => {
            let edition = edition.load(Ordering::SeqCst);
            let port = request.headers["host"].rsplit(':').next().unwrap();
            let base = format!("<link>http://127.0.0.1:{port}");
            let text = feed(edition).replace("<link>", &base);
            reply(stream, 200, &["Content-Type: application/rss+xml"], text);
        }
        path => html(stream, path),
    })
}

fn site(path: &str) -> Site {
    let mut site = Site::new(path);
    site.config.source[0].kind = Kind::Feed;
    site
}

/// Titles of entries, and paths of pages.
fn names(got: &super::Got) -> Vec<String> {
    let name = |row: &textmill_schemas::RawDocument| match &row.title {
        Some(title) => title.clone(),
        None => row.url.clone().unwrap().rsplit('/').next().unwrap().into(),
    };
    got.kept.iter().map(name).collect()
}

#[test]
fn a_feed_at_an_address_is_fetched_with_the_pages_that_it_lacks() {
    let edition = Arc::new(AtomicUsize::new(1));
    let server = server(edition.clone());
    let mut site = site(&server.url("/feed"));
    let before = site.hash();
    let first = site.run();
    assert_eq!(names(&first), ["Whole", "part?1"]);
    assert_eq!(
        first.rules(),
        [
            "collect.no_content",
            "collect.no_content",
            "collect.no_content",
            "collect.http_status"
        ]
    );
    assert_eq!(first.kept[0].file, "feed");
    assert!(!server.paths().contains(&"/whole".to_owned()));
    assert_eq!(site.hash(), before, "a first fetch changes nothing");
    assert_eq!(site.run().shards, first.shards);

    edition.store(2, Ordering::SeqCst);
    site.config.fetch.refresh = Refresh::Conditional;
    let second = site.run();
    assert_eq!(names(&second), ["Whole", "part?2"]);
    assert_ne!(site.hash(), before);
    let mut moved = site.config.clone();
    moved.source[0].path = server.at("127.0.0.2", "/feed");
    moved.fetch.refresh = Refresh::Never;
    std::mem::swap(&mut site.config, &mut moved);
    assert_eq!(site.run().kept[0].title.as_deref(), Some("Whole"));
    let asked = server
        .paths()
        .iter()
        .filter(|path| *path == "/feed")
        .count();
    assert_eq!(asked, 3, "another address is another feed");
    std::mem::swap(&mut site.config, &mut moved);
    drop(server);
    let third = site.run();
    assert_eq!(names(&third), ["Whole", "part?2"], "what was there stays");
    site.config.source[0].fetch = Some(false);
    site.config.fetch.refresh = Refresh::Never;
    let alone = site.run();
    assert_eq!(
        (names(&alone), alone.dropped.len()),
        (vec!["Whole".into()], 3)
    );
}

#[test]
fn feeds_on_disk_are_followed_when_asked_for() {
    let server = server(Arc::default());
    let mut site = site("");
    let folder = site.dir.path().join("feeds");
    std::fs::create_dir(&folder).unwrap();
    let text = feed(7).replace("<link>", &format!("<link>{}", server.url("")));
    std::fs::write(folder.join("a.xml"), &text).unwrap();
    site.config.source[0].path = folder.display().to_string();
    let quiet = site.run();
    assert_eq!(names(&quiet), ["Whole"]);
    assert!(server.paths().is_empty());
    assert!(
        quiet.dropped[0]
            .detail
            .as_ref()
            .unwrap()
            .contains("`fetch = true`")
    );

    site.config.source[0].fetch = Some(true);
    let got = site.run();
    assert_eq!(names(&got), ["Whole", "part?7"]);
    assert_eq!(got.dropped.len(), 4);
    assert_eq!(
        got.kept[0], quiet.kept[0],
        "an entry's row stays what it was"
    );
    site.config.source[0].limit = Some(1);
    assert_eq!(names(&site.run()), ["Whole"]);
    site.config.source[0].limit = None;

    // Another feed in the folder is another source.
    let before = site.hash();
    std::fs::write(folder.join("b.xml"), text.replace("part?7", "more")).unwrap();
    assert_ne!(site.hash(), before);
    assert_eq!(names(&site.run()), ["Whole", "Whole", "part?7", "more"]);
    site.config.source[0].summaries = true;
    let asked = server.paths().len();
    assert_eq!(site.run().dropped, []);
    assert_eq!(server.paths().len(), asked, "nothing is missing");
}

#[test]
fn further_entries_than_are_fetched_are_told() {
    let server = server(Arc::default());
    for (max_urls, told) in [(2, false), (1, true)] {
        let mut site = site(&server.url("/feed"));
        site.config.fetch.max_urls = max_urls;
        let told_of = site.run().rules().contains(&"collect.too_many_addresses");
        assert_eq!(told_of, told, "{max_urls}");
    }
}

#[test]
fn a_feed_that_does_not_come_is_a_row() {
    let server = server(Arc::default());
    let got = site(&server.url("/gone")).run();
    assert_eq!(
        (got.kept.len(), got.rules()),
        (0, vec!["collect.http_status"])
    );
    let cancelled = site(&server.url("/feed")).run_until(&AtomicBool::new(true));
    assert!(cancelled.is_err());
}

#[test]
fn fetch_is_for_feeds() {
    let mut site = site("feeds");
    site.config.source[0].fetch = Some(true);
    site.config.source[0].kind = Kind::Jsonl;
    let error = crate::Collect::new(&site.config).err().unwrap().to_string();
    assert!(error.contains("kind = \"feed\""), "{error}");
}

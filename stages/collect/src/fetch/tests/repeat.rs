//! Runs again: without a network, after being stopped, and on the condition that pages changed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::Site;
use super::server::{Server, html, reply};
use crate::Refresh;

/// Pages with validators; the number is that of their edition.
fn edited(edition: Arc<AtomicUsize>) -> Server {
    Server::start(move |request, stream| {
        let edition = edition.load(Ordering::SeqCst);
        let (etag, modified) = (
            format!("\"{edition}\""),
            format!("Sun, 06 Nov 1994 08:49:{edition:02} GMT"),
        );
        let fields = [
            format!("ETag: {etag}"),
            format!("Last-Modified: {modified}"),
            "Content-Type: text/html".into(),
        ];
        let fields = fields.each_ref().map(String::as_str);
        let condition = |name: &str, value: &str| {
            request
                .headers
                .get(name)
                .is_some_and(|asked| asked == value)
        };
        match request.path.as_str() {
            "/robots.txt" | "/.well-known/tdmrep.json" => reply(stream, 404, &[], ""),
            "/gone" if edition > 1 => reply(stream, 410, &[], ""),
            "/fails" if edition > 1 => reply(stream, 503, &[], ""),
            "/plain" => html(stream, "always the same"),
            "/fixed" if request.headers.contains_key("if-none-match") => {
                reply(stream, 304, &[], "")
            }
            _ if condition("if-none-match", &etag) && condition("if-modified-since", &modified) => {
                reply(stream, 304, &[], "");
            }
            path => reply(stream, 200, &fields, format!("<p>{path} {edition}")),
        }
    })
}

#[test]
fn a_second_run_needs_no_network_and_gives_the_same() {
    let server = edited(Arc::new(AtomicUsize::new(1)));
    let list = ["/1", "/2", "/gone"].map(|path| server.url(path));
    let site = Site::list(
        &[
            &list[..],
            &[server.at("127.0.0.2", "/3"), "http://127.0.0.1:1/".into()],
        ]
        .concat(),
    );
    let before = site.hash();
    let first = site.run();
    assert_eq!(
        (first.kept.len(), first.rules()),
        (4, vec!["collect.fetch_failed"])
    );
    assert_eq!(
        site.hash(),
        before,
        "the first run does not make itself stale"
    );
    let asked = server.requests().len();
    drop(server);
    let second = site.run();
    assert_eq!(second.shards, first.shards);
    assert_eq!((second.stat("fetch_requests"), asked), (0, 2 + 3 + 2 + 1));
    // Another list reads only what it names, and what is new is fetched.
    site.put_list(&list[..1]);
    assert_ne!(site.hash(), before);
    let shorter = site.run();
    assert_eq!(shorter.urls(), list[..1]);
    assert_eq!(shorter.stat("fetched_records_not_read"), 2);
}

#[test]
fn conditional_requests_bring_only_what_changed() {
    let edition = Arc::new(AtomicUsize::new(1));
    let server = edited(Arc::clone(&edition));
    let list = ["/changes", "/fixed", "/plain", "/gone", "/fails"].map(|path| server.url(path));
    let mut site = Site::list(&list);
    site.config.fetch.retries = 0;
    let first = site.run();
    assert_eq!(first.kept.len(), 5);
    site.config.fetch.refresh = Refresh::Conditional;
    let before = site.hash();
    let same = site.run();
    assert_eq!(same.shards, first.shards);
    assert_eq!(
        (same.stat("fetch_not_modified"), same.stat("fetch_pages")),
        (5, 0)
    );
    assert_eq!(site.hash(), before);
    edition.store(2, Ordering::SeqCst);
    let second = site.run();
    assert_ne!(site.hash(), before);
    assert_eq!(second.rules(), ["collect.http_status"]);
    let mut bodies = second.bodies();
    bodies.sort_unstable();
    // The page that only failed for now is kept as it was.
    assert_eq!(bodies[1..], ["<p>/changes 2", "<p>/fails 1", "<p>/fixed 1"]);
    assert_eq!(bodies.len(), 4);
    let mut all = String::new();
    let file = std::fs::File::open(site.fetched().join("other/127.0.0.1-00001.warc.gz")).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(file), &mut all).unwrap();
    for part in [
        "WARC-Type: revisit",
        "http://netpreserve.org/warc/1.1/revisit/server-not-modified",
        "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
        "WARC-Refers-To: <urn:uuid:",
        "WARC-IP-Address: 127.0.0.1",
    ] {
        assert!(all.contains(part), "{part}");
    }
}

#[test]
fn a_run_that_is_stopped_goes_on_where_it_was() {
    let cancel = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&cancel);
    let server = Server::start(move |request, stream| match request.path.as_str() {
        "/robots.txt" | "/.well-known/tdmrep.json" => reply(stream, 404, &[], ""),
        path => {
            if path == "/2" {
                stop.store(true, Ordering::SeqCst);
            }
            html(stream, path);
        }
    });
    let list: Vec<String> = (0..5).map(|page| server.url(&format!("/{page}"))).collect();
    let site = Site::list(&list);
    let error = site.run_until(&cancel).unwrap_err();
    assert!(
        error
            .downcast_ref::<textmill_schemas::Cancelled>()
            .is_some(),
        "{error}"
    );
    assert_eq!(server.paths(), ["/0", "/1", "/2"]);
    let got = site.run();
    assert_eq!(got.urls(), list);
    assert_eq!(
        server.paths(),
        ["/0", "/1", "/2", "/3", "/4"],
        "nothing twice"
    );
}

#[test]
fn a_run_that_was_killed_goes_on_where_it_was() {
    let server = edited(Arc::new(AtomicUsize::new(1)));
    let list = ["/1", "/2", "/3"].map(|path| server.url(path));
    let site = Site::list(&list);
    let whole = site.run();
    let asked = server.paths().len();
    // As if it had been killed inside the third record: no name yet, and a torn line.
    let page = site.fetched().join("pages/127.0.0.1-00000.warc.gz");
    let ledger = site.fetched().join("ledger/127.0.0.1.jsonl");
    let mut bytes = std::fs::read(&page).unwrap();
    bytes.truncate(usize::try_from(whole.kept[2].offset).unwrap() + 20);
    std::fs::remove_file(&page).unwrap();
    std::fs::write(page.with_extension("gz.part"), bytes).unwrap();
    let text = std::fs::read_to_string(&ledger).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    std::fs::write(&ledger, [lines[0], lines[1], "{\"address\":"].concat()).unwrap();
    std::fs::remove_file(site.fetched().join("state.json")).unwrap();
    let again = site.run();
    assert_eq!(again.urls(), list);
    assert_eq!(again.kept[..2], whole.kept[..2]);
    assert_eq!(server.paths().len(), asked + 1, "only the third again");
}

#[test]
fn files_that_are_gone_or_damaged_end_in_rows() {
    let server = edited(Arc::new(AtomicUsize::new(1)));
    let list = ["/1", "/2", "/3"].map(|path| server.url(path));
    let site = Site::list(&list);
    let whole = site.run();
    let hash = site.hash();
    let page = site.fetched().join("pages/127.0.0.1-00000.warc.gz");
    let mut bytes = std::fs::read(&page).unwrap();
    let middle = usize::try_from(whole.kept[1].offset).unwrap() + 40;
    bytes[middle] ^= 0xff;
    std::fs::write(&page, &bytes).unwrap();
    let damaged = site.run();
    assert_eq!((damaged.urls().len(), damaged.dropped.len()), (2, 1));
    assert!(matches!(
        damaged.rules()[0],
        "collect.corrupt" | "collect.invalid_record" | "collect.truncated"
    ));
    std::fs::remove_file(&page).unwrap();
    assert_ne!(site.hash(), hash);
    assert_eq!(site.run().urls(), list, "fetched again");
}

//! Lists of addresses, sitemaps, feeds, and single pages.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Site;
use super::server::{Server, html, reply};

fn gzip(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = flate2::read::GzEncoder::new(text.as_bytes(), flate2::Compression::fast());
    encoder.read_to_end(&mut out).unwrap();
    out
}

fn server() -> Server {
    Server::start(|request, stream| match request.path.as_str() {
        "/robots.txt" => reply(
            stream,
            200,
            &[],
            "Sitemap: /index.xml\nUser-agent: *\nDisallow: /secret\n",
        ),
        "/.well-known/tdmrep.json" => reply(stream, 404, &[], ""),
        "/index.xml" => {
            let text = "<sitemapindex><sitemap><loc>/a.xml</loc></sitemap><sitemap><loc>/b.xml.gz</loc></sitemap>\
                <sitemap><loc>/missing.xml</loc></sitemap><sitemap><loc>/index.xml</loc></sitemap></sitemapindex>";
            reply(stream, 200, &["Content-Type: application/xml"], text);
        }
        "/a.xml" => reply(
            stream,
            200,
            &[],
            "<urlset><url><loc>/1?a&amp;b</loc></url><url><loc>/secret/2</loc></url></urlset>",
        ),
        "/b.xml.gz" => {
            let packed =
                gzip("<urlset><url><loc>/3</loc></url><url><loc>/1?a&amp;b</loc></url></urlset>");
            reply(stream, 200, &["Content-Type: application/gzip"], packed);
        }
        "/feed" => {
            let text = "<rss><channel><item><link>/1</link></item><item><link>/2</link></item></channel></rss>";
            reply(
                stream,
                200,
                &[
                    "Content-Type: application/rss+xml",
                    "Content-Encoding: gzip",
                ],
                gzip(text),
            );
        }
        "/list.txt" => {
            let port = request.headers["host"].rsplit(':').next().unwrap();
            let text = format!("http://127.0.0.1:{port}/1\nhttp://127.0.0.2:{port}/2\n");
            reply(stream, 200, &["Content-Type: text/plain"], text);
        }
        "/missing.xml" => reply(stream, 404, &[], ""),
        "/deep" => reply(
            stream,
            200,
            &[],
            "<sitemapindex><sitemap><loc>/deep?1</loc></sitemap></sitemapindex>",
        ),
        path if path.starts_with("/deep?") => {
            let text =
                format!("<sitemapindex><sitemap><loc>{path}1</loc></sitemap></sitemapindex>");
            reply(stream, 200, &[], text);
        }
        path => html(stream, path),
    })
}

fn run(path: &str) -> (Server, super::Got) {
    let server = server();
    let got = Site::new(&server.url(path)).run();
    (server, got)
}

#[test]
fn sitemaps_in_an_index() {
    for start in ["/index.xml", "/robots.txt"] {
        let (server, got) = run(start);
        assert_eq!(got.urls(), [server.url("/1?a&b"), server.url("/3")]);
        assert_eq!(got.rule(&server.url("/secret/2")), "collect.robots");
        assert_eq!(got.rule(&server.url("/missing.xml")), "collect.http_status");
        assert_eq!(got.rule(&server.url("/1?a&b")), "collect.repeated_address");
        assert_eq!(got.dropped.len(), 3, "{:?}", got.dropped);
        let ids: std::collections::HashSet<&String> =
            got.dropped.iter().map(|row| &row.id).collect();
        assert_eq!(ids.len(), 3);
    }
}

#[test]
fn feeds_plain_lists_and_pages() {
    let (server, got) = run("/feed");
    assert_eq!(got.urls(), [server.url("/1"), server.url("/2")]);
    let (server, got) = run("/list.txt");
    assert_eq!(got.urls(), [server.url("/1"), server.at("127.0.0.2", "/2")]);
    let (server, got) = run("/page");
    assert_eq!(got.urls(), [server.url("/page")]);
    assert!(got.kept[0].time.is_some() && got.dropped.is_empty());
}

#[test]
fn lists_end() {
    let (_, got) = run("/deep");
    assert_eq!(got.rules(), ["collect.invalid_address"]);
    assert!(got.detail().contains("too deep"));
    let server = server();
    let mut site = Site::new(&server.url("/index.xml"));
    site.config.fetch.max_urls = 1;
    let got = site.run();
    assert_eq!(
        (got.kept.len(), got.rules()),
        (1, vec!["collect.too_many_addresses"])
    );
    let (_, got) = run("/secret/sitemap.xml");
    assert_eq!(got.rules(), ["collect.robots"]);
}

#[test]
fn a_list_that_failed_is_tried_again() {
    let broken = Arc::new(AtomicBool::new(true));
    let fails = Arc::clone(&broken);
    let server = Server::start(move |request, stream| match request.path.as_str() {
        "/robots.txt" | "/.well-known/tdmrep.json" => reply(stream, 404, &[], ""),
        "/a.xml" if fails.load(Ordering::SeqCst) => reply(stream, 500, &[], ""),
        "/a.xml" => reply(
            stream,
            200,
            &[],
            "<urlset><url><loc>/1</loc></url></urlset>",
        ),
        path => html(stream, path),
    });
    let mut site = Site::new(&server.url("/a.xml"));
    site.config.fetch.retries = 0;
    assert_eq!(site.run().rules(), ["collect.http_status"]);
    broken.store(false, Ordering::SeqCst);
    assert_eq!(site.run().rules(), ["collect.http_status"], "remembered");
    site.config.fetch.refresh = crate::Refresh::Failed;
    let got = site.run();
    assert_eq!(got.urls(), [server.url("/1")]);
    // A list that fails for once does not empty the source.
    broken.store(true, Ordering::SeqCst);
    site.config.fetch.refresh = crate::Refresh::Conditional;
    assert_eq!(site.run().urls(), [server.url("/1")]);
}

#[test]
fn a_local_list_needs_its_file() {
    let site = Site::new("/nowhere/urls.txt");
    let error = crate::Collect::new(&site.config).unwrap();
    let error = textmill_schemas::CorpusStage::external_inputs(&error)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("/nowhere/urls.txt") && error.contains("kind `web`"),
        "{error}"
    );
}

#[test]
fn other_sources_are_read_beside() {
    let server = server();
    let mut site = Site::list(&[server.url("/1"), "no address".into()]);
    let file = site.dir.path().join("a.txt");
    std::fs::write(&file, "words").unwrap();
    site.config.source.push(crate::SourceConfig {
        name: "files".into(),
        path: file.display().to_string(),
        ..Default::default()
    });
    let got = site.run();
    let sources: Vec<&str> = got.kept.iter().map(|row| row.source.as_str()).collect();
    assert_eq!(sources, ["files", "web"]);
    assert_eq!(got.rules(), ["collect.invalid_address"]);
    site.config.source[0].limit = Some(1);
    assert_eq!(site.run().kept.len(), 2);
}

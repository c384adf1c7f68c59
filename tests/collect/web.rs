//! Pages from a server on this machine: fetched once, read again without it.

#[path = "../../stages/collect/src/fetch/tests/server.rs"]
#[allow(dead_code)]
mod server;

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use server::{Server, html, reply};
use textmill_schemas::{Dropped, RawDocument};

use super::{collect, support};

/// Settings for a server on this machine.
fn settings(folder: &Path, more: &str) -> String {
    format!(
        "[collect.fetch]\nfolder = \"{}/fetched\"\ndelay_seconds = 0.0\nbackoff_seconds = 0.01\n{more}\n",
        folder.display()
    )
}

fn source(path: &str) -> String {
    format!("[[collect.source]]\nname = \"web\"\nkind = \"web\"\npath = \"{path}\"\n")
}

fn site() -> Server {
    Server::start(|request, stream| match request.path.as_str() {
        "/robots.txt" => reply(stream, 200, &[], "User-agent: CCBot\nDisallow: /essays/\n"),
        "/.well-known/tdmrep.json" | "/gone" => reply(stream, 404, &[], ""),
        "/sitemap.xml" => {
            let paths = ["/1", "/2", "/gone", "/essays/a", "/moved"];
            let urls = paths.map(|path| format!("<url><loc>{path}</loc></url>"));
            let text = format!("<urlset>{}</urlset>", urls.concat());
            reply(stream, 200, &["Content-Type: application/xml"], text);
        }
        "/moved" => reply(stream, 301, &["Location: /3"], ""),
        path => html(stream, path),
    })
}

#[test]
fn a_sitemap_is_fetched_once() {
    let (dir, server) = (tempfile::tempdir().unwrap(), site());
    let config =
        settings(dir.path(), "allow_private = true") + &source(&server.url("/sitemap.xml"));
    let first = collect(&config);
    assert!(first.ok, "{}", first.stderr);
    let urls: Vec<_> = first
        .kept
        .iter()
        .map(|row| row.url.clone().unwrap())
        .collect();
    assert_eq!(urls, ["/1", "/2", "/3"].map(|path| server.url(path)));
    let mut rules = first.rules();
    rules.sort_unstable();
    assert_eq!(rules, ["collect.http_status", "collect.robots_ai"]);
    drop(server);
    let second = collect(&config);
    assert_eq!((second.kept, second.dropped), (first.kept, first.dropped));
}

#[test]
fn of_a_feed_only_what_it_lacks_is_fetched() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(|request, stream| match request.path.as_str() {
        "/feed.json" => {
            let port = request.headers["host"].rsplit(':').next().unwrap();
            let items = format!(
                r#"{{"version": "https://jsonfeed.org/version/1.1", "title": "F", "items": [
                {{"id": "1", "url": "http://127.0.0.1:{port}/whole", "title": "W", "content_text": "All of it."}},
                {{"id": "2", "url": "http://127.0.0.1:{port}/part", "title": "P", "summary": "Some"}}]}}"#
            );
            reply(stream, 200, &["Content-Type: application/feed+json"], items);
        }
        "/part" => html(stream, "the whole of part"),
        _ => reply(stream, 404, &[], ""),
    });
    let config = settings(dir.path(), "allow_private = true")
        + &source(&server.url("/feed.json")).replace("kind = \"web\"", "kind = \"feed\"");
    let first = collect(&config);
    assert!(first.ok, "{}", first.stderr);
    let urls: Vec<_> = first.kept.iter().map(|row| row.url.clone()).collect();
    assert_eq!(urls, ["/whole", "/part"].map(|path| Some(server.url(path))));
    assert_eq!(first.rules(), ["collect.no_content"]);
    drop(server);
    let second = collect(&config);
    assert_eq!((second.kept, second.dropped), (first.kept, first.dropped));
}

#[test]
fn xhtml_is_found_by_content_and_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let page =
        "<?xml version=\"1.0\"?>\n<html xmlns=\"http://www.w3.org/1999/xhtml\"><p>x</p></html>";
    for name in ["a.xhtml", "b.xht", "c.xml", "d.html"] {
        std::fs::write(dir.path().join(name), page).unwrap();
    }
    for kind in ["auto", "html"] {
        let got = super::collect_path(kind, dir.path(), "");
        let types: Vec<&str> = got.kept.iter().map(|row| row.media_type.as_str()).collect();
        assert_eq!(types, ["text/html"; 4], "{kind}");
    }
}

#[test]
fn the_own_machine_is_closed_by_default() {
    let (dir, server) = (tempfile::tempdir().unwrap(), site());
    let got = collect(&(settings(dir.path(), "") + &source(&server.url("/1"))));
    assert!(got.ok, "{}", got.stderr);
    assert_eq!(got.rules(), ["collect.private_address"]);
    assert!(server.requests().is_empty());
}

#[test]
fn settings_out_of_range_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let got = collect(&(settings(dir.path(), "hosts_at_once = 0") + &source("http://a.example/")));
    assert!(
        !got.ok && got.stderr.contains("collect.fetch.hosts_at_once"),
        "{}",
        got.stderr
    );
}

#[test]
fn a_killed_run_goes_on_where_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let slow = Arc::new(AtomicBool::new(true));
    let waits = Arc::clone(&slow);
    let server = Server::start(move |request, stream| match request.path.as_str() {
        "/robots.txt" | "/.well-known/tdmrep.json" => reply(stream, 404, &[], ""),
        path => {
            while path == "/3" && waits.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
            html(stream, path);
        }
    });
    let list: Vec<String> = (0..6).map(|page| server.url(&format!("/{page}"))).collect();
    let urls = dir.path().join("urls.txt");
    std::fs::write(&urls, list.join("\n")).unwrap();
    let config = dir.path().join("config.toml");
    let text = settings(dir.path(), "allow_private = true") + &source(&urls.display().to_string());
    std::fs::write(&config, text).unwrap();
    let run = dir.path().join("run");
    let arguments = ["collect", "--config", &config.display().to_string()];
    let command = || support::textmill(&run, &arguments);
    let mut child = command()
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while server.paths().len() < 4 {
        assert!(child.try_wait().unwrap().is_none(), "ended early");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    slow.store(false, Ordering::SeqCst);
    support::succeed(&mut command());
    let kept: Vec<RawDocument> = support::rows(&run, "collect", false);
    let fetched: Vec<_> = kept.iter().map(|row| row.url.clone().unwrap()).collect();
    assert_eq!(fetched, list);
    assert!(support::rows::<Dropped>(&run, "collect", true).is_empty());
    let paths = server.paths();
    assert_eq!(
        paths,
        ["/0", "/1", "/2", "/3", "/3", "/4", "/5"],
        "nothing that had come"
    );
}

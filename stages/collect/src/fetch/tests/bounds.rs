//! Limits of time and size, and answers that are not as they should be.

use std::io::{Read, Write};
use std::time::Duration;

use flate2::Compression;
use flate2::read::GzEncoder;

use super::Site;
use super::server::{Server, html, reply};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    GzEncoder::new(text, Compression::fast())
        .read_to_end(&mut out)
        .unwrap();
    out
}

fn server() -> Server {
    Server::start(|request, stream| match request.path.as_str() {
        "/robots.txt" | "/.well-known/tdmrep.json" => reply(stream, 404, &[], ""),
        "/silent" => std::thread::sleep(Duration::from_secs(3)),
        "/drip" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n");
            for _ in 0..100 {
                if stream.write_all(b"x").is_err() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        "/drip-head" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
            for _ in 0..100 {
                if stream.write_all(b"X: y\r\n").is_err() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        "/endless" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n");
            while stream.write_all(&[b'a'; 4096]).is_ok() {}
        }
        "/long" => reply(
            stream,
            200,
            &["Content-Type: text/html", "Content-Length: 99999999"],
            "",
        ),
        "/short" => reply(
            stream,
            200,
            &["Content-Type: text/html", "Content-Length: 100"],
            "<p>cut",
        ),
        "/more" => reply(
            stream,
            200,
            &["Content-Type: text/html", "Content-Length: 3"],
            "<p>and more",
        ),
        "/image" => reply(stream, 200, &["Content-Type: image/png"], [b'x'; 50_000]),
        "/chunks" => {
            let head = ["Content-Type: text/html", "Transfer-Encoding: chunked"];
            reply(
                stream,
                200,
                &head,
                "3\r\n<p>\r\n5;x=y\r\n6\r\na\n\r\n0\r\n\r\n",
            );
        }
        "/gzip" => {
            let head = [
                "Content-Type: text/html; charset=gbk",
                "Content-Encoding: gzip",
            ];
            reply(stream, 200, &head, gzip(b"<p>packed"));
        }
        "/bomb" => {
            let head = ["Content-Type: text/html", "Content-Encoding: gzip"];
            reply(stream, 200, &head, gzip(&vec![b' '; 80 << 20]));
        }
        "/garbage" => {
            let _ = stream.write_all(b"\x16\x03\x01 not HTTP\r\n\r\n");
        }
        "/untyped" => reply(stream, 200, &[], "<html><p>found by its content"),
        "/xhtml" => reply(
            stream,
            200,
            &["Content-Type: application/xhtml+xml"],
            "<html xmlns='x'><p/></html>",
        ),
        "/empty" => reply(stream, 200, &["Content-Type: text/html"], ""),
        path => html(stream, path),
    })
}

fn one(server: &Server, path: &str, change: impl FnOnce(&mut Site)) -> super::Got {
    let mut site = Site::list(&[server.url(path)]);
    site.config.fetch.retries = 0;
    change(&mut site);
    site.run()
}

#[test]
fn who_takes_too_long_is_left() {
    let server = server();
    for path in ["/silent", "/drip", "/drip-head"] {
        let got = one(&server, path, |site| {
            site.config.fetch.timeout_seconds = 0.4
        });
        assert_eq!(
            got.rules(),
            ["collect.timeout"],
            "{path}: {:?}",
            got.dropped
        );
    }
}

#[test]
fn what_is_too_long_is_left() {
    let server = server();
    for path in ["/endless", "/long"] {
        let got = one(&server, path, |site| site.config.fetch.max_bytes = 100_000);
        assert_eq!(got.rules(), ["collect.too_large"], "{path}");
        assert_eq!(got.dropped[0].limit, Some(100_000.0));
    }
    let bomb = one(&server, "/bomb", |_| {});
    assert_eq!(bomb.rules(), ["collect.too_large"]);
    let image = one(&server, "/image", |_| {});
    assert_eq!(
        (image.rules(), image.detail()),
        (vec!["collect.media_type"], "image/png")
    );
    assert!(image.stat("fetch_bytes") < 50_000);
}

#[test]
fn answers_that_break_off_fail() {
    let server = server();
    for path in ["/short", "/garbage"] {
        let got = one(&server, path, |site| site.config.fetch.retries = 1);
        assert_eq!(got.rules(), ["collect.fetch_failed"], "{path}");
        assert_eq!(
            server.paths().iter().filter(|asked| *asked == path).count(),
            2
        );
    }
    let nobody = Site::list(&["http://127.0.0.1:1/".to_owned()]).run();
    assert_eq!(nobody.rules(), ["collect.fetch_failed"]);
    assert!(
        nobody.detail().contains("robots.txt"),
        "{}",
        nobody.detail()
    );
}

#[test]
fn bodies_come_as_they_are_meant() {
    let server = server();
    assert_eq!(one(&server, "/more", |_| {}).bodies(), ["<p>"]);
    // A body that looks like chunks itself is not joined a second time.
    assert_eq!(one(&server, "/chunks", |_| {}).bodies(), ["<p>6\r\na\n"]);
    let gzip = one(&server, "/gzip", |_| {});
    assert_eq!(
        (gzip.bodies(), gzip.kept[0].charset.as_deref()),
        (vec!["<p>packed"], Some("gbk"))
    );
    assert!(gzip.stat("fetch_bytes") > 0);
    assert_eq!(
        one(&server, "/untyped", |_| {}).kept[0].media_type,
        "text/html"
    );
    assert_eq!(
        one(&server, "/xhtml", |_| {}).kept[0].media_type,
        "application/xhtml+xml"
    );
    assert_eq!(one(&server, "/empty", |_| {}).rules(), ["collect.empty"]);
}

//! One request at a time to a host, with a pause; retries; several hosts together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::Site;
use super::server::{Request, Server, html, reply};

/// How long a server takes before it answers.
const BUSY: Duration = Duration::from_millis(20);

fn pages(server: &Server, host: &str, count: usize) -> Vec<String> {
    (0..count)
        .map(|page| server.at(host, &format!("/{page}")))
        .collect()
}

/// Pairs of requests to one host that follow each other.
fn neighbours(requests: &[Request], host: &str) -> Vec<(Request, Request)> {
    let of_host: Vec<&Request> = requests
        .iter()
        .filter(|request| request.host == host)
        .collect();
    of_host
        .windows(2)
        .map(|pair| (pair[0].clone(), pair[1].clone()))
        .collect()
}

#[test]
fn a_host_is_asked_one_by_one_and_hosts_together() {
    let waiting = AtomicUsize::new(0);
    let server = Server::start(move |request, stream| {
        std::thread::sleep(BUSY);
        match request.path.as_str() {
            "/robots.txt" | "/.well-known/tdmrep.json" => reply(stream, 404, &[], ""),
            "/0" => {
                // Answers when all hosts are asked.
                waiting.fetch_add(1, Ordering::SeqCst);
                let begun = Instant::now();
                while waiting.load(Ordering::SeqCst) < 3 && begun.elapsed().as_secs() < 10 {
                    std::thread::sleep(Duration::from_millis(1));
                }
                reply(stream, 200, &[], waiting.load(Ordering::SeqCst).to_string());
            }
            path => html(stream, path),
        }
    });
    let hosts = ["127.0.0.1", "127.0.0.2", "127.0.0.3"];
    let list: Vec<String> = hosts
        .iter()
        .flat_map(|host| pages(&server, host, 4))
        .collect();
    let got = Site::list(&list).run();
    assert_eq!(got.urls(), list);
    for host in [0, 4, 8] {
        assert_eq!(got.bodies()[host], "3", "hosts wait for each other");
    }
    for host in hosts {
        let pairs = neighbours(&server.requests(), host);
        assert_eq!(pairs.len(), 5, "robots.txt, tdmrep.json and four pages");
        for (before, after) in pairs {
            assert!(
                after.begun.duration_since(before.begun) >= BUSY,
                "{before:?} {after:?}"
            );
        }
    }
}

#[test]
fn a_host_that_others_redirect_to_is_still_asked_one_by_one() {
    let server = Server::start(|request, stream| {
        if request.host == "127.0.0.1" {
            std::thread::sleep(BUSY);
        }
        match (request.host.as_str(), request.path.as_str()) {
            (_, "/robots.txt" | "/.well-known/tdmrep.json") => reply(stream, 404, &[], ""),
            ("127.0.0.1", path) => html(stream, path),
            (host, path) => {
                let port = request.headers["host"].rsplit(':').next().unwrap();
                let to = format!("Location: http://127.0.0.1:{port}{path}?from={host}");
                reply(stream, 302, &[&to], "");
            }
        }
    });
    let list: Vec<String> = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
        .iter()
        .flat_map(|host| pages(&server, host, 4))
        .collect();
    let got = Site::list(&list).run();
    assert_eq!(got.kept.len(), 12);
    for (before, after) in neighbours(&server.requests(), "127.0.0.1") {
        assert!(
            after.begun.duration_since(before.begun) >= BUSY,
            "{before:?} {after:?}"
        );
    }
}

#[test]
fn the_pause_counts_from_the_end_of_an_answer() {
    for (delay, robots, pause) in [
        (0.15, "", 150),
        (0.0, "user-agent: *\ncrawl-delay: 0.2\n", 200),
    ] {
        let server = Server::start(move |request, stream| match request.path.as_str() {
            "/robots.txt" => reply(stream, 200, &[], robots),
            "/.well-known/tdmrep.json" => reply(stream, 404, &[], ""),
            path => html(stream, path),
        });
        let mut site = Site::list(&pages(&server, "127.0.0.1", 3));
        site.config.fetch.delay_seconds = delay;
        assert_eq!(site.run().kept.len(), 3);
        let requests = server.requests();
        let pages: Vec<Request> = requests
            .into_iter()
            .filter(|request| request.path.len() == 2)
            .collect();
        for pair in pages.windows(2) {
            let waited = pair[1].begun.duration_since(pair[0].begun);
            assert!(waited >= Duration::from_millis(pause), "{waited:?}");
        }
    }
}

#[test]
fn what_passes_is_asked_again() {
    let asked = AtomicUsize::new(0);
    let server = Server::start(move |request, stream| match request.path.as_str() {
        "/robots.txt" | "/.well-known/tdmrep.json" => reply(stream, 404, &[], ""),
        "/busy" if asked.fetch_add(1, Ordering::SeqCst) < 2 => {
            reply(stream, 503, &["Retry-After: 0"], "later");
        }
        "/down" => reply(stream, 500, &[], "never"),
        "/later" => reply(stream, 429, &["Retry-After: 4000"], "in an hour"),
        "/gone" => reply(stream, 404, &[], "no"),
        path => html(stream, path),
    });
    let list = ["/busy", "/down", "/gone"].map(|path| server.url(path));
    let mut site = Site::list(&list);
    site.config.fetch.retries = 2;
    let got = site.run();
    assert_eq!(got.urls(), [server.url("/busy")]);
    assert_eq!(got.rules(), ["collect.http_status"; 2]);
    assert_eq!(
        got.dropped.iter().map(|row| row.value).collect::<Vec<_>>(),
        [Some(500.0), Some(404.0)]
    );
    let paths = server.paths();
    let count = |path: &str| paths.iter().filter(|asked| *asked == path).count();
    assert_eq!((count("/busy"), count("/down"), count("/gone")), (3, 3, 1));
    let late = Site::list(&[server.url("/later")]).run();
    assert_eq!(late.rules(), ["collect.http_status"]);
    assert_eq!(
        server
            .paths()
            .iter()
            .filter(|path| *path == "/later")
            .count(),
        1
    );
}

#[test]
fn a_host_that_fails_again_and_again_is_left_alone() {
    let server = Server::start(|request, stream| match request.path.as_str() {
        "/robots.txt" | "/.well-known/tdmrep.json" => reply(stream, 404, &[], ""),
        _ => reply(stream, 502, &[], ""),
    });
    let mut site = Site::list(&pages(&server, "127.0.0.1", 9));
    site.config.fetch.retries = 0;
    let got = site.run();
    assert_eq!(got.rules(), ["collect.http_status"; 9]);
    assert_eq!(server.paths().len(), 5);
    assert!(
        got.dropped[8]
            .detail
            .as_deref()
            .unwrap()
            .contains("not asked")
    );
}

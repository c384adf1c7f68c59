//! What is not fetched, or not kept: robots.txt, opt-outs, addresses of the own network.

use super::super::{Web, address::LookUp};
use super::Site;
use super::server::{Server, html, reply};

/// A server whose robots.txt says this, with pages.
fn with_robots(status: u16, robots: &'static str) -> Server {
    Server::start(move |request, stream| match request.path.as_str() {
        "/robots.txt" => reply(stream, status, &["Content-Type: text/plain"], robots),
        "/.well-known/tdmrep.json" => reply(stream, 404, &[], ""),
        path => html(stream, path),
    })
}

#[test]
fn robots_txt_is_obeyed() {
    let server = with_robots(
        200,
        "User-agent: *\nDisallow: /private\n\nUser-agent: GPTBot\nUser-agent: CCBot\nDisallow: /essays/\n\n\
        User-agent: Googlebot\nDisallow: /\n",
    );
    let list = ["/", "/private/a", "/essays/a", "/%70rivate"].map(|path| server.url(path));
    let mut site = Site::list(&list);
    let got = site.run();
    assert_eq!(got.urls(), [server.url("/")]);
    assert_eq!(
        got.rules(),
        ["collect.robots", "collect.robots_ai", "collect.robots"]
    );
    assert!(got.dropped[1].detail.as_deref().unwrap().contains("CCBot"));
    assert_eq!(server.paths(), ["/"]);
    let robots = server
        .requests()
        .into_iter()
        .filter(|request| request.path == "/robots.txt");
    assert_eq!(robots.count(), 1, "once a run");
    // Who does not train models may say so.
    site.config.fetch.agents.clear();
    site.config.fetch.refresh = crate::Refresh::Failed;
    assert_eq!(site.run().kept.len(), 2);
}

#[test]
fn a_group_for_us_comes_before_that_of_all() {
    let server = with_robots(
        200,
        "User-agent: *\nDisallow: /\nUser-agent: TextMill\nDisallow: /x\n",
    );
    let got = Site::list(&[server.url("/"), server.url("/x")]).run();
    assert_eq!(
        (got.urls(), got.rules()),
        (vec![server.url("/").as_str()], vec!["collect.robots"])
    );
    let agent = &server.requests()[0].headers["user-agent"];
    assert!(agent.starts_with("textmill/"), "{agent}");
}

#[test]
fn a_site_without_rules_is_open_and_one_that_fails_is_closed() {
    for (status, kept) in [
        (404, 1),
        (403, 1),
        (401, 1),
        (410, 1),
        (500, 0),
        (503, 0),
        (429, 0),
    ] {
        let server = with_robots(status, "");
        let got = Site::list(&[server.url("/")]).run();
        assert_eq!(got.kept.len(), kept, "{status}");
        if kept == 0 {
            assert_eq!(got.rules(), ["collect.robots"]);
            assert!(
                got.detail().contains(&status.to_string()),
                "{}",
                got.detail()
            );
            assert!(server.paths().is_empty());
        }
    }
}

#[test]
fn robots_txt_may_lie_elsewhere() {
    let server =
        Server::start(
            |request, stream| match (request.host.as_str(), request.path.as_str()) {
                ("127.0.0.1", "/robots.txt") => {
                    let port = request.headers["host"].rsplit(':').next().unwrap();
                    reply(
                        stream,
                        301,
                        &[&format!("Location: http://127.0.0.2:{port}/rules")],
                        "",
                    );
                }
                ("127.0.0.2", "/rules") => reply(stream, 200, &[], "User-agent: *\nDisallow: /a\n"),
                ("127.0.0.3", "/robots.txt") => reply(stream, 302, &["Location: /robots.txt"], ""),
                (_, "/robots.txt" | "/.well-known/tdmrep.json") => reply(stream, 404, &[], ""),
                (_, path) => html(stream, path),
            },
        );
    let list = [
        server.url("/a"),
        server.url("/b"),
        server.at("127.0.0.2", "/a"),
        server.at("127.0.0.3", "/a"),
    ];
    let got = Site::list(&list).run();
    assert_eq!(got.rules(), ["collect.robots"]);
    assert_eq!(got.urls(), list[1..]);
    let endless = server.requests().into_iter();
    let endless =
        endless.filter(|request| request.host == "127.0.0.3" && request.path == "/robots.txt");
    assert_eq!(endless.count(), 6);
}

#[test]
fn each_hop_of_a_redirect_is_checked() {
    let server = Server::start(|request, stream| {
        let port = request.headers["host"]
            .rsplit(':')
            .next()
            .unwrap()
            .to_owned();
        let to = |url: &str| format!("Location: {url}");
        match (request.host.as_str(), request.path.as_str()) {
            ("127.0.0.2", "/robots.txt") => {
                reply(stream, 200, &[], "User-agent: *\nDisallow: /closed\n")
            }
            (_, "/robots.txt" | "/.well-known/tdmrep.json") => reply(stream, 404, &[], ""),
            (_, "/to-closed") => reply(
                stream,
                302,
                &[&to(&format!("http://127.0.0.2:{port}/closed"))],
                "",
            ),
            (_, "/to-open") => reply(
                stream,
                307,
                &[&to(&format!("//127.0.0.2:{port}/open#part"))],
                "",
            ),
            (_, "/circle") => reply(stream, 301, &[&to("/circle2")], ""),
            (_, "/circle2") => reply(stream, 301, &[&to("circle")], ""),
            (_, "/file") => reply(stream, 301, &[&to("file:///etc/passwd")], ""),
            (_, "/login") => reply(
                stream,
                303,
                &[&to(&format!("http://me:pw@127.0.0.1:{port}/"))],
                "",
            ),
            (_, "/nowhere") => reply(stream, 308, &[], ""),
            (_, path) if path.starts_with("/far") => {
                reply(stream, 302, &[&to(&format!("/far{}", path.len()))], "");
            }
            (_, path) => html(stream, path),
        }
    });
    let list = [
        "/to-closed",
        "/to-open",
        "/circle",
        "/file",
        "/login",
        "/nowhere",
    ]
    .map(|path| server.url(path));
    let got = Site::list(&list).run();
    assert_eq!(got.urls(), [server.at("127.0.0.2", "/open")]);
    assert_eq!(got.rule(&server.url("/to-closed")), "collect.robots");
    for path in ["/circle", "/file", "/login", "/nowhere"] {
        assert_eq!(got.rule(&server.url(path)), "collect.redirects", "{path}");
    }
    assert_eq!(got.dropped.len(), 5);
    let mut far = Site::list(&[server.url("/far")]);
    far.config.fetch.max_redirects = 0;
    let got = far.run();
    assert_eq!(got.rules(), ["collect.redirects"]);
    assert!(got.detail().contains("more than 0"), "{}", got.detail());
}

#[test]
fn pages_that_opt_out_are_not_stored() {
    let server = Server::start(|request, stream| match request.path.as_str() {
        "/robots.txt" => reply(stream, 404, &[], ""),
        "/.well-known/tdmrep.json" => {
            reply(
                stream,
                200,
                &[],
                r#"[{"location": "/reserved/*", "tdm-reservation": 1}]"#,
            );
        }
        "/header" => reply(
            stream,
            200,
            &["Content-Type: text/html", "X-Robots-Tag: noai, noimageai"],
            "secret",
        ),
        "/named" => reply(stream, 200, &["X-Robots-Tag: GPTBot: noindex"], "secret"),
        "/tdm" => reply(stream, 200, &["TDM-Reservation: 1"], "secret"),
        "/meta" => reply(
            stream,
            200,
            &["Content-Type: text/html"],
            "<html><meta name=robots content=noai>secret",
        ),
        path => html(stream, path),
    });
    let list =
        ["/header", "/named", "/tdm", "/meta", "/reserved/a", "/open"].map(|path| server.url(path));
    let mut site = Site::list(&list);
    let got = site.run();
    assert_eq!(got.urls(), [server.url("/open")]);
    assert_eq!(got.rules(), ["collect.opt_out"; 5]);
    for folder in ["pages", "other"] {
        for entry in std::fs::read_dir(site.fetched().join(folder)).unwrap() {
            let mut text = String::new();
            let file = std::fs::File::open(entry.unwrap().path()).unwrap();
            std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(file), &mut text)
                .unwrap();
            assert!(
                !text.contains("secret") && text.starts_with("WARC/1.1\r\nWARC-Type: warcinfo"),
                "{text}"
            );
        }
    }
    site.config.fetch.respect_noai = false;
    site.config.fetch.respect_tdm = false;
    site.config.fetch.agents.clear();
    site.config.fetch.refresh = crate::Refresh::Failed;
    assert_eq!(site.run().kept.len(), 6);
}

#[test]
fn the_own_machine_is_not_asked_unless_allowed() {
    let server = with_robots(404, "");
    let port = server.url("").rsplit(':').next().unwrap().to_owned();
    let list: Vec<String> = [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "[::ffff:127.0.0.1]",
        "localhost",
        "0",
        "10.0.0.1",
    ]
    .iter()
    .map(|host| format!("http://{host}:{port}/"))
    .collect();
    let mut site = Site::list(&list);
    site.config.fetch.allow_private = false;
    let got = site.run();
    // The second and third are the first in another form.
    let mut rules = got.rules();
    rules.sort_unstable();
    assert_eq!(
        rules,
        [
            &["collect.private_address"; 5][..],
            &["collect.repeated_address"; 2]
        ]
        .concat()
    );
    assert!(server.requests().is_empty(), "{:?}", server.requests());
}

/// Names lead to the own machine, but for one that leads to a public address first.
fn look_up(name: &str) -> std::io::Result<Vec<std::net::IpAddr>> {
    match name {
        "allowed.example" => Ok(vec![[127, 0, 0, 1].into()]),
        _ => Ok(vec![[10, 9, 8, 7].into(), [169, 254, 169, 254].into()]),
    }
}

#[test]
fn names_and_redirects_do_not_lead_to_the_own_network() {
    use std::sync::atomic::AtomicBool;
    let fetch = |allow_private: bool, look_up: LookUp, list: &[String]| {
        let mut site = Site::list(list);
        site.config.fetch.allow_private = allow_private;
        let sources = crate::listing::Source::all(&site.config).unwrap();
        let mut web = Web::new(&site.config, &sources).unwrap().unwrap();
        web.look_up = look_up;
        let settings = crate::record::Settings::new(&site.config);
        let (inputs, cancel) = (Default::default(), AtomicBool::new(false));
        let ctx = textmill_schemas::TaskContext {
            out: site.dir.path(),
            inputs: &inputs,
            seed: 0,
            threads: 1,
            progress: &textmill_schemas::NoProgress,
            cancel: &cancel,
        };
        web.fetch(&sources, &settings, &ctx).unwrap();
        let mut memory = crate::record::memory::Memory::default();
        let reading = web.task(&sources, u64::MAX, 0).unwrap().unwrap();
        reading.read(&settings, &mut memory).unwrap();
        memory
    };
    let server = with_robots(404, "");
    let port = server.url("").rsplit(':').next().unwrap().to_owned();
    let list = [
        format!("http://inside.example:{port}/"),
        format!("http://allowed.example:{port}/"),
    ];
    let got = fetch(false, look_up, &list);
    assert_eq!(got.rules(), ["collect.private_address"; 2]);
    let details: Vec<_> = got
        .dropped
        .iter()
        .map(|row| row.detail.clone().unwrap())
        .collect();
    assert!(
        details[0].contains("10.9.8.7") && details[1].contains("127.0.0.1"),
        "{details:?}"
    );
    assert!(server.requests().is_empty());
    let got = fetch(true, look_up, &list[1..]);
    assert_eq!(got.kept.len(), 1, "{:?}", got.dropped);
}

//! The cases of Google's public tests, in our words, where they follow the RFC; and our own.

use proptest::prelude::*;

use super::*;

/// Whether FooBot may fetch a path.
fn foobot(robots: &str, path: &str) -> bool {
    Robots::parse(robots.as_bytes()).allows("FooBot", path)
}

fn check(robots: &str, allowed: &[&str], forbidden: &[&str]) {
    for path in allowed {
        assert!(foobot(robots, path), "{path} is allowed by {robots:?}");
    }
    for path in forbidden {
        assert!(!foobot(robots, path), "{path} is forbidden by {robots:?}");
    }
}

#[test]
fn nothing_forbids_nothing() {
    check("", &["/"], &[]);
    check("foo: FooBot\nbar: /\n", &["/x/y"], &[]);
    check("<html><body>Not found: / </body></html>", &["/"], &[]);
    let named = Robots::parse(b"user-agent: FooBot\ndisallow: /\n");
    assert!(named.allows("", "/") && !named.allows("FooBot", "/"));
}

#[test]
fn lines_may_lack_the_colon() {
    check("user-agent: FooBot\ndisallow: /\n", &[], &["/x/y"]);
    check("user-agent FooBot\ndisallow /\n", &[], &["/x/y"]);
    check("user-agent: FooBot\ndisallow / x\n", &["/"], &[]);
}

#[test]
fn groups_of_one_agent_are_one() {
    let text = "allow: /foo/bar/\n\nuser-agent: FooBot\ndisallow: /\nallow: /x/\n\
        user-agent: BarBot\ndisallow: /\nallow: /y/\n\n\nallow: /w/\nuser-agent: BazBot\n\n\
        user-agent: FooBot\nallow: /z/\ndisallow: /\n";
    let robots = Robots::parse(text.as_bytes());
    for (agent, path, expected) in [
        ("FooBot", "/x/b", true),
        ("FooBot", "/z/d", true),
        ("FooBot", "/y/c", false),
        ("BarBot", "/y/c", true),
        ("BarBot", "/w/a", true),
        ("BarBot", "/z/d", false),
        ("BazBot", "/z/d", true),
        ("FooBot", "/foo/bar/", false),
        ("BarBot", "/foo/bar/", false),
        ("BazBot", "/foo/bar/", false),
    ] {
        assert_eq!(robots.allows(agent, path), expected, "{agent} {path}");
    }
}

#[test]
fn keys_and_agents_in_any_case() {
    for text in [
        "USER-AGENT: FooBot\nALLOW: /x/\nDISALLOW: /\n",
        "user-agent: foobot\nallow: /x/\ndisallow: /\n",
        "uSeR-aGeNt: FOOBOT\nAlLoW: /x/\ndIsAlLoW: /\n",
        "User-Agent: FooBot bar\nAllow: /x/\nDisallow: /\n",
        "User-Agent: FooBot/1.2\nAllow: /x/\nDisallow: /\n",
        "useragent: FooBot\nallow: /x/\ndisalow: /\n",
    ] {
        check(text, &["/x/y"], &["/a/b"]);
    }
    let ai2 = Robots::parse(b"user-agent: AI2Bot\ndisallow: /\n");
    assert!(ai2.forbids_by_name("ai2bot", "/"));
    assert_eq!(token("textmill/0.1 (+x)"), "textmill");
}

#[test]
fn the_star_is_for_all_others() {
    let global = "user-agent: *\nallow: /\nuser-agent: FooBot\ndisallow: /\n";
    check(global, &[], &["/x/y"]);
    assert!(Robots::parse(global.as_bytes()).allows("BarBot", "/x/y"));
    let spaced =
        "User-Agent: * bots\nDisallow: /\nUser-Agent: FooBot bar\nAllow: /x/\nDisallow: /\n";
    check(spaced, &["/x/y"], &["/y"]);
    assert!(!Robots::parse(spaced.as_bytes()).allows("BarBot", "/x/y"));
    let specific = "User-agent: *\nDisallow: /x/\nUser-agent: FooBot\nDisallow: /y/\n";
    check(specific, &["/x/page"], &["/y/page"]);
    let others = Robots::parse(b"user-agent: *\ndisallow: /\n");
    assert!(!others.forbids_by_name("GPTBot", "/"));
}

#[test]
fn paths_have_case() {
    check("user-agent: FooBot\ndisallow: /x/\n", &["/X/y"], &["/x/y"]);
}

#[test]
fn the_longest_match_wins_and_allow_wins_ties() {
    let of = |rules: &str| format!("user-agent: FooBot\n{rules}");
    check(
        &of("disallow: /x/page.html\nallow: /x/\n"),
        &[],
        &["/x/page.html"],
    );
    check(
        &of("allow: /x/page.html\ndisallow: /x/\n"),
        &["/x/page.html"],
        &["/x/"],
    );
    check(&of("disallow: \nallow: \n"), &["/x/page.html"], &[]);
    check(&of("disallow: /\nallow: /\n"), &["/x/page.html"], &[]);
    check(&of("disallow: /x\nallow: /x/\n"), &["/x/"], &["/x"]);
    check(
        &of("allow: /page\ndisallow: /*.html\n"),
        &["/page"],
        &["/page.html"],
    );
    check(
        &of("allow: /x/page.\ndisallow: /*.html\n"),
        &["/x/page.html"],
        &["/x/y.html"],
    );
    check(&of("allow: /p\ndisallow: /\n"), &["/page"], &[]);
    check(
        &of("allow: /folder\ndisallow: /folder\n"),
        &["/folder/page"],
        &[],
    );
    check(&of("allow: /page\ndisallow: /*.htm\n"), &[], &["/page.htm"]);
    check(&of("allow: /$\ndisallow: /\n"), &["/"], &["/page.html"]);
    check(&of("disallow: /\n"), &["/robots.txt"], &["/robots.txt2"]);
}

#[test]
fn encoded_and_plain_are_the_same() {
    let of = |allow: &str| format!("User-agent: FooBot\nDisallow: /\nAllow: {allow}\n");
    let query = "/foo/bar?qux=taz&baz=http://foo.bar?tar&par";
    check(&of(query), &[query], &[]);
    let both = &["/foo/bar/%E3%83%84", "/foo/bar/%e3%83%84", "/foo/bar/ツ"];
    check(&of("/foo/bar/ツ"), both, &["/foo/bar/%E3"]);
    check(&of("/foo/bar/%E3%83%84"), both, &[]);
    // RFC 9309 decodes what need not be encoded; Google's test still has its draft's older rule.
    let both = &["/foo/bar/baz", "/foo/bar/%62%61%7A"];
    check(&of("/foo/bar/%62%61%7A"), both, &["/foo/bar/%62"]);
    check(&of("/a%2Fb"), &["/a%2fb"], &["/a/b"]);
    check(
        &of("/file-with-a-%2A.html"),
        &["/file-with-a-*.html"],
        &["/file-with-a-b.html"],
    );
    check(&of("/a%24"), &["/a$b"], &["/a"]);
}

#[test]
fn special_characters() {
    check(
        "User-agent: FooBot\nDisallow: /foo/bar/quz\nAllow: /foo/*/qux\n",
        &["/foo/quz", "/foo//quz", "/foo/bax/quz"],
        &["/foo/bar/quz"],
    );
    check(
        "User-agent: FooBot\nDisallow: /foo/bar$\nAllow: /foo/bar/qux\n",
        &["/foo/bar/qux", "/foo/bar/", "/foo/bar/baz"],
        &["/foo/bar"],
    );
    check(
        "User-agent: FooBot\n# Disallow: /\nDisallow: /foo/quz#qux\nAllow: /\n",
        &["/foo/bar"],
        &["/foo/quz"],
    );
}

#[test]
fn googles_documentation() {
    let of = |rule: &str| format!("user-agent: FooBot\ndisallow: /\nallow: {rule}\n");
    for rule in ["/fish", "/fish*"] {
        check(
            &of(rule),
            &[
                "/fish",
                "/fish.html",
                "/fish/salmon.html",
                "/fishheads",
                "/fish.html?id=x",
            ],
            &["/bar", "/Fish.asp", "/catfish", "/?id=fish"],
        );
    }
    check(
        &of("/fish/"),
        &[
            "/fish/",
            "/fish/salmon",
            "/fish/?salmon",
            "/fish/?id=anything",
        ],
        &["/fish", "/fish.html", "/Fish/Salmon.html"],
    );
    check(
        &of("/*.php"),
        &[
            "/f.php",
            "/a/f.php",
            "/a/f.php?p",
            "//a/any.php.file.html",
            "/f.php/",
            "/i?f=f.php/",
        ],
        &["/php/", "/index?php", "/windows.PHP"],
    );
    check(
        &of("/*.php$"),
        &["/f.php", "/folder/f.php"],
        &[
            "/f.php?p",
            "/f.php/",
            "/f.php5",
            "/php/",
            "/f?php",
            "/aaaphpaaa",
        ],
    );
    check(
        &of("/fish*.php"),
        &["/fish.php", "/fishheads/catfish.php?p"],
        &["/Fish.PHP"],
    );
}

#[test]
fn line_ends_marks_and_limits() {
    for ends in ["\n", "\r\n", "\r"] {
        let text = ["\u{feff}User-Agent: FooBot", "Allow: /x", "", "Disallow: /"].join(ends);
        check(&text, &["/x"], &["/y"]);
    }
    let filler = "# a comment of some length\n".repeat(MAX_BYTES / 27);
    check(
        &format!("user-agent: FooBot\n{filler}disallow: /x\n"),
        &["/x"],
        &[],
    );
    let cut = "a".repeat(MAX_BYTES);
    check(
        &format!("user-agent: FooBot\ndisallow: /{cut}\n"),
        &["/aaa"],
        &[],
    );
}

#[test]
fn delays_and_sitemaps() {
    let robots = Robots::parse(
        b"Sitemap: https://a.example/s.xml\nuser-agent: FooBot\nCrawl-delay: 2.5\nuser-agent: bar\n\
        disallow: /x\nsite-map: /other.xml\nuser-agent: *\ncrawl-delay: -1\n",
    );
    assert_eq!(robots.sitemaps, ["https://a.example/s.xml", "/other.xml"]);
    assert_eq!(robots.crawl_delay("foobot"), Some(2.5));
    assert_eq!(robots.crawl_delay("bar"), Some(2.5), "one group");
    assert_eq!(robots.crawl_delay("other"), None);
    assert!(
        !robots.allows("foobot", "/x"),
        "a delay is no end of a list of agents"
    );
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300), path in ".{0,50}") {
        let robots = Robots::parse(&bytes);
        let _ = robots.allows("textmill", &path);
    }

    #[test]
    fn matches_as_by_definition(text in "/[ab*]{0,8}[$]?", path in "/[ab]{0,10}") {
        // A pattern as a regular expression, tried step by step.
        fn by_definition(pattern: &[u8], path: &[u8]) -> bool {
            match pattern.split_first() {
                None => true,
                Some((b'$', [])) => path.is_empty(),
                Some((b'*', rest)) => (0..=path.len()).any(|skip| by_definition(rest, &path[skip..])),
                Some((byte, rest)) => path.first() == Some(byte) && by_definition(rest, &path[1..]),
            }
        }
        let pattern = Pattern::new(&text).unwrap();
        prop_assert_eq!(pattern.matches(path.as_bytes()), by_definition(text.as_bytes(), path.as_bytes()));
    }

    #[test]
    fn one_form_is_final(text in "[ -~ツ%]{0,30}") {
        let once = normalize(text.as_bytes(), true);
        prop_assert_eq!(normalize(&once, true), once);
    }
}

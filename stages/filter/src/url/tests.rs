//! Lists and words together.

use std::path::Path;

use super::*;

fn lists(options: UrlOptions) -> UrlLists {
    UrlLists::load(&options).unwrap()
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

fn found(lists: &UrlLists, url: &str) -> Option<(UrlRule, String, String)> {
    let hit = lists.check(url)?;
    Some((hit.rule, hit.entry, hit.list.to_string()))
}

fn hit(rule: UrlRule, entry: &str, list: &str) -> Option<(UrlRule, String, String)> {
    Some((rule, entry.into(), list.into()))
}

#[test]
fn blocks_as_ut1_lists_say() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(
        root,
        "adult/domains",
        "# hosts\nbad.example\n10.0.0.7\nbücher.example\n",
    );
    write(
        root,
        "adult/urls",
        "mixed.example/bad\nwww.mixed.example/q?id=7\n",
    );
    write(root, "gambling/domains", "dice.example\nbad.example\n");
    write(root, "gambling/usage", "not a list of hosts\n");
    let lists = lists(UrlOptions {
        block: vec![root.to_path_buf()],
        adult_words: false,
        ..UrlOptions::default()
    });
    for (url, expected) in [
        (
            "https://bad.example/",
            hit(UrlRule::Domain, "bad.example", "adult"),
        ),
        (
            "https://a.b.BAD.example:8443/x",
            hit(UrlRule::Domain, "bad.example", "adult"),
        ),
        (
            "http://bad.example./",
            hit(UrlRule::Domain, "bad.example", "adult"),
        ),
        ("http://bad.example@good.example/", None),
        (
            "http://user@bad.example/",
            hit(UrlRule::Domain, "bad.example", "adult"),
        ),
        ("https://notbad.example/", None),
        ("https://bad.example.com/", None),
        (
            "http://10.0.0.7/",
            hit(UrlRule::Domain, "10.0.0.7", "adult"),
        ),
        (
            "http://xn--bcher-kva.example",
            hit(UrlRule::Domain, "xn--bcher-kva.example", "adult"),
        ),
        (
            "dice.example",
            hit(UrlRule::Domain, "dice.example", "gambling"),
        ),
        ("http://mixed.example/", None),
        (
            "http://www.mixed.example/bad/",
            hit(UrlRule::Address, "mixed.example/bad", "adult"),
        ),
        (
            "http://mixed.example/Bad/more",
            hit(UrlRule::Address, "mixed.example/bad", "adult"),
        ),
        ("http://mixed.example/badly", None),
        ("http://sub.mixed.example/bad", None),
        (
            "http://mixed.example/q?id=7&p=2",
            hit(UrlRule::Address, "mixed.example/q?id=7", "adult"),
        ),
        ("http://mixed.example/q?id=70", None),
        ("not an address", None),
        ("", None),
    ] {
        assert_eq!(found(&lists, url), expected, "{url}");
    }
}

#[test]
fn what_is_allowed_stays() {
    let folder = tempfile::tempdir().unwrap();
    let block = write(folder.path(), "block.txt", "bad.example\n");
    let allow = write(
        folder.path(),
        "allow.txt",
        "good.bad.example\nporn.example/research\n",
    );
    let lists = lists(UrlOptions {
        block: vec![block],
        allow: vec![allow],
        ..UrlOptions::default()
    });
    assert_eq!(
        found(&lists, "http://bad.example/"),
        hit(UrlRule::Domain, "bad.example", "block")
    );
    assert_eq!(found(&lists, "http://x.good.bad.example/"), None);
    assert_eq!(found(&lists, "http://porn.example/research/1"), None);
    assert_eq!(
        found(&lists, "http://porn.example/"),
        hit(UrlRule::Word, "porn", "built-in")
    );
}

#[test]
fn words_count_as_words() {
    let folder = tempfile::tempdir().unwrap();
    let words = write(folder.path(), "words", "casino\n");
    let soft = write(folder.path(), "soft", "slots\npoker\nbonus\n");
    let substrings = write(folder.path(), "parts", "free money\n");
    let lists = lists(UrlOptions {
        words: vec![words],
        soft_words: vec![soft],
        substrings: vec![substrings],
        adult_words: false,
        ..UrlOptions::default()
    });
    for (url, expected) in [
        (
            "http://a.example/Casino-Royal",
            hit(UrlRule::Word, "casino", "words"),
        ),
        ("http://casinos.example/", None),
        ("http://poker.example/poker", None),
        (
            "http://poker.example/slots_bonus",
            hit(UrlRule::SoftWords, "poker slots", "soft"),
        ),
        (
            "http://a.example/get-free-money-now",
            hit(UrlRule::Substring, "freemoney", "parts"),
        ),
        ("http://a.example/free/money", None),
    ] {
        assert_eq!(found(&lists, url), expected, "{url}");
    }
    assert_eq!(lists.check("http://poker.example/slots").unwrap().count, 2);
}

#[test]
fn adult_words_of_several_languages() {
    let lists = lists(UrlOptions::default());
    for url in [
        "http://www.freepornvideos.example/",
        "http://example.com/xxx/1",
        "http://example.com/sexy-webcam-babes",
        "http://example.com/%E6%88%90%E4%BA%BA%E7%94%B5%E5%BD%B1/1.html",
        "http://example.com/無修正動画",
        "http://порно.example/",
        "http://xn--p1ai.example/%D0%BF%D0%BE%D1%80%D0%BD%D0%BE",
        "http://sexshop.example/",
    ] {
        assert!(lists.check(url).is_some(), "{url}");
    }
    for url in [
        "https://www.essex.ac.uk/",
        "https://www.sussexwildlife.example/",
        "https://middlesex.example/",
        "https://scunthorpe.example/",
        "https://www.essexshop.example/",
        "https://ville-pornic.example/",
        "https://www.expertsexchange.example/",
        "https://therapist.example/find-a-therapist",
        "https://penisland.example/",
        "https://hancock.example/dickinson/cockburn",
        "https://cockpit-project.org/running",
        "https://example.com/sex-education-in-schools",
        "https://example.com/analysis/assassin-classes",
        "https://example.com/breast-cancer-screening",
        "https://example.com/free-live-video",
        "https://example.com/hot-chocolate",
        "https://titanic.example/titles",
        "https://sextant.example/sextet",
        "https://bassexpert.example/",
        "https://analytics.example/",
        "https://example.com/性别研究",
        "https://example.com/教育/性教育",
        "https://example.com/circumference/document",
        "https://example.com/gay-marriage-law",
    ] {
        assert_eq!(lists.check(url), None, "{url}");
    }
}

#[test]
fn errors_name_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let bad = write(folder.path(), "domains", "good.example\nno host at all\n");
    let error = |options| UrlLists::load(&options).unwrap_err().to_string();
    let message = error(UrlOptions {
        block: vec![bad],
        ..UrlOptions::default()
    });
    assert!(
        message.contains("domains, line 2: `no host at all`"),
        "{message}"
    );
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let message = error(UrlOptions {
        allow: vec![empty],
        ..UrlOptions::default()
    });
    assert!(message.contains("no file named `domains`"), "{message}");
    let words = write(folder.path(), "words", "good\n***\n");
    let message = error(UrlOptions {
        words: vec![words],
        ..UrlOptions::default()
    });
    assert!(
        message.contains("words, line 2: `***` is no word"),
        "{message}"
    );
}

//! Canonical addresses.

use proptest::prelude::*;

use super::*;

#[test]
fn what_means_one_page_is_one_address() {
    let pages: &[(&str, &[&str])] = &[
        (
            "http://example.com/",
            &[
                "https://example.com",
                "HTTP://WWW.Example.COM:80/",
                "https://example.com:443/index.html",
                "http://example.com:443",
                "http://user:secret@example.com/?",
                "https://example.com./Default.aspx#top",
                " http://example.com/?utm_source=x&UTM_Medium=y ",
                "http://www.www.example.com/a/../#!",
            ],
        ),
        (
            "http://example.com/a/b",
            &[
                "http://example.com/a/./b/",
                "http://example.com/x/../a/b/index.php",
                "http://example.com/%61/b#section",
                "http://example.com/a/b;jsessionid=0123ABCD?fbclid=1&gclid=2",
                "http://example.com/a/b?PHPSESSID=abc&sid=0123456789abcdef0123456789abcdef",
                "http://example.com/a/x/..;JSessionID=1/b",
            ],
        ),
        (
            "http://example.com/Foo_(bar)?a=1&b=2&b=1&c=x%20y",
            &[
                "http://example.com/Foo_%28bar%29?c=x+y&b=2&a=1&b=1",
                "http://example.com/Foo_(bar)?c=x%20y&&b=2&b=1&mc_cid=7&a=1",
            ],
        ),
        (
            "http://xn--bcher-kva.example/%E6%96%B0?q=%E6%96%B0%2F%7C",
            &[
                "https://BÜCHER.example/新?q=新%2f|",
                "https://www.xn--bcher-kva.example/%e6%96%b0/?q=%e6%96%b0%2F%7c",
            ],
        ),
        (
            "http://example.com/#!/inbox/7",
            &["https://example.com/index.htm#!/inbox/7"],
        ),
        (
            "http://example.com/app#/a%20b",
            &["http://example.com/app/#/a b"],
        ),
        ("http://[::1]:8080/x", &["http://[0:0:0:0:0:0:0:1]:8080/x"]),
        ("http://127.0.0.1/", &["http://0x7f.1/"]),
        (
            "http://example.com/100%25?%25zz",
            &["http://example.com/100%?%zz"],
        ),
    ];
    for (canonical, addresses) in pages {
        for address in addresses.iter().chain([canonical]) {
            assert_eq!(
                canonical_url(address).as_deref(),
                Some(*canonical),
                "{address}"
            );
            assert_eq!(url_hash(address), url_hash(canonical));
        }
    }
}

#[test]
fn what_may_mean_other_pages_stays_apart() {
    let addresses = [
        "http://example.com/",
        "http://www.com/",
        "http://news.example.com/",
        "http://example.com:8080/",
        "http://example.com/A",
        "http://example.com/a",
        "http://example.com/a//b",
        "http://example.com/a/b",
        "http://example.com/a%2Fb",
        "http://example.com/index.html.bak",
        "http://example.com/a?x=1",
        "http://example.com/a?x=1&x=2",
        "http://example.com/a?x=2&x=1",
        "http://example.com/a?x",
        "http://example.com/article.php?sid=17",
        "http://example.com/article.php?sid=18",
        "http://example.com/a#/b",
        "http://example.com/a;v=1",
    ];
    let mut hashes: Vec<u128> = addresses.iter().filter_map(|a| url_hash(a)).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), addresses.len());
}

#[test]
fn other_things_are_no_addresses() {
    for text in [
        "",
        "example.com/a",
        "//example.com/a",
        "ftp://example.com/",
        "mailto:a@example.com",
        "file:///a",
        "data:text/plain,x",
        "http://",
        "http://a..b/",
        "http://./",
        "http://exa mple.com/",
        "http://1.2.3.4.5/",
    ] {
        assert_eq!(canonical_url(text), None, "{text}");
    }
}

#[test]
fn the_lists_are_in_lower_case() {
    let lists = [
        TRACKING,
        TRACKING_PREFIXES,
        SESSIONS,
        PERHAPS_SESSIONS,
        INDEX_EXTENSIONS,
    ];
    for name in lists.concat() {
        assert_eq!(name, name.to_ascii_lowercase());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn canonical_forms_are_their_own(
        address in "\\PC{0,40}|https?://(www\\.|[a-c.%]|é|[0-9]){1,8}(:[0-9]{1,4})?\
            (/|\\.|;jsessionid=|index\\.html|%(2e|2E|41|zz|5b)|[a-b\\[|\\\\ 'é%;=(]){0,10}\
            (\\?(&|=|\\+|%26|%4|utm_a|sid|'|[a-b/?;é\"]){0,10})?(#(!|/|[a-b% #]){0,6})?"
    ) {
        if let Some(canonical) = canonical_url(&address) {
            prop_assert_eq!(canonical_url(&canonical), Some(canonical.clone()));
            prop_assert!(canonical.is_ascii());
            let secure = canonical.replacen("http:", "https:", 1);
            prop_assert_eq!(canonical_url(&secure), Some(canonical));
        }
    }
}

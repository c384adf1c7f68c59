//! The address that a page says it has.

use url::Url;

/// Longest address, in bytes.
const MAX_BYTES: usize = 2000;

/// The first of the declared addresses that is one of the web, made absolute: against `<base>`
/// where there is one, and the page's own address.
pub(crate) fn canonical(
    declared: [Option<&str>; 2],
    base: Option<&str>,
    page: Option<&str>,
) -> Option<String> {
    if declared == [None, None] {
        return None;
    }
    let page = page.and_then(|page| Url::parse(page).ok());
    let base = base.and_then(|base| join(page.as_ref(), base)).or(page);
    let mut found = declared
        .into_iter()
        .flatten()
        .filter_map(|url| join(base.as_ref(), url));
    found.next().map(String::from)
}

fn join(base: Option<&Url>, address: &str) -> Option<Url> {
    let address = address.trim();
    if address.is_empty() || address.len() > MAX_BYTES {
        return None;
    }
    let url = Url::options().base_url(base).parse(address).ok()?;
    let of_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    of_web.then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Option<&str> = Some("https://example.org/news/a.html?x=1");

    #[test]
    fn addresses_are_made_absolute() {
        let of = |link, base| canonical([Some(link), None], base, PAGE);
        assert_eq!(
            of("b.html", None).as_deref(),
            Some("https://example.org/news/b.html")
        );
        assert_eq!(
            of("b.html", Some("/base/")).as_deref(),
            Some("https://example.org/base/b.html")
        );
        assert_eq!(
            of("//m.example.org/新闻", None).as_deref(),
            Some("https://m.example.org/%E6%96%B0%E9%97%BB")
        );
    }

    #[test]
    fn only_addresses_of_the_web_count() {
        let other = Some("https://example.org/c");
        assert_eq!(
            canonical([Some("javascript:void(0)"), other], None, PAGE).as_deref(),
            other
        );
        assert_eq!(canonical([Some("/relative"), None], None, None), None);
        assert_eq!(canonical([None, None], None, PAGE), None);
    }
}

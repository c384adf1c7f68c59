//! The licence that a page declares for itself.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// Where a licence was found, the surest first; the first one of each counts.
#[derive(Debug, Default)]
pub(crate) struct License {
    /// `rel=license`.
    pub(crate) link: Option<String>,
    /// A meta tag for licences.
    pub(crate) meta: Option<String>,
    /// A copyright notice in a meta tag that names an open licence.
    pub(crate) notice: Option<String>,
    /// A plain link to Creative Commons.
    pub(crate) deed: Option<String>,
}

impl License {
    /// The surest finding; JSON-LD stands behind links and meta tags.
    pub(crate) fn settle(self, json: Option<String>) -> Option<String> {
        let rest = self.notice.or(self.deed);
        self.link.or(self.meta).or(json).or(rest)
    }
}

/// Whether the words of a `rel` say that the link is to the page's licence.
pub(crate) fn is_declared(rel: &str) -> bool {
    rel.split_ascii_whitespace()
        .any(|word| word.eq_ignore_ascii_case("license"))
}

/// Whether an address is that of a licence or a dedication of Creative Commons.
pub(crate) fn is_deed(href: &str) -> bool {
    static HOST: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("creativecommons.org/"));
    // Most links stay on their site.
    if href.starts_with(['/', '#', '?']) && !href.starts_with("//") {
        return false;
    }
    if HOST.find(href.as_bytes()).is_none() {
        return false;
    }
    // An archive puts its own address before.
    let path = href.split('?').next().unwrap_or_default();
    path.split("//").skip(1).any(|rest| {
        let rest = rest.strip_prefix("www.").unwrap_or(rest);
        rest.strip_prefix("creativecommons.org/")
            .is_some_and(|path| path.starts_with("licenses/") || path.starts_with("publicdomain/"))
    })
}

/// Whether a copyright notice names an open licence.
pub(crate) fn is_open(notice: &str) -> bool {
    let notice = notice.to_ascii_lowercase();
    let names = [
        "creative commons",
        "creativecommons.org/",
        "cc by",
        "cc-by",
        "cc0",
        "public domain",
        "gnu free documentation",
        "知识共享",
        "創用cc",
    ];
    names.iter().any(|name| notice.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds_are_told_by_their_host() {
        assert!(is_deed(
            "https://creativecommons.org/licenses/by/4.0/deed.zh"
        ));
        assert!(is_deed("//www.creativecommons.org/publicdomain/zero/1.0/"));
        let archived = "https://web.archive.org/web/2008/http://creativecommons.org/licenses/by/";
        assert!(is_deed(archived));
        assert!(!is_deed("https://creativecommons.org/about"));
        assert!(!is_deed("https://x.org/?u=//creativecommons.org/licenses/"));
    }

    #[test]
    fn a_notice_must_name_an_open_licence() {
        assert!(is_open("Text under CC BY-SA 4.0"));
        assert!(is_open("知识共享署名 4.0"));
        assert!(!is_open("© 2021 Example. All rights reserved"));
    }
}

//! Addresses, normalised.

use std::borrow::Cow;

use url::{Host, Url};

/// Longest address that is read; longer ones are cut.
const MAX_BYTES: usize = 4096;

/// A host with what stands behind it, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// In ASCII (Punycode), without port, user and last dot.
    pub host: String,
    /// Whether the host is a name, not an IP address.
    pub is_name: bool,
    /// Path with query, from its slash on, percent-encoded; without fragment.
    pub path: String,
}

impl Address {
    /// Reads an address with or without a scheme.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = &text[..text.floor_char_boundary(MAX_BYTES)];
        let url = match Url::parse(text) {
            Ok(url) if url.host_str().is_some_and(|host| !host.is_empty()) => url,
            // `mailto:` and the like.
            Ok(url) if !url.scheme().contains(['.', '-']) => return None,
            _ if text.contains("://") => return None,
            // `example.com:80/page` has a scheme only to a parser.
            _ => Url::parse(&format!("http://{}", text.trim_start_matches("//"))).ok()?,
        };
        let (host, is_name) = match url.host()? {
            Host::Domain(name) => (name.trim_matches('.').to_ascii_lowercase(), true),
            ip => (ip.to_string(), false),
        };
        if host.is_empty() {
            return None;
        }
        let mut path = url.path().to_string();
        if let Some(query) = url.query() {
            path.push('?');
            path.push_str(query);
        }
        path.make_ascii_lowercase();
        Some(Self {
            host,
            is_name,
            path,
        })
    }

    /// The host without `www.`: lists leave it out of addresses.
    pub fn bare_host(&self) -> &str {
        self.host.strip_prefix("www.").unwrap_or(&self.host)
    }

    /// The host and all hosts above it, down to two labels; an IP address alone.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        let host = self.host.as_str();
        let dots = memchr::memchr_iter(b'.', host.as_bytes());
        let starts = dots.map(|at| at + 1).filter(|_| self.is_name);
        std::iter::once(0)
            .chain(starts)
            .map(|at| &host[at..])
            .filter(move |name| name.len() == host.len() || name.contains('.'))
    }

    /// The path's beginnings that end before a `/`, `?` or `&`, and all of it; shortest first, the
    /// empty one left out.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        let path = self.path.trim_end_matches('/');
        let ends = path.bytes().enumerate().skip(1);
        ends.filter(|(_, byte)| matches!(byte, b'/' | b'?' | b'&'))
            .map(|(at, _)| at)
            .take(64)
            .chain((!path.is_empty()).then_some(path.len()))
            .map(|end| &path[..end])
    }

    /// Host and path as people write them: without Punycode and percent-encoding, in lower case.
    pub fn readable(&self) -> (Cow<'_, str>, Cow<'_, str>) {
        let host = if self.host.contains("xn--") {
            decode_host(&self.host)
        } else {
            Cow::from(self.host.as_str())
        };
        let path = if self.path.contains('%') {
            let bytes = percent_decode(self.path.as_bytes());
            Cow::from(String::from_utf8_lossy(&bytes).to_lowercase())
        } else {
            Cow::from(self.path.as_str())
        };
        (host, path)
    }
}

/// A host with its Punycode labels in letters.
fn decode_host(host: &str) -> Cow<'_, str> {
    // The crate that knows Punycode is under `url`, which shows hosts in ASCII only.
    let (unicode, result) = idna::domain_to_unicode(host);
    match result {
        Ok(()) => Cow::from(unicode),
        Err(_) => Cow::from(host),
    }
}

fn percent_decode(text: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|&b| char::from(b).to_digit(16));
    let mut decoded = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match (byte, digit(text.get(at + 1)), digit(text.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high << 4 | low) as u8);
                at += 3;
            }
            _ => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalises() {
        for (text, host, path) in [
            (
                "HTTPS://User:pw@WWW.Example.COM.:8080/A/b?Q=1#frag",
                "www.example.com",
                "/a/b?q=1",
            ),
            ("example.com:80/page", "example.com", "/page"),
            ("//example.com", "example.com", "/"),
            (
                "http://例子.测试/路",
                "xn--fsqu00a.xn--0zwm56d",
                "/%e8%b7%af",
            ),
            ("http://BÜCHER.example/", "xn--bcher-kva.example", "/"),
            ("http://0x7f.1/x", "127.0.0.1", "/x"),
            ("http://[::1]:80/", "[::1]", "/"),
            ("http://exa%6Dple.com/", "example.com", "/"),
        ] {
            let address = Address::parse(text).unwrap();
            assert_eq!(
                (address.host.as_str(), address.path.as_str()),
                (host, path),
                "{text}"
            );
        }
        for text in [
            "",
            "http://",
            "mailto:a@b.example",
            "about:blank",
            "a b c",
            "http://./",
        ] {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }

    #[test]
    fn walks_up() {
        let address = Address::parse("http://a.b.example.com/x/y.html?k=1&l=2").unwrap();
        assert_eq!(
            address.hosts().collect::<Vec<_>>(),
            ["a.b.example.com", "b.example.com", "example.com"]
        );
        assert_eq!(
            address.paths().collect::<Vec<_>>(),
            ["/x", "/x/y.html", "/x/y.html?k=1", "/x/y.html?k=1&l=2"]
        );
        let ip = Address::parse("http://10.0.0.1/").unwrap();
        assert_eq!(ip.hosts().collect::<Vec<_>>(), ["10.0.0.1"]);
        assert_eq!(ip.paths().count(), 0);
    }

    #[test]
    fn reads_as_written() {
        let address = Address::parse("http://例子.测试/%E6%88%90%E4%BA%BA-Video").unwrap();
        assert_eq!(
            address.readable(),
            ("例子.测试".into(), "/成人-video".into())
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,60}|https?://[a-z.%é例0-9:@/]{0,40}") {
            if let Some(address) = Address::parse(&text) {
                proptest::prop_assert!(!address.host.is_empty());
                address.readable();
                proptest::prop_assert!(address.hosts().count() > 0);
                proptest::prop_assert!(address.paths().count() <= 65);
            }
        }
    }
}

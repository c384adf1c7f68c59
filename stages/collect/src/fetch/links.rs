//! Addresses in lists: sitemaps (<https://www.sitemaps.org/protocol.html>), their indexes, feeds,
//! the sitemaps that a `robots.txt` names, and plain lists.

use std::borrow::Cow;

use encoding_rs::Encoding;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use url::Url;

use super::robots::Robots;
use crate::config::Kind;
use crate::feed;
use crate::input::Stream;
use crate::sniff::{self, Format};

/// Deepest element that is looked at.
const MAX_DEPTH: usize = 64;
/// Longest address in bytes.
const MAX_ADDRESS: usize = 8 << 10;
/// Start of a list that tells what it is.
const START: usize = 4 << 10;

/// What a text leads to.
#[derive(Debug, PartialEq)]
pub(crate) enum Links {
    /// Pages.
    Pages(Vec<String>),
    /// Further lists.
    Lists(Vec<String>),
    /// It is no list: a page itself.
    None,
}

/// Finds the links of a list by its content; `address` is its own, against which they are read.
/// More than `limit` are not gathered.
pub(crate) fn find(bytes: &[u8], address: &Url, limit: usize) -> Links {
    let text = decode(bytes);
    let text = text.trim_start();
    let links = match root(text) {
        Some(root) => xml(text, &root, limit),
        None if is_feed(bytes) => Links::Pages(feed::links(bytes, limit)),
        None if address.path().ends_with("/robots.txt") => {
            Links::Lists(Robots::parse(bytes).sitemaps)
        }
        None => plain(text, limit),
    };
    let absolute = |links: Vec<String>| -> Vec<String> {
        let absolute = links.iter().map(|link| match address.join(link.trim()) {
            Ok(link) => link.into(),
            // Said as it is, so that it becomes a row.
            Err(_) => link.clone(),
        });
        absolute.collect()
    };
    match links {
        Links::Pages(links) => Links::Pages(absolute(links)),
        Links::Lists(links) => Links::Lists(absolute(links)),
        Links::None => Links::None,
    }
}

fn is_feed(bytes: &[u8]) -> bool {
    let head = bytes.get(..Stream::PEEK).unwrap_or(bytes);
    let format = sniff::format(Kind::Auto, head, "");
    matches!(format, Format::Feed | Format::JsonFeed)
}

/// Decodes by byte order mark or XML declaration, else as UTF-8.
fn decode(bytes: &[u8]) -> Cow<'_, str> {
    let start = String::from_utf8_lossy(bytes.get(..200).unwrap_or(bytes));
    let declared = start.strip_prefix("<?xml").and_then(|start| {
        let (declaration, _) = start.split_once("?>")?;
        let (_, value) = declaration.split_once("encoding")?;
        let value = value.trim_start().strip_prefix('=')?.trim_start();
        let quote = value.chars().next()?;
        let label = value.get(1..)?.split(quote).next()?;
        Encoding::for_label(label.as_bytes())
    });
    declared.unwrap_or(encoding_rs::UTF_8).decode(bytes).0
}

/// The local name of the root of a sitemap.
fn root(text: &str) -> Option<String> {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let close = match rest {
            _ if rest.starts_with("<?") => "?>",
            _ if rest.starts_with("<!--") => "-->",
            _ if rest.starts_with("<!") => ">",
            _ => break,
        };
        rest = rest.split_once(close)?.1;
    }
    let name = rest.strip_prefix('<')?;
    let end = name.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))?;
    let name = name.get(..end)?;
    let name = name.rsplit(':').next().unwrap_or(name);
    matches!(name, "urlset" | "sitemapindex").then(|| name.to_owned())
}

/// Reads the links of XML up to its end or its first fault.
fn xml(text: &str, root: &str, limit: usize) -> Links {
    let mut finder = Finder {
        root,
        limit,
        path: Vec::new(),
        deeper: 0,
        text: None,
        links: Vec::new(),
    };
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    while finder.links.len() < limit {
        match reader.read_event() {
            Ok(Event::Start(tag)) => finder.start(&tag),
            Ok(Event::Empty(tag)) => {
                finder.start(&tag);
                finder.end();
            }
            Ok(Event::End(_)) => finder.end(),
            Ok(Event::Text(text)) => finder.add(&text.xml10_content()),
            Ok(Event::CData(text)) => finder.add(&text.xml10_content()),
            Ok(Event::GeneralRef(entity)) => {
                let char = entity.resolve_char_ref().ok().flatten();
                let name = entity.xml10_content();
                match (char, quick_xml::escape::resolve_predefined_entity(&name)) {
                    (Some(char), _) => finder.add(char.encode_utf8(&mut [0; 4])),
                    (None, Some(text)) => finder.add(text),
                    (None, None) => finder.add(&format!("&{name};")),
                }
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    match root {
        "sitemapindex" => Links::Lists(finder.links),
        _ => Links::Pages(finder.links),
    }
}

struct Finder<'a> {
    root: &'a str,
    limit: usize,
    /// Local names of the elements that are open, down to the deepest that is looked at.
    path: Vec<String>,
    /// Open elements below that.
    deeper: usize,
    /// Text of the element that holds a link, and its depth.
    text: Option<(usize, String)>,
    links: Vec<String>,
}

impl Finder<'_> {
    fn start(&mut self, tag: &BytesStart) {
        if self.path.len() >= MAX_DEPTH {
            self.deeper += 1;
            return;
        }
        let name = tag.local_name().into_inner().to_owned();
        let parent = self.path.last().map(String::as_str).unwrap_or_default();
        if let ("urlset", "url", "loc") | ("sitemapindex", "sitemap", "loc") =
            (self.root, parent, name.as_str())
        {
            self.text = Some((self.path.len(), String::new()));
        }
        self.path.push(name);
    }

    fn end(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
            return;
        }
        self.path.pop();
        let ended = self.text.take_if(|(depth, _)| *depth >= self.path.len());
        if let Some((_, link)) = ended {
            self.push(link);
        }
    }

    fn add(&mut self, part: &str) {
        if let Some((_, text)) = &mut self.text
            && text.len() + part.len() <= MAX_ADDRESS
        {
            text.push_str(part);
        }
    }

    fn push(&mut self, link: String) {
        if !link.trim().is_empty() && self.links.len() < self.limit {
            self.links.push(link.trim().to_owned());
        }
    }
}

/// A sitemap of one address a line.
fn plain(text: &str, limit: usize) -> Links {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_address = |line: &str| {
        let lower = line
            .get(..8)
            .map(str::to_ascii_lowercase)
            .unwrap_or_default();
        (lower.starts_with("http://") || lower == "https://") && !line.contains(char::is_whitespace)
    };
    let mut start = lines.clone().scan(0, |bytes, line| {
        *bytes += line.len();
        (*bytes < START || *bytes == line.len()).then_some(line)
    });
    let Some(first) = start.next() else {
        return Links::None;
    };
    if !is_address(first) || !start.all(is_address) {
        return Links::None;
    }
    Links::Pages(lines.take(limit).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Links {
        find(
            text.as_bytes(),
            &Url::parse("https://a.example/dir/list").unwrap(),
            100,
        )
    }

    fn pages(links: &[&str]) -> Links {
        Links::Pages(links.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn sitemaps() {
        let found = of(
            "<?xml version='1.0'?><!-- x --><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9' \
            xmlns:image='i'><url><loc> https://a.example/1?a=b&amp;c=&#100; </loc><image:image><image:loc>https://a.example/i.png\
            </image:loc></image:image></url><url><loc><![CDATA[/2]]></loc></url><url><loc/></url></urlset>",
        );
        assert_eq!(
            found,
            pages(&["https://a.example/1?a=b&c=d", "https://a.example/2"])
        );
        let found = of(
            "<sm:sitemapindex><sm:sitemap><sm:loc>https://a.example/s.xml.gz</sm:loc></sm:sitemap>",
        );
        assert_eq!(
            found,
            Links::Lists(vec!["https://a.example/s.xml.gz".into()])
        );
        assert_eq!(
            of("https://a.example/1\r\n\n HTTP://b.example/2 \n"),
            pages(&["https://a.example/1", "http://b.example/2"])
        );
        let gbk = [&b"<?xml version='1.0' encoding='GBK'?><urlset><url><loc>/\xd6\xd0</loc></url></urlset>"[..]].concat();
        let found = find(&gbk, &Url::parse("https://a.example/").unwrap(), 100);
        assert_eq!(found, pages(&["https://a.example/%E4%B8%AD"]));
    }

    #[test]
    fn feeds() {
        let found = of(
            "<rss><channel><link>/</link><item><title>a</title><link>/1</link><atom:link href='/1c' rel='replies'/>\
            </item><item><link></link></item><item><link>2&amp;3</link></item></channel></rss>",
        );
        assert_eq!(
            found,
            pages(&["https://a.example/1", "https://a.example/dir/2&3"])
        );
        let found = of(
            "<feed xmlns='http://www.w3.org/2005/Atom'><link href='/'/><entry><link rel='self' href='/x'/>\
            <link href='/1'/></entry><entry><link rel='alternate' href='/2?a&amp;b'/></entry></feed>",
        );
        assert_eq!(
            found,
            pages(&["https://a.example/1", "https://a.example/2?a&b"])
        );
        let found = of(
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>\
            <item rdf:about='/1'><link>/1</link></item></rdf:RDF>",
        );
        assert_eq!(found, pages(&["https://a.example/1"]));
        let found = of(
            r#"{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "/1"}, {"external_url": "/2"}, {}]}"#,
        );
        assert_eq!(
            found,
            pages(&["https://a.example/1", "https://a.example/2"])
        );
    }

    #[test]
    fn pages_are_no_lists() {
        for text in [
            "",
            "<!DOCTYPE html><html>",
            "words",
            "https://a.example/ is a site",
            "{\"a\": 1}",
            "<svg/>",
        ] {
            assert_eq!(of(text), Links::None, "{text}");
        }
        let address = Url::parse("https://a.example/robots.txt").unwrap();
        let found = find(b"User-agent: *\nSitemap: /s.xml\n", &address, 100);
        assert_eq!(found, Links::Lists(vec!["https://a.example/s.xml".into()]));
    }

    #[test]
    fn damage_and_depth_keep_what_is_before() {
        let start = "<urlset><url><loc>/1</loc></url>";
        for end in [
            "<url><loc>/2",
            "<a b='",
            "</urlset></urlset>",
            &"<a>".repeat(100_000),
        ] {
            assert_eq!(
                of(&format!("{start}{end}")),
                pages(&["https://a.example/1"]),
                "{}",
                &end[..5]
            );
        }
        let many = "<url><loc>/1</loc></url>".repeat(500);
        match of(&format!("<urlset>{many}")) {
            Links::Pages(found) => assert_eq!(found.len(), 100),
            other => panic!("{other:?}"),
        }
    }

    proptest! {
        #[test]
        fn never_panics(start in prop::sample::select(vec!["", "<urlset>", "<rss><item><link", "<feed><entry>", "{", "http://"]), rest in ".{0,200}") {
            let _ = of(&format!("{start}{rest}"));
        }
    }
}

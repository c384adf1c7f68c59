//! JSON Feed 1.0 and 1.1 (<https://www.jsonfeed.org/version/1.1/>).

use serde_json::{Map, Value};
use textmill_schemas::Reason;
use url::Url;

use super::scan::{End, Piece, pieces};
use super::value::{self, one_line};
use super::{Entry, Found, Info};
use crate::input::Stream;
use crate::record::{FileRef, Output, Settings, Stop};

/// Whether bytes begin like a JSON Feed.
pub(crate) fn begins(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    if head.trim_ascii_start().first() != Some(&b'{') {
        return false;
    }
    let version = b"jsonfeed.org/version/1";
    let slashes = b"jsonfeed.org\\/version\\/1";
    memchr::memmem::find(head, version).is_some() || memchr::memmem::find(head, slashes).is_some()
}

/// Reads a feed.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    super::read(file, settings, out, |max, found| {
        entries(stream, max, found)
    })
}

/// Hands out the items one by one; then what the feed says about itself.
pub(crate) fn entries(
    stream: &mut Stream,
    max_record: u64,
    found: &mut dyn FnMut(Found) -> Result<(), Stop>,
) -> Result<Info, Stop> {
    let mut info = Info::default();
    let end = pieces(stream, max_record, &mut |piece| match piece {
        Piece::Member(text) => {
            let object = [b"{", text, b"}"].concat();
            if let Ok(members) = serde_json::from_slice::<Map<String, Value>>(&object) {
                take_info(&mut info, &members);
            }
            Ok(())
        }
        Piece::Item(text, offset) => {
            let invalid = |error: serde_json::Error| {
                Reason::new("collect.invalid_json").detail(error.to_string())
            };
            let item = serde_json::from_slice::<Map<String, Value>>(text).map_err(invalid);
            let entry = item.map(|item| entry(&item, &info));
            found(Found { offset, entry })
        }
        Piece::TooLong(reason, offset) => found(Found {
            offset,
            entry: Err(reason),
        }),
    })?;
    let (reason, offset) = match end {
        End::Whole => return Ok(info),
        End::Cut(offset) => (
            Reason::new("collect.truncated").detail("the JSON ends too early"),
            offset,
        ),
        End::Damaged(damage, offset) => (damage.reason(), offset),
    };
    found(Found {
        offset,
        entry: Err(reason),
    })?;
    Ok(info)
}

fn take_info(info: &mut Info, members: &Map<String, Value>) {
    for name in members.keys() {
        match name.as_str() {
            "title" => info.title = text(members, "title").map(one_line),
            "home_page_url" => info.link = text(members, name).map(str::to_owned),
            "feed_url" => info.own = text(members, name).map(str::to_owned),
            "language" => info.lang = text(members, name).map(one_line),
            "author" | "authors" => {
                let authors = authors(members);
                if !authors.is_empty() {
                    info.authors = authors;
                }
            }
            _ => {}
        }
    }
}

fn entry(item: &Map<String, Value>, info: &Info) -> Entry {
    let own = |name: &str| text(item, name).map(str::to_owned);
    let value = |name: &str, html: bool| {
        let text = own(name).filter(|text| !text.trim().is_empty());
        text.map(|text| value::Value { text, html })
    };
    let mut entry = Entry {
        title: text(item, "title")
            .map(one_line)
            .filter(|title| !title.is_empty()),
        link: text(item, "url")
            .or(text(item, "external_url"))
            .and_then(|link| address(link, info)),
        id: own("id"),
        authors: authors(item),
        published: own("date_published"),
        updated: own("date_modified"),
        lang: own("language"),
        content: value("content_html", true).or_else(|| value("content_text", false)),
        summary: value("summary", false),
        ..Entry::default()
    };
    entry.complete(info);
    entry
}

/// An address, made whole by that of the feed.
fn address(link: &str, info: &Info) -> Option<String> {
    let link = link.trim();
    if link.is_empty() {
        return None;
    }
    let base = info.own.as_deref().or(info.link.as_deref());
    let base = base.and_then(|base| Url::parse(base).ok());
    match (Url::parse(link), base) {
        (Ok(url), _) => matches!(url.scheme(), "http" | "https" | "ftp").then(|| link.to_owned()),
        (Err(_), Some(base)) => base.join(link).ok().map(Into::into),
        (Err(_), None) => Some(link.to_owned()),
    }
}

/// Members of 1.1, or the one of 1.0.
fn authors(object: &Map<String, Value>) -> Vec<String> {
    let list = object.get("authors").and_then(Value::as_array);
    let list = list.map_or(&[][..], Vec::as_slice);
    let all = list
        .iter()
        .chain(object.get("author"))
        .filter_map(|author| match author {
            Value::String(name) => Some(name.as_str()),
            author => author.get("name").and_then(Value::as_str),
        });
    let mut names: Vec<String> = Vec::new();
    for name in all.map(one_line).take(64) {
        if !name.is_empty() && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::reader::testing::{read_bytes, source};

    const FEED: &str = r#"{"version": "https://jsonfeed.org/version/1.1", "title": "T [x]", "home_page_url": "https://example.org/", "language": "en",
 "authors": [{"name": "Me"}], "user_comment": {"items": ["no"]}, "items": [
  {"id": "1", "url": "/one", "content_html": "<p>a \"b\" }]</p>", "date_published": "2020-01-02T03:04:05-01:00"},
  {"id": "https://example.org/2", "title": "Two", "content_text": "plain", "author": {"name": "You"}, "language": "de"},
  {"id": "3", "url": "https://example.org/3", "title": "Three", "summary": "short"},
  7
 ], "expired": true}"#;

    #[test]
    fn items_become_rows() {
        let out = read_bytes(&source("auto"), "feed", FEED.into());
        assert_eq!(out.bodies(), ["<p>a \"b\" }]</p>", "plain"]);
        let (first, second) = (&out.kept[0], &out.kept[1]);
        assert_eq!(first.url.as_deref(), Some("https://example.org/one"));
        assert_eq!(first.time.as_deref(), Some("2020-01-02T04:04:05Z"));
        assert_eq!(
            (first.author.as_deref(), first.lang.as_deref()),
            (Some("Me"), Some("en"))
        );
        assert_eq!(first.media_type, textmill_schemas::CONTENT_HTML);
        assert!(FEED[first.offset as usize..].starts_with("{\"id\": \"1\""));
        assert_eq!(second.url.as_deref(), Some("https://example.org/2"));
        assert_eq!(
            (second.author.as_deref(), second.lang.as_deref()),
            (Some("You"), Some("de"))
        );
        assert_eq!(out.rules(), ["collect.no_content", "collect.invalid_json"]);
        assert_eq!(out.dropped[0].url.as_deref(), Some("https://example.org/3"));
    }

    #[test]
    fn cut_and_long() {
        let cut = read_bytes(&source("auto"), "feed", FEED[..FEED.len() - 200].into());
        assert_eq!(*cut.rules().last().unwrap(), "collect.truncated");
        let mut small = source("feed");
        small.settings.max_record = 60;
        let out = read_bytes(&small, "feed", FEED.into());
        assert!(out.kept.is_empty());
        assert!(out.rules().contains(&"collect.too_large"));
    }

    proptest! {
        #[test]
        fn never_panics(cut in 0..FEED.len(), byte in any::<u8>(), at in 0..FEED.len()) {
            let mut bytes = FEED.as_bytes()[..cut].to_vec();
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
            read_bytes(&source("feed"), "feed", bytes);
        }
    }
}

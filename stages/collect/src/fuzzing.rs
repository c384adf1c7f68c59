//! What the fuzz targets call: one function a parser. Behind the feature `fuzzing`.

use std::io::Cursor;

use textmill_schemas::{Dropped, RawDocument};

use crate::config::{Config, Kind, SourceConfig};
use crate::http;
use crate::input::Stream;
use crate::listing::Source;
use crate::reader::read;
use crate::record::{FileRef, Output, Settings, Stop};

/// Longest record while fuzzing: short, so that bombs are short too.
const MAX_RECORD: u64 = 1 << 20;

/// Checks what readers give out.
#[derive(Default)]
struct Checked;

impl Output for Checked {
    fn keep(&mut self, document: RawDocument) -> Result<(), Stop> {
        assert!(!document.id.is_empty() && !document.media_type.is_empty());
        assert!(
            !document.body.is_empty(),
            "an empty document of {}",
            document.file
        );
        Ok(())
    }
    fn reject(&mut self, dropped: Dropped) -> Result<(), Stop> {
        assert!(dropped.rule.starts_with("collect."), "{}", dropped.rule);
        Ok(())
    }
    fn count(&mut self, _what: &'static str) {}
    fn check(&self) -> Result<(), Stop> {
        Ok(())
    }
}

/// Reads bytes as a file of this kind and name.
fn file(kind: Kind, name: &str, data: &[u8]) {
    let config = Config {
        max_record_bytes: MAX_RECORD,
        ..Config::default()
    };
    let source = SourceConfig {
        name: "fuzz".to_owned(),
        path: "fuzz".to_owned(),
        kind,
        ..SourceConfig::default()
    };
    let Ok(source) = Source::new(&source) else {
        return;
    };
    let file = FileRef {
        source: &source,
        file: name.to_owned(),
        key: name.as_bytes(),
        member: None,
    };
    let input = Box::new(Cursor::new(data.to_vec()));
    let settings = Settings::new(&config);
    let _ = read(input, data.len() as u64, &file, &settings, &mut Checked);
}

/// A file of any format.
pub fn any(data: &[u8]) {
    file(Kind::Auto, "file", data);
}

/// A web crawl.
pub fn warc(data: &[u8]) {
    file(Kind::Warc, "a.warc", data);
}

/// JSON lines.
pub fn jsonl(data: &[u8]) {
    file(Kind::Jsonl, "a.jsonl", data);
}

/// A crawl in the older format.
pub fn arc(data: &[u8]) {
    file(Kind::Warc, "a.arc", &[b"filedesc://", data].concat());
}

/// The head and body of a response.
pub fn http(data: &[u8]) {
    let middle = data.windows(4).position(|end| end == b"\r\n\r\n");
    let (head, body) = data.split_at(middle.map_or(data.len(), |end| end + 4));
    let Ok(head) = http::parse(head) else {
        return;
    };
    let joined = http::join(&head, body.to_vec());
    assert!(joined.len() <= body.len(), "joining adds nothing");
    for cut in [false, true] {
        if let Ok(body) = http::decode(&head, joined.clone(), MAX_RECORD, cut) {
            assert!((body.len() as u64) <= MAX_RECORD.max(joined.len() as u64));
        }
    }
}

/// The bytes of a compressed file, as a whole and in two parts.
pub fn layers(data: &[u8]) {
    let open = || Stream::open(Box::new(Cursor::new(data.to_vec())));
    let size = data.len() as u64;
    for part in [0..size, 0..size / 2, size / 2..size] {
        let Ok(mut stream) = open() else {
            return;
        };
        stream.bound(100);
        if part.end < size || part.start > 0 {
            stream.enter(part, b"");
        }
        // Each round goes on behind the damage that ended the one before.
        while !matches!(stream.read_all(MAX_RECORD), Ok(Some(_) | None)) {
            if !stream.resume(b"") {
                break;
            }
        }
    }
}

/// A MediaWiki dump.
pub fn mediawiki(data: &[u8]) {
    file(Kind::MediaWiki, "a.xml", data);
}

/// Wikitext.
pub fn wikitext(data: &[u8]) {
    let site = crate::wiki::Site::of(b"<mediawiki xml:lang=\"zh\">");
    let options = crate::wiki::Options::default();
    let page = crate::wiki::wikitext::Page {
        title: "Title",
        site: &site,
        options: &options,
    };
    let text = String::from_utf8_lossy(data);
    let _ = crate::wiki::wikitext::to_text(&text, &page);
}

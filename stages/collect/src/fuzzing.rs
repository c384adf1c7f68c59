//! What the fuzz targets call: one function a parser. Behind the feature `fuzzing`.

use std::io::Cursor;

use textmill_schemas::{Dropped, RawDocument};

use crate::config::{Config, Kind, SourceConfig};
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

/// A table of a Stack Exchange dump.
pub fn stack_exchange(data: &[u8]) {
    file(Kind::StackExchange, "Posts.xml", data);
}

/// Posts and comments as JSON lines.
pub fn comments(data: &[u8]) {
    file(Kind::Comments, "RC_2020-01", data);
}

/// A saved page of a forum, or Discourse's JSON.
pub fn forum_page(data: &[u8]) {
    file(Kind::Forum, "thread-1-2-1.html", data);
}

/// A 7z archive.
pub fn sevenz(data: &[u8]) {
    file(Kind::Auto, "a.7z", data);
}

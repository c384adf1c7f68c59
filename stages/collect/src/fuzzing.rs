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
    with_file(kind, name, |file, settings| {
        let input = Box::new(Cursor::new(data.to_vec()));
        let _ = read(input, data.len() as u64, file, settings, &mut Checked);
    });
}

fn with_file(kind: Kind, name: &str, read: impl FnOnce(&FileRef, &Settings)) {
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
    read(&file, &Settings::new(&config));
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

/// JSON.
pub fn json(data: &[u8]) {
    file(Kind::Json, "a.json", data);
}

/// Separated values, behind a header that is known.
pub fn csv(data: &[u8]) {
    file(Kind::Csv, "a.csv", &[b"text,title\n", data].concat());
    file(Kind::Tsv, "a.tsv", &[b"text\ttitle\n", data].concat());
}

/// An Apache Parquet table.
pub fn parquet(data: &[u8]) {
    caught();
    file(Kind::Parquet, "a.parquet", data);
}

/// An Apache Arrow table.
pub fn arrow(data: &[u8]) {
    caught();
    file(Kind::Parquet, "a.arrow", &[b"ARROW1\0\0", data].concat());
}

/// A document of a word processor: its bytes, and its main part in a sound package.
pub fn docx(data: &[u8]) {
    use std::io::Write;
    document(data);
    for part in ["word/document.xml", "content.xml"] {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        let written = zip.start_file(part, options).is_ok() && zip.write_all(data).is_ok();
        if let (true, Ok(zip)) = (written, zip.finish()) {
            document(&zip.into_inner());
        }
    }
}

/// Read directly: what a package is finds out the reader of archives.
fn document(data: &[u8]) {
    with_file(Kind::Docx, "a.docx", |file, settings| {
        let input = Box::new(Cursor::new(data.to_vec()));
        let _ = crate::document::docx::read(input, file, settings, &mut Checked);
    });
}

/// A PDF.
pub fn pdf(data: &[u8]) {
    caught();
    file(Kind::Pdf, "a.pdf", data);
}

/// Lets the readers catch the panics of libraries, at which the fuzzer's own hook would abort. A
/// panic that gets out of the readers still ends the run.
fn caught() {
    std::panic::set_hook(Box::new(|_| {}));
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

/// A ZIP archive.
pub fn zip(data: &[u8]) {
    file(Kind::Auto, "a.zip", data);
}

/// A TAR archive.
pub fn tar(data: &[u8]) {
    file(Kind::Auto, "a.tar", data);
}

/// A `robots.txt`, and a path to ask it for.
pub fn robots(data: &[u8]) {
    crate::fetch::fuzz_robots(data);
}

/// A sitemap, a feed or a list; and a page's asks to be kept out.
pub fn sitemap(data: &[u8]) {
    crate::fetch::fuzz_sitemap(data);
}

/// A feed.
pub fn feed(data: &[u8]) {
    file(Kind::Feed, "feed.xml", data);
}

/// A book, and the files in one.
pub fn epub(data: &[u8]) {
    file(Kind::Epub, "a.epub", data);
    crate::book::epub::parts(data);
}

/// A plain text of a book.
pub fn gutenberg(data: &[u8]) {
    file(Kind::Gutenberg, "a.txt", data);
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

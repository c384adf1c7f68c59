//! Reads one file, whatever it is.

use std::ops::Range;

use textmill_schemas::Reason;

use crate::input::{Damage, Input, Stream};
use crate::listing::Found;
use crate::record::{FileRef, Output, Place, Settings, Stop};
use crate::sniff::{self, Format};
use crate::{archive, book, document, feed, forum, hub, jsonl, plain, table, warc, wiki};

/// Reads a file of a listing.
pub(crate) fn read_file(
    found: &Found,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let reason = match &found.problem {
        Some((rule, detail)) => Reason::new(*rule).detail(detail.clone()),
        None => match found.open() {
            Ok(input) => {
                let stream = Stream::open(input);
                let part = found.part.as_ref();
                return read_opened(stream, found.size, part, file, settings, out);
            }
            Err(reason) => reason,
        },
    };
    out.reject(file.dropped(Place::default(), None, reason))
}

fn unreadable(error: &std::io::Error) -> Reason {
    Reason::new(Damage::rule(error, Damage::UNREADABLE)).detail(error.to_string())
}

/// Reads bytes of so many bytes on disk.
pub(crate) fn read(
    input: Box<dyn Input>,
    size: u64,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    read_opened(Stream::open(input), size, None, file, settings, out)
}

/// The same for bytes that come only once.
pub(crate) fn read_once(
    input: Box<dyn std::io::Read + Send>,
    size: u64,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    read_opened(Stream::open_once(input), size, None, file, settings, out)
}

fn read_opened(
    stream: std::io::Result<Stream>,
    size: u64,
    part: Option<&Range<u64>>,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let mut reject = |reason| out.reject(file.dropped(Place::default(), None, reason));
    let mut stream = match stream {
        Ok(stream) => stream,
        Err(error) => return reject(unreadable(&error)),
    };
    stream.bound(settings.max_ratio);
    let head = stream.peek(Stream::PEEK);
    if head.is_empty() {
        let Some(damage) = stream.damage() else {
            return reject(Reason::new("collect.empty"));
        };
        reject(damage.reason())?;
        // Nothing came out of the first gzip member, but a crawl may go on behind it.
        return match stream.resume(warc::MAGIC) {
            true => warc::read(&mut stream, file, settings, out),
            false => Ok(()),
        };
    }
    if hub::is_lfs_pointer(head) {
        let mend = "a pointer of Git LFS; run `git lfs pull` in the repository";
        return reject(Reason::new("collect.lfs_pointer").detail(mend));
    }
    let format = sniff::format(file.source.config.kind, head, &file.file);
    let site = (format == Format::MediaWiki).then(|| wiki::Site::of(head));
    // A table is cut between its groups of rows, which its directory tells.
    if let Some(part) = part
        && format != Format::Parquet
    {
        let prefix = if format == Format::Warc {
            warc::MAGIC
        } else {
            b""
        };
        stream.enter(part.clone(), prefix);
    }
    if let Some(site) = site {
        return wiki::dump::read(&mut stream, &site, file, settings, out);
    }
    match format {
        Format::Other(media_type) => reject(Reason::new("collect.media_type").detail(media_type)),
        Format::Tar | Format::Zip | Format::SevenZip if archive::is_too_deep(file) => {
            reject(archive::too_deep())
        }
        Format::Tar => archive::tar::read(stream, file, settings, out),
        Format::Parquet | Format::Zip | Format::SevenZip => {
            match stream.into_seekable(out.folder(), settings.max_spool) {
                Ok(input) => read_seekable(format, input, part, file, settings, out),
                Err(reason) => out.reject(file.dropped(Place::default(), None, reason)),
            }
        }
        _ => read_stream(format, &mut stream, size, file, settings, out),
    }
}

/// Reads formats whose directory stands at the end.
fn read_seekable(
    format: Format,
    input: Box<dyn Input>,
    part: Option<&Range<u64>>,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    match format {
        Format::Parquet => table::parquet::read(input, part, file, settings, out),
        Format::SevenZip => archive::sevenz::read(input, file, settings, out),
        _ => archive::zip::read(input, file, settings, out),
    }
}

/// Reads formats that stream.
fn read_stream(
    format: Format,
    stream: &mut Stream,
    size: u64,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    match format {
        Format::Html => plain::read(stream, size, "text/html", file, settings, out),
        Format::Markdown => plain::read(stream, size, "text/markdown", file, settings, out),
        Format::Warc => warc::read(stream, file, settings, out),
        Format::Arc => warc::arc::read(stream, file, settings, out),
        Format::JsonLines => jsonl::read(stream, file, settings, out),
        Format::Feed => feed::xml::read(stream, file, settings, out),
        Format::JsonFeed => feed::json::read(stream, file, settings, out),
        Format::StackExchange => forum::stack_exchange::read(stream, file, settings, out),
        Format::Comments => forum::comments::read(stream, file, settings, out),
        Format::ForumPage => forum::pages::read(stream, file, settings, out),
        Format::Gutenberg => book::gutenberg::read(stream, file, settings, out),
        Format::Json => table::json::read(stream, file, settings, out),
        Format::Csv(separator) => table::csv::read(stream, separator, file, settings, out),
        Format::Arrow => table::arrow::read(stream, file, settings, out),
        Format::Pdf => document::pdf::read(stream, file, settings, out),
        _ => plain::read(stream, size, "text/plain", file, settings, out),
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! Reads bytes as if they were a file.

    use std::io::{Cursor, Write};

    use super::*;
    use crate::config::{Config, SourceConfig};
    use crate::listing::Source;
    use crate::record::memory::Memory;

    pub(crate) struct TestSource {
        pub source: Source,
        pub settings: Settings,
    }

    impl TestSource {
        /// A file of the source.
        pub(crate) fn file<'a>(&'a self, name: &'a str) -> FileRef<'a> {
            FileRef {
                source: &self.source,
                file: name.into(),
                key: name.as_bytes(),
                member: None,
            }
        }
    }

    /// A ZIP archive of these files, as books and documents are.
    pub(crate) fn package(files: &[(&str, &str)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            let options = zip::write::SimpleFileOptions::default();
            zip.start_file(*name, options).unwrap();
            zip.write_all(content.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    pub(crate) fn source(kind: &str) -> TestSource {
        let json = format!(r#"{{"name": "s", "path": "p", "kind": "{kind}"}}"#);
        let config: SourceConfig = serde_json::from_str(&json).unwrap();
        TestSource {
            source: Source::new(&config).unwrap(),
            settings: Settings::new(&Config::default()),
        }
    }

    pub(crate) fn read_bytes(source: &TestSource, name: &str, bytes: Vec<u8>) -> Memory {
        let file = source.file(name);
        let mut out = Memory::default();
        let size = bytes.len() as u64;
        read(
            Box::new(Cursor::new(bytes)),
            size,
            &file,
            &source.settings,
            &mut out,
        )
        .unwrap();
        out
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::io::Write;

    use proptest::prelude::*;

    use super::testing::{read_bytes, source};

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn whole_files() {
        let auto = source("auto");
        let of = |name: &str, bytes: &[u8]| read_bytes(&auto, name, bytes.to_vec());
        let page = of("a.html", b"<html>x");
        assert_eq!(page.kept[0].media_type, "text/html");
        assert_eq!(page.kept[0].charset, None);
        assert_eq!(
            (page.kept[0].file.as_str(), page.kept[0].offset),
            ("a.html", 0)
        );
        assert_eq!(of("a.md", b"# T").kept[0].media_type, "text/markdown");
        assert_eq!(of("a.txt.gz", &gzip(b"words")).bodies(), ["words"]);
        let zstd = zstd::encode_all(&b"words"[..], 1).unwrap();
        assert_eq!(of("a.zst", &zstd).bodies(), ["words"]);
        assert_eq!(of("a", b"").rules(), ["collect.empty"]);
        assert_eq!(of("a.gz", &gzip(b"")).rules(), ["collect.empty"]);
        let png = of("a.html", b"\x89PNG\r\n\x1a\n");
        assert_eq!(png.rules(), ["collect.media_type"]);
        assert_eq!(png.dropped[0].detail.as_deref(), Some("image/png"));
        let whole = gzip(b"words words words");
        assert_eq!(
            of("a.gz", &whole[..whole.len() - 9]).rules(),
            ["collect.truncated"]
        );
        assert_eq!(of("a.gz", &whole[..12]).rules(), ["collect.truncated"]);
    }

    #[test]
    fn bombs_and_long_files_are_dropped() {
        let mut auto = source("auto");
        auto.settings.max_record = 1 << 20;
        let long = vec![b'a'; 2 << 20];
        for bytes in [gzip(&long), long] {
            let out = read_bytes(&auto, "a.txt", bytes);
            assert_eq!(out.rules(), ["collect.too_large"]);
            assert_eq!(out.dropped[0].limit, Some(1_048_576.0));
        }
    }

    proptest! {
        #[test]
        fn anything_ends_in_rows(
            kind in "auto|html|warc|wet|jsonl|text|markdown",
            start in prop::sample::select(vec![&b""[..], b"WARC/1.0\r\n", b"{\"text\"", b"<html>", b"\x1f\x8b\x08\0", b"\x28\xb5\x2f\xfd"]),
            bytes in prop::collection::vec(any::<u8>(), 0..500),
            packed in any::<bool>(),
        ) {
            let bytes = [start, &bytes].concat();
            let bytes = if packed { gzip(&bytes) } else { bytes };
            let out = read_bytes(&source(&kind), "a", bytes);
            let ids: HashSet<&String> = out.kept.iter().map(|row| &row.id).chain(out.dropped.iter().map(|row| &row.id)).collect();
            prop_assert_eq!(ids.len(), out.kept.len() + out.dropped.len());
            for row in &out.dropped {
                prop_assert!(row.rule.starts_with("collect."));
            }
        }
    }
}

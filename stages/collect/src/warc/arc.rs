//! ARC, the format of the Internet Archive before WARC: version 1 and 2, by the Archive's "ARC
//! File Format Reference" (1996).

use super::block::Blocks;
use super::content::{Contents, Head};
use super::{Fault, Record, reject_fault};
use crate::input::{Line, Stream};
use crate::record::{FileRef, Output, Place, Settings, Stop};

/// First bytes of a file.
pub(crate) const MAGIC: &[u8] = b"filedesc://";
/// Bytes of a record's line at most.
const MAX_LINE: u64 = 16 << 10;
/// Fields behind the address in a record's line: host, date, type, length; version 2 has status,
/// checksum, location, offset and file name before the length.
const FIELDS: [usize; 2] = [4, 9];

/// Reads the records of a file. After a damaged one reading goes on at the next line that can
/// begin one.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let mut blocks = Blocks { stream, magic: b"" };
    let mut line = Vec::new();
    let mut is_lost = false;
    loop {
        out.check()?;
        let found = blocks.find_record();
        let place = blocks.stream.place();
        let record = match found.map_err(Fault::Damage) {
            Ok(false) => return Ok(()),
            Ok(true) => record(&mut blocks, &mut line, place, file, settings),
            Err(fault) => Err(fault),
        };
        match record {
            // One row stands for all lines up to the next record.
            Err(Fault::Invalid(_)) if is_lost => continue,
            Err(Fault::Invalid(_)) => is_lost = true,
            _ => is_lost = false,
        }
        match record {
            Ok(Record::Document(row)) => out.keep(*row)?,
            Ok(Record::Unfit(url, reason)) => out.reject(file.dropped(place, url, reason))?,
            Ok(Record::Other) => out.count("warc_other_records"),
            Err(fault) => {
                let is_damage = matches!(fault, Fault::Damage(_));
                reject_fault(fault, place, file, out)?;
                if is_damage && !blocks.stream.resume(b"") {
                    return Ok(());
                }
            }
        }
    }
}

fn record(
    blocks: &mut Blocks,
    line: &mut Vec<u8>,
    place: Place,
    file: &FileRef,
    settings: &Settings,
) -> Result<Record, Fault> {
    match blocks.stream.read_line(line, MAX_LINE)? {
        Line::Whole => {}
        Line::TooLong(_) | Line::End => {
            return Err(Fault::Invalid("no line of an ARC record".into()));
        }
    }
    let Some(mut head) = head(&String::from_utf8_lossy(line)) else {
        return Err(Fault::Invalid(
            "no line of an ARC record: address, host, date, type and length".into(),
        ));
    };
    let is_http = blocks.stream.peek(5) == b"HTTP/" || blocks.stream.peek(4) == b"ICY ";
    if is_http
        && let Some((_, media)) = head
            .fields
            .iter_mut()
            .find(|(name, _)| name == "content-type")
    {
        "application/http".clone_into(media);
    }
    let mut contents = Contents {
        blocks,
        file,
        settings,
    };
    contents.read(place, &head)
}

/// A record's line as the head of a WARC record.
fn head(line: &str) -> Option<Head> {
    FIELDS.into_iter().find_map(|count| {
        let mut fields: Vec<&str> = line.trim_end().rsplitn(count + 1, ' ').collect();
        let url = fields.pop()?.trim();
        fields.reverse();
        let [_, date, media, .., length] = fields.as_slice() else {
            return None;
        };
        let time = time(date)?;
        if fields.len() != count || !url.contains(':') {
            return None;
        }
        let of = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        // The first record describes the file.
        let kind = if url.starts_with("filedesc:") {
            "warcinfo"
        } else {
            "response"
        };
        Some(Head {
            length: length.parse().ok()?,
            fields: vec![
                of("warc-type", kind),
                of("warc-target-uri", url),
                of("warc-date", &time),
                of("content-type", media),
            ],
        })
    })
}

/// `YYYYMMDDhhmmss` as RFC 3339.
fn time(date: &str) -> Option<String> {
    if date.len() < 8 || !date.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize| date.get(from..from + 2).unwrap_or("00");
    Some(format!(
        "{}-{}-{}T{}:{}:{}Z",
        date.get(..4)?,
        part(4),
        part(6),
        part(8),
        part(10),
        part(12)
    ))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use crate::reader::testing::{read_bytes, source};
    use crate::record::memory::Memory;

    const VERSION: &str = "1 0 Test\nURL IP-address Archive-date Content-type Archive-length\n";

    fn first() -> String {
        let length = VERSION.len();
        format!("filedesc://a.arc 0.0.0.0 20140216050221 text/plain {length}\n{VERSION}\n")
    }

    fn page(url: &str, body: &str) -> String {
        let block = format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n{body}");
        let length = block.len();
        format!("{url} 1.2.3.4 20140216050221 text/html {length}\n{block}\n")
    }

    fn read(bytes: impl Into<Vec<u8>>) -> Memory {
        read_bytes(&source("auto"), "a.arc", bytes.into())
    }

    #[test]
    fn both_versions() {
        let second =
            page("http://x/2", "<p>2").replace(" text/html ", " text/html 200 AB - 77 a.arc ");
        let dns = "dns:x 1.2.3.4 20140216050221 text/dns 7\n1.2.3.4\n";
        let file = first() + &page("http://x/a b", "<p>1") + dns + &second;
        let by_record: Vec<u8> = [
            first(),
            page("http://x/a b", "<p>1"),
            dns.to_owned(),
            second,
        ]
        .iter()
        .flat_map(|record| {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(record.as_bytes()).unwrap();
            encoder.finish().unwrap()
        })
        .collect();
        for out in [read(file), read(by_record)] {
            assert_eq!(out.bodies(), ["<p>1", "<p>2"]);
            assert_eq!(out.rules(), ["collect.media_type"]);
            assert_eq!(out.kept[0].url.as_deref(), Some("http://x/a b"));
            assert_eq!(out.kept[0].time.as_deref(), Some("2014-02-16T05:02:21Z"));
        }
    }

    #[test]
    fn bad_lines_and_cut_files() {
        let bad = page("http://x/b", "<p>b").replace(" text/html ", " text/html -");
        let file = first() + &page("http://x/1", "<p>1") + &bad + &page("http://x/2", "<p>2");
        let out = read(file.clone());
        assert_eq!(out.bodies(), ["<p>1", "<p>2"]);
        assert_eq!(out.rules(), ["collect.invalid_record"]);
        let out = read(&file.as_bytes()[..file.len() - 3]);
        assert_eq!(out.rules(), ["collect.invalid_record", "collect.truncated"]);
    }

    proptest! {
        #[test]
        fn any_damage_ends_in_rows(at in any::<prop::sample::Index>(), with in prop::collection::vec(any::<u8>(), 0..20)) {
            let mut file = (first() + &page("http://x/1", "<p>1") + &page("http://x/2", "<p>2") + &page("http://x/3", "<p>3")).into_bytes();
            let at = first().len() + at.index(file.len() - first().len());
            let end = (at + 10).min(file.len());
            file.splice(at..end, with);
            let out = read(file);
            prop_assert!(!out.kept.is_empty());
        }
    }
}

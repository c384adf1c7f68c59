//! WARC (ISO 28500) and WET: records of a web crawl.

use textmill_schemas::{RawDocument, Reason};

use crate::http::{self, MediaType};
use crate::input::{Damage, Stream};
use crate::record::{FileRef, Output, Place, Settings, Stop, too_large};
use crate::{sniff, time};

/// First bytes of every record.
pub(crate) const MAGIC: &[u8] = b"WARC/";
/// Bytes of a record's or response's head at most.
const MAX_HEAD: usize = 256 << 10;
/// Bytes that tell what a body is.
const SNIFFED: usize = 4096;

/// Reads the records of a file. A damaged one is a dropped row, and reading goes on at the next.
pub(crate) fn read(
    stream: &mut Stream,
    file: &FileRef,
    settings: &Settings,
    out: &mut impl Output,
) -> Result<(), Stop> {
    let mut reader = Reader {
        stream,
        file,
        limit: settings.max_record,
    };
    loop {
        out.check()?;
        match reader.find_record() {
            Ok(true) if reader.is_over() => return Ok(()),
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(damage) => {
                let place = reader.place_of(&damage);
                out.reject(file.dropped(place, None, damage.reason()))?;
                if !reader.stream.resume(MAGIC) {
                    return Ok(());
                }
                continue;
            }
        }
        let place = reader.stream.place();
        match reader.record(place) {
            Ok(Record::Document(row)) => out.keep(*row)?,
            Ok(Record::Unfit(url, reason)) => out.reject(file.dropped(place, url, reason))?,
            Ok(Record::Other) => out.count("warc_other_records"),
            Err(Fault::Damage(damage)) => {
                out.reject(file.dropped(place, None, damage.reason()))?;
                if !reader.stream.resume(MAGIC) {
                    return Ok(());
                }
            }
            Err(Fault::Cut(detail)) => {
                let reason = Reason::new("collect.truncated").detail(detail);
                out.reject(file.dropped(place, None, reason))?;
            }
            Err(Fault::Invalid(detail)) => {
                let reason = Reason::new("collect.invalid_record").detail(detail);
                out.reject(file.dropped(place, None, reason))?;
                if !reader.find_next() {
                    return Ok(());
                }
            }
        }
    }
}

/// What became of a whole record.
enum Record {
    Document(Box<RawDocument>),
    Unfit(Option<String>, Reason),
    Other,
}

/// Why a record is not whole.
enum Fault {
    /// The bytes of the file are damaged.
    Damage(Damage),
    /// The record ends before its length; the next one begins here.
    Cut(String),
    /// It is no valid record; where the next one begins is not known.
    Invalid(String),
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}

/// The head of a record.
struct Head {
    fields: Vec<(String, String)>,
    length: u64,
}

impl Head {
    fn get(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(field, _)| field == name);
        field
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The address; some writers put it in angle brackets.
    fn url(&self) -> Option<String> {
        let url = self.get("warc-target-uri")?;
        let bare = url.strip_prefix('<').and_then(|url| url.strip_suffix('>'));
        Some(bare.unwrap_or(url).trim().to_owned())
    }
}

struct Reader<'a> {
    stream: &'a mut Stream,
    file: &'a FileRef<'a>,
    limit: u64,
}

impl Reader<'_> {
    /// Skips line ends before a record; false at the end of the file.
    fn find_record(&mut self) -> Result<bool, Damage> {
        loop {
            let chunk = self.stream.fill()?;
            if chunk.is_empty() {
                return Ok(false);
            }
            let ends = line_ends(chunk);
            if ends == 0 {
                return Ok(true);
            }
            self.stream.consume(ends);
        }
    }

    /// Whether the record that begins here belongs to the next part of the file, which begins
    /// with a member that begins with a record.
    fn is_over(&mut self) -> bool {
        self.stream.is_over()
            && (!self.stream.is_compressed()
                || (self.stream.at_member_start() && self.stream.peek(MAGIC.len()) == MAGIC))
    }

    fn place_of(&self, damage: &Damage) -> Place {
        if self.stream.is_here(damage) {
            return self.stream.place();
        }
        Place {
            offset: damage.member,
            inside_member: false,
            ..Place::default()
        }
    }

    /// Goes to the next line that begins a record.
    fn find_next(&mut self) -> bool {
        let mut line = Vec::new();
        loop {
            if self.stream.peek(MAGIC.len()) == MAGIC {
                return true;
            }
            match self.stream.read_line(&mut line, 0) {
                Ok(crate::input::Line::End) => return false,
                Ok(_) => {}
                // The row for the record stands for this damage too.
                Err(_) => return self.stream.resume(MAGIC),
            }
        }
    }

    fn record(&mut self, place: Place) -> Result<Record, Fault> {
        let head = self.head()?;
        let mut left = head.length;
        let kind = head
            .get("warc-type")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let found = match kind.as_str() {
            // What crawlers write about themselves (wget: arguments, log) is no document.
            "resource" if head.url().is_some_and(|url| url.starts_with("metadata:")) => None,
            "response" if self.is_http(&head) => self.response(&head, &mut left)?,
            "response" | "resource" | "conversion" => self.resource(&head, &kind, &mut left)?,
            _ => None,
        };
        self.skip(&mut left)?;
        self.end(head.length)?;
        Ok(match found {
            None => Record::Other,
            Some(Err(reason)) => Record::Unfit(head.url(), reason),
            Some(Ok((media, body))) => match self.document(place, &head, media, body) {
                Ok(row) => Record::Document(Box::new(row)),
                Err(reason) => Record::Unfit(head.url(), reason),
            },
        })
    }

    fn head(&mut self) -> Result<Head, Fault> {
        if self.stream.peek(MAGIC.len()) != MAGIC {
            return Err(Fault::Invalid(
                "no WARC version line where a record should begin".into(),
            ));
        }
        let mut unbounded = u64::MAX;
        let (bytes, whole) = self.head_bytes(&mut unbounded)?;
        if !whole {
            return Err(Fault::Invalid(format!(
                "the record's head does not end within {MAX_HEAD} bytes"
            )));
        }
        let lines = bytes.split(|byte| *byte == b'\n').skip(1);
        let fields = http::fields(lines);
        let mut head = Head { fields, length: 0 };
        let length = head.get("content-length").map(str::parse);
        head.length = match length {
            Some(Ok(length)) => length,
            Some(Err(_)) => return Err(Fault::Invalid("Content-Length is not a number".into())),
            None => return Err(Fault::Invalid("no Content-Length".into())),
        };
        Ok(head)
    }

    /// Reads lines up to a blank one, or up to `left` bytes; says whether it was found or the
    /// bytes are over.
    fn head_bytes(&mut self, left: &mut u64) -> Result<(Vec<u8>, bool), Fault> {
        let mut bytes = Vec::new();
        let mut line_start = 0;
        while *left > 0 && bytes.len() < MAX_HEAD {
            let room = (MAX_HEAD - bytes.len()) as u64;
            let chunk = self.stream.fill()?;
            if chunk.is_empty() {
                return Err(Fault::Cut("the file ends inside a head".into()));
            }
            let chunk = chunk.get(..room.min(*left) as usize).unwrap_or(chunk);
            let feed = memchr::memchr(b'\n', chunk);
            let read = feed.map_or(chunk.len(), |feed| feed + 1);
            bytes.extend_from_slice(chunk.get(..read).unwrap_or(chunk));
            self.stream.consume(read);
            *left -= read as u64;
            if feed.is_some() {
                let line = bytes.get(line_start..).unwrap_or_default();
                if line_ends(line) == line.len() {
                    return Ok((bytes, true));
                }
                line_start = bytes.len();
            }
        }
        let whole = *left == 0;
        Ok((bytes, whole))
    }

    /// Whether a response is an HTTP message, by type or, without one, by its first bytes.
    fn is_http(&mut self, head: &Head) -> bool {
        match head.get("content-type") {
            Some(value) => http::media_type(value).essence == "application/http",
            None => self.stream.peek(5) == b"HTTP/",
        }
    }

    fn response(&mut self, record: &Head, left: &mut u64) -> Result<Option<Found>, Fault> {
        let (bytes, whole) = self.head_bytes(left)?;
        if !whole {
            let detail = format!("the HTTP head does not end within {MAX_HEAD} bytes");
            return Ok(Some(
                Err(Reason::new("collect.invalid_http").detail(detail)),
            ));
        }
        let head = match http::parse(&bytes) {
            Ok(head) => head,
            Err(detail) => {
                return Ok(Some(
                    Err(Reason::new("collect.invalid_http").detail(detail)),
                ));
            }
        };
        if head.status != 200 {
            let reason = Reason::new("collect.http_status").measured(head.status.into(), 200.0);
            return Ok(Some(Err(reason)));
        }
        let mut media = head
            .content_type
            .as_deref()
            .map(http::media_type)
            .unwrap_or_default();
        if is_vague(&media.essence)
            && let Some(payload) = record.get("warc-identified-payload-type")
        {
            media.essence = http::media_type(payload).essence;
        }
        if !is_vague(&media.essence) && !is_document(&media.essence) {
            return Ok(Some(Err(
                Reason::new("collect.media_type").detail(media.essence)
            )));
        }
        if *left > self.limit {
            return Ok(Some(Err(too_large(*left, self.limit))));
        }
        let body = self.body(left)?;
        Ok(Some(
            http::decode(&head, body, self.limit).map(|body| (media, body)),
        ))
    }

    fn resource(
        &mut self,
        head: &Head,
        kind: &str,
        left: &mut u64,
    ) -> Result<Option<Found>, Fault> {
        let mut media = head
            .get("content-type")
            .map(http::media_type)
            .unwrap_or_default();
        if !is_vague(&media.essence) && !is_document(&media.essence) {
            return Ok(Some(Err(
                Reason::new("collect.media_type").detail(media.essence)
            )));
        }
        if *left > self.limit {
            return Ok(Some(Err(too_large(*left, self.limit))));
        }
        // Text extracted by a crawler is UTF-8, whatever the page was.
        if kind == "conversion" && media.charset.is_none() {
            media.charset = Some("utf-8".to_owned());
        }
        let body = self.body(left)?;
        Ok(Some(Ok((media, body))))
    }

    fn document(
        &self,
        place: Place,
        head: &Head,
        media: MediaType,
        body: Vec<u8>,
    ) -> Result<RawDocument, Reason> {
        if body.trim_ascii().is_empty() {
            return Err(Reason::new("collect.empty"));
        }
        let media_type = check_media_type(media.essence, &body)?;
        let language = head.get("warc-identified-content-language");
        let language = language.and_then(|list| list.split(',').next());
        Ok(RawDocument {
            url: head.url(),
            media_type,
            charset: media.charset,
            time: head.get("warc-date").and_then(time::rfc3339),
            lang: language.map(|language| language.trim().to_owned()),
            body,
            ..self.file.document(place)
        })
    }

    fn body(&mut self, left: &mut u64) -> Result<Vec<u8>, Fault> {
        // The length is only what the record claims.
        let mut body = Vec::with_capacity((*left).min(1 << 20) as usize);
        self.through(left, |chunk| body.extend_from_slice(chunk))?;
        Ok(body)
    }

    fn skip(&mut self, left: &mut u64) -> Result<(), Fault> {
        self.through(left, |_| {})
    }

    /// Reads what is left of a block, but not into the next record of a shortened one.
    fn through(&mut self, left: &mut u64, mut take: impl FnMut(&[u8])) -> Result<(), Fault> {
        while *left > 0 {
            self.stream.fill()?;
            if self.stream.at_member_start() && self.stream.peek(MAGIC.len()) == MAGIC {
                return Err(Fault::Cut(format!(
                    "the next record begins {left} bytes before this one's Content-Length"
                )));
            }
            let chunk = self.stream.fill()?;
            if chunk.is_empty() {
                return Err(Fault::Cut(format!(
                    "the file ends {left} bytes before the record's Content-Length"
                )));
            }
            let read = usize::try_from(*left)
                .unwrap_or(usize::MAX)
                .min(chunk.len());
            take(chunk.get(..read).unwrap_or(chunk));
            self.stream.consume(read);
            *left -= read as u64;
        }
        Ok(())
    }

    /// Checks that a record ends where its length says, and that its gzip member is sound.
    fn end(&mut self, length: u64) -> Result<(), Fault> {
        let mut lines = 0;
        loop {
            match self.stream.fill().map(<[u8]>::is_empty) {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(damage) if self.stream.is_here(&damage) => return Err(damage.into()),
                // That is the next member's affair.
                Err(_) => return Ok(()),
            }
            if self.stream.at_member_start() {
                return Ok(());
            }
            let chunk = self.stream.fill()?;
            let ends = line_ends(chunk);
            if ends == 0 {
                break;
            }
            let ended = chunk.get(..ends).unwrap_or_default();
            lines += memchr::memchr_iter(b'\n', ended).count();
            self.stream.consume(ends);
        }
        // After the two line ends of the standard, whatever follows is not this record's fault.
        if lines >= 2 || self.stream.peek(MAGIC.len()) == MAGIC {
            return Ok(());
        }
        Err(Fault::Invalid(format!(
            "Content-Length {length} does not lead to the next record"
        )))
    }
}

/// A body and its media type, or why there is none.
type Found = Result<(MediaType, Vec<u8>), Reason>;

fn line_ends(bytes: &[u8]) -> usize {
    let is_end = |byte: &&u8| matches!(**byte, b'\r' | b'\n');
    bytes.iter().take_while(is_end).count()
}

/// Media types of documents.
fn is_document(essence: &str) -> bool {
    matches!(
        essence,
        "text/html" | "application/xhtml+xml" | "text/plain" | "text/markdown"
    )
}

/// Media types that say nothing: the body decides.
fn is_vague(essence: &str) -> bool {
    !essence.contains('/') || matches!(essence, "application/octet-stream" | "application/unknown")
}

/// The media type of a body, corrected by its first bytes where that is safe.
fn check_media_type(essence: String, body: &[u8]) -> Result<String, Reason> {
    let head = body.get(..SNIFFED).unwrap_or(body);
    if let Some(other) = sniff::binary(head) {
        return Err(Reason::new("collect.media_type")
            .detail(format!("{other} in a body declared as {essence:?}")));
    }
    if !is_vague(&essence) {
        return Ok(essence);
    }
    Ok(if sniff::is_html(head) {
        "text/html".to_owned()
    } else {
        "text/plain".to_owned()
    })
}

#[cfg(test)]
mod tests;

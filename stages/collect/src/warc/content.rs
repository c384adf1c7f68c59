//! What a record holds: a page, a text, or something else.

use serde::Deserialize;
use textmill_schemas::{RawDocument, Reason};

use super::block::Blocks;
use super::digest::Digest;
use super::{Fault, MAX_HEAD, Record};
use crate::http::{self, MediaType};
use crate::record::{FileRef, Place, Settings, too_large};
use crate::{sniff, time};

/// Bytes that tell what a body is.
const SNIFFED: usize = 4096;
/// HTTP heads before that of the answer (`100 Continue`) at most.
const MAX_INTERIM: usize = 8;

/// The head of a record.
pub(super) struct Head {
    /// Names in lower case, and values.
    pub fields: Vec<(String, String)>,
    /// Bytes of the block.
    pub length: u64,
}

impl Head {
    /// The first value of a field, if it says anything.
    pub fn get(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(field, _)| field == name);
        field
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// The address; some writers put it in angle brackets.
    pub fn url(&self) -> Option<String> {
        let url = self.get("warc-target-uri")?;
        let bare = url.strip_prefix('<').and_then(|url| url.strip_suffix('>'));
        Some(bare.unwrap_or(url).trim().to_owned())
    }

    /// Whether the crawler says that it did not store the whole.
    pub fn is_truncated(&self) -> bool {
        self.get("warc-truncated").is_some()
    }

    fn type_name(&self) -> String {
        self.get("warc-type")
            .unwrap_or_default()
            .to_ascii_lowercase()
    }
}

/// What a record's block came to.
enum Content {
    /// A body with its media type.
    Body(MediaType, Vec<u8>),
    /// No document, for this reason.
    Unfit(Reason),
    /// Nothing that is a document.
    Other,
}

/// Reads the contents of records.
pub(super) struct Contents<'a, 'b> {
    pub blocks: &'b mut Blocks<'a>,
    pub file: &'b FileRef<'b>,
    pub settings: &'b Settings,
}

impl Contents<'_, '_> {
    /// Reads the block of a record to its end.
    pub fn read(&mut self, place: Place, head: &Head) -> Result<Record, Fault> {
        let mut left = head.length;
        let content = self.content(head, &mut left)?;
        self.blocks.skip(&mut left)?;
        self.blocks.end(head.length)?;
        Ok(match content {
            Content::Other => Record::Other,
            Content::Unfit(reason) => Record::Unfit(head.url(), reason),
            Content::Body(media, body) => match self.document(place, head, media, body) {
                Ok(row) => Record::Document(Box::new(row)),
                Err(reason) => Record::Unfit(head.url(), reason),
            },
        })
    }

    fn content(&mut self, head: &Head, left: &mut u64) -> Result<Content, Fault> {
        let is_own = |url: String| url.starts_with("metadata:");
        Ok(match head.type_name().as_str() {
            // What crawlers write about themselves (wget: arguments, log) is no document.
            "resource" if head.url().is_some_and(is_own) => Content::Other,
            "response" if self.is_http(head) => self.response(head, left)?,
            "response" | "resource" | "conversion" => self.resource(head, left)?,
            "revisit" => Content::Unfit(revisit(head)),
            "metadata" => self.metadata(head, left)?,
            "continuation" => {
                let detail = "a further segment of a record";
                Content::Unfit(Reason::new("collect.continuation").detail(detail))
            }
            _ => Content::Other,
        })
    }

    /// Whether a response is an HTTP message, by type or, without one, by its first bytes.
    fn is_http(&mut self, head: &Head) -> bool {
        match head.get("content-type") {
            Some(value) => http::media_type(value).essence == "application/http",
            None => self.blocks.stream.peek(5) == b"HTTP/",
        }
    }

    fn response(&mut self, record: &Head, left: &mut u64) -> Result<Content, Fault> {
        let unfit = |reason| Ok(Content::Unfit(reason));
        let invalid = |detail: String| Reason::new("collect.invalid_http").detail(detail);
        let mut block = Vec::new();
        let mut interim = 0;
        let head = loop {
            let (bytes, whole) = self.blocks.head_bytes(left)?;
            if !whole {
                return unfit(invalid(format!(
                    "the HTTP head does not end within {MAX_HEAD} bytes"
                )));
            }
            let parsed = http::parse(&bytes);
            block.extend(bytes);
            match parsed {
                Ok(head) if head.status / 100 == 1 && interim < MAX_INTERIM => interim += 1,
                Ok(head) => break head,
                Err(detail) => return unfit(invalid(detail)),
            }
        };
        // 203: changed by a proxy on the way.
        if !matches!(head.status, 200 | 203) {
            let status = head.status.into();
            return unfit(Reason::new("collect.http_status").measured(status, 200.0));
        }
        let mut media = http::media_type(head.content_type.as_deref().unwrap_or_default());
        if is_vague(&media.essence)
            && let Some(payload) = record.get("warc-identified-payload-type")
        {
            media.essence = http::media_type(payload).essence;
        }
        if let Some(reason) = self.unwanted(&media, *left) {
            return unfit(reason);
        }
        let body = self.blocks.body(left)?;
        Ok(match self.decoded(record, &head, &block, body) {
            Ok(body) => Content::Body(media, body),
            Err(reason) => Content::Unfit(reason),
        })
    }

    /// The body of a response as it is read, its digests checked on the way.
    fn decoded(
        &self,
        record: &Head,
        head: &http::Head,
        block: &[u8],
        body: Vec<u8>,
    ) -> Result<Vec<u8>, Reason> {
        let payload = self.check_block(record, &[block, &body])?;
        // Crawlers take the digest of the payload as it came, without its chunks, or decoded.
        let fits = |body: &[u8]| payload.as_ref().is_none_or(|digest| digest.fits(&[body]));
        let mut fitted = fits(&body);
        let joined = http::join(head, body);
        fitted = fitted || (head.chunked && fits(&joined));
        let limit = self.settings.max_record;
        let stored = joined.len();
        let decoded = http::decode(head, joined, limit, record.is_truncated())?;
        fitted = fitted || (decoded.len() != stored && fits(&decoded));
        match fitted {
            true => Ok(decoded),
            false => Err(mismatch("WARC-Payload-Digest")),
        }
    }

    /// Checks the digest of a block; gives that of the payload, if it is to be checked.
    fn check_block(&self, head: &Head, block: &[&[u8]]) -> Result<Option<Digest>, Reason> {
        if !self.settings.check_digests || head.is_truncated() {
            return Ok(None);
        }
        let digest = |name| head.get(name).and_then(Digest::parse);
        if digest("warc-block-digest").is_some_and(|digest| !digest.fits(block)) {
            return Err(mismatch("WARC-Block-Digest"));
        }
        // That of a payload in segments is taken over all of them.
        Ok(match head.get("warc-segment-number") {
            Some(_) => None,
            None => digest("warc-payload-digest"),
        })
    }

    fn resource(&mut self, head: &Head, left: &mut u64) -> Result<Content, Fault> {
        let mut media = http::media_type(head.get("content-type").unwrap_or_default());
        if let Some(reason) = self.unwanted(&media, *left) {
            return Ok(Content::Unfit(reason));
        }
        // Text extracted by a crawler is UTF-8, whatever the page was.
        if head.type_name() == "conversion" && media.charset.is_none() {
            media.charset = Some("utf-8".to_owned());
        }
        let body = self.blocks.body(left)?;
        Ok(match self.check_block(head, &[&body]) {
            Err(reason) => Content::Unfit(reason),
            Ok(Some(payload)) if !payload.fits(&[&body]) => {
                Content::Unfit(mismatch("WARC-Payload-Digest"))
            }
            Ok(_) => Content::Body(media, body),
        })
    }

    /// A reason not to read a body: what it is, or its length.
    fn unwanted(&self, media: &MediaType, length: u64) -> Option<Reason> {
        let limit = self.settings.max_record;
        if !is_vague(&media.essence) && !is_document(&media.essence) {
            let essence = media.essence.clone();
            return Some(Reason::new("collect.media_type").detail(essence));
        }
        (length > limit).then(|| too_large(length, limit))
    }

    /// Metadata of a page in a WAT file says much about it, but not its text. Other metadata, and
    /// that of requests, is about no document.
    fn metadata(&mut self, head: &Head, left: &mut u64) -> Result<Content, Fault> {
        let media = http::media_type(head.get("content-type").unwrap_or_default());
        if media.essence != "application/json" || *left > self.settings.max_record {
            return Ok(Content::Other);
        }
        let body = self.blocks.body(left)?;
        let about = serde_json::from_slice::<Wat>(&body);
        let about = about.map(|wat| wat.envelope.header.record_type);
        Ok(match about.as_deref() {
            Ok("response" | "resource" | "conversion") => Content::Unfit(
                Reason::new("collect.metadata")
                    .detail("about a page, without its text; read the crawl's WARC or WET files"),
            ),
            Ok(_) => Content::Other,
            Err(error) => {
                let detail = format!("metadata: {error}");
                Content::Unfit(Reason::new("collect.invalid_json").detail(detail))
            }
        })
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
}

/// The part of a WAT record that tells what it is about.
#[derive(Deserialize)]
struct Wat {
    #[serde(rename = "Envelope", default)]
    envelope: Envelope,
}

#[derive(Default, Deserialize)]
struct Envelope {
    #[serde(rename = "WARC-Header-Metadata", default)]
    header: WatHeader,
}

#[derive(Default, Deserialize)]
struct WatHeader {
    #[serde(rename = "WARC-Type", default)]
    record_type: String,
}

/// The page was the same as one that was stored before: in this crawl it is there already.
fn revisit(head: &Head) -> Reason {
    let url = head.get("warc-refers-to-target-uri");
    let date = head.get("warc-refers-to-date");
    let of = url.or(head.get("warc-refers-to")).unwrap_or("a page");
    let at = date.map_or(String::new(), |date| format!(" of {date}"));
    Reason::new("collect.revisit").detail(format!("the same as {of}{at}"))
}

fn mismatch(name: &str) -> Reason {
    Reason::new("collect.digest").detail(format!("{name} does not match the record"))
}

/// Media types of documents.
fn is_document(essence: &str) -> bool {
    matches!(
        essence,
        "text/html" | "application/xhtml+xml" | "text/plain" | "text/markdown" | "text/x-markdown"
    )
}

/// Media types that say nothing: the body decides.
fn is_vague(essence: &str) -> bool {
    !essence.contains('/')
        || matches!(
            essence,
            "application/octet-stream" | "application/unknown" | "*/*" | "unk" | "no-type"
        )
}

/// The media type of a body, corrected by its first bytes where that is safe.
fn check_media_type(essence: String, body: &[u8]) -> Result<String, Reason> {
    let head = body.get(..SNIFFED).unwrap_or(body);
    if let Some(other) = sniff::binary(head) {
        return Err(Reason::new("collect.media_type")
            .detail(format!("{other} in a body declared as {essence:?}")));
    }
    Ok(match essence.as_str() {
        "text/x-markdown" => "text/markdown".to_owned(),
        _ if !is_vague(&essence) => essence,
        _ if sniff::is_html(head) => "text/html".to_owned(),
        _ => "text/plain".to_owned(),
    })
}

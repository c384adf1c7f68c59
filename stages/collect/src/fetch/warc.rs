//! Records of WARC 1.1 (ISO 28500:2017), each a gzip member.

use std::io::Write;

use data_encoding::BASE32;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use sha1::{Digest, Sha1};

use super::client::Exchange;

/// A record that is not yet written.
pub(crate) struct Record {
    /// Its identity.
    pub id: String,
    fields: Vec<(&'static str, String)>,
    block: Vec<u8>,
}

impl Record {
    fn new(
        kind: &str,
        time: Timestamp,
        uri: Option<&str>,
        media_type: &str,
        block: Vec<u8>,
    ) -> Self {
        let date = date(time);
        let id = identity(&[
            kind.as_bytes(),
            &time.as_nanosecond().to_le_bytes(),
            uri.unwrap_or("").as_bytes(),
            &block,
        ]);
        let mut fields = vec![
            ("WARC-Type", kind.to_owned()),
            ("WARC-Record-ID", id.clone()),
            ("WARC-Date", date),
        ];
        fields.extend(uri.map(|uri| ("WARC-Target-URI", uri.to_owned())));
        fields.push(("WARC-Block-Digest", digest(&[&block])));
        fields.push(("Content-Type", media_type.to_owned()));
        Self { id, fields, block }
    }

    /// Says who wrote a file.
    pub fn info(name: &str, user_agent: &str, time: Timestamp) -> Self {
        let text = format!(
            "software: textmill/{}\r\nformat: WARC File Format 1.1\r\n\
            conformsTo: https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/\r\n\
            http-header-user-agent: {user_agent}\r\nrobots: obey\r\n",
            env!("CARGO_PKG_VERSION")
        );
        let mut record = Self::new(
            "warcinfo",
            time,
            None,
            "application/warc-fields",
            text.into_bytes(),
        );
        record.fields.push(("WARC-Filename", name.to_owned()));
        record
    }

    /// An answer.
    pub fn response(exchange: &Exchange) -> Self {
        let block = [exchange.head.as_slice(), &exchange.body].concat();
        let mut record = Self::of("response", "response", exchange, block);
        record
            .fields
            .push(("WARC-Payload-Digest", digest(&[&exchange.body])));
        if exchange.is_cut {
            record.fields.push(("WARC-Truncated", "length".to_owned()));
        }
        record
    }

    /// The request that an answer answers.
    pub fn request(exchange: &Exchange, response: &str) -> Self {
        let mut record = Self::of("request", "request", exchange, exchange.request.clone());
        record
            .fields
            .push(("WARC-Concurrent-To", response.to_owned()));
        record
    }

    /// An answer that an older one still holds, of these identity, address, date and digest.
    pub fn revisit(exchange: &Exchange, not_modified: bool, old: [&str; 4]) -> Self {
        let profile = match not_modified {
            true => "server-not-modified",
            false => "identical-payload-digest",
        };
        let mut record = Self::of("revisit", "response", exchange, exchange.head.clone());
        let profile = format!("http://netpreserve.org/warc/1.1/revisit/{profile}");
        record.fields.push(("WARC-Profile", profile));
        let [id, uri, date, digest] = old.map(str::to_owned);
        record.fields.extend([
            ("WARC-Refers-To", id),
            ("WARC-Refers-To-Target-URI", uri),
            ("WARC-Refers-To-Date", date),
            ("WARC-Payload-Digest", digest),
        ]);
        record
    }

    /// Why an address has no document.
    pub fn failure(uri: &str, rule: &str, detail: &str, time: Timestamp) -> Self {
        let detail = detail.replace(['\r', '\n'], " ");
        let text = format!("fetchError: {rule}\r\nfetchErrorDetail: {detail}\r\n");
        let media_type = "application/warc-fields";
        Self::new("metadata", time, Some(uri), media_type, text.into_bytes())
    }

    fn of(kind: &str, message: &str, exchange: &Exchange, block: Vec<u8>) -> Self {
        let media_type = format!("application/http; msgtype={message}");
        let uri = Some(exchange.url.as_str());
        let mut record = Self::new(kind, exchange.time, uri, &media_type, block);
        let address = exchange.address.map(|address| address.to_string());
        record
            .fields
            .extend(address.map(|address| ("WARC-IP-Address", address)));
        record
    }

    /// The record as a gzip member.
    pub fn packed(&self) -> std::io::Result<Vec<u8>> {
        let mut out = GzEncoder::new(Vec::new(), Compression::default());
        out.write_all(b"WARC/1.1\r\n")?;
        for (name, value) in &self.fields {
            write!(out, "{name}: {value}\r\n")?;
        }
        write!(out, "Content-Length: {}\r\n\r\n", self.block.len())?;
        out.write_all(&self.block)?;
        out.write_all(b"\r\n\r\n")?;
        out.finish()
    }
}

/// A time as WARC writes it.
pub(crate) fn date(time: Timestamp) -> String {
    let whole = Timestamp::from_second(time.as_second()).unwrap_or(time);
    whole.to_string()
}

/// SHA-1 in base 32, as crawlers write it.
pub(crate) fn digest(parts: &[&[u8]]) -> String {
    let mut hasher = Sha1::new();
    for part in parts {
        hasher.update(part);
    }
    format!("sha1:{}", BASE32.encode(&hasher.finalize()))
}

/// A UUID of version 8 (RFC 9562), made of what the record says: the same record, the same name.
fn identity(parts: &[&[u8]]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    let number = u128::from_be_bytes(bytes);
    let number = number & !(0xf << 76) | 8 << 76; // version
    let number = number & !(3 << 62) | 2 << 62; // variant
    let hex = format!("{number:032x}");
    let mut uuid = String::from("<urn:uuid:");
    for (index, digit) in hex.chars().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            uuid.push('-');
        }
        uuid.push(digit);
    }
    uuid + ">"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_and_names() {
        assert_eq!(
            digest(&[b"", b"abc"]),
            "sha1:VGMT4NSHA2AWVOR6EVYXQUGCNSONBWE5"
        );
        let name = identity(&[b"a"]);
        assert_eq!(name, identity(&[b"a"]));
        assert_ne!(name, identity(&[b"b"]));
        assert_eq!(
            name.len(),
            "<urn:uuid:00000000-0000-8000-8000-000000000000>".len()
        );
        assert_eq!(
            (
                name.chars().nth(24),
                name.chars().filter(|c| *c == '-').count()
            ),
            (Some('8'), 4)
        );
    }

    #[test]
    fn what_a_page_says_cannot_add_fields() {
        let record = Record::failure(
            "http://a.example/",
            "collect.timeout",
            "a\r\nB: c",
            Timestamp::UNIX_EPOCH,
        );
        assert!(String::from_utf8_lossy(&record.block).ends_with("fetchErrorDetail: a  B: c\r\n"));
        assert!(record.packed().unwrap().starts_with(&[0x1f, 0x8b]));
    }
}

//! Entries: what they are made of, and as bytes.

use textmill_schemas::{IndexEntry, Origin};

use super::Parameters;
use crate::url_hash;

/// Bytes of a hash.
const HASH_BYTES: usize = 16;

/// The entry of a document: `length` and `text_hash` of its normal form (see
/// [`crate::Shingled`]), and its signature.
#[must_use]
pub fn entry(origin: Origin, length: u64, text_hash: u128, signature: Vec<u32>) -> IndexEntry {
    let url_hash = origin.url.as_deref().and_then(url_hash);
    IndexEntry {
        id: origin.id,
        source: origin.source,
        length,
        url_hash: url_hash.map_or(Vec::new(), |hash| hash.to_be_bytes().to_vec()),
        url: origin.url,
        text_hash: text_hash.to_be_bytes().to_vec(),
        signature,
    }
}

/// Hash of the entry's text; there is one in every entry that [`super::Index`] reads.
#[must_use]
pub fn text_hash(entry: &IndexEntry) -> Option<u128> {
    number(&entry.text_hash)
}

/// Hash of the entry's address.
#[must_use]
pub fn url_hash_of(entry: &IndexEntry) -> Option<u128> {
    number(&entry.url_hash)
}

fn number(hash: &[u8]) -> Option<u128> {
    hash.try_into().ok().map(u128::from_be_bytes)
}

/// What is wrong with an entry of a shard with these parameters.
pub(super) fn fault(entry: &IndexEntry, parameters: &Parameters) -> Option<&'static str> {
    let values = entry.signature.len();
    if entry.text_hash.len() != HASH_BYTES {
        Some("text_hash must have 16 bytes")
    } else if ![0, HASH_BYTES].contains(&entry.url_hash.len()) {
        Some("url_hash must have 16 bytes or none")
    } else if values != 0 && (values != parameters.hashes() || !parameters.near) {
        Some("signature must have bands times rows values or none")
    } else {
        None
    }
}

/// Appends an entry as bytes: its length, then each field behind its size.
pub(super) fn write(entry: &IndexEntry, bytes: &mut Vec<u8>) {
    bytes.extend(entry.length.to_le_bytes());
    let url = entry.url.as_deref();
    let signature: Vec<u8> = entry
        .signature
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    bytes.push(u8::from(url.is_some()));
    for field in [
        entry.id.as_bytes(),
        entry.source.as_bytes(),
        url.unwrap_or_default().as_bytes(),
        &entry.url_hash,
        &entry.text_hash,
        &signature,
    ] {
        bytes.extend((field.len() as u64).to_le_bytes());
        bytes.extend(field);
    }
}

/// Reads what [`write`] wrote.
pub(super) fn read(mut bytes: &[u8]) -> Option<IndexEntry> {
    let length = read_number(&mut bytes)?;
    let (has_url, mut bytes) = bytes.split_first()?;
    let mut field = || {
        let size = usize::try_from(read_number(&mut bytes)?).ok()?;
        let (field, rest) = bytes.split_at_checked(size)?;
        bytes = rest;
        Some(field.to_vec())
    };
    let id = String::from_utf8(field()?).ok()?;
    let source = String::from_utf8(field()?).ok()?;
    let url = String::from_utf8(field()?).ok()?;
    let (url_hash, text_hash, signature) = (field()?, field()?, field()?);
    let (values, odd) = signature.as_chunks();
    let signature = values
        .iter()
        .map(|value| u32::from_le_bytes(*value))
        .collect();
    (bytes.is_empty() && odd.is_empty()).then_some(IndexEntry {
        id,
        source,
        url: (*has_url == 1).then_some(url),
        length,
        url_hash,
        text_hash,
        signature,
    })
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_entry_has_what_its_document_has() {
        let origin = Origin {
            id: "a".into(),
            url: Some("https://www.example.com/x/?utm_source=y".into()),
            ..Origin::default()
        };
        let made = entry(origin, 7, 1 << 100, vec![1, 2]);
        assert_eq!(text_hash(&made), Some(1 << 100));
        assert_eq!(url_hash_of(&made), url_hash("http://example.com/x"));
        let made = entry(Origin::default(), 0, 5, Vec::new());
        assert_eq!((url_hash_of(&made), text_hash(&made)), (None, Some(5)));
    }

    #[test]
    fn faults_are_found() {
        let parameters = Parameters::of(&crate::Config::default());
        let good = entry(Origin::default(), 0, 5, vec![0; 112]);
        assert_eq!(fault(&good, &parameters), None);
        let without = Parameters {
            near: false,
            ..parameters.clone()
        };
        assert!(fault(&good, &without).unwrap().contains("signature"));
        for bad in [
            IndexEntry {
                text_hash: vec![1],
                ..good.clone()
            },
            IndexEntry {
                url_hash: vec![1],
                ..good.clone()
            },
            IndexEntry {
                signature: vec![1],
                ..good.clone()
            },
        ] {
            assert!(fault(&bad, &parameters).is_some());
        }
    }

    proptest! {
        #[test]
        fn bytes_come_back(id in ".*", url in prop::option::of(".*"), length in any::<u64>(),
            text_hash in prop::collection::vec(any::<u8>(), 0..20),
            signature in prop::collection::vec(any::<u32>(), 0..20), cut in 0_usize..400) {
            let entry = IndexEntry { id, url, length, text_hash, signature, ..IndexEntry::default() };
            let mut bytes = Vec::new();
            write(&entry, &mut bytes);
            prop_assert_eq!(read(&bytes), Some(entry));
            bytes.truncate(cut.min(bytes.len() - 1));
            prop_assert_eq!(read(&bytes), None);
        }
    }
}

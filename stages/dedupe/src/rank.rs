//! Which document of a cluster is kept.

use textmill_schemas::Document;
use xxhash_rust::xxh3::xxh3_64;

use crate::{Config, Keep};

/// A document's place in the order in which survivors are chosen: the least is kept. It follows
/// from the document alone, so the order of arrival never matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(pub [u64; 3]);

impl Rank {
    /// Of a document that an earlier run kept: before all others.
    pub const REFERENCE: Self = Self([0; 3]);

    /// Of a document whose normal form has `length` bytes.
    pub fn of(config: &Config, document: &Document, length: u64) -> Self {
        let preferred = config.prefer.iter().position(|s| *s == document.source);
        // Behind the references.
        let source = 1 + preferred.unwrap_or(config.prefer.len()) as u64;
        let longest = u64::MAX - length;
        let (first, second) = match config.keep {
            Keep::Longest => (0, longest),
            Keep::First => return Self([source << 32, 0, 0]),
            Keep::Earliest => (0, written(document).unwrap_or(u64::MAX)),
            Keep::Score => (worse(document.quality), longest),
        };
        // Ties by what names the document, not by where it stands.
        let name = document.url.as_ref().unwrap_or(&document.id);
        Self([source << 32 | first, second, xxh3_64(name.as_bytes())])
    }
}

/// When a document was published, or else fetched or written: seconds, in an order that u64 keeps.
fn written(document: &Document) -> Option<u64> {
    let day = |date: &str| -> Option<jiff::Timestamp> {
        format!("{}T00:00:00Z", date.get(..10)?).parse().ok()
    };
    let published = document.date.as_deref().and_then(day);
    let fetched = document.time.as_deref().and_then(|time| time.parse().ok());
    let time: jiff::Timestamp = published.or(fetched)?;
    Some(time.as_second().cast_unsigned() ^ 1 << 63)
}

/// Higher scores first, documents without one last.
fn worse(score: Option<f32>) -> u64 {
    let Some(score) = score.filter(|score| !score.is_nan()) else {
        return u64::from(u32::MAX);
    };
    // The order of floats as that of integers (IEEE 754, total order), turned round.
    let bits = score.to_bits();
    let ascending = if bits >> 31 == 1 {
        !bits
    } else {
        bits | 1 << 31
    };
    u64::from(!ascending)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(source: &str) -> Document {
        Document {
            source: source.into(),
            ..Document::default()
        }
    }

    #[test]
    fn the_rule_decides_behind_the_source() {
        let config = |keep| Config {
            keep,
            prefer: vec!["books".into(), "wiki".into()],
            ..Config::default()
        };
        let longest = config(Keep::Longest);
        let of = |source, length| Rank::of(&longest, &document(source), length);
        assert!(of("books", 1) < of("wiki", 9) && of("wiki", 1) < of("web", 9));
        assert!(of("web", 9) < of("web", 8) && Rank::REFERENCE < of("books", u64::MAX));

        let earliest = config(Keep::Earliest);
        let at = |date: Option<&str>, time: Option<&str>| {
            let document = Document {
                date: date.map(Into::into),
                time: time.map(Into::into),
                ..document("web")
            };
            Rank::of(&earliest, &document, 5)
        };
        assert!(at(Some("1969-12-31"), None) < at(None, Some("2020-01-01T00:00:00+02:00")));
        assert!(
            at(None, Some("2020-01-01T00:00:00+02:00")) < at(None, Some("2019-12-31T23:00:00Z"))
        );
        assert!(at(Some("2999-01-01"), None) < at(None, Some("yesterday")));

        let score = config(Keep::Score);
        let scored = |quality| {
            let document = Document {
                quality,
                ..document("web")
            };
            Rank::of(&score, &document, 5)
        };
        let order = [Some(2.0), Some(0.5), Some(0.0), Some(-1.0), None];
        assert!(order.map(scored).is_sorted());
    }

    #[test]
    fn ties_are_broken_by_name_except_for_the_first() {
        let named = |id: &str| Document {
            id: id.into(),
            ..Document::default()
        };
        let of = |keep, id| {
            let config = Config {
                keep,
                ..Config::default()
            };
            Rank::of(&config, &named(id), 5)
        };
        assert_ne!(of(Keep::Longest, "a"), of(Keep::Longest, "b"));
        assert_eq!(of(Keep::First, "a"), of(Keep::First, "b"));
    }
}

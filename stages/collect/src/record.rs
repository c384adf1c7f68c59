//! What the readers of all formats share: where a record lies, and where it goes.

use std::borrow::Cow;

use textmill_schemas::{Dropped, Origin, RawDocument, Reason};

use crate::Error;
use crate::config::{Config, SourceConfig};
use crate::fields::{Fields, Names};
use crate::listing::Source;

/// Name of the stage in dropped rows.
const STAGE: &str = "collect";

/// Where a record lies in its file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Byte offset of the member (of gzip, Zstandard or bzip2) in which the record begins. In a
    /// file that is not compressed, and in the first member of one: decompressed bytes before the
    /// record.
    pub offset: u64,
    /// Whether the record does not begin with a member but inside one.
    pub inside_member: bool,
    /// Decompressed bytes from the start of the member at `offset` to the record; 0 where
    /// `offset` says it all.
    pub within: u64,
}

/// The file that is read: makes the rows' provenance.
pub(crate) struct FileRef<'a> {
    /// The source that the file belongs to.
    pub source: &'a Source,
    /// Path inside the source, for people.
    pub file: String,
    /// The same path as the system has it: names that are not UTF-8 stay apart.
    pub key: &'a [u8],
    /// Where it lies in an archive, if it is a member of one.
    pub member: Option<Nested>,
}

/// Where a member of an archive lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Nested {
    /// Offset of its header in the outermost archive.
    pub offset: u64,
    /// Archives around it.
    pub depth: u8,
}

impl FileRef<'_> {
    /// A row without content.
    pub fn document(&self, place: Place) -> RawDocument {
        let license = self.source.config.license.as_ref();
        let card = self.source.card();
        RawDocument {
            id: self.id(place),
            source: self.source.config.name.clone(),
            file: self.file.clone(),
            offset: self.offset(place),
            license: license
                .or(card.and_then(|card| card.license.as_ref()))
                .cloned(),
            lang: card.and_then(|card| card.lang.clone()),
            ..RawDocument::default()
        }
    }

    /// The row of a record that was not kept.
    pub fn dropped(&self, place: Place, url: Option<String>, mut reason: Reason) -> Dropped {
        if self.member.is_some() && place.offset > 0 {
            let at = format!("byte {} of the member", place.offset);
            reason.detail = Some(match reason.detail {
                Some(detail) => format!("{detail} ({at})"),
                None => at,
            });
        }
        let origin = Origin {
            id: self.id(place),
            source: self.source.config.name.clone(),
            file: self.file.clone(),
            offset: self.offset(place),
            url,
        };
        Dropped::new(STAGE, origin, reason)
    }

    /// The offset that a row shows: that of the member for what lies in an archive.
    fn offset(&self, place: Place) -> u64 {
        self.member.map_or(place.offset, |member| member.offset)
    }

    fn id(&self, place: Place) -> String {
        let name = self.source.config.name.as_bytes();
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name);
        hasher.update(self.key);
        hasher.update(&[u8::from(place.inside_member)]);
        hasher.update(&place.offset.to_le_bytes());
        if place.within > 0 {
            hasher.update(&place.within.to_le_bytes());
        }
        let mut id = hasher.finalize().to_hex();
        id.truncate(32);
        id.to_string()
    }
}

/// Where the records of a task go.
pub(crate) trait Output {
    /// Takes a document.
    fn keep(&mut self, document: RawDocument) -> Result<(), Stop>;
    /// Takes a record that could not become a document.
    fn reject(&mut self, dropped: Dropped) -> Result<(), Stop>;
    /// Counts something that is not a document.
    fn count(&mut self, what: &'static str);
    /// Posts of threads that span files; `None` where each file stands for itself.
    fn threads(&mut self) -> Option<&mut crate::forum::Threads> {
        None
    }
    /// Fails once the user asked to stop; called for every record.
    fn check(&self) -> Result<(), Stop>;
    /// Where temporary files go; `None` where the system puts them.
    fn folder(&self) -> Option<&std::path::Path> {
        None
    }
}

/// Why a reader ends before its file does.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The source's limit is reached.
    Full,
    /// The task cannot go on.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What readers take from the configuration.
pub(crate) struct Settings {
    /// Longest record in bytes.
    pub max_record: u64,
    /// Decompressed bytes that a compressed one may give.
    pub max_ratio: u64,
    /// How MediaWiki dumps are read.
    pub wiki: crate::wiki::Options,
    /// Bytes of a temporary file.
    pub max_spool: u64,
    /// Whether digests in crawls are checked.
    pub check_digests: bool,
    /// Where records hold what.
    names: Names,
    fields: Fields,
    /// How books become documents.
    pub book: crate::book::BookConfig,
    /// When a feed's entry is a whole text.
    pub feed: crate::feed::FeedConfig,
    /// How threads become documents.
    pub forum: crate::forum::Forum,
}

impl Settings {
    /// Prepares the configuration for the readers.
    pub fn new(config: &Config) -> Self {
        Self {
            max_record: config.max_record_bytes,
            max_ratio: config.max_ratio,
            wiki: config.wiki.clone(),
            max_spool: config.max_spool_bytes,
            check_digests: config.check_digests,
            fields: Fields::new(&Names::of(config)),
            names: Names::of(config),
            book: config.book.clone(),
            feed: config.feed.clone(),
            forum: config.forum.clone(),
        }
    }

    /// Where records of a source hold what.
    pub fn fields_of(&self, source: &SourceConfig) -> Cow<'_, Fields> {
        let names = self.names.with(source);
        match names == self.names {
            true => Cow::Borrowed(&self.fields),
            false => Cow::Owned(Fields::new(&names)),
        }
    }
}

/// The reason for a record of more bytes than the limit.
pub(crate) fn too_large(bytes: u64, limit: u64) -> Reason {
    Reason::new("collect.too_large")
        .measured(bytes as f64, limit as f64)
        .detail("longer than collect.max_record_bytes")
}

#[cfg(test)]
pub(crate) mod memory {
    //! An output in memory, for tests.

    use super::*;

    #[derive(Default)]
    pub(crate) struct Memory {
        pub kept: Vec<RawDocument>,
        pub dropped: Vec<Dropped>,
        pub counts: std::collections::BTreeMap<&'static str, u64>,
    }

    impl Output for Memory {
        fn keep(&mut self, document: RawDocument) -> Result<(), Stop> {
            self.kept.push(document);
            Ok(())
        }
        fn reject(&mut self, dropped: Dropped) -> Result<(), Stop> {
            self.dropped.push(dropped);
            Ok(())
        }
        fn count(&mut self, what: &'static str) {
            *self.counts.entry(what).or_default() += 1;
        }
        fn check(&self) -> Result<(), Stop> {
            Ok(())
        }
    }

    impl Memory {
        pub fn rules(&self) -> Vec<&str> {
            self.dropped.iter().map(|row| row.rule.as_str()).collect()
        }
        pub fn bodies(&self) -> Vec<&str> {
            let body = |row| std::str::from_utf8(row).unwrap();
            self.kept.iter().map(|row| body(&row.body)).collect()
        }
    }
}

//! Reads a file to nowhere, for benchmarks.

use std::path::Path;

use textmill_schemas::{Dropped, RawDocument};

use crate::config::{Config, SourceConfig};
use crate::error::Error;
use crate::listing::{Listing, Source};
use crate::reader::read_file;
use crate::record::{FileRef, Output, Settings, Stop};

/// What a file gave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Documents.
    pub documents: u64,
    /// Bytes of their bodies.
    pub body_bytes: u64,
    /// Records that are no documents.
    pub dropped: u64,
}

impl Output for Read {
    fn keep(&mut self, document: RawDocument) -> Result<(), Stop> {
        self.documents += 1;
        self.body_bytes += document.body.len() as u64;
        Ok(())
    }
    fn reject(&mut self, _dropped: Dropped) -> Result<(), Stop> {
        self.dropped += 1;
        Ok(())
    }
    fn count(&mut self, _what: &'static str) {}
    fn check(&self) -> Result<(), Stop> {
        Ok(())
    }
}

/// Reads a file with these settings; their sources do not matter.
///
/// # Errors
/// There is no such file.
pub fn read(path: &Path, config: &Config) -> Result<Read, Error> {
    let source = SourceConfig {
        name: "measured".to_owned(),
        path: path.display().to_string(),
        ..SourceConfig::default()
    };
    let sources = [Source::new(&source)?];
    let settings = Settings::new(config);
    let mut read = Read::default();
    for found in &Listing::read(&sources, u64::MAX)?.files {
        let file = FileRef {
            source: &sources[0],
            file: source.path.clone(),
            key: source.path.as_bytes(),
            member: None,
        };
        match read_file(found, &file, &settings, &mut read) {
            Ok(()) | Err(Stop::Full) => {}
            Err(Stop::Failed(error)) => return Err(error),
        }
    }
    Ok(read)
}

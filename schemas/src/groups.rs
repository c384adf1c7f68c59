//! What token shards add up to by side, source and language: the contract of `groups.json`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Error;

/// Which side of the split a document is on.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The model learns from it.
    #[default]
    Train,
    /// The model is measured on it.
    Validation,
}

/// Documents of one side, source and language. `groups.json` is an array of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenGroup {
    /// Which side of the split.
    pub side: Side,
    /// Name of the source in the configuration.
    pub source: String,
    /// Identified language.
    pub lang: Option<String>,
    /// Documents.
    pub documents: u64,
    /// Token ids, without those that end documents.
    pub tokens: u64,
    /// UTF-8 bytes of their texts.
    pub bytes: u64,
    /// Token ids when each document counts as often as its `repetitions` say.
    pub repeated_tokens: u64,
}

impl TokenGroup {
    /// File name inside the tokenize stage's folder.
    pub const FILE: &'static str = "groups.json";

    /// Reads the groups of the tokenize stage's folder.
    ///
    /// # Errors
    /// When the file is missing or damaged.
    pub fn read_all(stage_dir: &Path) -> Result<Vec<Self>, Error> {
        let path = stage_dir.join(Self::FILE);
        let json = textmill_storage::read(&path).map_err(Error::io(&path))?;
        serde_json::from_slice(&json).map_err(|source| Error::Manifest { path, source })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn groups_are_read_and_damage_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(TokenGroup::FILE);
        let read = || TokenGroup::read_all(dir.path());
        assert!(read().unwrap_err().to_string().contains("groups.json"));
        let groups = [TokenGroup {
            source: "news".into(),
            tokens: 7,
            ..TokenGroup::default()
        }];
        fs::write(&path, serde_json::to_vec(&groups).unwrap()).unwrap();
        assert_eq!(read().unwrap(), groups);
        fs::write(&path, "[{").unwrap();
        assert!(read().unwrap_err().to_string().contains("groups.json"));
    }
}

//! The model that is served: a folder with parameters, vocabulary and chat template.

use std::path::Path;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use serde_json::Value;
use textmill_model::{ModelConfig, TOKENIZER_FILE, WEIGHTS_FILE};

use super::chat::Chat;
use super::error::ApiError;
use super::vocabulary::Vocabulary;

/// What handlers know of the model.
pub(crate) struct Served {
    /// What clients call it.
    pub name: String,
    /// When its parameters were written, in seconds since 1970.
    pub created: u64,
    /// The longest sequence, in tokens.
    pub context: usize,
    /// Ids that the model can read.
    pub vocab_size: usize,
    pub vocabulary: Arc<Vocabulary>,
    pub chat: Chat,
    /// Tokens that end a text.
    pub end_ids: Vec<u32>,
    /// Tokens that end an answer in a chat: all special ones, for they mark turns.
    pub turn_ids: Vec<u32>,
}

impl Served {
    /// Reads what stands beside the parameters.
    pub fn load(dir: &Path, name: Option<&str>, config: &ModelConfig) -> Result<Self> {
        let vocabulary = Vocabulary::load(&dir.join(TOKENIZER_FILE))?;
        let mut turn_ids = vocabulary.special_ids().to_vec();
        turn_ids.extend(config.eot_id);
        let written = std::fs::metadata(dir.join(WEIGHTS_FILE)).and_then(|file| file.modified());
        Ok(Self {
            name: name.map_or_else(|| name_of(dir), str::to_owned),
            created: written.map_or(0, seconds),
            context: config.context as usize,
            vocab_size: config.vocab_size as usize,
            vocabulary: Arc::new(vocabulary),
            chat: Chat::load(dir)?,
            end_ids: config.eot_id.into_iter().collect(),
            turn_ids,
        })
    }

    /// Whether a client means this model: by its name, or the last part of it.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.name.rsplit('/').next() == Some(name)
    }

    /// Token ids of a request.
    pub fn token_ids(&self, param: &str, values: &[Value]) -> Result<Vec<u32>, ApiError> {
        let id = |value: &Value| {
            let known = value.as_u64().filter(|id| (*id as usize) < self.vocab_size);
            known.map(|id| id as u32).ok_or_else(|| {
                let message = format!(
                    "`{param}`: {value} is no token id of this model; ids go from 0 to {}",
                    self.vocab_size - 1
                );
                ApiError::invalid(param, message)
            })
        };
        values.iter().map(id).collect()
    }

    /// The string of `eos_token` or `bos_token`: as tokenizer_config.json says, else that of the
    /// document-end token, which stands between all documents in training.
    pub fn token(&self, key: &str) -> Option<String> {
        let set = self.chat.settings().token(key).map(str::to_owned);
        set.or_else(|| self.vocabulary.spelling(*self.end_ids.first()?))
    }
}

/// A folder's name as it was given, without what changes nothing.
fn name_of(dir: &Path) -> String {
    let name = dir.display().to_string();
    let name = name.trim_end_matches('/').trim_start_matches("./");
    name.to_owned()
}

/// Seconds since 1970.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

//! The vocabulary beside the weights, so that a checkpoint is whole by itself.

use std::fs;
use std::path::Path;

use textmill_model::{ModelConfig, TOKENIZER_CONFIG_FILE, TOKENIZER_FILE, tokenizer_config};
use textmill_schemas::write_atomically;

use crate::Error;

/// Copies a tokenizer.json into a checkpoint's folder, and says beside it how transformers is to
/// use it.
pub(crate) fn copy_tokenizer(from: &Path, model: &ModelConfig, dir: &Path) -> Result<(), Error> {
    let content = fs::read(from).map_err(Error::io(from))?;
    let json = serde_json::from_slice(&content).map_err(Error::json(from))?;
    let path = dir.join(TOKENIZER_CONFIG_FILE);
    let config = serde_json::to_vec_pretty(&tokenizer_config(model, &json));
    write_atomically(&path, &config.map_err(Error::json(&path))?)?;
    Ok(write_atomically(&dir.join(TOKENIZER_FILE), &content)?)
}

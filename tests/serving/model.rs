//! The model that is served, and copies of it with something changed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::support::quick_model;

pub const CONTEXT: usize = 64;

/// A model that took seconds to train.
pub fn model() -> &'static Path {
    static MODEL: OnceLock<PathBuf> = OnceLock::new();
    MODEL.get_or_init(|| quick_model("serving"))
}

/// A copy of the model with some of its files changed.
pub fn changed(change: impl FnOnce(&Path)) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in ["model.safetensors", "config.json", "tokenizer.json"] {
        fs::copy(model().join(file), dir.path().join(file)).unwrap();
    }
    change(dir.path());
    dir
}

/// A copy with a context so long that a text without end takes minutes.
pub fn patient() -> tempfile::TempDir {
    changed(|dir| {
        let path = dir.join("config.json");
        let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        config["max_position_embeddings"] = json!(100_000);
        fs::write(path, config.to_string()).unwrap();
    })
}

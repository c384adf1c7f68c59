//! The trained model as a folder that transformers loads.

use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;
use textmill_schemas::write_atomically;

use super::prepare_folder;
use crate::config::Config;

/// What transformers reads; a checkpoint has more, for going on with the training.
const FILES: [&str; 5] = [
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
];

/// Copies the files of the run's checkpoint, the one with the lowest validation loss.
pub(super) fn export(config: &Config, out: &Path, force: bool) -> Result<()> {
    let (dir, manifest) = config.output_of("train")?;
    let name = manifest.stats.get("checkpoint").and_then(Value::as_str);
    let name = name.with_context(|| {
        format!(
            "{}: the manifest names no checkpoint; rerun train",
            dir.display()
        )
    })?;
    prepare_folder(out, force)?;
    for file in FILES {
        let from = dir.join(name).join(file);
        let content =
            std::fs::read(&from).with_context(|| format!("{}: rerun train", from.display()))?;
        write_atomically(&out.join(file), &content)?;
    }
    println!(
        "{}: the model of {}\n\n    from transformers import AutoModelForCausalLM, AutoTokenizer\n    \
         model = AutoModelForCausalLM.from_pretrained(\"{0}\")\n    \
         tokenizer = AutoTokenizer.from_pretrained(\"{0}\")",
        out.display(),
        dir.join(name).display(),
    );
    Ok(())
}

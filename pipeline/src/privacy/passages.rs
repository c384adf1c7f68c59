//! Where the passages come from that a model is to continue.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use textmill_evaluate::{Memorization, Passages};
use textmill_model::TOKENIZER_FILE;
use textmill_packing::HeldOut;
use textmill_schemas::{Manifest, ShardReader, Tokens};
use textmill_tokenize::Encoder;

use crate::train_filter::texts::{Texts, check};

/// Passages of some documents, and what these are called.
pub type Drawn = Vec<(&'static str, Passages)>;

/// Passages of the documents that a checkpoint's run has trained on, and of its validation
/// documents.
pub fn of_run(checkpoint: &Path, settings: &Memorization, seed: u64) -> Result<Drawn> {
    let train = checkpoint.parent().unwrap_or(checkpoint);
    let tokens = train.parent().unwrap_or(train).join("tokenize");
    let Some(manifest) = Manifest::read(&tokens)? else {
        bail!(
            "{}: this checkpoint lies in no run with a finished tokenize stage: name texts with --text",
            checkpoint.display()
        );
    };
    let read = |path: PathBuf| fs::read(&path).with_context(|| path.display().to_string());
    ensure!(
        read(tokens.join(TOKENIZER_FILE))? == read(checkpoint.join(TOKENIZER_FILE))?,
        "{}: the model was trained with another tokenizer.json: run `train` again",
        tokens.display()
    );
    let held_out = held_out(train)?;
    let mut drawn = vec![
        ("training documents", Passages::new(settings, seed)),
        ("validation documents", Passages::new(settings, seed)),
    ];
    for ((_, passages), folder) in drawn.iter_mut().zip(["train/", "validation/"]) {
        let shards = manifest.kept.iter().filter(|s| s.path.starts_with(folder));
        for shard in shards {
            for group in ShardReader::<Tokens>::open(&tokens.join(&shard.path))? {
                for document in group? {
                    let lang = document.lang.as_deref();
                    if folder != "train/" || !held_out.holds(&document.source, lang) {
                        passages.add(&document);
                    }
                }
            }
        }
    }
    Ok(drawn)
}

/// What the training's mixture left out.
fn held_out(train: &Path) -> Result<HeldOut> {
    let manifest = Manifest::read(train)?.unwrap_or_default();
    match manifest.stats.get("held_out") {
        Some(found) => Ok(HeldOut::deserialize(found)?),
        None => Ok(HeldOut::default()),
    }
}

/// Passages of texts.
pub fn of_texts(
    checkpoint: &Path,
    texts: &[PathBuf],
    settings: &Memorization,
    seed: u64,
) -> Result<Drawn> {
    let encoder = Encoder::load(&checkpoint.join(TOKENIZER_FILE))?;
    let mut passages = Passages::new(settings, seed);
    let texts = Texts::of(texts, None)?;
    let error = texts.error();
    for (number, text) in texts.enumerate() {
        let mut tokens = Vec::new();
        encoder.encode(&text, &mut tokens)?;
        passages.add(&Tokens {
            id: number.to_string(),
            tokens,
            ..Tokens::default()
        });
    }
    check(&error)?;
    Ok(vec![("documents", passages)])
}

//! Tokenizers put together as a tokenizer.json.

use serde_json::{Value, json};
use tokenizers::Tokenizer;
use tokenizers::models::bpe::{BPE, Vocab};

use crate::error::Error;
use crate::pieces::{Family, Pattern};

/// A byte-level BPE: tokens and merges written as their characters.
pub(super) fn byte_level_bpe(
    vocabulary: impl Iterator<Item = (String, u32)>,
    merges: impl Iterator<Item = (String, String)>,
    pattern: Pattern,
    whole_first: bool,
) -> Result<Tokenizer, Error> {
    // Not by way of JSON, which takes several times as long.
    let model = BPE::builder()
        .vocab_and_merges(vocabulary.collect::<Vocab>(), merges.collect())
        .ignore_merges(whole_first)
        .build();
    let model = model.map_err(|error| Error::Train(error.to_string()))?;
    let none = json!({"type": "BPE", "vocab": {}, "merges": []});
    let mut tokenizer = byte_level(none, pattern)?;
    tokenizer.with_model(model);
    Ok(tokenizer)
}

/// A byte-level tokenizer with this model.
pub(super) fn byte_level(model: Value, pattern: Pattern) -> Result<Tokenizer, Error> {
    let file = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [],
        "normalizer": null,
        "pre_tokenizer": pre_tokenizer(pattern),
        "post_processor": bytes(false, true),
        "decoder": bytes(true, true),
        "model": model,
    });
    serde_json::from_value(file).map_err(|error| Error::Train(error.to_string()))
}

fn bytes(trim_offsets: bool, use_regex: bool) -> Value {
    json!({
        "type": "ByteLevel",
        "add_prefix_space": false,
        "trim_offsets": trim_offsets,
        "use_regex": use_regex,
    })
}

/// GPT-2's own is part of ByteLevel; others stand before it.
fn pre_tokenizer(pattern: Pattern) -> Value {
    if pattern == Family::Gpt2.pattern() {
        return bytes(true, true);
    }
    json!({
        "type": "Sequence",
        "pretokenizers": [
            {
                "type": "Split",
                "pattern": { "Regex": pattern.regex() },
                "behavior": "Isolated",
                "invert": false,
            },
            bytes(true, false),
        ],
    })
}

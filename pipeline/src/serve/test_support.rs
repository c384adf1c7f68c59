//! Small vocabularies and models for tests.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use textmill_model::{Architecture, Gpt, ModelConfig, Size};
use textmill_tokenize::Encoder;
use tokenizers::Tokenizer;

use super::chat::{Chat, Settings};
use super::model::Served;
use super::vocabulary::Vocabulary;

/// The document-end token of [`bytes_vocabulary`].
pub(crate) const END: u32 = 256;

/// A byte-level vocabulary without merges: a token's id is its byte.
pub(crate) fn bytes_vocabulary() -> Vocabulary {
    let printable = |byte: u32| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let mut others = 256..;
    let character = |byte: u32| match printable(byte) {
        true => byte,
        false => others.next().unwrap(),
    };
    let characters = (0..256).map(character).collect::<Vec<_>>();
    let entry = |(id, character): (usize, u32)| {
        let token = char::from_u32(character).unwrap().to_string();
        (token, json!(id))
    };
    let vocab: Map<String, Value> = characters.into_iter().enumerate().map(entry).collect();
    let level = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    vocabulary(json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null, "post_processor": null,
        "added_tokens": [{"id": END, "content": "<|endoftext|>", "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true}],
        "pre_tokenizer": level, "decoder": level,
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "vocab": vocab, "merges": []}
    }))
}

/// A vocabulary of words, which writes spaces into the words behind them.
pub(crate) fn words_vocabulary() -> Vocabulary {
    let spaces =
        json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true});
    vocabulary(json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null, "post_processor": null,
        "added_tokens": [], "pre_tokenizer": spaces, "decoder": spaces,
        "model": {"type": "WordLevel", "vocab": {"<unk>": 0, "▁one": 1, "▁two": 2}, "unk_token": "<unk>"}
    }))
}

fn vocabulary(tokenizer: Value) -> Vocabulary {
    let tokenizer = Tokenizer::from_bytes(tokenizer.to_string()).unwrap();
    Vocabulary::new(Encoder::new(tokenizer)).unwrap()
}

/// A random model over [`bytes_vocabulary`], with opinions: its logits are far apart.
pub(super) fn model(context: i64) -> Gpt {
    let mut config = ModelConfig::new(Architecture::Llama, Size::ALL[0], 257, context);
    (config.layers, config.width, config.feed_forward) = (2, 32, 96);
    config.eot_id = Some(END);
    let gpt = Gpt::new(&config, 5, tch::Device::Cpu).unwrap();
    let _ = gpt.flat().shallow_clone().f_mul_scalar_(8.0).unwrap();
    gpt
}

/// What handlers would know of such a model.
pub(super) fn served(context: usize) -> Served {
    Served {
        name: "runs/sample/best".to_owned(),
        created: 0,
        context,
        vocab_size: 257,
        vocabulary: Arc::new(bytes_vocabulary()),
        chat: Chat::new(None, Settings::default()),
        end_ids: vec![END],
        turn_ids: vec![END],
    }
}

//! `BertConfig`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Ids;
use crate::bert::TYPES;
use crate::config::{Architecture, ModelConfig};

pub(super) fn to_json(config: &ModelConfig) -> Value {
    let mut value = json!({
        "architectures": ["BertForMaskedLM"],
        "model_type": "bert",
        "hidden_size": config.width,
        "intermediate_size": config.feed_forward,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "max_position_embeddings": config.context,
        "type_vocab_size": TYPES,
        "layer_norm_eps": config.norm_eps,
        "hidden_act": "gelu",
        "position_embedding_type": "absolute",
        // Rows are filled up with the token that ends documents.
        "pad_token_id": config.eot_id,
    });
    if let Some(mask) = config.mask_id {
        value["mask_token_id"] = mask.into(); // no key of theirs, and no harm
    }
    value
}

#[derive(Deserialize)]
pub(super) struct Bert {
    vocab_size: i64,
    hidden_size: i64,
    intermediate_size: i64,
    num_hidden_layers: i64,
    num_attention_heads: i64,
    #[serde(default = "positions")]
    max_position_embeddings: i64,
    type_vocab_size: Option<i64>,
    #[serde(default = "eps")]
    layer_norm_eps: f64,
    hidden_act: Option<String>,
    position_embedding_type: Option<String>,
    #[serde(default)]
    is_decoder: bool,
    tie_word_embeddings: Option<bool>,
    eos_token_id: Option<Ids>,
    mask_token_id: Option<u32>,
}

fn positions() -> i64 {
    512
}

fn eps() -> f64 {
    1e-12
}

impl Bert {
    /// A feature of this model that the network here does not have.
    pub fn foreign_feature(&self) -> Option<String> {
        let act = self.hidden_act.as_deref().unwrap_or("gelu");
        let positions = self.position_embedding_type.as_deref();
        let positions = positions.unwrap_or("absolute");
        let types = self.type_vocab_size.unwrap_or(TYPES);
        if act != "gelu" {
            Some(format!("hidden_act `{act}`"))
        } else if positions != "absolute" {
            Some(format!("position_embedding_type `{positions}`"))
        } else if types != TYPES {
            Some(format!("a type_vocab_size of {types}"))
        } else if self.is_decoder {
            Some("a BERT that is a decoder".to_owned())
        } else {
            let untied = self.tie_word_embeddings == Some(false);
            untied.then(|| "a BERT whose output is not its embedding matrix".to_owned())
        }
    }

    pub fn into_config(self) -> ModelConfig {
        ModelConfig {
            architecture: Architecture::Bert,
            vocab_size: self.vocab_size,
            context: self.max_position_embeddings,
            layers: self.num_hidden_layers,
            heads: self.num_attention_heads,
            kv_heads: self.num_attention_heads,
            width: self.hidden_size,
            feed_forward: self.intermediate_size,
            tie_embeddings: true,
            norm_eps: self.layer_norm_eps,
            rope_theta: 10_000.0,
            eot_id: self.eos_token_id.as_ref().and_then(Ids::first),
            mask_id: self.mask_token_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Size;

    #[test]
    fn what_is_no_plain_bert_is_named() {
        let config = ModelConfig::new(Architecture::Bert, Size::ALL[0], 100, 64);
        let plain = to_json(&config);
        for (key, value, expected) in [
            ("hidden_act", json!("relu"), "relu"),
            ("position_embedding_type", json!("relative_key"), "relative"),
            ("type_vocab_size", json!(1), "type_vocab_size"),
            ("is_decoder", json!(true), "decoder"),
            ("tie_word_embeddings", json!(false), "embedding matrix"),
            ("num_attention_heads", json!(3), "heads"),
        ] {
            let mut changed = plain.clone();
            changed["vocab_size"] = json!(100);
            changed[key] = value;
            let error = super::super::from_json(Path::new("config.json"), changed);
            let message = error.unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}

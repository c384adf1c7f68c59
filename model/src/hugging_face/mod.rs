//! config.json as Hugging Face transformers writes and reads it, for GPT-2, Llama and BERT.

mod bert;

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::Error;
use crate::config::{Architecture, ModelConfig};
use crate::sampling::Sampling;

/// The config.json of a model: `LlamaConfig`, `GPT2Config` or `BertConfig`.
pub(crate) fn to_json(config: &ModelConfig) -> Value {
    let mut value = match config.architecture {
        Architecture::Llama => json!({
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "hidden_size": config.width,
            "intermediate_size": config.feed_forward,
            "num_hidden_layers": config.layers,
            "num_attention_heads": config.heads,
            "num_key_value_heads": config.kv_heads,
            "head_dim": config.head_width(),
            "max_position_embeddings": config.context,
            "rms_norm_eps": config.norm_eps,
            "rope_theta": config.rope_theta,
            "hidden_act": "silu",
            "attention_bias": false,
            "mlp_bias": false,
        }),
        Architecture::Gpt2 => json!({
            "architectures": ["GPT2LMHeadModel"],
            "model_type": "gpt2",
            "n_embd": config.width,
            "n_inner": config.feed_forward,
            "n_layer": config.layers,
            "n_head": config.heads,
            "n_positions": config.context,
            "layer_norm_epsilon": config.norm_eps,
            "activation_function": "gelu_new",
        }),
        Architecture::Bert => bert::to_json(config),
    };
    value["vocab_size"] = config.vocab_size.into();
    value["tie_word_embeddings"] = config.tie_embeddings.into();
    // Left out, transformers would assume GPT-2's own 50256, outside our vocabulary.
    value["bos_token_id"] = config.eot_id.into();
    value["eos_token_id"] = config.eot_id.into();
    value["torch_dtype"] = "float32".into();
    value
}

/// The generation_config.json beside it: what `generate` does there unless told otherwise.
pub(crate) fn generation_config(config: &ModelConfig) -> Value {
    let sampling = Sampling::default();
    json!({
        "bos_token_id": config.eot_id,
        "eos_token_id": config.eot_id,
        "do_sample": true,
        "temperature": sampling.temperature,
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
        "max_new_tokens": sampling.max_new_tokens,
    })
}

/// The tokenizer_config.json that goes with a tokenizer.json: a tokenizer whose documents end
/// with the model's end-of-text token, and that never alters the text that it decodes.
#[must_use]
pub fn tokenizer_config(config: &ModelConfig, tokenizer: &Value) -> Value {
    let added = tokenizer.get("added_tokens").and_then(Value::as_array);
    let content = |id: Option<u32>| {
        let id = u64::from(id?);
        let is_it = |token: &&Value| token.get("id").and_then(Value::as_u64) == Some(id);
        added?.iter().find(is_it)?.get("content")
    };
    let end = content(config.eot_id);
    let mut value = json!({
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": end,
        "eos_token": end,
        "model_max_length": config.context,
        "clean_up_tokenization_spaces": false,
    });
    if let Some(mask) = content(config.mask_id) {
        value["mask_token"] = mask.clone();
        value["pad_token"] = value["eos_token"].clone();
    }
    value
}

/// One id, or for some models several, of which the first counts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Ids {
    One(u32),
    Several(Vec<u32>),
}

impl Ids {
    fn first(&self) -> Option<u32> {
        match self {
            Self::One(id) => Some(*id),
            Self::Several(ids) => ids.first().copied(),
        }
    }
}

#[derive(Deserialize)]
struct Llama {
    vocab_size: i64,
    hidden_size: i64,
    intermediate_size: i64,
    num_hidden_layers: i64,
    num_attention_heads: i64,
    num_key_value_heads: Option<i64>,
    head_dim: Option<i64>,
    #[serde(default = "llama_positions")]
    max_position_embeddings: i64,
    #[serde(default = "llama_eps")]
    rms_norm_eps: f64,
    rope_theta: Option<f64>,
    rope_parameters: Option<Value>,
    rope_scaling: Option<Value>,
    hidden_act: Option<String>,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    mlp_bias: bool,
    #[serde(default)]
    tie_word_embeddings: bool,
    eos_token_id: Option<Ids>,
}

fn llama_positions() -> i64 {
    2048
}

fn llama_eps() -> f64 {
    1e-6
}

impl Llama {
    /// A feature of this model that the network here does not have.
    fn foreign_feature(&self) -> Option<String> {
        let rope = self
            .rope_parameters
            .as_ref()
            .and_then(|p| p.get("rope_type"));
        let rope = rope.and_then(Value::as_str).unwrap_or("default");
        let head = self.hidden_size / self.num_attention_heads.max(1);
        let act = self.hidden_act.as_deref().unwrap_or("silu");
        if self
            .rope_scaling
            .as_ref()
            .is_some_and(|scaling| !scaling.is_null())
        {
            Some("rope_scaling".to_owned())
        } else if rope != "default" {
            Some(format!("rope_type `{rope}`"))
        } else if self.attention_bias || self.mlp_bias {
            Some("a Llama with biases".to_owned())
        } else if self.head_dim.is_some_and(|width| width != head) {
            Some("head_dim other than hidden_size / num_attention_heads".to_owned())
        } else {
            (act != "silu").then(|| format!("hidden_act `{act}`"))
        }
    }

    fn into_config(self) -> ModelConfig {
        let nested = self
            .rope_parameters
            .as_ref()
            .and_then(|p| p.get("rope_theta"));
        let theta = self.rope_theta.or_else(|| nested.and_then(Value::as_f64));
        ModelConfig {
            architecture: Architecture::Llama,
            vocab_size: self.vocab_size,
            context: self.max_position_embeddings,
            layers: self.num_hidden_layers,
            heads: self.num_attention_heads,
            kv_heads: self.num_key_value_heads.unwrap_or(self.num_attention_heads),
            width: self.hidden_size,
            feed_forward: self.intermediate_size,
            tie_embeddings: self.tie_word_embeddings,
            norm_eps: self.rms_norm_eps,
            rope_theta: theta.unwrap_or(10_000.0),
            eot_id: self.eos_token_id.as_ref().and_then(Ids::first),
            mask_id: None,
        }
    }
}

#[derive(Deserialize)]
struct Gpt2 {
    vocab_size: i64,
    n_embd: i64,
    n_layer: i64,
    n_head: i64,
    n_positions: i64,
    n_inner: Option<i64>,
    #[serde(default = "gpt2_eps")]
    layer_norm_epsilon: f64,
    activation_function: Option<String>,
    tie_word_embeddings: Option<bool>,
    eos_token_id: Option<Ids>,
}

fn gpt2_eps() -> f64 {
    1e-5
}

impl Gpt2 {
    fn foreign_feature(&self) -> Option<String> {
        let act = self.activation_function.as_deref().unwrap_or("gelu_new");
        let known = ["gelu_new", "gelu_pytorch_tanh"];
        (!known.contains(&act)).then(|| format!("activation_function `{act}`"))
    }

    fn into_config(self) -> ModelConfig {
        ModelConfig {
            architecture: Architecture::Gpt2,
            vocab_size: self.vocab_size,
            context: self.n_positions,
            layers: self.n_layer,
            heads: self.n_head,
            kv_heads: self.n_head,
            width: self.n_embd,
            feed_forward: self.n_inner.unwrap_or(4 * self.n_embd),
            tie_embeddings: self.tie_word_embeddings.unwrap_or(true),
            norm_eps: self.layer_norm_epsilon,
            rope_theta: 10_000.0,
            eot_id: self.eos_token_id.as_ref().and_then(Ids::first),
            mask_id: None,
        }
    }
}

/// Reads the content of a config.json; `path` is for messages.
pub(crate) fn from_json(path: &Path, value: Value) -> Result<ModelConfig, Error> {
    let kind = value
        .get("model_type")
        .and_then(Value::as_str)
        .unwrap_or("");
    let (foreign, config) = match kind {
        "llama" => {
            let theirs: Llama = serde_json::from_value(value).map_err(Error::json(path))?;
            (theirs.foreign_feature(), theirs.into_config())
        }
        "gpt2" => {
            let theirs: Gpt2 = serde_json::from_value(value).map_err(Error::json(path))?;
            (theirs.foreign_feature(), theirs.into_config())
        }
        "bert" => {
            let theirs: bert::Bert = serde_json::from_value(value).map_err(Error::json(path))?;
            (theirs.foreign_feature(), theirs.into_config())
        }
        other => return Err(unsupported(path, format!("model_type `{other}`"))),
    };
    if let Some(feature) = foreign {
        return Err(unsupported(path, feature));
    }
    config.validate()?;
    Ok(config)
}

fn unsupported(path: &Path, feature: String) -> Error {
    Error::Unsupported {
        path: path.to_path_buf(),
        feature,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Size;

    fn read(value: Value) -> Result<ModelConfig, Error> {
        from_json(Path::new("config.json"), value)
    }

    #[test]
    fn configurations_round_trip() {
        for architecture in Architecture::ALL {
            let mut config = ModelConfig::new(architecture, Size::ALL[1], 4096, 256);
            config.eot_id = Some(7);
            config.tie_embeddings = !architecture.is_causal();
            config.mask_id = (!architecture.is_causal()).then_some(8);
            assert_eq!(read(to_json(&config)).unwrap(), config);
        }
    }

    #[test]
    fn a_llama_with_only_its_sizes_is_read() {
        let config = read(json!({
            "model_type": "llama", "vocab_size": 100, "hidden_size": 64, "intermediate_size": 128,
            "num_hidden_layers": 2, "num_attention_heads": 4, "eos_token_id": [3, 4],
            "rope_parameters": {"rope_type": "default", "rope_theta": 500000.0}
        }))
        .unwrap();
        assert_eq!((config.kv_heads, config.context), (4, 2048));
        assert_eq!(config.rope_theta, 500_000.0);
        assert_eq!(config.eot_id, Some(3));
    }

    #[test]
    fn foreign_features_are_named() {
        let llama = to_json(&ModelConfig::new(
            Architecture::Llama,
            Size::ALL[0],
            100,
            64,
        ));
        let gpt2 = to_json(&ModelConfig::new(Architecture::Gpt2, Size::ALL[0], 100, 64));
        for (base, key, value, expected) in [
            (
                &llama,
                "rope_scaling",
                json!({"factor": 8.0}),
                "rope_scaling",
            ),
            (&llama, "attention_bias", json!(true), "biases"),
            (&llama, "hidden_act", json!("gelu"), "hidden_act"),
            (&llama, "head_dim", json!(7), "head_dim"),
            (&llama, "model_type", json!("bart"), "bart"),
            (&gpt2, "activation_function", json!("relu"), "relu"),
            (&gpt2, "n_head", json!(0), "heads"),
            (&gpt2, "n_embd", json!("wide"), "config.json"),
        ] {
            let mut changed = base.clone();
            changed[key] = value;
            let message = read(changed).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}

//! Models to and from Hugging Face transformers, the real one.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use serde_json::Value;
use support::{python, root, succeed, textmill};
use tch::{Device, Kind, Tensor};
use textmill_model::{Architecture, Gpt, ModelConfig, Sampling, Size, generate};
use textmill_tokenize::Encoder;

/// As in stock_models.py.
const PROMPT: [u32; 8] = [5, 17, 3, 60, 41, 8, 22, 9];

fn script(arguments: &[&Path], mode: &str) -> String {
    let mut command = python();
    command.arg(root().join("tests/stock_models.py")).arg(mode);
    succeed(command.args(arguments))
}

/// Whether our model answers as transformers' did.
fn assert_same(gpt: &Gpt, theirs: &Value, name: &str) {
    let ids: Vec<i64> = PROMPT.iter().map(|&id| i64::from(id)).collect();
    let logits = gpt.logits(&Tensor::from_slice(&ids).unsqueeze(0)).unwrap();
    let ours = Vec::<f32>::try_from(logits.to_kind(Kind::Float).reshape([-1])).unwrap();
    let expected = theirs["logits"].as_array().unwrap();
    assert_eq!(ours.len(), expected.len(), "{name}");
    let apart = ours
        .iter()
        .zip(expected)
        .map(|(ours, theirs)| (f64::from(*ours) - theirs.as_f64().unwrap()).abs());
    let apart = apart.fold(0.0, f64::max);
    assert!(apart < 1e-4, "{name}: {apart}");
    let greedy = Sampling {
        temperature: 0.0,
        max_new_tokens: 12,
        stop: gpt.config().eot_id.into_iter().collect(),
        ..Sampling::default()
    };
    let mut text = generate(gpt, &PROMPT, &greedy, |_| ControlFlow::Continue(())).unwrap();
    let expected: Vec<u32> = serde_json::from_value(theirs["greedy"].clone()).unwrap();
    if text.len() < expected.len() {
        text.extend(gpt.config().eot_id); // theirs includes the end
    }
    assert_eq!(text, expected, "{name}");
}

#[test]
fn stock_models_answer_as_in_transformers() {
    let dir = tempfile::tempdir().unwrap();
    script(&[dir.path()], "make");
    for name in ["gpt2", "llama", "llama_tied"] {
        let folder = dir.path().join(name);
        let theirs = fs::read_to_string(folder.join("answers.json")).unwrap();
        let gpt = Gpt::load(&folder, Device::Cpu).unwrap();
        assert_same(&gpt, &serde_json::from_str(&theirs).unwrap(), name);
    }
}

#[test]
fn transformers_loads_what_we_save() {
    let dir = tempfile::tempdir().unwrap();
    let mut models = Vec::new();
    for (architecture, kv_heads, tied) in [
        (Architecture::Gpt2, 4, true),
        (Architecture::Gpt2, 4, false),
        (Architecture::Llama, 4, true),
        (Architecture::Llama, 2, false),
    ] {
        let mut config = ModelConfig::new(architecture, Size::named("nano").unwrap(), 97, 64);
        (config.width, config.feed_forward, config.kv_heads) = (64, 96, kv_heads);
        (config.tie_embeddings, config.eot_id) = (tied, Some(0));
        let gpt = Gpt::new(&config, 3, Device::Cpu).unwrap();
        let _ = gpt.flat().shallow_clone().g_mul_scalar_(4.0);
        let folder = dir.path().join(models.len().to_string());
        fs::create_dir(&folder).unwrap();
        gpt.save(&folder).unwrap();
        models.push((gpt, folder));
    }
    let folders: Vec<&Path> = models.iter().map(|(_, folder)| folder.as_path()).collect();
    let found: Vec<Value> = serde_json::from_str(&script(&folders, "check")).unwrap();
    for ((gpt, folder), theirs) in models.iter().zip(&found) {
        for problem in ["missing_keys", "unexpected_keys", "mismatched_keys"] {
            assert_eq!(theirs[problem], Value::Array(Vec::new()), "{problem}");
        }
        assert_same(gpt, theirs, &folder.display().to_string());
    }
}

#[test]
fn a_trained_model_is_exported_with_its_tokenizer() {
    let dir = tempfile::tempdir().unwrap();
    let small = [
        "train",
        "--quiet",
        "--set",
        "train.steps=4",
        "--set",
        "train.context=64",
    ];
    succeed(&mut textmill(dir.path(), &small));
    let out = dir.path().join("exported");
    let mut command = textmill(dir.path(), &["export", "--format", "huggingface"]);
    let said = succeed(command.arg("--out").arg(&out).args(&small[2..]));
    assert!(said.contains("AutoModelForCausalLM"), "{said}");
    let found: Vec<Value> = serde_json::from_str(&script(&[&out], "check")).unwrap();
    let theirs = &found[0];
    for problem in ["missing_keys", "unexpected_keys", "mismatched_keys"] {
        assert_eq!(theirs[problem], Value::Array(Vec::new()), "{problem}");
    }
    let gpt = Gpt::load(&out, Device::Cpu).unwrap();
    assert_same(&gpt, theirs, "exported");
    let encoder = Encoder::load(&out.join("tokenizer.json")).unwrap();
    let text = "Die Mühle\u{2019}s wheel \u{6c34}\u{8f66} turns.";
    let ids: Vec<u32> = serde_json::from_value(theirs["ids"].clone()).unwrap();
    let mut ours = Vec::new();
    encoder.encode(text, &mut ours).unwrap();
    assert_eq!(ids, ours);
    assert_eq!(theirs["text"], text);
    assert_eq!(theirs["eos"], gpt.config().eot_id.unwrap());
}

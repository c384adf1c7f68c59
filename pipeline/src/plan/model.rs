//! The network that is planned: by name, by parameters, or of a folder.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use textmill_plan::{Family, Shape};

use super::args::PlanArgs;
use super::corpus::Corpus;

/// Vocabulary where nothing says another.
const VOCABULARY: u64 = 32_768;

/// Depth, heads and width of the named sizes, as `[train] size` has them.
pub(super) const SIZES: [(&str, u64, u64, u64); 7] = [
    ("nano", 2, 4, 128),
    ("micro", 6, 6, 384),
    ("mini", 8, 8, 512),
    ("gpt2-124m", 12, 12, 768),
    ("gpt2-350m", 24, 16, 1024),
    ("gpt2-774m", 36, 20, 1280),
    ("gpt2-1558m", 48, 25, 1600),
];

fn vocabulary(args: &PlanArgs, corpus: Option<&Corpus>) -> u64 {
    let of_corpus = corpus.and_then(|corpus| corpus.vocabulary);
    args.vocabulary.or(of_corpus).unwrap_or(VOCABULARY)
}

/// The network that was asked for, if one was.
pub(super) fn shape(args: &PlanArgs, corpus: Option<&Corpus>) -> Result<Option<Shape>> {
    if !(args.mask_share > 0.0 && args.mask_share < 1.0) {
        bail!(
            "--mask-share is {}; it must lie between 0 and 1, such as 0.15",
            args.mask_share
        );
    }
    if let Some(folder) = &args.model {
        return of_folder(folder, args.context, args.mask_share).map(Some);
    }
    if let Some(parameters) = args.parameters {
        if !(1e3..=1e15).contains(&parameters) {
            bail!("--parameters is {parameters}; it must lie between 1e3 and 1e15");
        }
        return Ok(Some(of_parameters(args, corpus, parameters)));
    }
    let Some(name) = &args.size else {
        return Ok(None);
    };
    let known = SIZES.iter().find(|(known, ..)| known == name);
    let names: Vec<&str> = SIZES.iter().map(|(name, ..)| *name).collect();
    let (_, layers, heads, width) =
        known.with_context(|| format!("no size `{name}`; there are {}", names.join(", ")))?;
    let vocabulary = vocabulary(args, corpus);
    let family = args.preset.into();
    let shape = Shape::new(family, *layers, *heads, *width, vocabulary, args.context);
    Ok(Some(masking(shape, args.mask_share)))
}

/// The share of a BERT's tokens that are to be filled in; others have a target at each.
fn masking(shape: Shape, share: f64) -> Shape {
    let predicting = match shape.family {
        Family::Bert => share,
        Family::Llama | Family::Gpt2 => shape.predicting,
    };
    Shape {
        predicting,
        ..shape
    }
}

/// A network of about so many parameters.
pub(super) fn of_parameters(args: &PlanArgs, corpus: Option<&Corpus>, parameters: f64) -> Shape {
    let vocabulary = vocabulary(args, corpus);
    let shape = Shape::of_parameters(args.preset.into(), parameters, vocabulary, args.context);
    masking(shape, args.mask_share)
}

/// The network of a config.json, ours or transformers'. Which share of a BERT's tokens is masked,
/// it does not say.
pub(super) fn of_folder(folder: &Path, context: u64, mask_share: f64) -> Result<Shape> {
    let path = folder.join("config.json");
    let named = || path.display().to_string();
    let json: Value =
        serde_json::from_slice(&fs::read(&path).with_context(named)?).with_context(named)?;
    let number = |keys: [&str; 2]| -> Result<u64> {
        let found = keys
            .iter()
            .find_map(|key| json.get(key).and_then(Value::as_u64));
        found.with_context(|| format!("{}: has no `{}`", named(), keys[0]))
    };
    let family = match json.get("model_type").and_then(Value::as_str) {
        Some("gpt2") => Family::Gpt2,
        Some("llama") => Family::Llama,
        Some("bert") => Family::Bert,
        other => bail!(
            "{}: the model_type {} is neither llama, gpt2 nor bert",
            named(),
            other.unwrap_or("(none)")
        ),
    };
    let heads = number(["num_attention_heads", "n_head"])?;
    let width = number(["hidden_size", "n_embd"])?;
    let usual = Shape::new(family, 1, heads, width, 1, 1);
    let shape = Shape {
        layers: number(["num_hidden_layers", "n_layer"])?,
        heads,
        kv_heads: number(["num_key_value_heads", "n_head"]).unwrap_or(heads),
        width,
        feed_forward: number(["intermediate_size", "n_inner"]).unwrap_or(usual.feed_forward),
        vocabulary: number(["vocab_size", "vocab_size"])?,
        context: number(["max_position_embeddings", "n_positions"]).unwrap_or(context),
        tied: json
            .get("tie_word_embeddings")
            .and_then(Value::as_bool)
            .unwrap_or(family != Family::Llama),
        ..usual
    };
    Ok(masking(shape, mask_share))
}

#[cfg(all(test, feature = "torch"))]
mod tests {
    use super::*;
    use textmill_model::{Architecture, Gpt, ModelConfig, Size};

    #[test]
    fn named_sizes_count_as_the_model_itself_does() {
        assert_eq!(SIZES.len(), Size::ALL.len());
        for ((name, layers, heads, width), size) in SIZES.into_iter().zip(Size::ALL) {
            assert_eq!(
                (name, layers as i64, heads as i64, width as i64),
                (size.name, size.layers, size.heads, size.width)
            );
            for (family, architecture) in [
                (Family::Llama, Architecture::Llama),
                (Family::Gpt2, Architecture::Gpt2),
                (Family::Bert, Architecture::Bert),
            ] {
                let config = ModelConfig::new(architecture, size, 1000, 128);
                let shape = Shape::new(family, layers, heads, width, 1000, 128);
                let flops = config.training_flops_predicting(shape.predicting);
                assert_eq!(shape.flops_per_token(), flops);
                assert_eq!(shape.predicting < 1.0, !architecture.is_causal());
                if size.width < 400 {
                    let gpt = Gpt::new(&config, 1, tch::Device::Cpu).unwrap();
                    assert_eq!(shape.parameters() as i64, gpt.parameters());
                }
            }
        }
    }

    #[test]
    fn a_folder_says_its_sizes() {
        for architecture in Architecture::ALL {
            let dir = tempfile::tempdir().unwrap();
            let config = ModelConfig::new(architecture, Size::ALL[0], 70, 16);
            let gpt = Gpt::new(&config, 1, tch::Device::Cpu).unwrap();
            gpt.save(dir.path()).unwrap();
            let shape = of_folder(dir.path(), 1, 0.3).unwrap();
            assert_eq!(shape.parameters() as i64, gpt.parameters());
            let share = if architecture.is_causal() { 1.0 } else { 0.3 };
            assert_eq!(shape.predicting, share);
        }
        let missing = of_folder(Path::new("nowhere"), 1, 0.15).unwrap_err();
        assert!(format!("{missing:#}").contains("nowhere/config.json"));
    }
}

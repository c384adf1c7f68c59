//! A vocabulary out of a tokenizer, where the fast path fits it.

use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use tokenizers::{ModelWrapper, Tokenizer};

use super::{Bpe, Parts, byte_level};
use crate::pieces::{Family, Pattern};
use crate::vocabulary::MOST_IDS;

/// Why a tokenizer cannot take the fast path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unfit(pub String);

/// What of a BPE model matters here, as it stands in a tokenizer.json.
#[derive(Deserialize)]
struct Model {
    dropout: Option<f32>,
    continuing_subword_prefix: Option<String>,
    end_of_word_suffix: Option<String>,
    #[serde(default)]
    ignore_merges: bool,
    vocab: HashMap<String, u32>,
    merges: Vec<(String, String)>,
}

impl Bpe {
    /// The fast path for a tokenizer.
    ///
    /// # Errors
    /// Says what in the tokenizer it does not cover.
    pub(crate) fn from_tokenizer(tokenizer: &Tokenizer) -> Result<Self, Unfit> {
        let unfit = |why: &str| Unfit(why.to_owned());
        let failed = |error: serde_json::Error| Unfit(error.to_string());
        let ModelWrapper::BPE(bpe) = tokenizer.get_model() else {
            return Err(unfit("its model is not BPE"));
        };
        let pre_tokenizer = serde_json::to_value(tokenizer.get_pre_tokenizer()).map_err(failed)?;
        let pattern = pattern(&pre_tokenizer);
        let pattern = pattern.ok_or_else(|| unfit("its pre-tokenizer is none of those known"))?;
        let json = serde_json::to_string(bpe).map_err(failed)?;
        let model: Model = serde_json::from_str(&json).map_err(failed)?;
        if model.dropout.is_some_and(|share| share > 0.0) {
            return Err(unfit("it drops merges by chance"));
        }
        let affixes = [&model.continuing_subword_prefix, &model.end_of_word_suffix];
        if affixes.into_iter().flatten().any(|affix| !affix.is_empty()) {
            return Err(unfit("its subwords have prefixes or suffixes"));
        }
        let parts = model.parts(pattern)?;
        Self::new(&parts).ok_or_else(|| unfit("it lacks tokens of single bytes"))
    }
}

impl Model {
    fn parts(&self, pattern: Pattern) -> Result<Parts, Unfit> {
        let greatest = self.vocab.values().max().map_or(0, |id| *id as usize);
        if greatest >= MOST_IDS as usize {
            return Err(Unfit("its ids are too large".to_owned()));
        }
        let mut tokens = vec![None; greatest + 1];
        for (token, id) in &self.vocab {
            tokens[*id as usize] = byte_level::bytes_of(token);
        }
        let id = |token: &str| {
            let id = self.vocab.get(token).copied();
            id.ok_or_else(|| Unfit(format!("the vocabulary lacks `{token}` of its merges")))
        };
        let merge = |(left, right): &(String, String)| {
            Ok((id(left)?, id(right)?, id(&format!("{left}{right}"))?))
        };
        Ok(Parts {
            pattern,
            tokens,
            merges: self.merges.iter().map(merge).collect::<Result<_, _>>()?,
            whole_first: self.ignore_merges,
        })
    }
}

/// The pattern of a pre-tokenizer: ByteLevel with its own expression, or a known expression before
/// ByteLevel without.
fn pattern(pre_tokenizer: &Value) -> Option<Pattern> {
    if pre_tokenizer.get("type")?.as_str()? == "Sequence" {
        let [split, bytes] = pre_tokenizer.get("pretokenizers")?.as_array()?.as_slice() else {
            return None;
        };
        let isolated = split.get("type")?.as_str()? == "Split"
            && split.get("behavior")?.as_str()? == "Isolated"
            && !split.get("invert")?.as_bool()?;
        let regex = split.get("pattern")?.get("Regex")?.as_str()?;
        return (isolated && byte_level_regex(bytes) == Some(false))
            .then(|| Pattern::from_regex(regex))?;
    }
    (byte_level_regex(pre_tokenizer) == Some(true)).then(|| Family::Gpt2.pattern())
}

/// Whether a ByteLevel that adds no space uses its own expression.
fn byte_level_regex(pre_tokenizer: &Value) -> Option<bool> {
    let fits = pre_tokenizer.get("type")?.as_str()? == "ByteLevel"
        && !pre_tokenizer.get("add_prefix_space")?.as_bool()?;
    fits.then(|| pre_tokenizer.get("use_regex")?.as_bool())?
}

//! Word lists, models and evaluation sets that a configuration names.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::classifier::Classifier;
use crate::decontaminate::{DecontaminationOptions, Decontaminator};
use crate::error::Error;
use crate::perplexity::KneserNey;
use crate::rules::{Bound, Bounds, Rule};
use crate::safety::WordLists;

/// `[filter.safety]`: words that no document, or few, should have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SafetyConfig {
    /// A folder with a list for each language (`en`, `zh`, …), one word or phrase a line, as
    /// LDNOOBW has it. Without one nothing is looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<PathBuf>,
    /// Most of such words per thousand words. 0, C4's rule: one drops the document.
    pub max_per_thousand: f64,
}

/// `[filter.classifier]`: a linear classifier in fastText's supervised form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClassifierConfig {
    /// The model: DCLM's, or one of `textmill train-filter classifier`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<PathBuf>,
    /// The label whose probability is the score; by default `good` or `hq`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Least score. 0 keeps all, and scores them.
    pub min_score: f64,
}

/// `[filter.perplexity]`: Kneser–Ney models by language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PerplexityConfig {
    /// Models by language code, of `textmill train-filter perplexity`. Documents in other
    /// languages are not scored.
    pub models: BTreeMap<String, PathBuf>,
    /// The last bucket that stays: `head`, `middle` or `tail` (all). For models with buckets.
    pub last_bucket: LastBucket,
    /// Greatest perplexity; 0 for any.
    pub max_perplexity: f64,
}

impl Default for PerplexityConfig {
    fn default() -> Self {
        Self {
            models: BTreeMap::new(),
            last_bucket: LastBucket::Tail,
            max_perplexity: 0.0,
        }
    }
}

/// The last bucket that stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LastBucket {
    /// The head alone.
    Head,
    /// The head and the middle.
    Middle,
    /// All.
    Tail,
}

/// `[filter.decontamination]`: evaluation sets whose items must not stand in training text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DecontaminationConfig {
    /// Evaluation sets, as JSON lines, also packed with gzip.
    pub sets: Vec<PathBuf>,
    /// What is read of them, and what counts as a match.
    pub matching: DecontaminationOptions,
}

/// What was loaded.
pub struct Models {
    pub words: Option<WordLists>,
    pub classifier: Option<Classifier>,
    pub perplexity: BTreeMap<String, KneserNey>,
    pub evaluation_sets: Option<Decontaminator>,
}

impl Models {
    /// Loads what the configuration names.
    ///
    /// # Errors
    /// What cannot be read, by file and line.
    pub fn load(config: &crate::Config) -> Result<Self, Error> {
        let safety = config.safety.words.as_deref();
        let classifier = &config.classifier;
        let label = classifier.label.as_deref();
        let mut perplexity = BTreeMap::new();
        for (lang, path) in &config.perplexity.models {
            perplexity.insert(lang.clone(), KneserNey::load(path)?);
        }
        let sets = &config.decontamination;
        Ok(Self {
            words: safety.map(WordLists::load).transpose()?,
            classifier: classifier
                .model
                .as_ref()
                .map(|path| Classifier::load(path, label))
                .transpose()?,
            perplexity,
            evaluation_sets: (!sets.sets.is_empty())
                .then(|| Decontaminator::load(&sets.sets, &sets.matching))
                .transpose()?,
        })
    }
}

/// Sets the bounds of rules whose limits are the same in every language.
pub fn set_bounds(config: &crate::Config, bounds: &mut Bounds) {
    bounds.set(Rule::Language, Bound::Least(1.0));
    let confidence = Bound::Least(config.min_lang_confidence);
    bounds.set(Rule::LanguageConfidence, confidence);
    if !config.keep_mixed {
        bounds.set(Rule::LanguageMixed, Bound::Most(0.0));
    }
    bounds.set(
        Rule::SafetyWords,
        Bound::Most(config.safety.max_per_thousand),
    );
    bounds.set(
        Rule::ClassifierScore,
        Bound::Least(config.classifier.min_score),
    );
    let perplexity = &config.perplexity;
    if perplexity.max_perplexity > 0.0 {
        bounds.set(Rule::Perplexity, Bound::Most(perplexity.max_perplexity));
    }
    let last = f64::from(perplexity.last_bucket as u8);
    bounds.set(Rule::PerplexityBucket, Bound::Most(last));
}

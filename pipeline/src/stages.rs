//! The one place that knows the stages and their order.

use anyhow::{Result, bail};
use serde::Serialize;
use textmill_schemas::CorpusStage;

use crate::config::Config;
use crate::runner::PerDocument;

/// What the program knows of a stage before it runs.
#[derive(Clone, Copy, Debug)]
pub struct StageInfo {
    /// Name of the command, the configuration section, the Make target and the output folder.
    pub name: &'static str,
    /// Stages that it reads; the first one is where its documents come from.
    pub inputs: &'static [&'static str],
    /// Hash of the sources that its output depends on.
    pub code: &'static str,
    /// Whether its output depends on the run's seed.
    pub seeded: bool,
    /// Whether it writes its documents on, so that their number can be checked.
    pub writes_documents: bool,
}

macro_rules! stage {
    ($name:literal, $code:literal, $inputs:expr, seeded: $seeded:literal, writes_documents: $writes:literal) => {
        StageInfo {
            name: $name,
            inputs: &$inputs,
            code: env!($code),
            seeded: $seeded,
            writes_documents: $writes,
        }
    };
}

/// All stages, in order.
pub const STAGES: [StageInfo; 8] = [
    stage!("collect", "TEXTMILL_CODE_COLLECT",
        [], seeded: false, writes_documents: true),
    stage!("extract", "TEXTMILL_CODE_EXTRACT",
        ["collect"], seeded: false, writes_documents: true),
    stage!("filter", "TEXTMILL_CODE_FILTER",
        ["extract"], seeded: false, writes_documents: true),
    stage!("dedupe", "TEXTMILL_CODE_DEDUPE",
        ["filter"], seeded: true, writes_documents: true),
    stage!("normalize", "TEXTMILL_CODE_NORMALIZE",
        ["dedupe"], seeded: false, writes_documents: true),
    stage!("tokenize", "TEXTMILL_CODE_TOKENIZE",
        ["normalize"], seeded: true, writes_documents: true),
    stage!("train", "TEXTMILL_CODE_TRAIN",
        ["tokenize"], seeded: true, writes_documents: false),
    stage!("evaluate", "TEXTMILL_CODE_EVALUATE",
        ["tokenize", "train"], seeded: true, writes_documents: false),
];

/// The stage of this name.
pub fn find(name: &str) -> Result<&'static StageInfo> {
    let Some(stage) = STAGES.iter().find(|stage| stage.name == name) else {
        let names: Vec<&str> = STAGES.iter().map(|stage| stage.name).collect();
        bail!(
            "there is no stage `{name}`; the stages are {}",
            names.join(", ")
        );
    };
    Ok(stage)
}

/// The stage's section of the configuration, resolved.
pub fn section(name: &str, config: &Config) -> Result<serde_json::Value> {
    fn json(section: &impl Serialize) -> Result<serde_json::Value> {
        Ok(serde_json::to_value(section)?)
    }
    match name {
        "collect" => json(&config.collect),
        "extract" => json(&config.extract),
        "filter" => json(&config.filter),
        "dedupe" => json(&config.dedupe),
        "normalize" => json(&config.normalize),
        "tokenize" => json(&config.tokenize),
        "train" => json(&config.train),
        "evaluate" => json(&config.evaluate),
        other => bail!("there is no stage `{other}`"),
    }
}

/// Builds a stage from its section of the configuration.
pub fn build(name: &str, config: &Config) -> Result<Box<dyn CorpusStage>> {
    Ok(match name {
        "collect" => Box::new(textmill_collect::Collect::new(&config.collect)?),
        "extract" => Box::new(PerDocument::new(
            "extract",
            "collect",
            textmill_extract::Extract::new(&config.extract)?,
        )),
        "filter" => Box::new(PerDocument::new(
            "filter",
            "extract",
            textmill_filter::Filter::new(&config.filter)?,
        )),
        "dedupe" => {
            check_preferred(config)?;
            Box::new(textmill_dedupe::Dedupe::new(&config.dedupe)?)
        }
        "normalize" => Box::new(PerDocument::new(
            "normalize",
            "dedupe",
            textmill_normalize::Normalize::new(&config.normalize)?,
        )),
        "tokenize" => Box::new(textmill_tokenize::Tokenize::new(&config.tokenize)?),
        #[cfg(feature = "torch")]
        "train" => Box::new(textmill_train::Stage::new(&config.train)?),
        #[cfg(feature = "torch")]
        "evaluate" => Box::new(textmill_evaluate::Evaluate::new(&config.evaluate)?),
        other => bail!(
            "this build of textmill has no stage `{other}`: it was built without libtorch \
             (build with the default features after `make setup`)"
        ),
    })
}

/// A mistyped source would be preferred in vain.
fn check_preferred(config: &Config) -> Result<()> {
    let names: Vec<&str> = config
        .collect
        .source
        .iter()
        .map(|s| s.name.as_str())
        .collect();
    let unknown = |name: &&String| !names.contains(&name.as_str());
    match config.dedupe.prefer.iter().find(unknown) {
        Some(name) => bail!(
            "[dedupe] prefer: there is no source `{name}`; the sources are {}",
            names.join(", ")
        ),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferred_sources_must_exist() {
        let sources = "collect.source=[{name=\"books\",path=\"x\"}]".to_owned();
        let prefer = |name: &str| {
            let prefer = format!("dedupe.prefer=[\"{name}\"]");
            let config = Config::from_overrides(&[sources.clone(), prefer]).unwrap();
            build("dedupe", &config).map(|_| ())
        };
        prefer("books").unwrap();
        let error = prefer("boks").unwrap_err().to_string();
        assert!(
            error.contains("`boks`") && error.contains("books"),
            "{error}"
        );
    }
}

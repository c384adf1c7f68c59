//! The configuration file: one TOML table a stage, every value with a default.

use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use serde::{Deserialize, Serialize};
use textmill_schemas::Manifest;

/// Everything that can be configured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `[run]`
    pub run: RunConfig,
    /// `[collect]`
    pub collect: textmill_collect::Config,
    /// `[extract]`
    pub extract: textmill_extract::Config,
    /// `[filter]`
    pub filter: textmill_filter::Config,
    /// `[dedupe]`
    pub dedupe: textmill_dedupe::Config,
    /// `[normalize]`
    pub normalize: textmill_normalize::Config,
    /// `[tokenize]`
    pub tokenize: textmill_tokenize::Config,
    /// `[train]`
    #[cfg(feature = "torch")]
    pub train: textmill_train::Config,
    /// `[train]`, which a build without libtorch passes over.
    #[cfg(not(feature = "torch"))]
    pub train: toml::Table,
    /// `[evaluate]`
    #[cfg(feature = "torch")]
    pub evaluate: textmill_evaluate::Config,
    /// `[evaluate]`, which a build without libtorch passes over.
    #[cfg(not(feature = "torch"))]
    pub evaluate: toml::Table,
}

/// What concerns the run as a whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunConfig {
    /// Folder that the run writes to, relative to the working directory.
    pub dir: PathBuf,
    /// Seed of everything random: the split, the order of training, sampling.
    pub seed: u64,
    /// Threads; 0 takes one for each core.
    pub threads: usize,
    /// Last stage of `textmill run`; absent runs all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl Default for RunConfig {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("runs/default"),
            seed: 1,
            threads: 0,
            until: None,
        }
    }
}

impl RunConfig {
    /// Threads to use.
    pub fn resolved_threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }
}

impl Config {
    /// Reads a configuration file and applies `--set` overrides.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self> {
        let text = textmill_storage::read(path).with_context(|| {
            format!(
                "{}: cannot read the configuration (name one with --config FILE)",
                path.display()
            )
        })?;
        let text = String::from_utf8(text).with_context(|| path.display().to_string())?;
        let config = parse(&text, &path.display().to_string())?;
        if overrides.is_empty() {
            return Ok(config.with_weights());
        }
        overridden(text.parse()?, overrides)
    }

    /// What a stage of the run wrote: its folder and its manifest.
    pub fn output_of(&self, stage: &str) -> Result<(PathBuf, Manifest)> {
        let dir = self.run.dir.join(stage);
        let manifest = Manifest::read(&dir)?.with_context(|| {
            let dir = dir.display();
            format!("{dir}: the stage {stage} has not run yet; run `textmill {stage}`")
        })?;
        Ok((dir, manifest))
    }

    /// The defaults, with `--set` overrides applied.
    pub fn from_overrides(overrides: &[String]) -> Result<Self> {
        overridden(toml::Table::new(), overrides)
    }

    /// Moves the weights of sources to where they are heeded, `[train.mixture]`, so that changing
    /// one reads nothing again. A weight that stands there already wins.
    fn with_weights(mut self) -> Self {
        for source in &mut self.collect.source {
            let Some(weight) = source.weight.take() else {
                continue;
            };
            #[cfg(feature = "torch")]
            self.train
                .mixture
                .sources
                .entry(source.name.clone())
                .or_insert(weight);
            // Such a build does not train.
            #[cfg(not(feature = "torch"))]
            let _ = weight;
        }
        self
    }
}

/// A configuration with `--set` overrides applied.
fn overridden(mut table: toml::Table, overrides: &[String]) -> Result<Config> {
    for assignment in overrides {
        set(&mut table, assignment)?;
    }
    let text = toml::to_string(&table)?;
    let config: Config =
        toml::from_str(&text).map_err(|error| anyhow!("--set: {}", message(&error)))?;
    Ok(config.with_weights())
}

fn parse(text: &str, name: &str) -> Result<Config> {
    toml::from_str(text).map_err(|error| {
        let place = error.span().map_or(String::new(), |span| {
            let (line, content) = line_at(text, &span);
            format!("{line}: `{content}`: ")
        });
        anyhow!("{name}:{place}{}", message(&error))
    })
}

/// The 1-based number and the content of the line where a span begins.
fn line_at(text: &str, span: &Range<usize>) -> (usize, String) {
    let before = text.get(..span.start).unwrap_or(text);
    let line = before.matches('\n').count();
    let content = text.lines().nth(line).unwrap_or("").trim();
    (line + 1, content.to_owned())
}

/// The parser's message, with the nearest valid key in place of the list of all of them.
fn message(error: &toml::de::Error) -> String {
    let message = error.message();
    let mut quoted = message.split('`').skip(1).step_by(2);
    let Some(unknown) = quoted
        .next()
        .filter(|_| message.starts_with("unknown field"))
    else {
        return message.to_owned();
    };
    let similarity = |key: &&str| strsim::jaro_winkler(unknown, key);
    match quoted.max_by(|a, b| similarity(a).total_cmp(&similarity(b))) {
        Some(nearest) => format!("unknown key `{unknown}`; the nearest valid key is `{nearest}`"),
        None => format!("unknown key `{unknown}`; no key is valid here"),
    }
}

/// Applies one `section.key=value`; the value is TOML, or else a string.
fn set(table: &mut toml::Table, assignment: &str) -> Result<()> {
    let (key, value) = assignment.split_once('=').with_context(|| {
        format!("--set {assignment}: write it as section.key=value, such as filter.min_words=30")
    })?;
    let value = format!("value = {value}")
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut parsed| parsed.remove("value"))
        .unwrap_or_else(|| toml::Value::String(value.to_owned()));
    let mut path: Vec<&str> = key.trim().split('.').collect();
    let last = path.pop().unwrap_or_default();
    let mut node = table;
    for part in path {
        let entry = node
            .entry(part)
            .or_insert_with(|| toml::Value::Table(toml::Table::new()));
        let Some(next) = entry.as_table_mut() else {
            bail!("--set {assignment}: `{part}` is a value, not a section");
        };
        node = next;
    }
    node.insert(last.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_names_line_and_nearest() {
        let text = "[run]\nseed = 3\n\n[filter]\nmin_wrods = 3\n";
        let error = parse(text, "pipeline.toml").unwrap_err().to_string();
        assert!(
            error.starts_with("pipeline.toml:5: `min_wrods = 3`"),
            "{error}"
        );
        assert!(
            error.contains("nearest valid key is `min_words`"),
            "{error}"
        );
    }

    #[test]
    fn an_unknown_section_names_the_nearest() {
        let error = parse("[fliter]\n", "p.toml").unwrap_err().to_string();
        assert!(
            error.contains("p.toml:1") && error.contains("`filter`"),
            "{error}"
        );
    }

    #[test]
    fn a_wrong_type_names_line_and_expectation() {
        let error = parse("[run]\nseed = \"x\"\n", "p.toml")
            .unwrap_err()
            .to_string();
        assert!(error.contains("p.toml:2: `seed = \"x\"`"), "{error}");
        assert!(error.contains("expected u64"), "{error}");
    }

    #[test]
    fn overrides_win_and_are_checked() {
        let overrides = |list: &[&str]| {
            let list: Vec<String> = list.iter().map(ToString::to_string).collect();
            Config::from_overrides(&list)
        };
        let config = overrides(&["filter.min_words=30", "run.dir=runs/x", "run.threads = 2"]);
        let config = config.unwrap();
        assert_eq!(config.filter.min_words, 30);
        assert_eq!(config.run.dir, PathBuf::from("runs/x"));
        assert_eq!(config.run.resolved_threads(), 2);
        let error = overrides(&["filter.min_word=30"]).unwrap_err().to_string();
        assert!(
            error.contains("--set") && error.contains("`min_words`"),
            "{error}"
        );
        assert!(overrides(&["filter"]).is_err());
        assert!(overrides(&["run.seed=1", "run.seed.x=1"]).is_err());
    }

    #[cfg(feature = "torch")]
    #[test]
    fn a_source_has_its_weight_in_the_mixture() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c.toml");
        let source = |name: &str| {
            format!("[[collect.source]]\nname = \"{name}\"\npath = \"p\"\nweight = 2.5\n")
        };
        let text = source("a") + &source("b") + "[train.mixture.sources]\nb = 0.5\n";
        std::fs::write(&path, text).unwrap();
        for overrides in [vec![], vec!["run.seed=2".to_owned()]] {
            let config = Config::load(&path, &overrides).unwrap();
            let sources = config.train.mixture.sources;
            assert_eq!((sources["a"], sources["b"]), (2.5, 0.5));
            assert_eq!(config.collect.source[0].weight, None);
        }
    }

    #[test]
    fn the_defaults_survive_being_written_and_read() {
        let text = toml::to_string(&Config::default()).unwrap();
        let config: Config = toml::from_str(&text).unwrap();
        assert_eq!(text, toml::to_string(&config).unwrap());
    }
}

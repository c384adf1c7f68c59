//! What must run: a stage's fingerprint against the one in its manifest.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use textmill_schemas::{CorpusStage, Manifest};
use textmill_storage::entries;

use crate::config::Config;
use crate::stages::{self, STAGES, StageInfo};

/// A run's stages and where they write.
pub struct Plan<'a> {
    config: &'a Config,
    dir: PathBuf,
}

/// A stage, ready to run or found done.
pub struct PlannedStage {
    /// The stage.
    pub info: &'static StageInfo,
    /// Its code.
    pub stage: Box<dyn CorpusStage>,
    /// Its folder.
    pub dir: PathBuf,
    /// Its section of the configuration.
    pub section: serde_json::Value,
    /// Content hash of each input.
    pub inputs: BTreeMap<String, String>,
    /// Hash of everything that decides its output.
    pub fingerprint: String,
    /// Whether it must run.
    pub status: Status,
}

/// Whether a stage must run, and why.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// Its output is what it would write again.
    Done(Box<Manifest>),
    /// It never ran to its end.
    Missing,
    /// Something that decides its output has changed.
    Stale(&'static str),
}

impl<'a> Plan<'a> {
    /// The plan of a configuration's run.
    pub fn new(config: &'a Config) -> Self {
        Self {
            config,
            dir: config.run.dir.clone(),
        }
    }

    /// The run's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Looks whether a stage must run. Its inputs must be done.
    pub fn stage(&self, info: &'static StageInfo) -> Result<PlannedStage> {
        let section = stages::section(info.name, self.config)?;
        let stage = stages::build(info.name, self.config)
            .with_context(|| format!("[{}] in the configuration", info.name))?;
        let external = stage
            .external_inputs()
            .map_err(|error| anyhow::anyhow!("{}: {error}", info.name))?;
        let mut inputs = BTreeMap::new();
        for input in info.inputs {
            let manifest = Manifest::read(&self.dir.join(input))?
                .with_context(|| format!("{}: stage {input} has not run yet", info.name))?;
            inputs.insert((*input).to_owned(), manifest.content_hash);
        }
        if !external.is_empty() {
            inputs.insert("external".to_owned(), external);
        }
        let seed = info.seeded.then_some(self.config.run.seed);
        let fingerprint = fingerprint(info, &section, &inputs, seed);
        let dir = self.dir.join(info.name);
        let status = status(info, &dir, &section, &inputs, &fingerprint)?;
        Ok(PlannedStage {
            info,
            stage,
            dir,
            section,
            inputs,
            fingerprint,
            status,
        })
    }

    /// The stages that a target needs, itself included, in order.
    pub fn needed(target: &str) -> Result<Vec<&'static StageInfo>> {
        let mut needed = vec![stages::find(target)?.name];
        let mut next = 0;
        while let Some(name) = needed.get(next) {
            needed.extend(stages::find(name)?.inputs);
            next += 1;
        }
        let is_needed = |stage: &&StageInfo| needed.contains(&stage.name);
        Ok(STAGES.iter().filter(is_needed).collect())
    }
}

fn fingerprint(
    info: &StageInfo,
    section: &serde_json::Value,
    inputs: &BTreeMap<String, String>,
    seed: Option<u64>,
) -> String {
    let all = serde_json::json!({
        "stage": info.name,
        "code": info.code,
        "config": section,
        "inputs": inputs,
        "seed": seed,
    });
    blake3::hash(all.to_string().as_bytes())
        .to_hex()
        .to_string()
}

fn status(
    info: &StageInfo,
    dir: &Path,
    section: &serde_json::Value,
    inputs: &BTreeMap<String, String>,
    fingerprint: &str,
) -> Result<Status> {
    let Some(manifest) = Manifest::read(dir)? else {
        return Ok(Status::Missing);
    };
    if manifest.fingerprint == fingerprint {
        return Ok(match changed_output(&manifest, dir)? {
            None => Status::Done(Box::new(manifest)),
            Some(_) => Status::Stale("its files were changed"),
        });
    }
    Ok(Status::Stale(if manifest.inputs != *inputs {
        "its input changed"
    } else if manifest.config != *section {
        "its configuration changed"
    } else if manifest.code != info.code {
        "its code changed"
    } else {
        "the seed changed"
    }))
}

/// The first output that is not there or has another size than the manifest says.
pub fn changed_output(manifest: &Manifest, dir: &Path) -> Result<Option<PathBuf>> {
    let mut outputs = manifest.outputs();
    let changed = match textmill_storage::is_remote(dir) {
        false => outputs.find(|entry| {
            let metadata = dir.join(&entry.path).metadata();
            metadata.map_or(true, |metadata| metadata.len() != entry.bytes)
        }),
        // A list is one request for a thousand of them.
        true => {
            let found = entries(dir).with_context(|| dir.display().to_string())?;
            let found: BTreeMap<PathBuf, u64> =
                found.into_iter().map(|e| (e.location, e.size)).collect();
            outputs.find(|entry| found.get(&dir.join(&entry.path)) != Some(&entry.bytes))
        }
    };
    Ok(changed.map(|entry| dir.join(&entry.path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_needs_what_comes_before_it() {
        let names = |target| -> Vec<&str> {
            Plan::needed(target)
                .unwrap()
                .iter()
                .map(|stage| stage.name)
                .collect()
        };
        assert_eq!(names("collect"), ["collect"]);
        assert_eq!(names("filter"), ["collect", "extract", "filter"]);
        assert_eq!(names("evaluate").len(), STAGES.len());
        assert!(Plan::needed("filtre").is_err());
    }

    #[test]
    fn every_ingredient_changes_the_fingerprint() {
        let info = stages::find("filter").unwrap();
        let inputs = |hash: &str| BTreeMap::from([("extract".to_owned(), hash.to_owned())]);
        let base = fingerprint(info, &serde_json::json!({"a": 1}), &inputs("x"), None);
        let others = [
            fingerprint(info, &serde_json::json!({"a": 2}), &inputs("x"), None),
            fingerprint(info, &serde_json::json!({"a": 1}), &inputs("y"), None),
            fingerprint(info, &serde_json::json!({"a": 1}), &inputs("x"), Some(1)),
            fingerprint(
                stages::find("extract").unwrap(),
                &serde_json::json!({"a": 1}),
                &inputs("x"),
                None,
            ),
        ];
        for other in &others {
            assert_ne!(&base, other);
        }
        assert_eq!(
            base,
            fingerprint(info, &serde_json::json!({"a": 1}), &inputs("x"), None)
        );
    }
}

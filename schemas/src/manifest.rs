//! What a stage, or one of its tasks, read and wrote.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use textmill_storage::Source;

use crate::Error;
use crate::commit::{put_if_absent, write_atomically};

/// A finished file of a stage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardEntry {
    /// Path relative to the stage's folder, with forward slashes.
    pub path: String,
    /// Rows in it; 0 for files that are not shards.
    pub rows: u64,
    /// Size on disk in bytes.
    pub bytes: u64,
    /// BLAKE3 of the content, in hexadecimal.
    pub hash: String,
}

impl ShardEntry {
    /// Describes a file that is not a shard, such as `tokenizer.json`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of_file(stage_dir: &Path, relative: &str) -> Result<Self, Error> {
        let path = stage_dir.join(relative);
        let source = Source::open(&path).map_err(Error::io(&path))?;
        Ok(Self {
            path: relative.to_owned(),
            rows: 0,
            bytes: source.size(),
            hash: hash(&source, &path)?,
        })
    }
}

/// BLAKE3 of a file's content, in hexadecimal.
///
/// # Errors
/// When the file cannot be read.
pub fn hash_file(path: &Path) -> Result<String, Error> {
    hash(&Source::open(path).map_err(Error::io(path))?, path)
}

fn hash(source: &Source, path: &Path) -> Result<String, Error> {
    let mut hasher = blake3::Hasher::new();
    let hashed = hasher.update_reader(source.reader(0));
    hashed.map_err(Error::io(path))?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// What one task did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskReport {
    /// Documents read. Only the step that decides about a document counts it.
    pub read: u64,
    /// Documents kept.
    pub kept_rows: u64,
    /// Documents dropped, by rule.
    pub dropped_rows: BTreeMap<String, u64>,
    /// Shards of kept rows.
    pub kept: Vec<ShardEntry>,
    /// Shards of dropped rows.
    pub dropped: Vec<ShardEntry>,
    /// Shards of what was measured of every document.
    pub signals: Vec<ShardEntry>,
    /// Other outputs, such as `tokenizer.json`.
    pub files: Vec<ShardEntry>,
    /// Bytes read from outside the run; what earlier stages wrote is counted by the runner.
    pub outside_bytes: u64,
    /// Further figures. Numbers of several tasks add up, or of those named `largest_…` the
    /// greatest stays; of other values the last one stays.
    pub stats: BTreeMap<String, Value>,
}

impl TaskReport {
    /// Documents dropped, over all rules.
    #[must_use]
    pub fn dropped_total(&self) -> u64 {
        self.dropped_rows.values().sum()
    }

    /// Counts one dropped document.
    pub fn count_drop(&mut self, rule: &str) {
        match self.dropped_rows.get_mut(rule) {
            Some(count) => *count += 1,
            None => {
                self.dropped_rows.insert(rule.to_owned(), 1);
            }
        }
    }

    /// Adds another task's report to this one.
    pub fn merge(&mut self, other: Self) {
        self.read += other.read;
        self.kept_rows += other.kept_rows;
        for (rule, count) in other.dropped_rows {
            *self.dropped_rows.entry(rule).or_default() += count;
        }
        self.kept.extend(other.kept);
        self.dropped.extend(other.dropped);
        self.signals.extend(other.signals);
        self.files.extend(other.files);
        self.outside_bytes += other.outside_bytes;
        for (key, value) in other.stats {
            let join = match key.starts_with("largest_") {
                true => greatest,
                false => add,
            };
            let joined = self.stats.get(&key).and_then(|old| join(old, &value));
            self.stats.insert(key, joined.unwrap_or(value));
        }
    }
}

/// The sum of two JSON numbers, as an integer where both are.
fn add(a: &Value, b: &Value) -> Option<Value> {
    match (a.as_u64(), b.as_u64()) {
        (Some(a), Some(b)) => Some(a.saturating_add(b).into()),
        _ => Some((a.as_f64()? + b.as_f64()?).into()),
    }
}

/// The greater of two JSON numbers.
fn greatest(a: &Value, b: &Value) -> Option<Value> {
    let greater = if a.as_f64()? < b.as_f64()? { b } else { a };
    Some(greater.clone())
}

/// Proof that a task is done. Readers trust records, never listings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CompletionRecord {
    /// Fingerprint of the stage's inputs, configuration and code.
    pub fingerprint: String,
    /// What the task did.
    pub report: TaskReport,
}

impl CompletionRecord {
    /// Where the records of a stage's tasks lie: a folder for each fingerprint, so that no record
    /// of other inputs is in the way.
    #[must_use]
    pub fn folder(stage_dir: &Path, fingerprint: &str) -> PathBuf {
        stage_dir
            .join("work/done")
            .join(format!("{fingerprint:.16}"))
    }

    /// Where the record of a task lies in that folder.
    #[must_use]
    pub fn name(step: &str, rank: usize) -> String {
        format!("{step}-{rank:05}.json")
    }

    /// Where the record of a task lies.
    #[must_use]
    pub fn path(stage_dir: &Path, fingerprint: &str, step: &str, rank: usize) -> PathBuf {
        Self::folder(stage_dir, fingerprint).join(Self::name(step, rank))
    }

    /// The records of several tasks; `None` for those that are not done.
    ///
    /// # Errors
    /// When one of them is damaged or cannot be read.
    pub fn read_all(
        stage_dir: &Path,
        fingerprint: &str,
        step: &str,
        ranks: std::ops::Range<usize>,
    ) -> Result<Vec<Option<Self>>, Error> {
        let path = |rank| Self::path(stage_dir, fingerprint, step, rank);
        let paths: Vec<PathBuf> = ranks.map(path).collect();
        let contents = textmill_storage::read_all(&paths).map_err(Error::io(stage_dir))?;
        let records = paths.iter().zip(contents).map(|(path, content)| {
            let record = content.map(|content| from_json::<Self>(path, &content));
            let record = record.transpose()?;
            Ok(record.filter(|record| record.fingerprint == fingerprint))
        });
        records.collect()
    }

    /// Reads the record of a task; `None` when the task is not done, or was done for other inputs.
    ///
    /// # Errors
    /// When the record exists but is damaged.
    pub fn read(path: &Path, fingerprint: &str) -> Result<Option<Self>, Error> {
        let record = read_json::<Self>(path)?;
        Ok(record.filter(|record| record.fingerprint == fingerprint))
    }

    /// Puts the record, unless another process that ran the same task was first: the record that
    /// counts is returned.
    ///
    /// # Errors
    /// When the disk refuses, or when the first record is damaged.
    pub fn put(self, path: &Path) -> Result<Self, Error> {
        let json = to_json(path, &self)?;
        if put_if_absent(path, &json)? {
            return Ok(self);
        }
        Ok(Self::read(path, &self.fingerprint)?.unwrap_or(self))
    }
}

/// What a stage read and wrote. Written last: a stage with a manifest is done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The stage's name.
    pub stage: String,
    /// Hash of everything that decides the output: inputs, configuration section, code version.
    pub fingerprint: String,
    /// Version of the stage's code.
    pub code: String,
    /// The stage's configuration section, resolved.
    pub config: Value,
    /// Content hash of each input's manifest, by stage.
    pub inputs: BTreeMap<String, String>,
    /// Hash of what later stages read: the kept shards and the other files.
    pub content_hash: String,
    /// Documents read.
    pub read: u64,
    /// Documents kept.
    pub kept_rows: u64,
    /// Documents dropped, by rule.
    pub dropped_rows: BTreeMap<String, u64>,
    /// Shards of kept rows, in order.
    pub kept: Vec<ShardEntry>,
    /// Shards of dropped rows, in order.
    pub dropped: Vec<ShardEntry>,
    /// Shards of what was measured of every document, in order.
    #[serde(default)]
    pub signals: Vec<ShardEntry>,
    /// Other outputs.
    pub files: Vec<ShardEntry>,
    /// Further figures.
    pub stats: BTreeMap<String, Value>,
    /// Bytes of the input shards, and of what was read from outside the run.
    pub bytes_read: u64,
    /// Bytes of all outputs.
    pub bytes_written: u64,
    /// Wall time of the run that finished the stage, in seconds.
    pub wall_seconds: f64,
    /// CPU time likewise, user and system.
    pub cpu_seconds: f64,
    /// Peak resident memory while the stage ran, in bytes, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// What the stage promised to stay below, in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit_bytes: Option<u64>,
    /// Threads that the run used.
    pub threads: usize,
}

impl Manifest {
    /// File name inside the stage's folder.
    pub const FILE: &'static str = "manifest.json";

    /// Reads the manifest of a stage's folder; `None` when the stage is not done.
    ///
    /// # Errors
    /// When the manifest exists but is damaged.
    pub fn read(stage_dir: &Path) -> Result<Option<Self>, Error> {
        read_json(&stage_dir.join(Self::FILE))
    }

    /// Writes the manifest; the last thing that a stage does.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&self, stage_dir: &Path) -> Result<(), Error> {
        let path = stage_dir.join(Self::FILE);
        write_atomically(&path, &to_json(&path, self)?)
    }

    /// Documents dropped, over all rules.
    #[must_use]
    pub fn dropped_total(&self) -> u64 {
        self.dropped_rows.values().sum()
    }

    /// Every file that the stage wrote, but for this one.
    pub fn outputs(&self) -> impl Iterator<Item = &ShardEntry> {
        let shards = self.kept.iter().chain(&self.dropped);
        shards.chain(&self.signals).chain(&self.files)
    }

    /// Hash of what later stages read, independent of times and machines.
    #[must_use]
    pub fn hash_content(kept: &[ShardEntry], files: &[ShardEntry]) -> String {
        let mut hasher = blake3::Hasher::new();
        for (kind, entries) in [("kept", kept), ("file", files)] {
            for entry in entries {
                hasher.update(format!("{kind} {} {}\n", entry.path, entry.hash).as_bytes());
            }
        }
        hasher.finalize().to_hex().to_string()
    }
}

fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>, Error> {
    let text = match textmill_storage::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io(path)(error)),
    };
    from_json(path, &text).map(Some)
}

fn from_json<T: for<'de> Deserialize<'de>>(path: &Path, text: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(text).map_err(|source| Error::Manifest {
        path: path.to_path_buf(),
        source,
    })
}

fn to_json<T: Serialize>(path: &Path, value: &T) -> Result<Vec<u8>, Error> {
    let json = serde_json::to_vec_pretty(value).map_err(|source| Error::Manifest {
        path: path.to_path_buf(),
        source,
    })?;
    Ok([json, b"\n".to_vec()].concat())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn reports_add_up() {
        let mut sum = TaskReport::default();
        for rank in 0..3_u64 {
            let mut report = TaskReport {
                read: 10,
                kept_rows: 8,
                ..TaskReport::default()
            };
            report.count_drop("a.b");
            report.count_drop("a.b");
            report.stats.insert("tokens".into(), rank.into());
            report.stats.insert("seconds".into(), 0.5.into());
            report.stats.insert("name".into(), format!("{rank}").into());
            sum.merge(report);
        }
        assert_eq!(sum.read, sum.kept_rows + sum.dropped_total());
        assert_eq!(sum.stats["tokens"], 3);
        assert_eq!(sum.stats["seconds"], 1.5);
        assert_eq!(sum.stats["name"], "2");
    }

    #[test]
    fn records_of_other_inputs_do_not_count() {
        let dir = tempfile::tempdir().unwrap();
        let path = CompletionRecord::path(dir.path(), "f", "encode", 3);
        assert_eq!(CompletionRecord::read(&path, "f").unwrap(), None);
        let record = CompletionRecord {
            fingerprint: "f".into(),
            report: TaskReport::default(),
        };
        assert_eq!(record.clone().put(&path).unwrap(), record);
        let mut late = record.clone();
        late.report.read = 7;
        assert_eq!(late.put(&path).unwrap(), record, "the first one counts");
        assert_eq!(CompletionRecord::read(&path, "f").unwrap(), Some(record));
        assert_eq!(CompletionRecord::read(&path, "g").unwrap(), None);
        let several = CompletionRecord::read_all(dir.path(), "f", "encode", 2..5).unwrap();
        let there: Vec<bool> = several.iter().map(Option::is_some).collect();
        assert_eq!(there, [false, true, false]);
        fs::write(&path, "{").unwrap();
        let error = CompletionRecord::read(&path, "f").unwrap_err().to_string();
        assert!(error.contains("encode-00003.json"), "{error}");
    }

    #[test]
    fn content_hash_ignores_times_but_not_bytes() {
        let entry = |hash: &str| ShardEntry {
            path: "part-00000.parquet".into(),
            hash: hash.into(),
            ..ShardEntry::default()
        };
        let a = Manifest::hash_content(&[entry("1")], &[]);
        assert_eq!(a, Manifest::hash_content(&[entry("1")], &[]));
        assert_ne!(a, Manifest::hash_content(&[entry("2")], &[]));
        assert_ne!(a, Manifest::hash_content(&[], &[entry("1")]));
    }
}

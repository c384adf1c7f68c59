//! Predictions and references in files.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};

use super::Metric;

/// What a model said.
pub(super) struct Predictions {
    path: PathBuf,
    pub texts: Vec<String>,
    ids: Vec<Option<Value>>,
}

/// What is right.
pub(super) struct References {
    paths: Vec<PathBuf>,
    /// Rows of each file.
    counts: Vec<usize>,
    /// By row.
    pub rows: Vec<Vec<String>>,
    /// By file and row.
    ids: Vec<Vec<Option<Value>>>,
}

impl Predictions {
    pub fn read(path: &Path, metric: Metric) -> Result<Self> {
        let (mut texts, mut ids) = (Vec::new(), Vec::new());
        for row in rows(path)? {
            match row {
                Row::Text(text) => {
                    texts.push(text);
                    ids.push(None);
                }
                Row::Object(line, object) => {
                    let value = object.get("prediction");
                    let text = value.and_then(|value| string(value, metric));
                    let text =
                        text.with_context(|| lacks(path, line, "\"prediction\", a string"))?;
                    texts.push(text);
                    ids.push(object.get("id").cloned());
                }
            }
        }
        ensure!(
            !texts.is_empty(),
            "{}: there are no predictions in it",
            path.display()
        );
        let path = path.to_path_buf();
        Ok(Self { path, texts, ids })
    }
}

impl References {
    pub fn read(paths: &[PathBuf], metric: Metric) -> Result<Self> {
        let mut all = Self {
            paths: paths.to_vec(),
            counts: Vec::new(),
            rows: Vec::new(),
            ids: Vec::new(),
        };
        for path in paths {
            let (mut count, mut ids) = (0, Vec::new());
            for row in rows(path)? {
                let (texts, id) = match row {
                    Row::Text(text) => (vec![text], None),
                    Row::Object(line, object) => {
                        let form = "\"reference\", a string, or \"references\" or \"answers\", a list of strings";
                        let texts = of_object(&object, metric);
                        let texts = texts.with_context(|| lacks(path, line, form))?;
                        (texts, object.get("id").cloned())
                    }
                };
                match all.rows.get_mut(count) {
                    Some(row) => row.extend(texts),
                    None => all.rows.push(texts),
                }
                ids.push(id);
                count += 1;
            }
            all.counts.push(count);
            all.ids.push(ids);
        }
        Ok(all)
    }

    /// Refuses files that do not go with the predictions.
    pub fn check(&self, predictions: &Predictions) -> Result<()> {
        let ours = predictions.texts.len();
        for (path, count) in self.paths.iter().zip(&self.counts) {
            ensure!(
                *count == ours,
                "{} has {ours} rows, but {} has {count}; row n of one must go with row n of the other",
                predictions.path.display(),
                path.display()
            );
        }
        for (path, ids) in self.paths.iter().zip(&self.ids) {
            let both = (1..).zip(predictions.ids.iter().zip(ids));
            for (row, pair) in both {
                if let (Some(ours), Some(theirs)) = pair {
                    ensure!(
                        ours == theirs,
                        "row {row}: {} has the id {ours}, but {} has {theirs}; sort one as the other",
                        predictions.path.display(),
                        path.display()
                    );
                }
            }
        }
        Ok(())
    }

    /// The references in lists of one for each row.
    pub fn columns(&self) -> Result<Vec<Vec<&str>>> {
        let first = self.rows.first().map_or(0, Vec::len);
        let odd = self.rows.iter().position(|row| row.len() != first);
        if let Some(row) = odd {
            bail!(
                "row {} has {} references, but row 1 has {first}; this metric needs as many for each row",
                row + 1,
                self.rows.get(row).map_or(0, Vec::len)
            );
        }
        let column = |at: usize| {
            let rows = self.rows.iter();
            rows.filter_map(|row| row.get(at).map(String::as_str))
                .collect()
        };
        Ok((0..first).map(column).collect())
    }
}

/// A row of a file.
enum Row {
    Text(String),
    Object(usize, Map<String, Value>),
}

fn rows(path: &Path) -> Result<Vec<Row>> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    let text = String::from_utf8(bytes);
    let text = text
        .ok()
        .with_context(|| format!("{} is not UTF-8; write it as UTF-8", path.display()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let text = text.strip_suffix('\n').unwrap_or(text);
    let lines = text
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line));
    if path
        .extension()
        .is_none_or(|extension| extension != "jsonl")
    {
        return Ok(lines.map(|line| Row::Text(line.to_owned())).collect());
    }
    let object = |(line, json): (usize, &str)| {
        let parsed = serde_json::from_str(json);
        let object = parsed
            .with_context(|| format!("{}, line {line}: not a JSON object", path.display()))?;
        Ok(Row::Object(line, object))
    };
    (1..).zip(lines).map(object).collect()
}

fn lacks(path: &Path, line: usize, form: &str) -> String {
    format!("{}, line {line}: lacks {form}", path.display())
}

/// A string; of classification a label of any plain kind.
fn string(value: &Value, metric: Metric) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) if metric == Metric::Classification => {
            Some(value.to_string())
        }
        _ => None,
    }
}

fn of_object(object: &Map<String, Value>, metric: Metric) -> Option<Vec<String>> {
    if let Some(value) = object.get("reference") {
        return Some(vec![string(value, metric)?]);
    }
    let list = object.get("references").or_else(|| object.get("answers"))?;
    let list = list.get("text").unwrap_or(list).as_array()?;
    list.iter().map(|value| string(value, metric)).collect()
}

//! Rows of a task's files.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use serde::Serialize;
use serde_json::{Map, Value};

use super::csv;
use crate::Error;

/// A row as its file has it: values by the names of JSON or of the first line of CSV.
pub(super) type Row = Map<String, Value>;

/// The line where a row begins, from 1, and the row, or what is wrong with it.
pub(super) type Numbered = (usize, Result<Row, String>);

/// A row that is no question of its task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The file.
    pub file: PathBuf,
    /// Where the row begins, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.file.display(), self.line, self.problem)
    }
}

/// The rows of a file: JSON lines, or comma-separated values with a first
/// line of names if the file is named `.csv`; either packed if it is named `.gz`.
pub(super) fn read(path: &Path) -> Result<Vec<Numbered>, Error> {
    let unreadable = |message: String| Error::TaskFile {
        path: path.to_path_buf(),
        message,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let read = match extension(path).1 {
        true => MultiGzDecoder::new(BufReader::new(file)).read_to_end(&mut bytes),
        false => BufReader::new(file).read_to_end(&mut bytes),
    };
    read.map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| unreadable(error.to_string()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Ok(match extension(path).0 {
        Some("csv") => of_csv(text),
        _ => of_json_lines(text),
    })
}

/// Whether the file is one that [`read`] would look for in a folder.
fn holds_rows(path: &Path) -> bool {
    matches!(extension(path).0, Some("jsonl" | "csv")) && path.is_file()
}

/// The name's ending before `.gz`, and whether it has that.
fn extension(path: &Path) -> (Option<&str>, bool) {
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.unwrap_or_default();
    let (name, packed) = match name.strip_suffix(".gz") {
        Some(name) => (name, true),
        None => (name, false),
    };
    (
        name.rsplit_once('.').map(|(_, extension)| extension),
        packed,
    )
}

/// The file itself, or the files of a folder in the order of their names; of a folder with the
/// parts of MMLU and CMMLU, those of its folder `test`.
pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>, Error> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let test = path.join("test");
    let folder = if test.is_dir() { &test } else { path };
    let problem = |message: String| Error::TaskFile {
        path: folder.to_path_buf(),
        message,
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| problem(error.to_string()))? {
        files.push(entry.map_err(|error| problem(error.to_string()))?.path());
    }
    files.retain(|file| holds_rows(file));
    files.sort();
    match files.is_empty() {
        true => Err(problem("holds no .jsonl or .csv file".to_owned())),
        false => Ok(files),
    }
}

/// What the file's name says of its subject: without its endings, and without the part of the set.
pub(super) fn stem(path: &Path) -> String {
    let name = path.file_name().and_then(|name| name.to_str());
    let mut stem = name.unwrap_or_default();
    for ending in [".gz", ".jsonl", ".csv", "_test", "_val", "_dev"] {
        stem = stem.strip_suffix(ending).unwrap_or(stem);
    }
    stem.to_owned()
}

fn of_json_lines(text: &str) -> Vec<Numbered> {
    let lines = text.split('\n').enumerate();
    let filled = lines.filter(|(_, line)| !line.trim().is_empty());
    let parsed = filled.map(|(number, line)| {
        let row = serde_json::from_str(line);
        (
            number + 1,
            row.map_err(|error| format!("not a JSON object: {error}")),
        )
    });
    parsed.collect()
}

fn of_csv(text: &str) -> Vec<Numbered> {
    let mut records = csv::records(text).into_iter();
    let names = match records.next() {
        Some((_, Ok(names))) => names,
        Some((line, Err(problem))) => return vec![(line, Err(problem))],
        None => return Vec::new(),
    };
    let named = |fields: Vec<String>| -> Result<Row, String> {
        if fields.len() != names.len() {
            let (found, expected) = (fields.len(), names.len());
            return Err(format!("has {found} fields, the first line {expected}"));
        }
        let fields = fields.into_iter().map(Value::String);
        Ok(names.iter().cloned().zip(fields).collect())
    };
    records
        .map(|(line, fields)| (line, fields.and_then(named)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_lines_and_faults() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.jsonl");
        std::fs::write(&path, "\u{feff}{\"a\": 1}\n\n{\"a\"\n[3]\n{\"a\": 2}").unwrap();
        let rows = read(&path).unwrap();
        let lines: Vec<usize> = rows.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 3, 4, 5]);
        let faults: Vec<bool> = rows.iter().map(|(_, row)| row.is_err()).collect();
        assert_eq!(faults, [false, true, true, false]);

        let path = dir.path().join("x_test.csv");
        std::fs::write(&path, "question,answer\n\"a\nb\",1\nc\nd,2\n").unwrap();
        let rows = read(&path).unwrap();
        assert_eq!(rows[0].1.as_ref().unwrap()["question"], "a\nb");
        assert_eq!(rows[1].0, 4);
        assert!(rows[1].1.as_ref().unwrap_err().contains("1 fields"));
        assert_eq!(rows[2].1.as_ref().unwrap()["answer"], "2");
        assert_eq!(stem(&path), "x");
    }

    #[test]
    fn packed_files_and_folders_are_read() {
        use std::io::Write;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b.jsonl.gz");
        let file = File::create(&path).unwrap();
        let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        packed.write_all(b"{\"a\": 1}\n").unwrap();
        packed.finish().unwrap();
        assert_eq!(read(&path).unwrap()[0].1.as_ref().unwrap()["a"], 1);
        let missing = files(&dir.path().join("c")).unwrap();
        assert!(read(&missing[0]).unwrap_err().to_string().contains("/c"));

        std::fs::write(dir.path().join("a.csv"), "x\n").unwrap();
        std::fs::write(dir.path().join("README.md"), "x\n").unwrap();
        assert_eq!(files(dir.path()).unwrap(), [dir.path().join("a.csv"), path]);
        let test = dir.path().join("test");
        std::fs::create_dir(&test).unwrap();
        let error = files(dir.path()).unwrap_err().to_string();
        assert!(error.contains("no .jsonl"), "{error}");
    }
}

//! What became of each address: JSON lines beside the WARC files, the last line of an address
//! counts.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use textmill_schemas::Reason;

use crate::Error;

/// Longest line; longer ones were not written by us.
const MAX_LINE: u64 = 1 << 20;

/// What became of an address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    /// It is in a WARC file.
    Page(Page),
    /// There is nothing to read.
    Dropped(Refusal),
}

/// Where a page is stored, and what it takes to ask whether it has changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Page {
    /// Address after redirects.
    pub url: String,
    /// WARC file.
    pub file: String,
    /// Where the record begins.
    pub offset: u64,
    /// Where it ends, with those that belong to it.
    pub end: u64,
    /// Identity of the record.
    pub record: String,
    /// When it was fetched.
    pub date: String,
    /// Digest of the body.
    pub digest: String,
    /// The answer's `ETag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The answer's `Last-Modified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
}

/// Why there is nothing to read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    /// Rule of the dropped row.
    pub rule: String,
    /// What was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// The limit that it missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<f64>,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self {
            rule: reason.rule,
            value: reason.value,
            limit: reason.limit,
            detail: reason.detail,
        }
    }
}

impl From<Refusal> for Reason {
    fn from(refusal: Refusal) -> Self {
        Self {
            rule: refusal.rule,
            value: refusal.value,
            limit: refusal.limit,
            detail: refusal.detail,
            text: None,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Line {
    address: String,
    #[serde(flatten)]
    outcome: Outcome,
}

/// The outcomes of one host.
pub(crate) struct Ledger {
    path: PathBuf,
    file: Option<File>,
    /// Outcomes by address, with the place of their lines.
    entries: HashMap<String, (Outcome, u64)>,
    length: u64,
}

impl Ledger {
    /// Reads the lines that are there, up to one that is not whole.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let mut ledger = Self {
            path: path.to_owned(),
            file: None,
            entries: HashMap::new(),
            length: 0,
        };
        if !path.exists() {
            return Ok(ledger);
        }
        let at = |error| Error::fetched(path, error);
        let mut reader = BufReader::new(File::open(path).map_err(at)?);
        let mut line = Vec::new();
        loop {
            line.clear();
            let mut bounded = std::io::Read::take(&mut reader, MAX_LINE);
            let read = bounded.read_until(b'\n', &mut line).map_err(at)? as u64;
            if !line.ends_with(b"\n") {
                return Ok(ledger);
            }
            if let Ok(line) = serde_json::from_slice::<Line>(&line) {
                let entry = (line.outcome, ledger.length);
                ledger.entries.insert(line.address, entry);
            }
            ledger.length += read;
        }
    }

    /// What became of an address, and the place of its line.
    pub fn get(&self, address: &str) -> Option<(&Outcome, u64)> {
        let (outcome, place) = self.entries.get(address)?;
        Some((outcome, *place))
    }

    /// Where the last known record of a WARC file ends.
    pub fn end_of(&self, file: &str) -> Option<u64> {
        let ends = self
            .entries
            .values()
            .filter_map(|(outcome, _)| match outcome {
                Outcome::Page(page) if page.file == file => Some(page.end),
                _ => None,
            });
        ends.max()
    }

    /// Forgets pages whose WARC files lack them.
    pub fn check(&mut self, folder: &Path) {
        let mut lengths: HashMap<String, u64> = HashMap::new();
        self.entries.retain(|_, (outcome, _)| match outcome {
            Outcome::Page(page) => {
                let length = lengths.entry(page.file.clone()).or_insert_with(|| {
                    let file = folder.join(&page.file).metadata();
                    file.map_or(0, |file| file.len())
                });
                page.end <= *length
            }
            Outcome::Dropped(_) => true,
        });
    }

    /// Adds an outcome; says whether an older one was replaced.
    pub fn put(&mut self, address: &str, outcome: Outcome) -> Result<bool, Error> {
        let old = self.get(address).map(|(old, _)| old);
        let is_same = match (old, &outcome) {
            // The words for a failure may differ each time.
            (Some(Outcome::Dropped(old)), Outcome::Dropped(new)) => {
                old.rule == new.rule && old.value == new.value
            }
            (old, new) => old == Some(new),
        };
        if is_same {
            return Ok(false);
        }
        let replaces = old.is_some();
        let line = Line {
            address: address.to_owned(),
            outcome,
        };
        let at = |error: std::io::Error| Error::fetched(&self.path, error);
        let mut bytes = serde_json::to_vec(&line).map_err(|error| at(error.into()))?;
        bytes.push(b'\n');
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.open_to_write()?,
        };
        file.write_all(&bytes).map_err(at)?;
        self.file = Some(file);
        self.entries
            .insert(line.address, (line.outcome, self.length));
        self.length += bytes.len() as u64;
        Ok(replaces)
    }

    fn open_to_write(&self) -> Result<File, Error> {
        let at = |error| Error::fetched(&self.path, error);
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(at)?;
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.path);
        let file = file.map_err(at)?;
        // A line that a killed run has begun.
        file.set_len(self.length).map_err(at)?;
        Ok(file)
    }

    /// Makes sure that the lines are on the disk.
    pub fn sync(&self) -> Result<(), Error> {
        let synced = self.file.as_ref().map(File::sync_all);
        synced
            .unwrap_or(Ok(()))
            .map_err(|error| Error::fetched(&self.path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(rule: &str) -> Outcome {
        Outcome::Dropped(Reason::new(rule).measured(2.0, 1.0).into())
    }

    fn page(end: u64) -> Outcome {
        Outcome::Page(Page {
            url: "http://a.example/".into(),
            file: "a.warc.gz".into(),
            offset: 1,
            end,
            record: "r".into(),
            date: "d".into(),
            digest: "s".into(),
            etag: Some("\"e\"".into()),
            modified: None,
        })
    }

    #[test]
    fn the_last_line_counts_and_a_torn_one_does_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sub/a.jsonl");
        let mut ledger = Ledger::read(&path).unwrap();
        assert!(
            !ledger
                .put("http://a.example/", refused("collect.timeout"))
                .unwrap()
        );
        assert!(ledger.put("http://a.example/", page(9)).unwrap());
        assert!(
            !ledger.put("http://a.example/", page(9)).unwrap(),
            "nothing new"
        );
        ledger
            .put("http://b.example/", refused("collect.robots"))
            .unwrap();
        ledger.sync().unwrap();
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..], b"{\"address\": \"http://c"].concat()).unwrap();
        let mut again = Ledger::read(&path).unwrap();
        assert_eq!(again.get("http://a.example/").unwrap().0, &page(9));
        assert_eq!(again.end_of("a.warc.gz"), Some(9));
        again
            .put("http://c.example/", refused("collect.robots"))
            .unwrap();
        let last = Ledger::read(&path).unwrap();
        assert_eq!(
            last.get("http://c.example/").unwrap(),
            (&refused("collect.robots"), whole.len() as u64)
        );
    }

    #[test]
    fn pages_that_are_gone_are_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::read(&dir.path().join("a.jsonl")).unwrap();
        ledger.put("http://a.example/", page(9)).unwrap();
        ledger.put("http://b.example/", page(12)).unwrap();
        fs::write(dir.path().join("a.warc.gz"), [0; 10]).unwrap();
        ledger.check(dir.path());
        assert!(ledger.get("http://a.example/").is_some());
        assert!(ledger.get("http://b.example/").is_none());
    }
}

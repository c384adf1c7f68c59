//! WARC files that are whole as soon as they have their name.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::warc::Record;
use crate::Error;

/// Ending of a file that is being written.
const UNFINISHED: &str = "part";

/// Writes the records of one host to files of a certain size: `host-00000.warc.gz` and so on.
pub(crate) struct Writer {
    folder: PathBuf,
    unit: String,
    user_agent: String,
    /// Bytes from which on a file is followed by another.
    limit: u64,
    number: u32,
    open: Option<(File, u64)>,
}

/// Where records were written.
#[derive(Debug, PartialEq)]
pub(crate) struct Written {
    /// Name of the file, once it is whole.
    pub file: String,
    /// Where the first record begins.
    pub offset: u64,
    /// Where the last one ends.
    pub end: u64,
}

impl Writer {
    /// Prepares to write behind the files that are there. One that a killed run left is completed
    /// first: `whole` says where its last record of use ends, if there is one.
    pub fn open(
        folder: &Path,
        unit: &str,
        user_agent: &str,
        limit: u64,
        whole: impl Fn(&str) -> Option<u64>,
    ) -> Result<Self, Error> {
        let mut writer = Self {
            folder: folder.to_owned(),
            unit: unit.to_owned(),
            user_agent: user_agent.to_owned(),
            limit,
            number: 0,
            open: None,
        };
        loop {
            let (name, unfinished) = (writer.name(), writer.unfinished());
            if unfinished.exists() {
                match whole(&name) {
                    Some(end) => writer.complete(&unfinished, end)?,
                    None => fs::remove_file(&unfinished).map_err(at(&unfinished))?,
                }
            }
            if !writer.folder.join(&name).exists() {
                return Ok(writer);
            }
            writer.number += 1;
        }
    }

    fn name(&self) -> String {
        format!("{}-{:05}.warc.gz", self.unit, self.number)
    }

    fn unfinished(&self) -> PathBuf {
        self.folder.join(format!("{}.{UNFINISHED}", self.name()))
    }

    /// Cuts what is behind the last whole record, and gives a file its name.
    fn complete(&self, unfinished: &Path, end: u64) -> Result<(), Error> {
        let file = OpenOptions::new().write(true).open(unfinished);
        let file = file.map_err(at(unfinished))?;
        let length = file.metadata().map_err(at(unfinished))?.len();
        if length > end {
            file.set_len(end).map_err(at(unfinished))?;
        }
        self.give_name(&file, unfinished)
    }

    fn give_name(&self, file: &File, unfinished: &Path) -> Result<(), Error> {
        file.sync_all().map_err(at(unfinished))?;
        let path = self.folder.join(self.name());
        fs::rename(unfinished, &path).map_err(at(&path))
    }

    /// Writes records behind each other.
    pub fn write(&mut self, records: &[Record]) -> Result<Written, Error> {
        let path = self.unfinished();
        let (mut file, offset) = match self.open.take() {
            Some(open) => open,
            None => self.begin(&path)?,
        };
        let mut bytes = Vec::new();
        for record in records {
            bytes.append(&mut record.packed().map_err(at(&path))?);
        }
        file.write_all(&bytes).map_err(at(&path))?;
        let written = Written {
            file: self.name(),
            offset,
            end: offset + bytes.len() as u64,
        };
        if written.end >= self.limit {
            self.give_name(&file, &path)?;
            self.number += 1;
        } else {
            self.open = Some((file, written.end));
        }
        Ok(written)
    }

    fn begin(&self, path: &Path) -> Result<(File, u64), Error> {
        let mut file = File::create(path).map_err(at(path))?;
        let info = Record::info(&self.name(), &self.user_agent, Timestamp::now());
        let info = info.packed().map_err(at(path))?;
        file.write_all(&info).map_err(at(path))?;
        Ok((file, info.len() as u64))
    }

    /// Completes the file at hand.
    pub fn finish(&mut self) -> Result<(), Error> {
        match self.open.take() {
            Some((file, _)) => self.give_name(&file, &self.unfinished()),
            None => Ok(()),
        }
    }
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |error| Error::fetched(path, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> [Record; 1] {
        [Record::failure(
            "http://a.example/",
            "collect.timeout",
            text,
            Timestamp::UNIX_EPOCH,
        )]
    }

    fn open(folder: &Path, limit: u64, whole: Option<u64>) -> Writer {
        Writer::open(folder, "a.example", "textmill", limit, |_| whole).unwrap()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn files_follow_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = open(dir.path(), 1 << 20, None);
        let first = writer.write(&record("one")).unwrap();
        let second = writer.write(&record("two")).unwrap();
        assert_eq!(
            (first.end, second.file.as_str()),
            (second.offset, "a.example-00000.warc.gz")
        );
        assert_eq!(names(dir.path()), ["a.example-00000.warc.gz.part"]);
        writer.finish().unwrap();
        let mut next = open(dir.path(), 1, None);
        next.write(&record("three")).unwrap();
        next.write(&record("four")).unwrap();
        next.finish().unwrap();
        assert_eq!(
            names(dir.path()),
            [
                "a.example-00000.warc.gz",
                "a.example-00001.warc.gz",
                "a.example-00002.warc.gz"
            ]
        );
    }

    #[test]
    fn what_a_killed_run_left_is_completed() {
        let dir = tempfile::tempdir().unwrap();
        let mut killed = open(dir.path(), 1 << 20, None);
        let whole = killed.write(&record("one")).unwrap();
        killed.write(&record("two")).unwrap();
        drop(killed);
        open(dir.path(), 1 << 20, Some(whole.end));
        let path = dir.path().join(&whole.file);
        assert_eq!(path.metadata().unwrap().len(), whole.end);
        let mut useless = open(dir.path(), 1 << 20, None);
        useless.write(&record("three")).unwrap();
        drop(useless);
        open(dir.path(), 1 << 20, None);
        assert_eq!(names(dir.path()), ["a.example-00000.warc.gz"]);
    }
}

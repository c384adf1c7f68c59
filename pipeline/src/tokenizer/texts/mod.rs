//! Texts of shards, JSON lines and plain files, handed out in small batches to several threads.

mod files;
mod lines;
mod plain;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Context, Result, anyhow};
use textmill_schemas::{Document, ShardReader};

use files::Kind;

/// A thread takes texts of about this many bytes at a time.
const BATCH_BYTES: usize = 1 << 20;

/// A text and what is known about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// File, and line or id.
    pub place: String,
    /// Its source: the column, or the file or folder as it was named.
    pub source: String,
    /// Its language, where known.
    pub lang: Option<String>,
    /// Its words, where counted.
    pub words: Option<u32>,
    /// The text.
    pub text: String,
}

/// Texts of some files, in order.
pub struct Texts {
    files: std::vec::IntoIter<files::Found>,
    open: Option<Open>,
    /// Texts given so far.
    given: u64,
    /// Lines without a text.
    passed_over: AtomicU64,
}

/// A file that is being read.
enum Open {
    Shard {
        reader: Box<ShardReader<Document>>,
        group: std::vec::IntoIter<Document>,
    },
    Other(Box<dyn Iterator<Item = Result<Option<Text>>> + Send>),
}

impl Texts {
    /// The texts of files and folders.
    pub fn of(paths: &[PathBuf]) -> Result<Self> {
        Ok(Self {
            files: files::find(paths)?.into_iter(),
            open: None,
            given: 0,
            passed_over: AtomicU64::new(0),
        })
    }

    /// Works off all texts on some threads. Each has a state of its own, made by `make`; `each` gets
    /// it with a text and the text's number. Gives the states and the number of lines without a text.
    ///
    /// A thread holds one batch; besides there is the row group or the block that is being read.
    pub fn work<S: Send>(
        self,
        threads: usize,
        make: impl Fn() -> S + Sync,
        each: impl Fn(&mut S, u64, Text) -> Result<()> + Sync,
    ) -> Result<(Vec<S>, u64)> {
        let texts = Mutex::new(self);
        let failed = AtomicBool::new(false);
        let worker = || -> Result<S> {
            let mut state = make();
            while !failed.load(Ordering::Relaxed) {
                let batch = texts
                    .lock()
                    .map_err(|_| anyhow!("a thread failed"))?
                    .batch();
                let done = batch.and_then(|batch| {
                    let more = !batch.is_empty();
                    let mut batch = batch.into_iter();
                    batch.try_for_each(|(number, text)| each(&mut state, number, text))?;
                    Ok(more)
                });
                match done {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        failed.store(true, Ordering::Relaxed);
                        return Err(error);
                    }
                }
            }
            Ok(state)
        };
        let states: Result<Vec<S>> = std::thread::scope(|scope| {
            let started: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(worker)).collect();
            let joined = started.into_iter().map(|thread| {
                let joined = thread.join();
                joined.map_err(|_| anyhow!("a thread failed"))?
            });
            joined.collect()
        });
        let texts = texts.into_inner().map_err(|_| anyhow!("a thread failed"))?;
        Ok((states?, texts.passed_over.into_inner()))
    }

    /// The next texts with their numbers; none at the end.
    fn batch(&mut self) -> Result<Vec<(u64, Text)>> {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while bytes < BATCH_BYTES {
            let Some(text) = self.next()? else { break };
            bytes += text.text.len();
            batch.push((self.given, text));
            self.given += 1;
        }
        Ok(batch)
    }

    fn next(&mut self) -> Result<Option<Text>> {
        loop {
            let found = match &mut self.open {
                None => None,
                Some(Open::Shard { reader, group }) => match group.next() {
                    Some(document) => Some(Some(of_document(document))),
                    None => match reader.next() {
                        Some(rows) => {
                            *group = rows?.into_iter();
                            continue;
                        }
                        None => None,
                    },
                },
                Some(Open::Other(texts)) => texts.next().transpose()?,
            };
            match found {
                Some(Some(text)) => return Ok(Some(text)),
                Some(None) => {
                    self.passed_over.fetch_add(1, Ordering::Relaxed);
                }
                None => match self.files.next() {
                    Some(file) => self.open = Some(open(file)?),
                    None => return Ok(None),
                },
            }
        }
    }
}

fn open(file: files::Found) -> Result<Open> {
    Ok(match file.kind {
        Kind::Shard => {
            let reader = ShardReader::<Document>::open(&file.path)?;
            let columns = ["id", "source", "lang", "words", "text"];
            Open::Shard {
                reader: Box::new(reader.with_columns(&columns)),
                group: Vec::new().into_iter(),
            }
        }
        Kind::Lines => Open::Other(Box::new(lines::read(file)?)),
        Kind::Plain => Open::Other(Box::new(plain::read(file)?)),
    })
}

fn of_document(document: Document) -> Text {
    Text {
        place: document.id,
        source: document.source,
        lang: document.lang,
        words: (document.words > 0).then_some(document.words),
        text: document.text,
    }
}

/// A file, decompressed by its name.
fn reader(path: &Path) -> Result<Box<dyn std::io::BufRead + Send>> {
    let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    let file = std::io::BufReader::with_capacity(1 << 16, file);
    Ok(
        match path.extension().is_some_and(|ending| ending == "gz") {
            true => Box::new(std::io::BufReader::new(flate2::read::MultiGzDecoder::new(
                file,
            ))),
            false => Box::new(file),
        },
    )
}

#[cfg(test)]
mod tests;

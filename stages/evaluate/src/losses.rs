//! The loss of each document, as shards.

use std::path::{Path, PathBuf};

use textmill_schemas::{DocumentLoss, ShardEntry, ShardWriter, Side, Tokens, shard_name};

use crate::Error;
use crate::metrics::Score;

/// Rows of a shard at most.
const SHARD_ROWS: u64 = 1 << 20;

/// Writes `documents/part-*.parquet`, one row a document.
pub(crate) struct Losses {
    stage: PathBuf,
    writer: Option<ShardWriter<DocumentLoss>>,
    rows: u64,
    finished: Vec<ShardEntry>,
}

impl Losses {
    /// Shards in the folder of the stage.
    pub fn new(stage: &Path) -> Self {
        Self {
            stage: stage.to_path_buf(),
            writer: None,
            rows: 0,
            finished: Vec::new(),
        }
    }

    /// Adds a document that the model read in so many windows.
    pub fn add(
        &mut self,
        side: Side,
        document: &Tokens,
        score: &Score,
        windows: usize,
    ) -> Result<(), Error> {
        if self.rows >= SHARD_ROWS {
            self.close()?;
        }
        let writer = match &mut self.writer {
            Some(writer) => writer,
            None => {
                let name = format!("documents/{}", shard_name(self.finished.len()));
                let writer = ShardWriter::create(&self.stage, &name)?;
                self.writer.insert(writer)
            }
        };
        writer.write(row(side, document, score, windows))?;
        self.rows += 1;
        Ok(())
    }

    fn close(&mut self) -> Result<(), Error> {
        if let Some(writer) = self.writer.take() {
            self.finished.push(writer.finish()?);
        }
        self.rows = 0;
        Ok(())
    }

    /// The finished shards.
    pub fn finish(mut self) -> Result<Vec<ShardEntry>, Error> {
        self.close()?;
        Ok(self.finished)
    }
}

fn row(side: Side, document: &Tokens, score: &Score, windows: usize) -> DocumentLoss {
    let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    DocumentLoss {
        id: document.id.clone(),
        source: document.source.clone(),
        lang: document.lang.clone(),
        side: match side {
            Side::Train => "train".to_owned(),
            Side::Validation => "validation".to_owned(),
        },
        tokens: number(score.tokens),
        bytes: document.bytes,
        windows: number(windows as u64),
        nats: score.nats,
        bits_per_byte: score.nats / (std::f64::consts::LN_2 * f64::from(document.bytes.max(1))),
        top1: number(score.top1),
        top5: number(score.top5),
    }
}

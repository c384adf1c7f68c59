//! The steps that look at one shard's texts: `signatures` at all, `sets` at candidates.

use textmill_schemas::{Document, ShardReader, StageResult, TaskContext};

use crate::Verify;
use crate::corpus::{Corpus, Shard};
use crate::facts::{Facts, FactsWriter};
use crate::index::{entries_in, text_hash, url_hash_of};
use crate::minhash::MinHash;
use crate::paths::Kind;
use crate::rank::Rank;
use crate::sets::SetsWriter;
use crate::shingles::{Shingled, Shingler, make_set};
use crate::shuffle::{ShuffleWriter, Sorted, range_partition};
use crate::urls::url_hash;

/// What the first step asks of a document.
const COLUMNS: [&str; 7] = ["id", "source", "url", "time", "date", "quality", "text"];

/// A hash of 128 bits, the rank, and the row: documents that share the hash, best first.
pub(crate) type HashRecord = [u64; 6];

pub(crate) fn hash_record(hash: u128, rank: Rank, row: u64) -> HashRecord {
    let [a, b, c] = rank.0;
    [(hash >> 64) as u64, hash as u64, a, b, c, row]
}

/// Hashes each document of a shard; writes its facts, and the hash of its address to the shuffle.
pub(crate) fn sign(corpus: &Corpus, shard: &Shard, ctx: &TaskContext) -> StageResult<()> {
    let config = &corpus.config;
    let mut shingler = Shingler::new(config);
    let minhash = MinHash::new(config);
    let mut facts = FactsWriter::create(corpus, shard.index)?;
    let mut urls = UrlWriter::create(corpus, shard)?;
    let mut signature = Vec::new();
    ctx.progress.add_total(shard.rows);
    let mut row = corpus.rows.first_of(shard.index);
    for group in ShardReader::<Document>::open(&shard.path)?.with_columns(&COLUMNS) {
        ctx.check_cancelled()?;
        for document in group? {
            let shingled = shingler.shingle(&document.text);
            let Shingled { exact, length, .. } = shingled;
            signature.clear();
            if config.near {
                minhash.sign(shingled.shingles, &mut signature);
            }
            let rank = Rank::of(config, &document, length);
            let of_document = Facts {
                exact,
                length,
                rank,
            };
            facts.write(of_document, &document.id, &signature)?;
            urls.push(document.url.as_deref().and_then(url_hash), rank, row)?;
            row += 1;
            ctx.progress.advance(1);
        }
    }
    shard.check_rows(row - corpus.rows.first_of(shard.index))?;
    facts.finish()?;
    urls.finish()?;
    Ok(())
}

/// Takes the same of a shard of a reference index as it stands there.
pub(crate) fn sign_reference(corpus: &Corpus, shard: &Shard, ctx: &TaskContext) -> StageResult<()> {
    let mut facts = FactsWriter::create(corpus, shard.index)?;
    let mut urls = UrlWriter::create(corpus, shard)?;
    let mut row = corpus.rows.first_of(shard.index);
    for group in entries_in(&shard.path)? {
        ctx.check_cancelled()?;
        for entry in group? {
            let of_entry = Facts {
                exact: text_hash(&entry).unwrap_or_default(),
                length: entry.length,
                rank: Rank::REFERENCE,
            };
            facts.write(of_entry, &entry.id, &entry.signature)?;
            urls.push(url_hash_of(&entry), Rank::REFERENCE, row)?;
            row += 1;
        }
    }
    shard.check_rows(row - corpus.rows.first_of(shard.index))?;
    facts.finish()?;
    urls.finish()?;
    Ok(())
}

/// Writes hashes of addresses, when that level is on.
struct UrlWriter {
    file: Option<ShuffleWriter<6>>,
    partitions: usize,
}

impl UrlWriter {
    fn create(corpus: &Corpus, shard: &Shard) -> StageResult<Self> {
        let partitions = corpus.partitions::<6>(1);
        let path = corpus.paths.file(Kind::Urls, shard.index);
        let memory = corpus.budget.task() / 4;
        let file = match corpus.config.url {
            true => Some(ShuffleWriter::create(&path, partitions, memory)?),
            false => None,
        };
        Ok(Self { file, partitions })
    }

    fn push(&mut self, hash: Option<u128>, rank: Rank, row: u64) -> StageResult<()> {
        if let (Some(file), Some(hash)) = (&mut self.file, hash) {
            let record = hash_record(hash, rank, row);
            file.push(range_partition(record[0], self.partitions), record)?;
        }
        Ok(())
    }

    fn finish(self) -> StageResult<()> {
        if let Some(file) = self.file {
            file.finish()?;
        }
        Ok(())
    }
}

/// Writes the shingle sets of a shard's candidates, for exact verification. `sources`: number of
/// tasks that named candidates, besides the shard's own with `verify = "exact"`.
pub(crate) fn write_sets(
    corpus: &Corpus,
    shard: &Shard,
    sources: usize,
    ctx: &TaskContext,
) -> StageResult<()> {
    let mut files = corpus.paths.files(Kind::Candidates, sources);
    if corpus.config.verify == Verify::Exact {
        files.push(corpus.paths.file(Kind::ShardCandidates, shard.index));
    }
    let memory = corpus.budget.task() / 2;
    let scratch = corpus.paths.scratch();
    let mut candidates = Sorted::<1>::open(&files, shard.index, memory, &scratch)?;
    let mut next = candidates.next_record()?;
    let mut sets = SetsWriter::create(corpus, shard.index)?;
    let mut shingler = Shingler::new(&corpus.config);
    let mut row = corpus.rows.first_of(shard.index);
    for group in ShardReader::<Document>::open(&shard.path)?.with_columns(&["text"]) {
        ctx.check_cancelled()?;
        for document in group? {
            if next == Some([row]) {
                let shingles = shingler.shingle(&document.text).shingles;
                make_set(shingles);
                sets.write(shingles)?;
                next = candidates.next_record()?;
            } else {
                sets.write(&[])?;
            }
            row += 1;
        }
    }
    shard.check_rows(row - corpus.rows.first_of(shard.index))?;
    sets.finish()?;
    Ok(())
}

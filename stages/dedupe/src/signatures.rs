//! The steps that look at one shard's texts: `signatures` at all, `sets` at candidates.

use textmill_schemas::{Document, ShardReader, StageResult, TaskContext};

use crate::Verify;
use crate::corpus::{Corpus, Shard};
use crate::decision::Level;
use crate::facts::{Facts, FactsWriter};
use crate::index::{entries_in, text_hash, url_hash_of};
use crate::minhash::MinHash;
use crate::paths::Kind;
use crate::rank::Rank;
use crate::same::HashWriter;
use crate::sets::SetsWriter;
use crate::shingles::{Shingled, Shingler, make_set};
use crate::shuffle::Sorted;
use crate::urls::url_hash;

/// What the first step asks of a document.
const COLUMNS: [&str; 7] = ["id", "source", "url", "time", "date", "quality", "text"];

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
struct UrlWriter(Option<HashWriter>);

impl UrlWriter {
    fn create(corpus: &Corpus, shard: &Shard) -> StageResult<Self> {
        Ok(Self(match corpus.config.url {
            true => Some(HashWriter::create(corpus, shard, Level::Url)?),
            false => None,
        }))
    }

    fn push(&mut self, hash: Option<u128>, rank: Rank, row: u64) -> StageResult<()> {
        if let (Some(file), Some(hash)) = (&mut self.0, hash) {
            file.push(hash, rank, row)?;
        }
        Ok(())
    }

    fn finish(self) -> StageResult<()> {
        Ok(self.0.map_or(Ok(()), HashWriter::finish)?)
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

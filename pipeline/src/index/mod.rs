//! `textmill index`: what earlier runs kept, merged, asked about texts, and described.

mod query;
mod show;

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use textmill_dedupe::index::{Index as Shards, merge};

use crate::load_named;
use crate::output::sayln;

/// What can be done with indexes.
#[derive(Debug, Subcommand)]
pub enum Index {
    /// Write one index with the entries of several, one for each text
    #[command(
        long_about = "Writes one index with the entries of several, sorted by the hashes of their texts. Of entries \
with the same text one stays: one with an address, if any, else the first by source and id. The result is the \
same whatever the order of the inputs. Memory is bounded; beside --out lies meanwhile a folder of about twice \
the size of the entries.",
        after_help = "Examples:\n  \
textmill index merge runs/monday runs/tuesday --out indexes/week\n  \
textmill index merge indexes/week runs/wednesday/dedupe/index --out indexes/week-2"
    )]
    Merge {
        /// Runs, their folders dedupe/index, or merged indexes.
        #[arg(required = true, value_name = "RUN_OR_FOLDER")]
        from: Vec<PathBuf>,
        /// Folder to be made.
        #[arg(long, value_name = "FOLDER")]
        out: PathBuf,
    },
    /// Say for each text on a pipe which entry it is a copy of: JSON lines in, matches out
    #[command(
        long_about = "Looks up texts in indexes. One JSON object a line in, with `id`, `url` and `text`. One object \
out for each, in the same order: {\"id\":…,\"level\":\"near\",\"match\":ID,\"source\":…,\"url\":…,\"similarity\":0.87} \
with the best entry, or {\"id\":…,\"level\":null}. Levels, the surest first: url (the same address, up to \
http or https, `www.`, tracking parameters and the like), exact (the same text in normal form), near (similar texts; \
the similarity is estimated from signatures, standard error 0.04 at 112 values). A malformed line gives \
{\"line\":7,\"error\":…} and the work goes on.\n\n\
Answers come in batches of about 150,000 texts, whose keys take 250 MB: for each the index is read once.",
        after_help = "Examples:\n  \
textmill index query runs/monday < rows.jsonl > matches.jsonl\n  \
textmill inspect runs/tuesday/filter --json | textmill index query indexes/week --set dedupe.min_similarity=0.8"
    )]
    Query(QueryArgs),
    /// Show entries, sources, sizes and parameters
    #[command(after_help = "Examples:\n  \
textmill index show runs/monday\n  \
textmill inspect runs/monday/dedupe/index --sql \"SELECT source, count(*) AS entries FROM shards GROUP BY source\"")]
    Show {
        /// A run, its folder dedupe/index, or a merged index.
        #[arg(value_name = "RUN_OR_FOLDER")]
        folder: PathBuf,
    },
}

/// What to ask.
#[derive(Args, Debug)]
pub struct QueryArgs {
    /// Runs, their folders dedupe/index, or merged indexes.
    #[arg(required = true, value_name = "RUN_OR_FOLDER")]
    folders: Vec<PathBuf>,
    /// Configuration file, of which [dedupe] counts [default: the built-in defaults].
    #[arg(short, long)]
    config: Option<PathBuf>,
    /// Overrides one value, such as dedupe.min_similarity=0.8; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

/// Runs one of the commands.
pub fn index(command: &Index) -> Result<()> {
    match command {
        Index::Merge { from, out } => merge_into(from, out),
        Index::Query(args) => {
            let config = load_named(args.config.as_deref(), &args.overrides)?.dedupe;
            config.validate()?;
            let indexes = args.folders.iter().map(|folder| Shards::open(folder));
            query::answer(&indexes.collect::<Result<Vec<_>, _>>()?, &config)
        }
        Index::Show { folder } => show::show(&Shards::open(folder)?),
    }
}

fn merge_into(from: &[PathBuf], out: &Path) -> Result<()> {
    let merged = merge(from, out)?;
    sayln!(
        "{} entries of {} index(es): {} written to {} shard(s) in {}, {} with the same text as another left out",
        merged.read,
        from.len(),
        merged.written,
        merged.shards,
        out.display(),
        merged.read - merged.written
    );
    Ok(())
}

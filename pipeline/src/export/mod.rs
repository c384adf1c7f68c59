//! `textmill export`: the tokens of a run as files for other trainers, or its model for
//! transformers.

mod guide;
mod model;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::{Args, ValueEnum};
use textmill_schemas::{Manifest, Progress, Side, hash_file, open_tokens, write_atomically};
use textmill_tokenize::{Export, Exported, Format, Vocabulary};

use crate::cli::ConfigArgs;
use crate::config::Config;
use crate::run::Interrupt;
use crate::runner::Reporter;

const TOKENIZER: &str = "tokenizer.json";
/// Tokens of a file for llm.c, as its own scripts write.
const SHARD_TOKENS: u32 = 100_000_000;

/// What to export, and where to.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// Who shall read the files.
    #[arg(long)]
    format: Target,
    /// Folder to write to; made if need be.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Tokens of a file; llmc alone has several [default: 100000000].
    #[arg(long, value_name = "TOKENS")]
    shard_tokens: Option<u32>,
    /// Write training documents as often as dedupe's `repetitions` say instead of once.
    #[arg(long)]
    repeat: bool,
    /// Write into a folder that is not empty, and replace an earlier export there.
    #[arg(long)]
    force: bool,
    /// Print no progress.
    #[arg(short, long)]
    quiet: bool,
    #[command(flatten)]
    config: ConfigArgs,
}

/// The trainers.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Target {
    /// nanoGPT: train.bin, val.bin (16 bits a token) and meta.pkl
    Nanogpt,
    /// llm.c: RUN_train_000001.bin … and RUN_val_000000.bin … with headers
    Llmc,
    /// Megatron-LM: {train,validation}_text_document.bin and .idx
    Megatron,
    /// Hugging Face transformers: the trained model's folder
    Huggingface,
}

/// Exports the tokens of the configuration's run.
pub fn export(args: &ExportArgs) -> Result<()> {
    let config = crate::load(&args.config)?;
    let Some(format) = args.format(&config)? else {
        return model::export(&config, &args.out, args.force);
    };
    let run = Run::open(&config)?;
    prepare_folder(&args.out, args.force)?;
    let interrupt = Interrupt::listen()?;
    let reporter = Reporter::start("export", args.quiet);
    let write = |side, times| -> Result<Exported> {
        let export = Export::create(&args.out, &format, side, run.vocabulary)?;
        write(export, (&run, side), times, &reporter, interrupt)
    };
    let times = match args.repeat {
        true => Times::AsRepeated,
        false => Times::Once,
    };
    let exported = write(Side::Train, times)
        .and_then(|train| Ok([train, write(Side::Validation, Times::Once)?]));
    reporter.finish();
    let exported = exported?;
    let guide = guide::Guide::new(&format, &args.out, run.vocabulary, &exported);
    commit(exported, &args.out, &format)?;
    let tokenizer = textmill_storage::read(&run.dir.join(TOKENIZER))
        .with_context(|| run.dir.display().to_string())?;
    write_atomically(&args.out.join(TOKENIZER), &tokenizer)?;
    guide.print();
    Ok(())
}

impl ExportArgs {
    /// What the tokens are written as; `None` if the model is wanted.
    fn format(&self, config: &Config) -> Result<Option<Format>> {
        Ok(Some(match (self.format, self.shard_tokens) {
            (Target::Llmc, tokens) => Format::LlmC {
                name: run_name(&config.run.dir),
                shard_tokens: tokens.unwrap_or(SHARD_TOKENS),
            },
            (_, Some(_)) => {
                bail!("--shard-tokens is for --format llmc; the other formats have one file a side")
            }
            (Target::Nanogpt, None) => Format::NanoGpt,
            (Target::Megatron, None) => Format::Megatron,
            (Target::Huggingface, None) => return Ok(None),
        }))
    }
}

/// The last part of the run's folder, which names llm.c's files.
fn run_name(dir: &Path) -> String {
    let name = dir
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_else(|| "tokens".to_owned())
}

/// What the tokenize stage of a run left.
struct Run {
    dir: PathBuf,
    manifest: Manifest,
    /// Hash of its tokenizer.json, of which all shards must be.
    tokenizer: String,
    vocabulary: Vocabulary,
}

impl Run {
    fn open(config: &Config) -> Result<Self> {
        let (dir, manifest) = config.output_of("tokenize")?;
        let figure = |name| manifest.stats.get(name).and_then(serde_json::Value::as_u64);
        let (size, end) = (figure("vocab_size"), figure("eot_id"));
        let vocabulary = size.zip(end).and_then(|(size, end)| {
            let end = u32::try_from(end)
                .ok()
                .filter(|end| u64::from(*end) < size)?;
            Some(Vocabulary { size, end })
        });
        let vocabulary = vocabulary.with_context(|| {
            format!(
                "{}: the manifest tells no vocabulary with a document-end token; rerun tokenize",
                dir.display()
            )
        })?;
        Ok(Self {
            tokenizer: hash_file(&dir.join(TOKENIZER))?,
            dir,
            manifest,
            vocabulary,
        })
    }

    /// Shards of a side, in order.
    fn shards(&self, side: Side) -> Vec<PathBuf> {
        let folder = match side {
            Side::Train => "train/",
            Side::Validation => "validation/",
        };
        let kept = self.manifest.kept.iter();
        kept.filter(|shard| shard.path.starts_with(folder))
            .map(|shard| self.dir.join(&shard.path))
            .collect()
    }
}

/// Another trainer finds its files by a pattern: what else lies there would be read along.
fn prepare_folder(out: &Path, force: bool) -> Result<()> {
    let entries = fs::create_dir_all(out).and_then(|()| fs::read_dir(out));
    let mut entries = entries.with_context(|| out.display().to_string())?;
    ensure!(
        force || entries.next().is_none(),
        "{}: is not empty; name another folder, or replace the export in it with --force",
        out.display()
    );
    Ok(())
}

/// How often documents are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Times {
    Once,
    /// As often as their `repetitions` say, copies apart: all documents
    /// once, then those with a second repetition, and so on.
    AsRepeated,
}

fn write(
    mut export: Export,
    (run, side): (&Run, Side),
    times: Times,
    reporter: &Reporter,
    interrupt: Interrupt,
) -> Result<Exported> {
    let mut left = run.shards(side);
    for repetition in 1.. {
        let mut further = Vec::new();
        for shard in left {
            let reader = open_tokens(&shard, &run.tokenizer)?;
            reporter.add_total(reader.rows());
            let mut most = 0;
            for group in reader {
                ensure!(!interrupt.came(), "stopped; nothing was exported");
                for document in group? {
                    most = most.max(document.repetitions);
                    if repetition == 1 || document.repetitions >= repetition {
                        export
                            .add(&document)
                            .with_context(|| shard.display().to_string())?;
                    }
                    reporter.advance(1);
                }
            }
            if most > repetition {
                further.push(shard);
            }
        }
        left = further;
        if left.is_empty() || times == Times::Once {
            break;
        }
    }
    Ok(export.finish()?)
}

/// Gives the files their names, after those of an earlier export are gone.
fn commit(exported: [Exported; 2], out: &Path, format: &Format) -> Result<()> {
    for entry in fs::read_dir(out).with_context(|| out.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if format.owns(&name) {
            fs::remove_file(&path).with_context(|| path.display().to_string())?;
        }
    }
    for file in exported.into_iter().flat_map(|side| side.files) {
        file.commit()?;
    }
    Ok(())
}

//! Trains a byte-level BPE on a sample of the corpus, or loads a vocabulary.

mod load;

use std::path::Path;
use std::sync::Mutex;

use textmill_schemas::{Document, ShardReader, StageInput};
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, Tokenizer};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::config::Config;
use crate::error::Error;
use crate::split::{Side, Split, share_of_hashes};

/// Keeps the draw of the sample apart from that of the split.
const SAMPLE_SALT: u64 = 0x73_61_6d_70_6c_65;

pub use load::files;

/// What a vocabulary was trained on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sample {
    /// Documents drawn.
    pub documents: u64,
    /// Their UTF-8 bytes.
    pub bytes: u64,
}

/// Loads a vocabulary of any kind and adds the document-end and special tokens that it lacks.
pub fn load(path: &Path, config: &Config) -> Result<Tokenizer, Error> {
    let mut tokenizer = read_as(path, config)?;
    add_special_tokens(&mut tokenizer, config)?;
    Ok(tokenizer)
}

/// Reads a vocabulary of any kind: a tokenizer.json, a tiktoken rank file, or a folder with one of
/// them or with GPT-2's files. Where it does not say how text is cut into pieces, the configuration
/// does.
///
/// # Errors
/// When it is missing or malformed; the message names the file, and the line where there is one.
pub fn read_as(path: &Path, config: &Config) -> Result<Tokenizer, Error> {
    load::read(path, Some(config.pre_tokenizer.pattern()))
}

/// Reads a vocabulary that says itself how text is cut into pieces.
pub fn read(path: &Path) -> Result<Tokenizer, Error> {
    load::read(path, None)
}

fn add_special_tokens(tokenizer: &mut Tokenizer, config: &Config) -> Result<(), Error> {
    tokenizer
        .add_special_tokens(special_tokens(config))
        .map_err(|error| Error::Train(error.to_string()))?;
    Ok(())
}

fn special_tokens(config: &Config) -> Vec<AddedToken> {
    std::iter::once(&config.document_end)
        .chain(&config.special_tokens)
        .map(|token| AddedToken::from(token.clone(), true))
        .collect()
}

/// Trains a byte-level BPE (Sennrich et al. 2016; Radford et al. 2019) on a sample of the
/// training side of `input`, in memory proportional to the number of different words.
pub fn train(
    input: &StageInput,
    config: &Config,
    split: Split,
    seed: u64,
) -> Result<(Tokenizer, Sample), Error> {
    let pre_tokenizer = load::pre_tokenizer(config.pre_tokenizer.pattern());
    let pre_tokenizer = pre_tokenizer.map_err(|error| Error::Train(error.to_string()))?;
    let mut tokenizer = Tokenizer::new(BPE::default());
    tokenizer
        .with_pre_tokenizer(Some(pre_tokenizer))
        .with_decoder(Some(ByteLevel::default()))
        .with_post_processor(Some(ByteLevel::default().trim_offsets(false)));
    let mut trainer: tokenizers::models::TrainerWrapper = BpeTrainer::builder()
        .vocab_size(config.vocab_size)
        .min_frequency(config.min_frequency)
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .special_tokens(special_tokens(config))
        .show_progress(false)
        .build()
        .into();
    // The trainer takes strings only: a shard that fails to read ends the sample, and is told.
    let outcome = Mutex::new((Sample::default(), None));
    let texts = SampleReader::new(input, config, split, seed)?.map_while(|text| {
        let mut outcome = outcome.lock().ok()?;
        match text {
            Ok(text) => {
                outcome.0.documents += 1;
                outcome.0.bytes += text.len() as u64;
                Some(text)
            }
            Err(error) => {
                outcome.1 = Some(error);
                None
            }
        }
    });
    tokenizer
        .train(&mut trainer, texts)
        .map_err(|error| Error::Train(error.to_string()))?;
    let (sample, error) = outcome.into_inner().unwrap_or_default();
    match error {
        Some(error) => Err(error),
        None if sample.documents == 0 => Err(Error::NoText),
        None => Ok((tokenizer, sample)),
    }
}

/// Streams the texts of the sample, one row group at a time.
struct SampleReader {
    shards: std::vec::IntoIter<std::path::PathBuf>,
    reader: Option<ShardReader<Document>>,
    group: std::vec::IntoIter<Document>,
    split: Split,
    seed: u64,
    limit: u64,
}

impl SampleReader {
    fn new(input: &StageInput, config: &Config, split: Split, seed: u64) -> Result<Self, Error> {
        let shards: Vec<_> = input.shards().map(|(path, _)| path).collect();
        let mut bytes = 0;
        for path in &shards {
            bytes += ShardReader::<Document>::open(path)?.column_bytes("text");
        }
        let share = config.sample_bytes as f64 / (bytes.max(1) as f64);
        Ok(Self {
            shards: shards.into_iter(),
            reader: None,
            group: Vec::new().into_iter(),
            split,
            seed: seed ^ SAMPLE_SALT,
            limit: share_of_hashes(share.min(1.0)),
        })
    }

    fn draws(&self, document: &Document) -> bool {
        self.split.side(document) == Side::Train
            && xxh3_64_with_seed(document.id.as_bytes(), self.seed) <= self.limit
    }

    fn next_text(&mut self) -> Result<Option<String>, Error> {
        loop {
            while let Some(document) = self.group.next() {
                if self.draws(&document) {
                    return Ok(Some(document.text));
                }
            }
            match self.reader.as_mut().and_then(Iterator::next) {
                Some(group) => self.group = group?.into_iter(),
                None => match self.shards.next() {
                    Some(path) => self.reader = Some(ShardReader::open(&path)?),
                    None => return Ok(None),
                },
            }
        }
    }
}

impl Iterator for SampleReader {
    type Item = Result<String, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_text().transpose()
    }
}

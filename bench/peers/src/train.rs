//! Trainers: a byte-level BPE vocabulary of texts in memory.

use std::error::Error;
use std::time::Instant;

use serde_json::json;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::processors::PostProcessorWrapper;
use tokenizers::decoders::DecoderWrapper;
use tokenizers::{SplitDelimiterBehavior, TokenizerImpl};

use crate::measure::{cpu_seconds, peak_bytes, texts};
use crate::vocabularies::CL100K_PATTERN;

type Trained = TokenizerImpl<
    BPE,
    NormalizerWrapper,
    PreTokenizerWrapper,
    PostProcessorWrapper,
    DecoderWrapper,
>;

/// Trains once: the peak of memory counts from the start of the process.
pub fn run(path: &str, vocabulary_size: usize) -> Result<(), Box<dyn Error>> {
    let texts = texts(path)?;
    let bytes: usize = texts.iter().map(String::len).sum();
    let pattern = SplitPattern::Regex(CL100K_PATTERN.to_owned());
    let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false);
    let split = PreTokenizerWrapper::Split(split.map_err(|error| error.to_string())?);
    let bytes_as_characters = PreTokenizerWrapper::ByteLevel(ByteLevel::new(false, true, false));
    let mut tokenizer = Trained::new(BPE::default());
    tokenizer.with_pre_tokenizer(Some(PreTokenizerWrapper::Sequence(Sequence::new(vec![
        split,
        bytes_as_characters,
    ]))));
    let mut trainer = BpeTrainer::builder()
        .vocab_size(vocabulary_size)
        .min_frequency(0)
        .show_progress(false)
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .build();
    let before = peak_bytes();
    let (started, cpu) = (Instant::now(), cpu_seconds());
    tokenizer
        .train(&mut trainer, texts.iter().map(String::as_str))
        .map_err(|error| error.to_string())?;
    let row = json!({
        "stage": "train",
        "who": "tokenizers",
        "documents": texts.len(),
        "bytes": bytes,
        "seconds": cpu_seconds() - cpu,
        "wall": started.elapsed().as_secs_f64(),
        "peak_bytes": peak_bytes(),
        "peak_bytes_before": before,
        "vocabulary": tokenizer.get_vocab_size(false),
    });
    println!("{row}");
    Ok(())
}

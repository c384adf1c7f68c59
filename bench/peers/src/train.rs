//! Trainers: a byte-level BPE vocabulary of texts in memory.

use std::error::Error;

use serde_json::json;
use tokenizers::decoders::DecoderWrapper;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::normalizers::NormalizerWrapper;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::processors::PostProcessorWrapper;
use tokenizers::{SplitDelimiterBehavior, TokenizerImpl};

use crate::measure::{cpu_seconds, memory_kib, texts};
use crate::vocabularies::CL100K_PATTERN;

type Trained = TokenizerImpl<
    BPE,
    NormalizerWrapper,
    PreTokenizerWrapper,
    PostProcessorWrapper,
    DecoderWrapper,
>;

/// Trains once, on one thread: the peak of memory is that of the process, without the texts.
pub fn run(path: &str, vocabulary_size: usize) -> Result<(), Box<dyn Error>> {
    tokenizers::utils::parallelism::set_parallelism(false);
    let texts = texts(path)?;
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
        .min_frequency(2)
        .show_progress(false)
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .build();
    let (before, cpu) = (memory_kib("VmRSS:"), cpu_seconds());
    let trained = tokenizer.train(&mut trainer, texts.iter().map(String::as_str));
    trained.map_err(|error| error.to_string())?;
    let row = json!({
        "stage": "train vocabulary",
        "who": "tokenizers",
        "documents": texts.len(),
        "bytes": texts.iter().map(String::len).sum::<usize>(),
        "seconds": cpu_seconds() - cpu,
        "peak_mib": memory_kib("VmHWM:").saturating_sub(before) / 1024,
        "merges": tokenizer.get_vocab_size(false) - 256,
    });
    println!("{row}");
    Ok(())
}

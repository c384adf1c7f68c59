//! fastText's supervised models (Joulin et al. 2016, arXiv 1607.01759), read, written and applied.
//!
//! The form of fastText 0.9: dense `.bin` files and product-quantized `.ftz` files, hierarchical
//! softmax, softmax, negative sampling and one-vs-all outputs, word n-grams and subwords. Scores
//! agree with the reference to the last digits of a 32-bit float.
//!
//! No crate is used for it. `fasttext` 0.8 reads the format, but scores hierarchical softmax
//! models that are quantized (lid.176.ftz) as if they had a plain softmax, and a damaged file makes
//! it panic or allocate what the header asks for.

mod dictionary;
mod file;
mod hidden;
mod matrix;
mod output;

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

pub(crate) use dictionary::{Dictionary, END_OF_LINE, hash};
pub(crate) use hidden::{Hidden, ngrams};
pub(crate) use matrix::Matrix;
pub(crate) use output::{Loss, Output};

use crate::error::Error;
use file::{Damage, Sink, Source};

const MAGIC: i32 = 793_712_314;
const VERSION: i32 = 12;
/// The number that fastText writes for supervised models.
const SUPERVISED: i32 = 3;
/// Longest n-gram of words or characters that a model may have.
const MAX_NGRAM: usize = 32;

/// The settings of a model that matter to those who apply it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Settings {
    /// Length of each vector.
    pub dim: usize,
    /// Longest word n-gram, in words.
    pub word_ngrams: usize,
    /// Number of hashes that n-grams and subwords share.
    pub buckets: u32,
    /// Shortest subword, in characters.
    pub min_subword: usize,
    /// Longest subword, in characters; 0 if there are none.
    pub max_subword: usize,
    /// How scores become probabilities.
    pub loss: Loss,
}

impl Settings {
    /// Whether features are hashed into buckets.
    fn hashes(&self) -> bool {
        self.buckets > 0 && (self.word_ngrams > 1 || self.max_subword > 0)
    }
}

/// A supervised model.
#[derive(Clone, Debug)]
pub(crate) struct FastText {
    pub settings: Settings,
    pub dictionary: Dictionary,
    pub input: Matrix,
    pub output: Output,
}

impl FastText {
    /// Reads a model's file.
    ///
    /// # Errors
    /// The file cannot be read, is cut off or damaged, or is not a supervised model.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let damaged = |damage: Damage| Error::FastText {
            path: path.display().to_string(),
            reason: damage.0,
        };
        let file = File::open(path).map_err(|error| damaged(error.into()))?;
        let size = file
            .metadata()
            .map_err(|error| damaged(error.into()))?
            .len();
        Self::read(BufReader::new(file), size).map_err(damaged)
    }

    /// Reads a model of `size` bytes.
    fn read(reader: impl Read, size: u64) -> Result<Self, Damage> {
        let mut source = Source::new(reader, size);
        let settings = read_settings(&mut source)?;
        let dictionary = Dictionary::read(&mut source)?;
        let quantized = source.flag()?;
        let input = Matrix::read(&mut source, quantized, settings.dim)?;
        let quantized_output = source.flag()?;
        let output = Matrix::read(&mut source, quantized && quantized_output, settings.dim)?;
        let counts: Vec<i64> = dictionary
            .labels()
            .iter()
            .map(|label| label.count)
            .collect();
        let needed = dictionary.words() as u64
            + match dictionary.kept() {
                Some(kept) => kept,
                None if settings.hashes() => u64::from(settings.buckets),
                None => 0,
            };
        if (input.rows() as u64) < needed {
            let rows = input.rows();
            return Err(Damage(format!(
                "its input matrix has {rows} rows, its dictionary needs {needed}"
            )));
        }
        Ok(Self {
            output: Output::new(output, settings.loss, &counts)?,
            settings,
            dictionary,
            input,
        })
    }

    /// Writes the model's file, whole or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let beside = path.with_extension("tmp");
        let write = || -> std::io::Result<()> {
            let mut sink = Sink(BufWriter::new(File::create(&beside)?));
            self.write(&mut sink)?;
            let file = sink
                .0
                .into_inner()
                .map_err(std::io::IntoInnerError::into_error)?;
            file.sync_all()?;
            std::fs::rename(&beside, path)
        };
        write().map_err(|error| {
            // What is half written helps nobody; that it cannot be removed is no worse.
            let _ = std::fs::remove_file(&beside);
            Error::FastText {
                path: path.display().to_string(),
                reason: format!("it cannot be written: {error}"),
            }
        })
    }

    fn write(&self, sink: &mut Sink<impl Write>) -> std::io::Result<()> {
        let settings = &self.settings;
        sink.i32(MAGIC)?;
        sink.i32(VERSION)?;
        let window = 5;
        let (epochs, min_count, negatives) = (5, 1, 5);
        for value in [
            settings.dim as i32,
            window,
            epochs,
            min_count,
            negatives,
            settings.word_ngrams as i32,
            settings.loss as i32,
            SUPERVISED,
            settings.buckets as i32,
            settings.min_subword as i32,
            settings.max_subword as i32,
        ] {
            sink.i32(value)?;
        }
        let (rate_updates, sampling) = (100, 1e-4);
        sink.i32(rate_updates)?;
        sink.f64(sampling)?;
        self.dictionary.write(sink)?;
        sink.flag(false)?;
        self.input.write(sink)?;
        sink.flag(false)?;
        self.output.matrix().write(sink)
    }

    /// Names of the labels, as they stand in the model.
    pub fn labels(&self) -> impl ExactSizeIterator<Item = &str> {
        self.dictionary
            .labels()
            .iter()
            .map(|label| label.name.as_str())
    }

    /// The probability of each label for the text that `hidden` stands for; none has any if the
    /// text has no feature that the model knows.
    pub fn probabilities(&self, hidden: &[f32]) -> Vec<f32> {
        self.output.probabilities(hidden)
    }
}

fn read_settings(source: &mut Source<impl Read>) -> Result<Settings, Damage> {
    if source.i32()? != MAGIC {
        return Err(Damage("it is not a fastText model".into()));
    }
    let version = source.i32()?;
    if version > VERSION {
        return Err(Damage(format!(
            "it is of version {version} of the format, newer than {VERSION}"
        )));
    }
    let mut values = [0; 12];
    for value in &mut values {
        *value = source.i32()?;
    }
    let _sampling = source.f64()?;
    let [
        dim,
        _,
        _,
        _,
        _,
        word_ngrams,
        loss,
        model,
        buckets,
        min_subword,
        max_subword,
        _,
    ] = values;
    if model != SUPERVISED {
        return Err(Damage("it holds word vectors, no classifier".into()));
    }
    let positive = |value: i32, name: &str| {
        usize::try_from(value).map_err(|_| Damage(format!("its setting {name} is {value}")))
    };
    // Longer n-grams than anybody uses would take their square in time.
    let ngram = |value: i32, name: &str| match positive(value, name) {
        Ok(length) if length > MAX_NGRAM => Err(Damage(format!("its setting {name} is {value}"))),
        length => length,
    };
    Ok(Settings {
        dim: positive(dim, "dim")?,
        word_ngrams: ngram(word_ngrams, "wordNgrams")?,
        buckets: u32::try_from(buckets).map_err(|_| Damage(format!("it has {buckets} buckets")))?,
        min_subword: positive(min_subword, "minn")?,
        // Classifiers of the old format have no subwords, whatever the setting says.
        max_subword: if version == 11 {
            0
        } else {
            ngram(max_subword, "maxn")?
        },
        loss: Loss::from_number(loss)?,
    })
}

#[cfg(test)]
mod tests;

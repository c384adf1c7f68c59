//! Training by logistic regression on the means of features.
//!
//! fastText learns a vector for each feature and one for each label. With two labels all that
//! counts is one number for each feature, the product of its vector with the difference of the two
//! labels'. So that number is learnt here: a model of dimension 1, whose label vectors are fixed to
//! 0.5 and -0.5. That is as strong, convex, and a hundredth of the size.
//!
//! The steps are those of AdaGrad (Duchi et al. 2011), one document after the other: the result
//! does not depend on threads.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::report::{Evaluation, TrainReport};
use super::{BAD, GOOD, tokens};
use crate::error::Error;
use crate::fasttext::{
    Dictionary, END_OF_LINE, FastText, Loss, Matrix, Output, Settings, hash, ngrams,
};

/// How a classifier is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainOptions {
    /// Longest n-gram of words, 1 to 5. DCLM: 2.
    pub word_ngrams: usize,
    /// Number of hashes for n-grams, four bytes each. fastText: 2,000,000.
    pub buckets: u32,
    /// Words of fewer occurrences are no features by themselves.
    pub min_count: u32,
    /// Words of a document that are read; later ones are not. 0: all.
    pub max_words: usize,
    /// Times that each document is learnt. fastText: 5.
    pub epochs: usize,
    /// Length of the steps. As to AdaGrad, it is not fastText's.
    pub learning_rate: f32,
    /// Share of the documents of each kind that is held back and measured on.
    pub held_out: f64,
    /// Chooses the documents held back, and the order of the others.
    pub seed: u64,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            word_ngrams: 2,
            buckets: 2_000_000,
            min_count: 2,
            max_words: 10_000,
            epochs: 5,
            learning_rate: 2.0,
            held_out: 0.1,
            seed: 0,
        }
    }
}

impl TrainOptions {
    fn check(&self) -> Result<(), Error> {
        let wrong = |reason: &str| {
            Err(Error::Classifier {
                reason: reason.into(),
            })
        };
        match self {
            _ if !(1..=5).contains(&self.word_ngrams) => wrong("give word n-grams of 1 to 5 words"),
            _ if self.word_ngrams > 1 && !(1..=1 << 30).contains(&self.buckets) => {
                wrong("give 1 to 1,073,741,824 buckets")
            }
            _ if self.epochs == 0 => wrong("give at least one epoch"),
            _ if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) => {
                wrong("give a learning rate above 0")
            }
            _ if !(self.held_out > 0.0 && self.held_out < 1.0) => {
                wrong("give a held-out share between 0 and 1")
            }
            _ => Ok(()),
        }
    }

    fn settings(&self) -> Settings {
        Settings {
            dim: 1,
            word_ngrams: self.word_ngrams,
            buckets: if self.word_ngrams > 1 {
                self.buckets
            } else {
                0
            },
            min_subword: 0,
            max_subword: 0,
            loss: Loss::Softmax,
        }
    }
}

/// Documents as numbers of words.
#[derive(Default)]
struct Corpus {
    numbers: HashMap<Box<str>, u32>,
    documents: Vec<(Vec<u32>, bool)>,
}

impl Corpus {
    fn read(
        &mut self,
        documents: impl IntoIterator<Item: AsRef<str>>,
        good: bool,
        max_words: usize,
    ) {
        let limit = if max_words == 0 {
            usize::MAX
        } else {
            max_words
        };
        for document in documents {
            let mut words = Vec::new();
            tokens::each(document.as_ref(), |word| {
                if words.len() < limit {
                    words.push(self.number(word));
                }
            });
            self.documents.push((words, good));
        }
    }

    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.numbers.get(word) {
            return *number;
        }
        let number = self.numbers.len() as u32;
        self.numbers.insert(word.into(), number);
        number
    }

    /// Holds a share of each kind back, at the end, and shuffles the rest. Returns where the
    /// documents held back begin.
    fn part(&mut self, options: &TrainOptions) -> Result<usize, Error> {
        let order = shuffled(self.documents.len(), options.seed);
        let mut documents = std::mem::take(&mut self.documents);
        let (mut kept, mut held) = (Vec::new(), Vec::new());
        for good in [true, false] {
            let count = documents.iter().filter(|(_, kind)| *kind == good).count();
            let Some(most) = count.checked_sub(1).filter(|most| *most > 0) else {
                let kind = if good { "good" } else { "bad" };
                return Err(Error::Classifier {
                    reason: format!("{count} {kind} documents; give at least 2, better thousands"),
                });
            };
            let back = ((count as f64 * options.held_out).round() as usize).clamp(1, most);
            let chosen = order.iter().filter(|&&at| documents[at].1 == good);
            let (first, others) = {
                let all: Vec<usize> = chosen.copied().collect();
                (all[..back].to_vec(), all[back..].to_vec())
            };
            held.extend(first);
            kept.extend(others);
        }
        let start = kept.len();
        let mut take = |at: usize| std::mem::take(&mut documents[at]);
        self.documents = kept.iter().chain(&held).map(|&at| take(at)).collect();
        Ok(start)
    }

    /// The words in use, by falling counts, after the end of the line and the mark.
    fn dictionary(&self, start: usize, min_count: u32) -> Dictionary {
        let mut counts = vec![0_i64; self.numbers.len()];
        for (words, _) in &self.documents[..start] {
            words.iter().for_each(|&word| counts[word as usize] += 1);
        }
        let mut words: Vec<(&str, i64)> = self
            .numbers
            .iter()
            .map(|(word, &number)| (&**word, counts[number as usize]))
            .filter(|(_, count)| *count >= i64::from(min_count.max(1)))
            .collect();
        words.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let good = self.documents[..start]
            .iter()
            .filter(|(_, good)| *good)
            .count();
        words.splice(0..0, [(END_OF_LINE, start as i64), (tokens::MARK, 1)]);
        Dictionary::new(&words, &[(GOOD, good as i64), (BAD, (start - good) as i64)])
    }

    /// Hash and row of each word, by its number.
    fn features(&self, dictionary: &Dictionary, settings: &Settings) -> Vec<(u32, Option<u32>)> {
        let mut features = vec![(0, None); self.numbers.len()];
        for (word, &number) in &self.numbers {
            let (bytes, feature) = (word.as_bytes(), &mut features[number as usize]);
            feature.0 = hash(bytes);
            dictionary.rows(bytes, feature.0, settings, |row| {
                feature.1 = Some(row as u32)
            });
        }
        features
    }
}

pub(super) fn train(
    good: impl IntoIterator<Item: AsRef<str>>,
    bad: impl IntoIterator<Item: AsRef<str>>,
    options: &TrainOptions,
) -> Result<(FastText, TrainReport), Error> {
    options.check()?;
    let mut corpus = Corpus::default();
    corpus.read(good, true, options.max_words);
    corpus.read(bad, false, options.max_words);
    let start = corpus.part(options)?;
    let settings = options.settings();
    let dictionary = corpus.dictionary(start, options.min_count);
    let features = corpus.features(&dictionary, &settings);
    let mut regression = Regression {
        weights: vec![0.0; dictionary.words() + settings.buckets as usize],
        squares: vec![0.0; dictionary.words() + settings.buckets as usize],
        rows: Vec::new(),
    };
    for epoch in 0..options.epochs {
        for at in shuffled(start, options.seed.wrapping_add(1 + epoch as u64)) {
            let (words, good) = &corpus.documents[at];
            regression.take_rows(words, &features, &dictionary, &settings);
            regression.learn(*good, options.learning_rate);
        }
    }
    let held = &corpus.documents[start..];
    let scores: Vec<(f32, bool)> = held
        .iter()
        .map(|(words, good)| {
            regression.take_rows(words, &features, &dictionary, &settings);
            (regression.probability(), *good)
        })
        .collect();
    let trained = corpus.documents[..start]
        .iter()
        .filter(|(_, good)| *good)
        .count();
    let report = TrainReport {
        good: trained,
        bad: start - trained,
        words: dictionary.words(),
        held_out: Evaluation::of(&scores),
    };
    Ok((regression.into_model(dictionary, settings)?, report))
}

/// The numbers below `count`, shuffled.
fn shuffled(count: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by_cached_key(|at| (xxh3_64_with_seed(&at.to_le_bytes(), seed), *at));
    order
}

/// Logistic regression on the mean weight of a document's rows.
struct Regression {
    weights: Vec<f32>,
    /// Sums of the squares of the gradients.
    squares: Vec<f32>,
    /// The rows of the document at hand.
    rows: Vec<u32>,
}

impl Regression {
    /// Sets the document at hand, with the features that [`crate::fasttext::Hidden`] finds in it.
    fn take_rows(
        &mut self,
        words: &[u32],
        features: &[(u32, Option<u32>)],
        dictionary: &Dictionary,
        settings: &Settings,
    ) {
        let rows = &mut self.rows;
        rows.clear();
        rows.extend(words.iter().filter_map(|&word| features[word as usize].1));
        let end_of_line = 0;
        rows.push(end_of_line);
        if settings.buckets > 0 {
            let hashes = words.iter().map(|&word| features[word as usize].0);
            let hashes: Vec<u32> = hashes.chain([hash(END_OF_LINE.as_bytes())]).collect();
            ngrams(&hashes, settings.word_ngrams, settings.buckets, |bucket| {
                rows.extend(dictionary.bucket_row(bucket).map(|row| row as u32));
            });
        }
    }

    fn probability(&self) -> f32 {
        let sum: f32 = self
            .rows
            .iter()
            .map(|&row| self.weights[row as usize])
            .sum();
        1.0 / (1.0 + (-sum / self.rows.len() as f32).exp())
    }

    fn learn(&mut self, good: bool, rate: f32) {
        let error = self.probability() - f32::from(u8::from(good));
        let gradient = error / self.rows.len() as f32;
        for &row in &self.rows {
            let squares = &mut self.squares[row as usize];
            *squares += gradient * gradient;
            if *squares > 0.0 {
                self.weights[row as usize] -= rate * gradient / squares.sqrt();
            }
        }
    }

    fn into_model(self, dictionary: Dictionary, settings: Settings) -> Result<FastText, Error> {
        let dense = |values| Matrix::Dense { dim: 1, values };
        let counts: Vec<i64> = dictionary
            .labels()
            .iter()
            .map(|label| label.count)
            .collect();
        let output = Output::new(dense(vec![0.5, -0.5]), settings.loss, &counts);
        Ok(FastText {
            output: output.map_err(|damage| Error::Classifier { reason: damage.0 })?,
            input: dense(self.weights),
            settings,
            dictionary,
        })
    }
}

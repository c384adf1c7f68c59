//! Trains a model: from adjusted counts to discounted, interpolated probabilities.

use super::MAX_ORDER;
use super::counts::{Corpus, Ngram, count};
use super::model::KneserNey;
use super::table::{Table, Weights, prepend, unigram};
use super::units::{BEGIN, UNKNOWN, Units};
use crate::error::Error;
use crate::hashing::HashedMap;

/// How a model is trained.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainOptions {
    /// Code of the texts' language, stored with the model.
    pub language: String,
    /// Longest n-gram, from 1 to [`MAX_ORDER`].
    pub order: usize,
    /// How a text is cut into units.
    pub units: Units,
    /// N-grams that stand in the texts at most so often are left out, by order from unigrams on;
    /// the last number holds for all higher orders. `[0]` keeps all, `[0, 0, 1]` drops what stands
    /// once, from trigrams on. Unigrams are always kept, and numbers may not fall.
    pub prune: Vec<u32>,
    /// Most units of text, ends and beginnings of sentences included: memory is 8 bytes a unit and
    /// about 50 an n-gram before pruning.
    pub max_units: usize,
}

impl Default for TrainOptions {
    /// Order 5 and no pruning, as CCNet's models have it.
    fn default() -> Self {
        Self {
            language: String::new(),
            order: 5,
            units: Units::Words,
            prune: vec![0],
            max_units: 100_000_000,
        }
    }
}

impl TrainOptions {
    fn check(&self) -> Result<(), Error> {
        let problem = if !(1..=MAX_ORDER).contains(&self.order) {
            format!("order: {} is not between 1 and {MAX_ORDER}", self.order)
        } else if self.prune.first().is_some_and(|limit| *limit > 0) {
            String::from("prune: the first number must be 0, unigrams are always kept")
        } else if !self.prune.is_sorted() {
            format!(
                "prune: {:?} falls; a number may not be less than the one before",
                self.prune
            )
        } else if self.max_units >= 1 << 31 {
            format!(
                "max_units: {} is too many; give less than 2^31",
                self.max_units
            )
        } else {
            return Ok(());
        };
        Err(Error::Training { problem })
    }

    fn prune(&self, order: usize) -> u32 {
        let limit = self.prune.get(order).or(self.prune.last());
        limit.copied().unwrap_or(0)
    }
}

impl KneserNey {
    /// Trains interpolated modified Kneser–Ney on texts, as KenLM's `lmplz` does: the same discounts,
    /// the same pruning, `<unk>` with the probability of a unit never seen. Where an order has too
    /// few n-grams for Chen & Goodman's discounts they are 0.5, 1 and 1.5 (`--discount_fallback`).
    ///
    /// # Errors
    /// Options that make no sense, texts without a unit, more units than `max_units`.
    pub fn train<T: AsRef<str>>(
        texts: impl IntoIterator<Item = T>,
        options: &TrainOptions,
    ) -> Result<Self, Error> {
        options.check()?;
        let corpus = Corpus::read(texts, options)?;
        let ngrams = count(&corpus, options.order, |order| options.prune(order));
        if ngrams[0].is_empty() {
            return Err(Error::Training {
                problem: String::from("the texts hold no unit to train on"),
            });
        }
        // <unk> is a unit like the others, <s> is never predicted.
        let uniform = 1.0 / (ngrams[0].len() + 1) as f64;
        let mut tables: Vec<Table> = Vec::with_capacity(options.order);
        let mut below = vec![uniform];
        for (order, ngrams) in ngrams.into_iter().enumerate() {
            let contexts = contexts(&corpus, &ngrams, order);
            let (table, probabilities) = interpolate(&corpus, &ngrams, order, &contexts, &below);
            tables.push(table);
            match order.checked_sub(1) {
                None => add_specials(&mut tables[0], &contexts.of, uniform),
                Some(shorter) => set_backoffs(&mut tables[shorter], &contexts.of),
            }
            below = probabilities;
        }
        let mut model = Self::new(options.units, tables);
        model.language.clone_from(&options.language);
        Ok(model)
    }
}

/// What follows the contexts of one order.
struct Contexts {
    /// What is taken off counts of 1, 2, 3 and more.
    discounts: [f64; 4],
    /// By hash; the empty context's is 0.
    of: HashedMap<Followers>,
}

#[derive(Default)]
struct Followers {
    /// Sum of their counts.
    total: f64,
    /// What discounts and pruning take off it.
    freed: f64,
}

impl Followers {
    /// Share of the probability that goes to the order below.
    fn gamma(&self) -> f64 {
        self.freed / self.total
    }
}

fn contexts(corpus: &Corpus, ngrams: &[Ngram], order: usize) -> Contexts {
    let discounts = discounts(ngrams);
    let mut of: HashedMap<Followers> = HashedMap::default();
    for ngram in ngrams {
        let count = f64::from(ngram.count);
        let followers = of.entry(context_hash(corpus, ngram, order)).or_default();
        followers.total += count;
        followers.freed += match ngram.kept {
            true => discount(&discounts, ngram.count),
            false => count,
        };
    }
    Contexts { discounts, of }
}

/// Modified Kneser–Ney discounts (Chen & Goodman 1999, equation 26).
fn discounts(ngrams: &[Ngram]) -> [f64; 4] {
    const FALLBACK: [f64; 4] = [0.0, 0.5, 1.0, 1.5];
    let mut of_count = [0u64; 5];
    for ngram in ngrams {
        if let Some(number) = of_count.get_mut(ngram.count as usize) {
            *number += 1;
        }
    }
    let n = of_count.map(|number| number as f64);
    if n[1..4].contains(&0.0) {
        return FALLBACK;
    }
    let y = n[1] / (n[1] + 2.0 * n[2]);
    let discounts = [1.0, 2.0, 3.0].map(|c| c - (c + 1.0) * y * n[c as usize + 1] / n[c as usize]);
    if discounts
        .iter()
        .zip([1.0, 2.0, 3.0])
        .all(|(d, most)| (0.0..=most).contains(d))
    {
        [0.0, discounts[0], discounts[1], discounts[2]]
    } else {
        FALLBACK
    }
}

fn discount(discounts: &[f64; 4], count: u32) -> f64 {
    discounts[count.min(3) as usize]
}

/// The hash of an n-gram without its last unit.
fn context_hash(corpus: &Corpus, ngram: &Ngram, order: usize) -> u64 {
    corpus
        .back(ngram.position)
        .skip(1)
        .take(order)
        .fold(0, prepend)
}

/// The table of one order, without back-offs, and the probabilities of all its n-grams; `below` are
/// those of the order below.
fn interpolate(
    corpus: &Corpus,
    ngrams: &[Ngram],
    order: usize,
    contexts: &Contexts,
    below: &[f64],
) -> (Table, Vec<f64>) {
    let mut table = Table::with_capacity(ngrams.iter().filter(|ngram| ngram.kept).count() + 2);
    let mut probabilities = vec![0.0; ngrams.len()];
    for (ngram, probability) in ngrams.iter().zip(&mut probabilities) {
        let followers = contexts.of.get(&context_hash(corpus, ngram, order));
        if let (Some(followers), true) = (followers, ngram.kept) {
            let rest = f64::from(ngram.count) - discount(&contexts.discounts, ngram.count);
            let lower = below[ngram.parent as usize];
            *probability = rest / followers.total + followers.gamma() * lower;
            let key = corpus.back(ngram.position).take(order + 1).fold(0, prepend);
            table.insert(key, weights(*probability));
        }
    }
    (table, probabilities)
}

fn weights(probability: f64) -> Weights {
    Weights {
        probability: probability.log10().min(0.0) as f32,
        backoff: 0.0,
    }
}

/// `<unk>`, to which only the uniform distribution gives something, and `<s>`, which is a context.
fn add_specials(unigrams: &mut Table, contexts: &HashedMap<Followers>, uniform: f64) {
    let gamma = contexts.get(&0).map_or(1.0, Followers::gamma);
    unigrams.insert(unigram(UNKNOWN), weights(gamma * uniform));
    unigrams.insert(
        unigram(BEGIN),
        Weights {
            probability: -99.0,
            backoff: 0.0,
        },
    );
}

fn set_backoffs(table: &mut Table, contexts: &HashedMap<Followers>) {
    for (&key, followers) in contexts {
        if let Some(weights) = table.get_mut(key) {
            weights.backoff = followers.gamma().log10() as f32;
        }
    }
}

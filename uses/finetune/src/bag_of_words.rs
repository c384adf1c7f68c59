//! The baseline that every classifier has to beat: logistic regression on a bag of words.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::lbfgs;

/// Strengths of the penalty that are tried; the one with the highest dev accuracy is taken.
const PENALTIES: [f64; 5] = [1e-3, 3e-4, 1e-4, 3e-5, 1e-5];

/// A text: features and their weights.
type Bag = Vec<(u32, f32)>;

/// Multinomial logistic regression on words, pairs of neighbouring words, and for Chinese
/// characters and pairs of those; tf-idf weights, rows of length 1, an L2 penalty.
pub(crate) struct BagOfWords {
    features: FxHashMap<String, u32>,
    idf: Vec<f32>,
    /// `[features + 1, classes]`; the last row is the bias.
    weights: Vec<f64>,
    classes: usize,
}

/// A text and its class.
pub(crate) type Labelled = (String, usize);

impl BagOfWords {
    /// Learns from `train`; the penalty is chosen by `dev`.
    pub fn fit(train: &[Labelled], dev: &[Labelled], classes: usize) -> Self {
        let (features, idf) = vocabulary(train);
        let mut model = Self {
            weights: Vec::new(),
            features,
            idf,
            classes,
        };
        let bags: Vec<(Bag, usize)> = train
            .iter()
            .map(|(text, class)| (model.bag(text), *class))
            .collect();
        let mut best: Option<(f64, Vec<f64>)> = None;
        for penalty in PENALTIES {
            let start = vec![0.0; (model.idf.len() + 1) * classes];
            model.weights = lbfgs::minimise(start, |weights, gradient| {
                loss(&bags, classes, penalty, weights, gradient)
            });
            let accuracy = model.accuracy(dev);
            if best.as_ref().is_none_or(|(found, _)| accuracy > *found) {
                best = Some((accuracy, std::mem::take(&mut model.weights)));
            }
        }
        model.weights = best.map(|(_, weights)| weights).unwrap_or_default();
        model
    }

    /// The likeliest class of a text.
    pub fn predict(&self, text: &str) -> usize {
        let scores = scores(&self.bag(text), &self.weights, self.classes);
        let mut best = 0;
        for (class, score) in scores.iter().enumerate() {
            if score > scores.get(best).unwrap_or(&f64::MIN) {
                best = class;
            }
        }
        best
    }

    fn accuracy(&self, rows: &[Labelled]) -> f64 {
        let right = rows
            .iter()
            .filter(|(text, class)| self.predict(text) == *class);
        right.count() as f64 / rows.len().max(1) as f64
    }

    fn bag(&self, text: &str) -> Bag {
        let mut counts: BTreeMap<u32, f32> = BTreeMap::new();
        for term in terms(text) {
            if let Some(&feature) = self.features.get(&term) {
                *counts.entry(feature).or_default() += 1.0;
            }
        }
        let weight = |(feature, count): (u32, f32)| {
            let idf = self.idf.get(feature as usize).copied().unwrap_or(1.0);
            (feature, (1.0 + count.ln()) * idf)
        };
        let mut bag: Bag = counts.into_iter().map(weight).collect();
        let norm = bag
            .iter()
            .map(|(_, value)| value * value)
            .sum::<f32>()
            .sqrt();
        for (_, value) in &mut bag {
            *value /= norm.max(f32::MIN_POSITIVE);
        }
        bag
    }
}

/// Terms of all texts with their inverse document frequencies, ln((1 + n) / (1 + df)) + 1.
fn vocabulary(train: &[Labelled]) -> (FxHashMap<String, u32>, Vec<f32>) {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for (text, _) in train {
        let mut own = terms(text);
        own.sort_unstable();
        own.dedup();
        for term in own {
            *counts.entry(term).or_default() += 1;
        }
    }
    let all = train.len() as f32;
    let idf = counts
        .values()
        .map(|&count| ((1.0 + all) / (1.0 + count as f32)).ln() + 1.0);
    let idf = idf.collect();
    let features = counts.into_keys().zip(0..).collect();
    (features, idf)
}

fn is_han(c: char) -> bool {
    ('\u{3400}'..='\u{9fff}').contains(&c) || ('\u{20000}'..='\u{323af}').contains(&c)
}

/// Words in lower case, Chinese characters, and pairs of neighbours of both.
fn terms(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false; // whether the last word goes on
    for c in text.chars() {
        match c {
            c if is_han(c) => {
                words.push(c.to_string());
                open = false;
            }
            c if c.is_alphanumeric() || c == '\'' => {
                if !open {
                    words.push(String::new());
                }
                open = true;
                if let Some(word) = words.last_mut() {
                    word.extend(c.to_lowercase());
                }
            }
            _ => open = false,
        }
    }
    let pairs = words.windows(2).map(|pair| pair.join(" "));
    let pairs: Vec<String> = pairs.collect();
    words.extend(pairs);
    words
}

/// Scores of the classes; the bias stands behind the features.
fn scores(bag: &Bag, weights: &[f64], classes: usize) -> Vec<f64> {
    let bias = weights.len().saturating_sub(classes);
    let mut scores = weights.get(bias..).unwrap_or_default().to_vec();
    for &(feature, value) in bag {
        let row = weights.iter().skip(feature as usize * classes);
        for (score, weight) in scores.iter_mut().zip(row) {
            *score += f64::from(value) * weight;
        }
    }
    scores
}

/// Mean cross-entropy with its penalty, and its gradient.
fn loss(
    bags: &[(Bag, usize)],
    classes: usize,
    penalty: f64,
    weights: &[f64],
    gradient: &mut [f64],
) -> f64 {
    let count = bags.len().max(1) as f64;
    let bias = weights.len() - classes;
    let mut total = 0.0;
    for (slot, weight) in gradient.iter_mut().zip(weights).take(bias) {
        *slot = penalty * weight;
        total += 0.5 * penalty * weight * weight;
    }
    gradient.iter_mut().skip(bias).for_each(|slot| *slot = 0.0);
    for (bag, class) in bags {
        let mut scores = scores(bag, weights, classes);
        let best = scores.iter().copied().fold(f64::MIN, f64::max);
        let sum: f64 = scores.iter().map(|score| (score - best).exp()).sum();
        let log = best + sum.ln();
        total += (log - scores.get(*class).copied().unwrap_or(log)) / count;
        for (index, score) in scores.iter_mut().enumerate() {
            let hit = if index == *class { 1.0 } else { 0.0 };
            *score = ((*score - log).exp() - hit) / count;
        }
        let mut add = |start: usize, value: f64| {
            for (slot, score) in gradient.iter_mut().skip(start).zip(&scores) {
                *slot += value * score;
            }
        };
        add(bias, 1.0);
        for &(feature, value) in bag {
            add(feature as usize * classes, f64::from(value));
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_words_characters_and_pairs() {
        assert_eq!(terms("Don't go!"), ["don't", "go", "don't go"]);
        assert_eq!(terms("很好a1"), ["很", "好", "a1", "很 好", "好 a1"]);
        assert!(terms(" .").is_empty());
    }

    #[test]
    fn the_gradient_is_that_of_the_loss() {
        let bags = vec![
            (vec![(0, 0.6), (2, 0.8)], 1),
            (vec![(1, 1.0)], 0),
            (vec![], 2),
        ];
        let mut weights: Vec<f64> = (0..12).map(|i| (f64::from(i) * 0.7).sin()).collect();
        let mut gradient = vec![0.0; 12];
        loss(&bags, 3, 0.1, &weights, &mut gradient);
        for index in 0..12 {
            let mut at = |value: f64| {
                let before = weights[index];
                weights[index] = before + value;
                let found = loss(&bags, 3, 0.1, &weights, &mut [0.0; 12]);
                weights[index] = before;
                found
            };
            let slope = (at(1e-6) - at(-1e-6)) / 2e-6;
            assert!((slope - gradient[index]).abs() < 1e-8, "{index}");
        }
    }

    #[test]
    fn opinions_are_learnt_in_both_languages() {
        let train = [
            ("a good film", 1),
            ("good fun", 1),
            ("很好看", 1),
            ("真好", 1),
            ("a bad film", 0),
            ("bad luck", 0),
            ("很难看", 0),
            ("难听", 0),
        ];
        let train = train.map(|(text, class)| (text.to_owned(), class));
        let model = BagOfWords::fit(&train, &train, 2);
        assert_eq!(model.accuracy(&train), 1.0);
        assert_eq!(model.predict("good"), 1);
        assert_eq!(model.predict("难"), 0);
    }
}

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::trie::Counter;

const VOCAB: u32 = 5;
const END: u32 = 4;

fn model(documents: &[Vec<u32>]) -> KneserNey {
    let mut counter = Counter::new(VOCAB as usize, END);
    for document in documents {
        counter.add(document);
    }
    KneserNey::new(counter.finish(), VOCAB as usize)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12
}

fn probability(model: &mut KneserNey, context: &[u32], token: u32) -> f64 {
    let seen = model.seen(context);
    model.probability(&seen, token)
}

#[test]
fn the_discounts_are_those_of_chen_and_goodman() {
    // n1 = 4, n2 = 2, n3 = 1, n4 = 1: Y = 4 / 8
    let found = discounts(&[1, 1, 1, 1, 2, 2, 3, 4, 0]);
    assert_eq!(found, [0.0, 0.5, 2.0 - 3.0 * 0.5 / 2.0, 3.0 - 4.0 * 0.5]);
    assert_eq!(discounts(&[1, 1, 2]), FALLBACK);
    assert_eq!(discounts(&[]), FALLBACK);
}

#[test]
fn probabilities_are_those_of_the_hand() {
    // all orders fall back to the discounts 0.5, 1 and 1.5
    let mut model = model(&[vec![0, 1], vec![0, 1]]);
    // before 0, 1 and the end stands one token each
    let unigram = |seen: f64| 0.5 * seen / 3.0 + 1.5 / 3.0 / 5.0;
    // behind 0 only 1 stands, of one left neighbour
    let bigram = 0.5 + 0.5 * unigram(1.0);
    assert!(close(probability(&mut model, &[0], 1), bigram));
    assert!(close(probability(&mut model, &[0], 3), 0.5 * unigram(0.0)));
    // the beginning is counted as it stands: twice
    let (begin, freed) = (VOCAB, 1.0 / 2.0);
    let first = freed + freed * unigram(1.0);
    assert!(close(probability(&mut model, &[begin], 0), first));
    let second = freed + freed * bigram;
    assert!(close(probability(&mut model, &[begin, 0], 1), second));
    // what was never seen backs off to what was
    assert!(close(probability(&mut model, &[3, 0], 1), bigram));
    assert!(close(probability(&mut model, &[1, 3], 2), unigram(0.0)));
    let score = model.score(&[0, 1, 3]);
    let behind = probability(&mut model, &[begin, 0, 1], 3);
    assert!(close(score.nats, -(first * second * behind).ln()));
    assert_eq!((score.tokens, score.top1, score.top5), (3, 2, 3));
}

#[test]
fn a_repeated_text_is_known_by_heart() {
    let text: Vec<u32> = (0..300).map(|i| [0, 3, 1, 0, 2][i % 5]).collect();
    let mut model = model(std::slice::from_ref(&text));
    let score = model.score(&text);
    assert!(score.nats / 300.0 < 0.05, "{}", score.nats);
    assert!(score.top1 >= 299);
}

#[test]
fn nothing_to_count_is_the_uniform_distribution() {
    let mut model = model(&[]);
    for token in 0..VOCAB {
        assert!(close(probability(&mut model, &[VOCAB], token), 0.2));
    }
}

/// The model by its definition, from counts in maps.
struct Plain {
    counts: BTreeMap<Vec<u32>, u32>,
    discounts: Vec<Discounts>,
}

impl Plain {
    fn of(documents: &[Vec<u32>]) -> Self {
        let mut counts = BTreeMap::new();
        for order in 1..=ORDER {
            let (mut raw, mut left) = (BTreeMap::new(), BTreeMap::new());
            for document in documents {
                let all = [&[VOCAB], document.as_slice(), &[END]].concat();
                for (start, ngram) in all.windows(order).enumerate() {
                    *raw.entry(ngram.to_vec()).or_insert(0) += 1;
                    let different: &mut BTreeSet<u32> = left.entry(ngram.to_vec()).or_default();
                    different.extend(start.checked_sub(1).map(|before| all[before]));
                }
            }
            for (ngram, count) in raw.into_iter().filter(|(ngram, _)| ngram != &[VOCAB]) {
                let is_raw = order == ORDER || ngram[0] == VOCAB;
                let different = left[&ngram].len() as u32;
                counts.insert(ngram, if is_raw { count } else { different });
            }
        }
        let of_order = |order| -> Vec<u32> {
            let ngrams = counts.iter().filter(|(ngram, _)| ngram.len() == order);
            ngrams.map(|(_, count)| *count).collect()
        };
        Self {
            discounts: (1..=ORDER)
                .map(|order| discounts(&of_order(order)))
                .collect(),
            counts,
        }
    }

    fn probability(&self, context: &[u32], token: u32) -> f64 {
        let of = &self.discounts[context.len()];
        let followers: Vec<u32> = (0..VOCAB)
            .filter_map(|w| self.counts.get(&[context, &[w]].concat()).copied())
            .collect();
        let shorter = || match context {
            [] => 1.0 / f64::from(VOCAB),
            [_, shorter @ ..] => self.probability(shorter, token),
        };
        match sum(&followers) {
            0.0 => shorter(),
            total => {
                let count = self.counts.get(&[context, &[token]].concat());
                let kept = kept(count.copied().unwrap_or(0), of);
                kept / total + freed(&followers, of) / total * shorter()
            }
        }
    }
}

proptest! {
    #[test]
    fn probabilities_are_those_of_the_definition_and_sum_to_one(
        documents in prop::collection::vec(prop::collection::vec(0..END, 0..40), 0..8),
        contexts in prop::collection::vec(prop::collection::vec(0..=VOCAB, 0..ORDER), 20),
    ) {
        let (mut model, plain) = (model(&documents), Plain::of(&documents));
        for context in contexts {
            let seen = model.seen(&context);
            let all: Vec<f64> = (0..VOCAB).map(|token| model.probability(&seen, token)).collect();
            prop_assert!((all.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            for (token, found) in (0..).zip(&all) {
                prop_assert!(*found > 0.0);
                prop_assert!((found - plain.probability(&context, token)).abs() < 1e-9);
            }
        }
    }

    /// A vocabulary wider than the guesses, so that some tokens are none.
    #[test]
    fn guesses_are_the_five_most_likely(
        documents in prop::collection::vec(prop::collection::vec(0u32..11, 0..60), 0..8),
        contexts in prop::collection::vec(prop::collection::vec(0u32..13, 0..ORDER), 20),
    ) {
        let mut counter = Counter::new(12, 11);
        documents.iter().for_each(|document| counter.add(document));
        let mut model = KneserNey::new(counter.finish(), 12);
        for context in contexts {
            let seen = model.seen(&context);
            let all = (0..12).map(|token| (token, model.probability(&seen, token)));
            let expected = best(all);
            let found = seen.last().map_or(model.unigram_guesses, |seen| seen.facts.guesses);
            let sorted = |guesses: Guesses| guesses.map(|token| model.probability(&seen, token));
            for (a, b) in sorted(found).iter().zip(sorted(expected)) {
                prop_assert!((a - b).abs() < 1e-12);
            }
        }
    }
}

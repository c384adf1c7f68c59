use proptest::prelude::*;

use super::*;
use crate::test_support::{Context, document, tokenized, tokenizer};

const VOCAB: usize = 7;
const END: u32 = 6;

fn baselines(documents: &[Vec<u32>]) -> Baselines {
    let mut counts = Counts::new(Vocabulary {
        size: VOCAB,
        end: END,
        train_tokens: 0,
    });
    for document in documents {
        counts.add(document);
    }
    counts.finish(0)
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-12
}

#[test]
fn the_unigram_model_is_that_of_the_hand() {
    // counts: 0 three times, 1 twice, 2 once, end once; n1 = 2, n2 = 1, so D = 2 / 4
    let unigram = baselines(&[vec![0, 1, 0, 2, 0, 1]]).unigram;
    let floor = 0.5 * 4.0 / 7.0 / 7.0;
    let p = |token| unigram.probability(3, token);
    assert!(close(p(0), 2.5 / 7.0 + floor));
    assert!(close(p(1), 1.5 / 7.0 + floor));
    assert!(close(p(END), 0.5 / 7.0 + floor));
    assert!(close(p(5), floor));
    // equals by their ids
    assert_eq!(unigram.guesses(0), &[0, 1, 2, END, 3]);
}

#[test]
fn the_bigram_model_is_that_of_the_hand() {
    // pairs: end 0 ×2, 0 1 ×2, 1 0, 1 end, 0 end; n1 = 3, n2 = 2, so D = 3 / 7
    let bigram = baselines(&[vec![0, 1, 0], vec![0, 1]]).bigram;
    let discount = 3.0 / 7.0;
    assert!(close(bigram.discount, discount));
    // contexts before: 0 has 2 (end, 1), 1 has 1, end has 2; n1 = 1, n2 = 2, so D' = 1 / 5
    let floor = 0.2 * 3.0 / 5.0 / 7.0;
    let lower = |before: f64| (before - 0.2).max(0.0) / 5.0 + floor;
    let p = |v, w| bigram.probability(v, w);
    // c(0) = 3 with two different tokens behind
    assert!(close(
        p(0, 1),
        (2.0 - discount + 2.0 * discount * lower(1.0)) / 3.0
    ));
    assert!(close(
        p(0, END),
        (1.0 - discount + 2.0 * discount * lower(2.0)) / 3.0
    ));
    assert!(close(p(0, 4), 2.0 * discount * lower(0.0) / 3.0));
    assert!(close(
        p(END, 0),
        (2.0 - discount + discount * lower(2.0)) / 2.0
    ));
    // a context never seen
    assert!(close(p(3, 1), lower(1.0)));
    assert_eq!(bigram.guesses(0), &[1, END, 0, 2, 3]);
    assert_eq!(bigram.guesses(3), &[0, END, 1, 2, 3]);
}

#[test]
fn documents_are_scored_token_by_token() {
    let bigram = baselines(&[vec![0, 1, 0], vec![0, 1]]).bigram;
    let score = bigram.score(END, &[0, 1, 5]);
    let expected = -(bigram.probability(END, 0) * bigram.probability(0, 1)).ln()
        - bigram.probability(1, 5).ln();
    assert!(close(score.nats, expected));
    assert_eq!((score.tokens, score.top1, score.top5), (3, 2, 2));
}

#[test]
fn a_repeated_text_is_known_better_to_the_bigram_model() {
    let text: Vec<u32> = (0..300).map(|i| [0, 3, 1, 4, 2][i % 5]).collect();
    let found = baselines(std::slice::from_ref(&text));
    let (bigram, unigram) = (
        found.bigram.score(END, &text),
        found.unigram.score(END, &text),
    );
    assert!(bigram.nats < unigram.nats / 10.0);
    assert!(bigram.top1 >= 299 && unigram.top1 == 60);
}

#[test]
fn nothing_to_count_is_the_uniform_distribution() {
    let found = baselines(&[]);
    for token in 0..VOCAB as u32 {
        assert!(close(found.unigram.probability(0, token), 1.0 / 7.0));
        assert!(close(found.bigram.probability(0, token), 1.0 / 7.0));
    }
}

#[test]
fn a_limit_leaves_documents_out_evenly() {
    let ctx = Context::new();
    let documents: Vec<_> = (0..40).map(|i| document(&[i % 5; 10])).collect();
    let shards: [(&str, &[Tokens]); 2] = [
        ("train/part-00000.parquet", &documents[..30]),
        ("train/part-00001.parquet", &documents[30..]),
    ];
    let input = tokenized(ctx.dir.path(), &tokenizer(), &shards);
    let vocabulary = Vocabulary::of(&input).unwrap();
    let count = |limit| {
        Baselines::count(&input, vocabulary, limit, &ctx.borrow())
            .unwrap()
            .tokens
    };
    assert_eq!(count(0), 400);
    assert_eq!(count(1000), 400);
    assert_eq!(count(100), 100);
}

proptest! {
    #[test]
    fn probabilities_sum_to_one(
        documents in prop::collection::vec(prop::collection::vec(0..VOCAB as u32, 0..40), 0..6),
    ) {
        let found = baselines(&documents);
        let all = || 0..VOCAB as u32;
        for previous in all() {
            let judges: [&dyn Fn(u32) -> f64; 2] = [
                &|token| found.unigram.probability(previous, token),
                &|token| found.bigram.probability(previous, token),
            ];
            for p in judges {
                let sum: f64 = all().map(p).sum();
                prop_assert!((sum - 1.0).abs() < 1e-9, "{}", sum);
                prop_assert!(all().all(|token| p(token) > 0.0));
            }
        }
    }

    #[test]
    fn guesses_are_the_five_most_likely(
        documents in prop::collection::vec(prop::collection::vec(0..VOCAB as u32, 0..40), 0..6),
    ) {
        let found = baselines(&documents);
        for previous in 0..VOCAB as u32 {
            let mut all: Vec<(u32, f64)> = (0..VOCAB as u32)
                .map(|token| (token, found.bigram.probability(previous, token)))
                .collect();
            all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            let best: Vec<f64> = all.iter().take(5).map(|guess| guess.1).collect();
            let guesses = found.bigram.guesses(previous).iter();
            let guessed: Vec<f64> =
                guesses.map(|&token| found.bigram.probability(previous, token)).collect();
            prop_assert_eq!(guessed, best);
        }
    }
}

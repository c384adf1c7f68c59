use proptest::prelude::*;

use super::*;
use crate::Memorization;
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
    let p = |token| unigram.at(token);
    assert!(close(p(0), 2.5 / 7.0 + floor));
    assert!(close(p(1), 1.5 / 7.0 + floor));
    assert!(close(p(END), 0.5 / 7.0 + floor));
    assert!(close(p(5), floor));
    // equals by their ids
    assert_eq!(unigram.guesses, [0, 1, 2, END, 3]);
}

#[test]
fn documents_are_scored_token_by_token() {
    let unigram = baselines(&[vec![0, 1, 0], vec![0, 1]]).unigram;
    let score = unigram.score(&[0, 1, 5]);
    let expected = -(unigram.at(0) * unigram.at(1) * unigram.at(5)).ln();
    assert!(close(score.nats, expected));
    // 0 is the first guess; the end, seen twice as 1 is, comes behind it by its id
    assert_eq!((score.tokens, score.top1, score.top5), (3, 1, 2));
}

#[test]
fn a_repeated_text_is_known_better_with_its_context() {
    let text: Vec<u32> = (0..300).map(|i| [0, 3, 1, 4, 2][i % 5]).collect();
    let mut found = baselines(std::slice::from_ref(&text));
    let (with, without) = (found.kneser_ney.score(&text), found.unigram.score(&text));
    assert!(with.nats < without.nats / 10.0);
    assert!(with.top1 >= 299 && without.top1 == 60);
}

#[test]
fn nothing_to_count_is_the_uniform_distribution() {
    let found = baselines(&[]);
    for token in 0..VOCAB as u32 {
        assert!(close(found.unigram.at(token), 1.0 / 7.0));
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
    let held_out = HeldOut::default();
    let count = |limit| {
        let mut passages = Passages::new(&Memorization::default(), 1);
        Baselines::count(
            &input,
            vocabulary,
            limit,
            &held_out,
            &mut passages,
            &ctx.borrow(),
        )
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
        let unigram = baselines(&documents).unigram;
        let sum: f64 = (0..VOCAB as u32).map(|token| unigram.at(token)).sum();
        prop_assert!((sum - 1.0).abs() < 1e-9, "{}", sum);
        prop_assert!((0..VOCAB as u32).all(|token| unigram.at(token) > 0.0));
    }
}

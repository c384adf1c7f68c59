use proptest::prelude::*;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{Model as _, Trainer};

use super::*;

fn counts(words: &[(String, u64)]) -> Vec<Counts> {
    let mut counts = Counts::default();
    for (word, times) in words {
        counts.add(word.as_bytes(), *times);
    }
    vec![counts]
}

/// The vocabulary and the merges of the `tokenizers` crate's trainer.
fn by_crate(words: &[(String, u64)], config: &Config) -> serde_json::Value {
    let mut trainer = BpeTrainer::builder()
        .vocab_size(config.vocab_size)
        .min_frequency(config.min_frequency)
        .max_token_length(Some(config.max_token_length))
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .special_tokens(special_tokens(config))
        .show_progress(false)
        .build();
    let repeated = words
        .iter()
        .flat_map(|(word, times)| (0..*times).map(move |_| word));
    let pieces = |word: &str| Ok(vec![characters_of(word.as_bytes())]);
    trainer.feed(repeated, pieces).unwrap();
    let mut model = BPE::default();
    trainer.train(&mut model).unwrap();
    assert!(model.get_vocab_size() > 256);
    serde_json::to_value(&model).unwrap()
}

fn ours(words: &[(String, u64)], config: &Config) -> serde_json::Value {
    let special: Vec<&String> = config.all_special_tokens().collect();
    let start = start(&special);
    let learnt = learn(&counts(words), &start, limits(config), |_| true);
    let tokenizer = bpe_tokenizer(&special, &start, &learnt, config).unwrap();
    serde_json::to_value(tokenizer.get_model()).unwrap()
}

fn check(words: &[(String, u64)], config: &Config) {
    let (ours, theirs) = (ours(words, config), by_crate(words, config));
    assert_eq!(ours["merges"], theirs["merges"]);
    assert_eq!(ours["vocab"], theirs["vocab"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn merges_are_those_of_the_crate(
        words in prop::collection::btree_map("[ab]{1,12}|[a-d ]{1,8}|[一二三]{1,5}", 1u64..5, 1..40),
        vocab_size in 258usize..330,
        min_frequency in 0u64..4,
        max_token_length in 2usize..20,
    ) {
        let words: Vec<(String, u64)> = words.into_iter().collect();
        check(&words, &Config { vocab_size, min_frequency, max_token_length, ..Config::default() });
    }
}

/// Words that occur as often as each other, long runs, and a special token that merges spell.
#[test]
fn merges_are_those_of_the_crate_for_a_text() {
    let text = include_str!("../encode_tests.rs");
    let mut words = std::collections::BTreeMap::new();
    for piece in crate::pieces::pieces(Config::default().pattern(), text) {
        *words.entry(piece.to_owned()).or_insert(0) += 1;
    }
    words.insert("aaaaaaaaaaaaaaa".to_owned(), 9);
    let words: Vec<(String, u64)> = words.into_iter().collect();
    let config = Config {
        vocab_size: 900,
        padding: Some("let".to_owned()),
        chat: vec!["<|user|>".to_owned(), "用户".to_owned(), "a".to_owned()],
        ..Config::default()
    };
    check(&words, &config);
}

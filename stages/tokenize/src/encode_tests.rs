use proptest::prelude::*;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, PreTokenizerWrapper, SplitDelimiterBehavior};

use super::*;
use crate::pieces::{Digits, Family, Pattern};

const TEXT: &str = "The mill turns, the mill's wheel turned; they've turned 1234567 times since 1890.\n\n\
    Die Mühle dreht sich, поворот колеса мельницы, 磨坊的水轮一直在转动，磨坊主说：“水轮转动了一千次。”\n\
    \tif (x != null) {\n\t\treturn x.toString().length() * 2;   // 注释\n\t}\n水車が回る。\u{1f600}\u{1f600}";

/// A tokenizer of the crate's, trained by the crate.
fn tokenizer(pattern: Pattern, vocab_size: usize) -> Tokenizer {
    let split = Split::new(
        SplitPattern::Regex(pattern.regex()),
        SplitDelimiterBehavior::Isolated,
        false,
    );
    let pre: PreTokenizerWrapper = match pattern == Family::Gpt2.pattern() {
        true => ByteLevel::new(false, true, true).into(),
        false => Sequence::new(vec![
            split.unwrap().into(),
            ByteLevel::new(false, true, false).into(),
        ])
        .into(),
    };
    let mut tokenizer = Tokenizer::new(BPE::default());
    tokenizer
        .with_pre_tokenizer(Some(pre))
        .with_decoder(Some(ByteLevel::default()));
    let mut trainer: tokenizers::models::TrainerWrapper = BpeTrainer::builder()
        .vocab_size(vocab_size)
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .special_tokens(vec![AddedToken::from("<|endoftext|>", true)])
        .show_progress(false)
        .build()
        .into();
    tokenizer.train(&mut trainer, [TEXT].into_iter()).unwrap();
    tokenizer
}

fn encoders() -> Vec<Encoder> {
    let with = |family| move |digits| Pattern { family, digits };
    let patterns = Family::ALL
        .into_iter()
        .flat_map(|family| Digits::ALL.map(with(family)));
    let encoder = |pattern| Encoder::new(tokenizer(pattern, 420));
    let encoders: Vec<Encoder> = patterns.map(encoder).collect();
    for encoder in &encoders {
        assert_eq!(encoder.slow_because(), None);
    }
    encoders
}

fn check(encoder: &Encoder, text: &str) {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    // Twice: the second time pieces come from the cache.
    for _ in 0..2 {
        ours.clear();
        encoder.encode(text, &mut ours).unwrap();
    }
    encoder.encode_by_crate(text, &mut theirs).unwrap();
    assert_eq!(ours, theirs, "{text:?}");
    assert_eq!(encoder.decode(&ours).unwrap(), text);
}

#[test]
fn ids_are_those_of_the_crate_for_all_patterns() {
    for encoder in encoders() {
        check(&encoder, TEXT);
        check(&encoder, &TEXT.repeat(3));
        check(&encoder, "");
        check(&encoder, "a page about <|endoftext|> and the like");
    }
}

#[test]
fn ids_are_those_of_the_crate_for_random_texts() {
    let encoders = encoders();
    let own = TEXT.chars().collect::<Vec<_>>();
    let own = prop::collection::vec(prop::sample::select(own), 0..80);
    let own = own.prop_map(|characters| characters.into_iter().collect::<String>());
    let bytes = any::<Vec<u8>>().prop_map(|b| String::from_utf8_lossy(&b).into_owned());
    let texts = prop_oneof![own, any::<String>(), bytes];
    proptest!(ProptestConfig::with_cases(1500), |(text in texts)| {
        for encoder in &encoders {
            check(encoder, &text);
        }
    });
}

#[test]
fn added_tokens_and_form_c_are_as_the_crate_has_them() {
    let mut plain = tokenizer(Family::Cl100k.pattern(), 420);
    let tool = AddedToken::from("<tool>", false).normalized(false);
    plain.add_tokens([tool]).unwrap();
    let _ = plain.with_normalizer(Some(tokenizers::normalizers::unicode::NFC));
    let encoder = Encoder::new(plain);
    assert_eq!(encoder.slow_because(), None);
    for text in [
        "the mill <tool>turned</tool> the <tool>",
        "Mu\u{308}hle",
        "M\u{fc}hle",
    ] {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        encoder.encode(text, &mut ours).unwrap();
        encoder.encode_by_crate(text, &mut theirs).unwrap();
        assert_eq!(ours, theirs, "{text}");
    }
    let mut composed = Vec::new();
    encoder.encode("Mu\u{308}hle", &mut composed).unwrap();
    assert_eq!(encoder.decode(&composed).unwrap(), "M\u{fc}hle");
}

#[test]
fn other_tokenizers_take_the_crate() {
    let mut lower = tokenizer(Family::Gpt2.pattern(), 300);
    let _ = lower.with_normalizer(Some(tokenizers::normalizers::utils::Lowercase));
    let encoder = Encoder::new(lower);
    assert!(encoder.slow_because().unwrap().contains("normalizer"));
    let mut ids = Vec::new();
    encoder.encode("The Mill", &mut ids).unwrap();
    assert_eq!(encoder.decode(&ids).unwrap(), "the mill");
    let mut other = tokenizer(Family::Gpt2.pattern(), 300);
    other.with_pre_tokenizer(Some(ByteLevel::new(true, true, true)));
    let reason = Encoder::new(other);
    assert!(reason.slow_because().unwrap().contains("pre-tokenizer"));
}

/// No input may take time that grows faster than its length.
#[test]
fn runs_of_ten_megabytes_are_encoded_whole() {
    let encoder = Encoder::new(tokenizer(Family::Cl100k.pattern(), 420));
    for part in [
        "a",
        " ",
        "\n",
        "\u{4e2d}",
        "turn",
        "\u{78e8}\u{574a}",
        "1",
        "-",
        "\t \n",
        "\u{1f600}",
    ] {
        let text = part.repeat(10_000_000 / part.len());
        let mut ids = Vec::new();
        encoder.encode(&text, &mut ids).unwrap();
        assert_eq!(encoder.decode(&ids).unwrap(), text);
    }
}

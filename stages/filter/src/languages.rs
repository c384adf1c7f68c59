//! Built-in limits of languages that the English ones do not suit.
//!
//! Chinese has the numbers that FineWeb-2 calibrated on Chinese text (`cmn_Hani`): C4's rules on
//! words, sentences and curly brackets are off, as are FineWeb's rule on short lines and Gopher's
//! on paragraphs. Japanese and
//! the scripts of South-East Asia share them, with word lengths as their segmentation gives them.
//! Limits that `[filter]` sets for all languages do not reach what is set here;
//! `[filter.language.CODE]` does.

use crate::config::LanguageConfig;
use crate::words::Segmenter;

/// The limits that come with a language code; empty for most.
#[must_use]
pub fn built_in(code: &str) -> LanguageConfig {
    match (Segmenter::of(code), code) {
        (Segmenter::Chinese, _) => chinese(),
        (Segmenter::Unspaced, "ja") => LanguageConfig {
            // Characters, mostly, which are about two to a word.
            min_words: Some(100),
            max_words: Some(200_000),
            min_alphabetic_words: Some(0.7),
            ..chinese()
        },
        (Segmenter::Unspaced, _) => LanguageConfig {
            min_words: Some(150),
            max_words: Some(300_000),
            min_alphabetic_words: Some(0.6),
            // Thai writes no full stops.
            min_punctuated_lines: Some(0.0),
            ..chinese()
        },
        (Segmenter::Spaced, "ko" | "he" | "ar" | "fa" | "ur") => LanguageConfig {
            // Syllable blocks, or letters without the vowels.
            min_mean_word_length: Some(2.0),
            ..LanguageConfig::default()
        },
        (Segmenter::Spaced, "ta" | "ml" | "te" | "kn" | "si" | "fi" | "ka") => LanguageConfig {
            // Long inflected words, and vowel signs that count as characters.
            max_mean_word_length: Some(13.0),
            ..LanguageConfig::default()
        },
        (Segmenter::Spaced, _) => LanguageConfig::default(),
    }
}

fn chinese() -> LanguageConfig {
    let off = [
        // Without spaces a whole line is one word to C4.
        "c4.short_line",
        "c4.long_word",
        "c4.sentences",
        "c4.curly_bracket",
        "fineweb.short_lines",
        "gopher_repetition.duplicate_paragraphs",
        "gopher_repetition.duplicate_paragraph_chars",
    ];
    LanguageConfig {
        min_mean_word_length: Some(1.0),
        max_mean_word_length: Some(5.0),
        min_alphabetic_words: Some(0.735),
        max_duplicate_lines: Some(0.287),
        max_top_ngrams: Some([0.256, 0.201, 0.171]),
        max_duplicate_ngrams: Some([0.198, 0.182, 0.167, 0.154, 0.140, 0.127]),
        min_punctuated_lines: Some(0.106),
        max_duplicate_chars: Some(0.1),
        max_newlines: Some(0.178),
        disable: Some(off.map(String::from).into()),
        ..LanguageConfig::default()
    }
}

//! Built-in limits of languages that the English ones do not suit.
//!
//! The literature's limits are set on English. FineWeb-2 (Penedo et al. 2025, arXiv:2506.20920)
//! set them anew from data, language by language; where its limit is the looser one, it stands
//! here. It also found C4's rules, FineWeb's rule on short lines and Gopher's on paragraphs
//! harmful outside English, and allows ten times as many characters in repeated lines.
//!
//! Chinese has FineWeb-2's limits (`cmn_Hani`) as they are, since words are counted alike. The
//! words of Japanese and the scripts of South-East Asia are shorter here than there: their limits
//! on words are from texts of FLORES-200, the Universal Declaration of Human Rights and manuals.
//!
//! Limits that `[filter]` sets for all languages do not reach what is set here;
//! `[filter.language.CODE]` does.

use crate::config::LanguageConfig;
use crate::rules::prose;
use crate::words::Segmenter;

/// FineWeb-2's limits for languages with spaces.
const SPACED: &str = include_str!("../data/fineweb2_limits.txt");

/// The limits that come with a language code; empty for English and for languages that FineWeb-2
/// has not been asked about.
#[must_use]
pub fn built_in(code: &str) -> LanguageConfig {
    match (Segmenter::of(code), code) {
        (Segmenter::Chinese, _) => chinese(),
        (Segmenter::Unspaced, "ja") => japanese(),
        (Segmenter::Unspaced, _) => LanguageConfig {
            // Clusters, which are two to three to a word.
            min_words: Some(150),
            max_words: Some(300_000),
            min_alphabetic_words: Some(0.6),
            // Thai writes no full stops.
            min_sentence_share: Some(0.0),
            max_duplicate_lines: Some(0.35),
            max_duplicate_ngrams: Some([0.25, 0.22, 0.20, 0.18, 0.16, 0.14]),
            ..chinese()
        },
        (Segmenter::Spaced, _) => spaced(code).unwrap_or_default(),
    }
}

/// What FineWeb-2 does in every language but English.
fn outside_english() -> LanguageConfig {
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
        max_duplicate_chars: Some(0.1),
        disable: Some(off.map(String::from).into()),
        ..LanguageConfig::default()
    }
}

fn chinese() -> LanguageConfig {
    LanguageConfig {
        min_mean_word_length: Some(1.0),
        max_mean_word_length: Some(5.0),
        min_alphabetic_words: Some(0.735),
        max_duplicate_lines: Some(0.287),
        max_top_ngrams: Some([0.256, 0.201, 0.171]),
        max_duplicate_ngrams: Some([0.198, 0.182, 0.167, 0.154, 0.140, 0.127]),
        // In place of FineWeb's rule, by lines: see `rules::prose`.
        min_punctuated_lines: Some(0.0),
        min_sentence_share: Some(prose::MIN_SENTENCE_SHARE),
        max_newlines: Some(0.178),
        ..outside_english()
    }
}

/// Words are characters, mostly, which are about two to a word: long repeats weigh as much, short
/// ones more.
fn japanese() -> LanguageConfig {
    LanguageConfig {
        min_words: Some(100),
        max_words: Some(200_000),
        min_alphabetic_words: Some(0.7),
        max_duplicate_lines: Some(0.375),
        max_top_ngrams: Some([0.256, 0.22, 0.20]),
        max_duplicate_ngrams: Some([0.307, 0.283, 0.264, 0.248, 0.234, 0.223]),
        min_sentence_share: Some(0.3),
        ..chinese()
    }
}

/// The looser of FineWeb-2's limits and the English ones.
fn spaced(code: &str) -> Option<LanguageConfig> {
    let row = SPACED.lines().find_map(|line| {
        let (its, limits) = line.split_once(' ')?;
        (its == code).then_some(limits)
    })?;
    let mut limits = row.split(' ').map(|limit| limit.parse::<f64>().ok());
    let mut next = || limits.next().flatten();
    let (alphabetic, shortest, longest, punctuated, repeated) =
        (next()?, next()?, next()?, next()?, next()?);
    Some(LanguageConfig {
        min_alphabetic_words: Some(alphabetic.min(0.8)),
        min_mean_word_length: Some(shortest.min(3.0)),
        max_mean_word_length: Some(longest.max(10.0)),
        min_punctuated_lines: Some(punctuated.min(0.12)),
        max_duplicate_lines: Some(repeated.max(0.3)),
        ..outside_english()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_read() {
        for line in SPACED.lines().filter(|line| !line.starts_with('#')) {
            let code = line.split(' ').next().unwrap();
            let limits = spaced(code).unwrap();
            let alphabetic = limits.min_alphabetic_words.unwrap();
            assert!((0.5..=0.8).contains(&alphabetic), "{line}");
            assert!(limits.max_duplicate_lines.unwrap() < 0.5, "{line}");
        }
    }

    #[test]
    fn english_has_none() {
        assert_eq!(built_in("en"), LanguageConfig::default());
        assert_eq!(built_in(""), LanguageConfig::default());
        assert_eq!(built_in("ru").min_alphabetic_words, Some(0.713));
        assert_eq!(built_in("de").min_alphabetic_words, Some(0.774));
    }
}

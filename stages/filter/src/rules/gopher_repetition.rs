//! Gopher's repetition rules (Rae et al. 2021, "Scaling Language Models", table A1,
//! arXiv:2112.11446), counted as datatrove counts them.

use super::{Rule, Scores, ratio};
use crate::lines::{between_line_feeds, repeated};
use crate::measure::Words;
use crate::ngrams::Ngrams;
use crate::words::is_space;

const TOP: [Rule; 3] = [Rule::Top2Gram, Rule::Top3Gram, Rule::Top4Gram];
const DUPLICATE: [Rule; 6] = [
    Rule::Duplicate5Grams,
    Rule::Duplicate6Grams,
    Rule::Duplicate7Grams,
    Rule::Duplicate8Grams,
    Rule::Duplicate9Grams,
    Rule::Duplicate10Grams,
];

/// Measures repeated paragraphs and lines, by number and as shares of the text's `chars`. Returns
/// the characters in repeated lines, which FineWeb's rules ask for as well.
pub fn measure_lines(text: &str, chars: usize, scores: &mut Scores) -> usize {
    let paragraphs = repeated(between_line_feeds(text.trim_matches(is_space), 2));
    let share = ratio(paragraphs.repeats, paragraphs.pieces);
    scores.set(Rule::DuplicateParagraphs, share);
    scores.set(
        Rule::DuplicateParagraphChars,
        ratio(paragraphs.chars, chars),
    );
    // Lines of white space alone say nothing; text without a line break is one line.
    let written = |line: &&str| !line.chars().all(is_space);
    let lines = repeated(between_line_feeds(text, 1).filter(written));
    scores.set(Rule::DuplicateLines, ratio(lines.repeats, lines.pieces));
    scores.set(Rule::DuplicateLineChars, ratio(lines.chars, chars));
    lines.chars
}

/// Measures the commonest n-grams of words and repeated n-grams, as shares of the text's `chars`.
pub fn measure_ngrams(words: &Words, chars: usize, scores: &mut Scores) {
    let mut ngrams = Ngrams::bigrams(&words.hashes, &words.ends);
    let share = |part: u64| part as f64 / chars.max(1) as f64;
    for rule in TOP {
        scores.set(rule, share(ngrams.top()));
        ngrams.grow();
    }
    for rule in DUPLICATE {
        scores.set(rule, share(ngrams.duplicates()));
        ngrams.grow();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tests::first_miss;
    use crate::stop_words::StopWords;
    use crate::words::Segmenter;

    fn lines(text: &str) -> Option<(Rule, f64)> {
        let mut scores = Scores::default();
        measure_lines(text, text.chars().count(), &mut scores);
        first_miss(&scores)
    }

    fn ngrams(text: &str) -> Option<(Rule, f64)> {
        let words = Words::measure(text, Segmenter::Spaced, &StopWords::default());
        let mut scores = Scores::default();
        measure_ngrams(&words, text.chars().count(), &mut scores);
        first_miss(&scores)
    }

    /// Paragraphs of which `repeats` repeat the first, all with `chars` characters.
    fn paragraphs(different: usize, repeats: usize, separator: &str) -> String {
        let first = (0..different).map(|i| format!("piece number {i:03}"));
        let again = std::iter::repeat_n("piece number 000".to_string(), repeats);
        first.chain(again).collect::<Vec<_>>().join(separator)
    }

    #[test]
    fn duplicate_paragraphs_may_be_three_in_ten() {
        assert_eq!(
            lines(&paragraphs(6, 4, "\n\n")),
            Some((Rule::DuplicateParagraphs, 0.4))
        );
        // Three of ten are allowed by number, but are more than a fifth of the characters.
        let (rule, value) = lines(&paragraphs(7, 3, "\n\n")).unwrap();
        assert_eq!(rule, Rule::DuplicateParagraphChars);
        assert!((value - 48.0 / 178.0).abs() < 1e-9);
        assert_eq!(lines(&paragraphs(8, 2, "\n\n")), None);
    }

    #[test]
    fn duplicate_lines_may_be_three_in_ten() {
        assert_eq!(
            lines(&paragraphs(6, 4, "\n")),
            Some((Rule::DuplicateLines, 0.4))
        );
        assert_eq!(
            lines(&paragraphs(7, 3, "\n")).map(|(rule, _)| rule),
            Some(Rule::DuplicateLineChars)
        );
        assert_eq!(lines(&paragraphs(8, 2, "\n")), None);
    }

    #[test]
    fn blank_lines_are_no_duplicates() {
        assert_eq!(
            lines("one\n \u{3000}\ntwo\n \u{3000}\nthree\n \u{3000}\nfour"),
            None
        );
    }

    #[test]
    fn top_ngrams_count_all_occurrences_with_spaces() {
        let different: Vec<String> = (0..18).map(|i| format!("w{i:02}")).collect();
        // "aa bb" is 5 characters; four of them are 20 of 95.
        let text = format!(
            "aa bb {} aa bb {} aa bb aa bb",
            different[..9].join(" "),
            different[9..].join(" ")
        );
        let (rule, value) = ngrams(&text).unwrap();
        assert_eq!(rule, Rule::Top2Gram);
        assert!((value - 20.0 / text.len() as f64).abs() < 1e-9);
        // As in datatrove, any 4-gram of a very short text is too large a part of it.
        assert_eq!(
            ngrams(&different.join(" ")).map(|(rule, _)| rule),
            Some(Rule::Top4Gram)
        );
        let longer: Vec<String> = (0..30).map(|i| format!("w{i:02}")).collect();
        assert_eq!(ngrams(&longer.join(" ")), None);
    }

    #[test]
    fn duplicate_ngrams_count_each_word_once() {
        let words: Vec<String> = (0..64).map(|i| format!("word{i:02}")).collect();
        let text = |repeated: usize| format!("{} {}", words.join(" "), words[..repeated].join(" "));
        // Ten repeated words: 60 of 517 characters in one 10-gram, 54 in a 9-gram.
        assert_eq!(
            ngrams(&text(10)).map(|(rule, _)| rule),
            Some(Rule::Duplicate10Grams)
        );
        assert_eq!(ngrams(&text(9)), None);
        let (rule, value) = ngrams(&text(15)).unwrap();
        assert_eq!(rule, Rule::Duplicate5Grams);
        assert!((value - 90.0 / text(15).len() as f64).abs() < 1e-9);
    }
}

//! Gopher's repetition rules (Rae et al. 2021, "Scaling Language Models", table A1,
//! arXiv:2112.11446), counted as datatrove counts them.

use super::{Judge, Rule, Violation, ratio};
use crate::config::Limits;
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

/// Repeated paragraphs and lines, by number and by characters.
///
/// # Errors
/// The first rule that the text fails.
pub fn check_lines(
    text: &str,
    chars: usize,
    limits: &Limits,
    judge: Judge,
) -> Result<(), Violation> {
    let paragraphs = repeated(between_line_feeds(text.trim_matches(is_space), 2));
    let share = ratio(paragraphs.repeats, paragraphs.pieces);
    judge.at_most(
        Rule::DuplicateParagraphs,
        share,
        limits.max_duplicate_paragraphs,
    )?;
    let share = ratio(paragraphs.chars, chars);
    judge.at_most(
        Rule::DuplicateParagraphChars,
        share,
        limits.max_duplicate_paragraph_chars,
    )?;

    let lines = repeated(between_line_feeds(text, 1));
    let share = ratio(lines.repeats, lines.pieces);
    judge.at_most(Rule::DuplicateLines, share, limits.max_duplicate_lines)?;
    let share = ratio(lines.chars, chars);
    judge.at_most(
        Rule::DuplicateLineChars,
        share,
        limits.max_duplicate_line_chars,
    )
}

/// The commonest n-grams of words, and repeated n-grams.
///
/// # Errors
/// The first rule that the words fail.
pub fn check_ngrams(
    words: &Words,
    chars: usize,
    limits: &Limits,
    judge: Judge,
) -> Result<(), Violation> {
    let mut ngrams = Ngrams::new(&words.hashes, &words.chars);
    let share = |part: u64| part as f64 / chars.max(1) as f64;
    for (rule, limit) in TOP.into_iter().zip(limits.max_top_ngrams) {
        ngrams.grow();
        let (top, _) = ngrams.top();
        judge.at_most(rule, share(top), limit)?;
    }
    for (rule, limit) in DUPLICATE.into_iter().zip(limits.max_duplicate_ngrams) {
        ngrams.grow();
        let duplicates = ngrams.duplicates();
        // Without a repeated n-gram there is no repeated longer one.
        if duplicates == 0 {
            break;
        }
        judge.at_most(rule, share(duplicates), limit)?;
    }
    Ok(())
}

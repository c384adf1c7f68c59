//! Gopher's quality rules (Rae et al. 2021, "Scaling Language Models", appendix A1.1,
//! arXiv:2112.11446), counted as datatrove counts them: a punctuation mark is a word.

use memchr::memmem;

use super::{Judge, Rule, Violation, ratio};
use crate::config::Limits;
use crate::lines::lines;
use crate::measure::Words;
use crate::words::is_space;

/// Checks all rules of the family; `has_stop_words` says whether the language has a list.
///
/// # Errors
/// The first rule that the document fails.
pub fn check(
    text: &str,
    words: &Words,
    has_stop_words: bool,
    limits: &Limits,
    judge: Judge,
) -> Result<(), Violation> {
    judge.at_least(Rule::WordCount, words.plain as f64, limits.min_words as f64)?;
    judge.at_most(Rule::WordCount, words.plain as f64, limits.max_words as f64)?;

    let mean = ratio(words.plain_chars, words.plain);
    judge.at_least(Rule::MeanWordLength, mean, limits.min_mean_word_length)?;
    judge.at_most(Rule::MeanWordLength, mean, limits.max_mean_word_length)?;

    let hashes = memchr::memchr_iter(b'#', text.as_bytes()).count();
    judge.at_most(
        Rule::HashRatio,
        ratio(hashes, words.len()),
        limits.max_symbol_ratio,
    )?;
    let ellipses = ["...", "…"].map(|mark| memmem::find_iter(text.as_bytes(), mark).count());
    let share = ratio(ellipses.iter().sum(), words.len());
    judge.at_most(Rule::EllipsisRatio, share, limits.max_symbol_ratio)?;

    check_lines(text, limits, judge)?;

    let share = ratio(words.alphabetic, words.len());
    judge.at_least(Rule::AlphabeticWords, share, limits.min_alphabetic_words)?;
    if has_stop_words {
        let (found, least) = (words.stop_words as f64, limits.min_stop_words as f64);
        judge.at_least(Rule::StopWords, found, least)?;
    }
    Ok(())
}

fn check_lines(text: &str, limits: &Limits, judge: Judge) -> Result<(), Violation> {
    let (mut all, mut bullets, mut ellipses) = (0, 0, 0);
    for line in lines(text) {
        all += 1;
        bullets += usize::from(line.trim_start_matches(is_space).starts_with(['•', '-']));
        let end = line.trim_end_matches(is_space);
        ellipses += usize::from(end.ends_with("...") || end.ends_with('…'));
    }
    judge.at_most(
        Rule::BulletLines,
        ratio(bullets, all),
        limits.max_bullet_lines,
    )?;
    judge.at_most(
        Rule::EllipsisLines,
        ratio(ellipses, all),
        limits.max_ellipsis_lines,
    )
}

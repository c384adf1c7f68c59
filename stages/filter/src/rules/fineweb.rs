//! FineWeb's own rules (Penedo et al. 2024, "The FineWeb Datasets", section 3.5,
//! arXiv:2406.17557).

use super::{Judge, Rule, Violation, ratio};
use crate::config::Limits;
use crate::lines::repeated;
use crate::words::{Segmenter, is_space, is_terminal};

/// Checks all rules of the family. `word_count` is called for the number of words, punctuation
/// included, only when the rules before it pass.
///
/// # Errors
/// The first rule that the document fails.
pub fn check(
    text: &str,
    segmenter: Segmenter,
    word_count: impl FnOnce() -> usize,
    limits: &Limits,
    judge: Judge,
) -> Result<(), Violation> {
    let (mut all, mut punctuated, mut short) = (0, 0, 0);
    for line in written_lines(text) {
        all += 1;
        punctuated += usize::from(ends_sentence(line, segmenter));
        short += usize::from(line.chars().nth(limits.short_line_chars).is_none());
    }
    let share = ratio(punctuated, all);
    judge.at_least(Rule::PunctuatedLines, share, limits.min_punctuated_lines)?;
    judge.at_most(Rule::ShortLines, ratio(short, all), limits.max_short_lines)?;

    let line_feeds = memchr::memchr_iter(b'\n', text.as_bytes()).count();
    let chars = text.chars().count() - line_feeds;
    let duplicates = repeated(written_lines(text)).chars;
    judge.at_most(
        Rule::DuplicateChars,
        ratio(duplicates, chars),
        limits.max_duplicate_chars,
    )?;

    if line_feeds == 0 || !judge.on(Rule::Newlines) {
        return Ok(());
    }
    judge.at_most(
        Rule::Newlines,
        ratio(line_feeds, word_count()),
        limits.max_newlines,
    )
}

fn written_lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').filter(|line| !line.chars().all(is_space))
}

/// Whether a line ends with terminal punctuation. Chinese and Japanese put it inside the closing
/// quotation mark; datatrove then overlooks it, and with it most dialogue.
fn ends_sentence(line: &str, segmenter: Segmenter) -> bool {
    let line = match segmenter {
        Segmenter::Spaced => line,
        Segmenter::Chinese | Segmenter::Unspaced => {
            let closing = |c: char| {
                is_space(c) || matches!(c, '”' | '’' | '」' | '』' | '）' | '"' | ')' | '】' | '》')
            };
            line.trim_end_matches(closing)
        }
    };
    line.chars()
        .next_back()
        .is_some_and(|c| is_terminal(c) || (segmenter != Segmenter::Spaced && c == '…'))
}

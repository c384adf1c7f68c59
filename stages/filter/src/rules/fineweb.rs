//! FineWeb's own rules (Penedo et al. 2024, "The FineWeb Datasets", section 3.5,
//! arXiv:2406.17557).

use super::{Rule, Scores, ratio};
use crate::lines::repeated;
use crate::words::{Segmenter, is_space, is_terminal};

/// Measures all rules of the family. `words` is the text's number of words, punctuation included;
/// a line of at most `short_line_chars` characters is short. `repeated_chars` are the characters in
/// repeated lines, where they are known.
pub fn measure(
    text: &str,
    segmenter: Segmenter,
    words: usize,
    short_line_chars: usize,
    repeated_chars: Option<usize>,
    scores: &mut Scores,
) {
    let (mut all, mut punctuated, mut short) = (0, 0, 0);
    for line in written_lines(text) {
        all += 1;
        punctuated += usize::from(ends_sentence(line, segmenter));
        short += usize::from(line.chars().nth(short_line_chars).is_none());
    }
    scores.set(Rule::PunctuatedLines, ratio(punctuated, all));
    scores.set(Rule::ShortLines, ratio(short, all));
    let line_feeds = memchr::memchr_iter(b'\n', text.as_bytes()).count();
    let chars = text.chars().count() - line_feeds;
    let duplicates = repeated_chars.unwrap_or_else(|| repeated(written_lines(text)).chars);
    scores.set(Rule::DuplicateChars, ratio(duplicates, chars));
    scores.set(Rule::Newlines, ratio(line_feeds, words));
}

fn written_lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').filter(|line| !line.chars().all(is_space))
}

/// Whether a line ends with terminal punctuation.
///
/// Chinese and Japanese put it inside the closing quotation mark, and what is written there
/// without care often lacks the last full stop only; datatrove drops both. A line with a full stop
/// inside counts as well, which no menu and no list of headlines has.
fn ends_sentence(line: &str, segmenter: Segmenter) -> bool {
    if segmenter == Segmenter::Spaced {
        return line.ends_with(is_terminal);
    }
    let closing =
        |c| is_space(c) || matches!(c, '”' | '’' | '」' | '』' | '）' | '"' | ')' | '】' | '》');
    let end = line.trim_end_matches(closing);
    end.ends_with(|c| is_terminal(c) || c == '…') || line.contains('。')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tests::first_miss;

    fn failed(lines: &[String], words: usize) -> Option<(Rule, f64)> {
        let mut scores = Scores::default();
        measure(
            &lines.join("\n"),
            Segmenter::Spaced,
            words,
            30,
            None,
            &mut scores,
        );
        first_miss(&scores)
    }

    /// Different lines of `chars` characters, the first `punctuated` of which end with a full stop.
    fn lines(count: usize, chars: usize, punctuated: usize) -> Vec<String> {
        let end = |i| if i < punctuated { "." } else { "x" };
        (0..count)
            .map(|i| format!("{i:0width$}{}", end(i), width = chars - 1))
            .collect()
    }

    #[test]
    fn lines_end_with_punctuation() {
        assert_eq!(
            failed(&lines(100, 40, 11), 10_000),
            Some((Rule::PunctuatedLines, 0.11))
        );
        assert_eq!(failed(&lines(100, 40, 12), 10_000), None);
    }

    #[test]
    fn short_lines_have_at_most_30_characters() {
        let mixed = |short| [lines(short, 30, short), lines(100 - short, 31, 100 - short)].concat();
        assert_eq!(failed(&mixed(68), 10_000), Some((Rule::ShortLines, 0.68)));
        assert_eq!(failed(&mixed(67), 10_000), None);
    }

    #[test]
    fn repeated_lines_by_characters() {
        let mut text = lines(100, 40, 100);
        text.push(text[0].clone());
        assert_eq!(failed(&text, 10_000), None, "1 / 101");
        text.push(text[1].clone());
        assert_eq!(
            failed(&text, 10_000),
            Some((Rule::DuplicateChars, 2.0 / 102.0))
        );
    }

    #[test]
    fn line_feeds_by_word() {
        assert_eq!(
            failed(&lines(32, 40, 32), 100),
            Some((Rule::Newlines, 0.31))
        );
        assert_eq!(failed(&lines(31, 40, 31), 100), None);
    }

    #[test]
    fn quotation_marks_may_follow_the_full_stop_in_chinese() {
        for (line, ends) in [
            ("他说：“走吧。”", true),
            ("最新消息：股市上涨", false),
            ("真的吗？」", true),
            ("走吧。好", true),
        ] {
            assert_eq!(ends_sentence(line, Segmenter::Chinese), ends, "{line}");
        }
        assert!(
            !ends_sentence("He said \"go.\"", Segmenter::Spaced),
            "as in FineWeb"
        );
    }
}

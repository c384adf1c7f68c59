//! Gopher's quality rules (Rae et al. 2021, "Scaling Language Models", appendix A1.1,
//! arXiv:2112.11446), counted as datatrove counts them: a punctuation mark is a word.

use memchr::memmem;

use super::{Rule, Scores, ratio};
use crate::measure::Words;
use crate::words::Segmenter;

/// Measures all rules of the family; `has_stop_words` says whether the language has a list.
pub fn measure(
    text: &str,
    words: &Words,
    segmenter: Segmenter,
    has_stop_words: bool,
    scores: &mut Scores,
) {
    scores.set(Rule::WordCount, words.plain as f64);
    scores.set(Rule::MeanWordLength, ratio(words.plain_chars, words.plain));
    let hashes = memchr::memchr_iter(b'#', text.as_bytes()).count();
    scores.set(Rule::HashRatio, ratio(hashes, words.len()));
    let ellipses = ["...", "…"].map(|mark| memmem::find_iter(text.as_bytes(), mark).count());
    let share = ratio(ellipses.iter().sum(), words.len());
    scores.set(Rule::EllipsisRatio, share);
    measure_lines(text, words, segmenter, scores);
    let share = ratio(words.alphabetic, alphabetic_base(words, segmenter));
    scores.set(Rule::AlphabeticWords, share);
    if has_stop_words {
        scores.set(Rule::StopWords, words.stop_words as f64);
    }
}

/// The words among which those with a letter are counted. datatrove counts punctuation marks among
/// them, and its threshold allows for that in English; segmented Chinese has half as many words
/// again that are marks and numbers, so there the marks stay out, as in Gopher's own rule.
fn alphabetic_base(words: &Words, segmenter: Segmenter) -> usize {
    match segmenter {
        Segmenter::Spaced => words.len(),
        Segmenter::Chinese | Segmenter::Unspaced => words.plain,
    }
}

/// Longest line, in characters of a script without spaces, that is a teaser if it trails off: a
/// paragraph may do so, and a Chinese text is often a single one.
const TEASER: usize = 200;

fn measure_lines(text: &str, words: &Words, segmenter: Segmenter, scores: &mut Scores) {
    let all = words.lines.len();
    let is_teaser =
        |line: &str| segmenter == Segmenter::Spaced || line.chars().nth(TEASER).is_none();
    let (mut bullets, mut ellipses) = (0, 0);
    for line in words.lines.iter().map(|line| line.of(text)) {
        bullets += usize::from(line.starts_with(['•', '-']));
        let trails_off = line.ends_with("...") || line.ends_with('…');
        ellipses += usize::from(trails_off && is_teaser(line));
    }
    scores.set(Rule::BulletLines, ratio(bullets, all));
    scores.set(Rule::EllipsisLines, ratio(ellipses, all));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::tests::first_miss;
    use crate::stop_words::StopWords;

    fn failed(text: &str) -> Option<(Rule, f64)> {
        let words = Words::measure(text, Segmenter::Spaced, &StopWords::built_in("en"));
        let mut scores = Scores::default();
        measure(text, &words, Segmenter::Spaced, true, &mut scores);
        first_miss(&scores)
    }

    /// `count` words that pass all rules.
    fn prose(count: usize) -> String {
        ["the", "cats", "and", "dogs", "sleep"]
            .into_iter()
            .cycle()
            .take(count)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn word_count_from_50_to_100_000() {
        assert_eq!(failed(&prose(49)), Some((Rule::WordCount, 49.0)));
        assert_eq!(failed(&prose(50)), None);
        assert_eq!(
            failed(&format!("{} !", prose(49))),
            Some((Rule::WordCount, 49.0)),
            "marks do not count"
        );
        assert_eq!(failed(&prose(100_001)), Some((Rule::WordCount, 100_001.0)));
    }

    #[test]
    fn mean_word_length_from_3_to_10() {
        assert_eq!(
            failed(&["ab"; 60].join(" ")),
            Some((Rule::MeanWordLength, 2.0))
        );
        assert_eq!(
            failed(&["elevenchars"; 60].join(" ")),
            Some((Rule::MeanWordLength, 11.0))
        );
        assert_eq!(
            failed(&["tenletters"; 60].join(" ")).unwrap().0,
            Rule::StopWords
        );
    }

    #[test]
    fn symbols_at_most_a_tenth_of_the_words() {
        // 60 words and 7 marks: 7 / 67 is above 0.1, 6 / 66 is below.
        assert_eq!(
            failed(&format!("{} {}", prose(60), ["#"; 7].join(" ")))
                .unwrap()
                .0,
            Rule::HashRatio
        );
        assert_eq!(
            failed(&format!("{} {}", prose(60), ["#"; 6].join(" "))),
            None
        );
        assert_eq!(
            failed(&format!("{} {} end", prose(60), ["..."; 7].join(" ")))
                .unwrap()
                .0,
            Rule::EllipsisRatio
        );
        assert_eq!(
            failed(&format!("{} {} end", prose(60), ["…"; 6].join(" "))),
            None
        );
    }

    #[test]
    fn bullets_and_ellipses_by_line() {
        let line = prose(6);
        let bullets = |with: usize, without: usize| {
            let lines = std::iter::repeat_n(format!("  • {line}"), with)
                .chain(std::iter::repeat_n(line.clone(), without));
            lines.collect::<Vec<_>>().join("\n")
        };
        assert_eq!(failed(&bullets(10, 0)), Some((Rule::BulletLines, 1.0)));
        assert_eq!(failed(&bullets(9, 1)), None);
        let ellipses = |with: usize| {
            let lines = (0..10).map(|i| {
                if i < with {
                    format!("{} …", prose(20))
                } else {
                    prose(20)
                }
            });
            lines.collect::<Vec<_>>().join("\n")
        };
        assert_eq!(failed(&ellipses(4)), Some((Rule::EllipsisLines, 0.4)));
        assert_eq!(failed(&ellipses(3)), None);
    }

    #[test]
    fn a_chinese_paragraph_may_trail_off() {
        let share = |text: &str| {
            let words = Words::measure(text, Segmenter::Chinese, &StopWords::default());
            let mut scores = Scores::default();
            measure(text, &words, Segmenter::Chinese, true, &mut scores);
            scores.get(Rule::EllipsisLines)
        };
        assert_eq!(share("他走了很远的路……"), Some(1.0));
        assert_eq!(
            share(&format!("{}……", "他走了很远的路，".repeat(30))),
            Some(0.0)
        );
    }

    #[test]
    fn eight_words_in_ten_have_a_letter() {
        assert_eq!(
            failed(&format!("{} {}", prose(79), ["1234"; 21].join(" "))),
            Some((Rule::AlphabeticWords, 0.79))
        );
        assert_eq!(
            failed(&format!("{} {}", prose(80), ["1234"; 20].join(" "))),
            None
        );
    }

    #[test]
    fn two_different_stop_words() {
        assert_eq!(
            failed(&["the cats sleep"; 20].join(" ")),
            Some((Rule::StopWords, 1.0))
        );
        assert_eq!(failed(&["the cats sleep with"; 20].join(" ")), None);
    }

    #[test]
    fn marks_are_no_words_where_words_are_segmented() {
        let text = "他说：“好，我们走吧。”".repeat(20);
        let words = Words::measure(&text, Segmenter::Chinese, &StopWords::built_in("zh"));
        assert_eq!(
            ratio(
                words.alphabetic,
                alphabetic_base(&words, Segmenter::Chinese)
            ),
            1.0
        );
        assert!(ratio(words.alphabetic, words.len()) < 0.6);
    }
}

//! Exact match and F1 of Chinese answers, as `cmrc2018_evaluate.py` v5 (Cui et al., 2019).
//!
//! F1 is over the longest stretch that answer and reference have in common, in Chinese characters
//! and, between them, words as NLTK's `word_tokenize` cuts them. One step of the latter is left
//! out: it looks for sentences first, by a trained model, so that a full stop inside of a stretch
//! of Latin text may be cut off a word there, and is not here.

use crate::nltk::word_tokenize;
use crate::squad::harmonic;
use crate::whitespace::is_space;

/// The script's marks, which are left out. Its `……` is of two characters, and so never found.
const MARKS: &str = "-:_*^/\\~`+=，。：？！“”；’《》·、「」（）－～『』";

/// Whether an answer is a reference but for case and marks: 1 or 0.
#[must_use]
pub fn exact<R: AsRef<str>>(answer: &str, references: &[R]) -> f64 {
    let plain = |text: &str| -> String {
        let text = text.to_lowercase();
        let text = text.trim_matches(is_space).chars();
        text.filter(|c| !MARKS.contains(*c)).collect()
    };
    let answer = plain(answer);
    let right = references.iter().any(|one| plain(one.as_ref()) == answer);
    f64::from(u8::from(right))
}

/// F1 of the longest common stretch, 0 to 1; of several references counts the best.
#[must_use]
pub fn f1<R: AsRef<str>>(answer: &str, references: &[R]) -> f64 {
    let answer = segments(answer);
    let score = |one: &R| {
        let reference = segments(one.as_ref());
        let shared = longest_common(&answer, &reference);
        harmonic(shared, answer.len(), reference.len())
    };
    references.iter().map(score).fold(0.0, f64::max)
}

/// The script's `mixed_segmentation` without marks.
fn segments(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    let (mut segments, mut other) = (Vec::new(), String::new());
    for c in text.trim_matches(is_space).chars() {
        match c {
            c if MARKS.contains(c) => {}
            '\u{4e00}'..='\u{9fa5}' => {
                segments.extend(word_tokenize(&std::mem::take(&mut other)));
                segments.push(c.to_string());
            }
            c => other.push(c),
        }
    }
    segments.extend(word_tokenize(&other));
    segments
}

/// Length of the longest row that two rows have in common.
fn longest_common(one: &[String], other: &[String]) -> usize {
    let (mut longest, mut above) = (0, vec![0; other.len() + 1]);
    for a in one {
        let mut row = vec![0; other.len() + 1];
        for ((b, before), here) in other.iter().zip(&above).zip(row.iter_mut().skip(1)) {
            if a == b {
                *here = before + 1;
                longest = longest.max(*here);
            }
        }
        above = row;
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_characters_and_words() {
        let found = segments("《GPT-2》是OpenAI's 模型（2019年）…");
        assert_eq!(
            found,
            ["gpt2", "是", "openai", "'s", "模", "型", "2019", "年", "…"]
        );
        assert!(segments(" ，。").is_empty());
    }

    #[test]
    fn f1_is_of_the_longest_stretch() {
        // Three of four and of five characters, in one piece.
        assert!((f1("在江边的", &["江边的水车"]) - 2.0 * 3.0 / 9.0).abs() < 1e-12);
        assert_eq!(f1("水", &["火"]), 0.0);
        assert_eq!(f1("", &[""]), 0.0);
        assert_eq!(f1("水车", &["火", "水车。"]), 1.0);
    }

    #[test]
    fn marks_do_not_count_for_a_match() {
        assert_eq!(exact("《水车》", &["水车。"]), 1.0);
        assert_eq!(exact("水 车", &["水车"]), 0.0);
        assert_eq!(exact("", &["。"]), 1.0);
        assert_eq!(exact("水", &[] as &[&str]), 0.0);
    }
}

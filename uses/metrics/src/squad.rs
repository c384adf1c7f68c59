//! Exact match and F1 of answers, as SQuAD's `evaluate-v2.0.py` (Rajpurkar et al., 2018).
//!
//! The script of version 1.1 gives the same figures, except where an answer or a reference
//! consists of articles and punctuation alone: such a reference is no answer here.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use rustc_hash::FxHashMap;

use crate::whitespace::words;

/// Whether an answer is a reference but for case, punctuation, articles and spaces: 1 or 0. No
/// references, or empty ones alone, stand for a question without an answer: the empty answer is
/// the right one.
#[must_use]
pub fn exact<R: AsRef<str>>(answer: &str, references: &[R]) -> f64 {
    let answer = normalize(answer);
    let right = golden(references).contains(&answer);
    f64::from(u8::from(right))
}

/// F1 of the words that an answer and a reference share, 0 to 1; of several references counts the
/// best. References as for [`exact`].
#[must_use]
pub fn f1<R: AsRef<str>>(answer: &str, references: &[R]) -> f64 {
    let answer = normalize(answer);
    let scores = golden(references).into_iter();
    scores
        .map(|one| f1_of_one(&answer, &one))
        .fold(0.0, f64::max)
}

/// The references that say something, normalized; an empty one when there are none.
fn golden<R: AsRef<str>>(references: &[R]) -> Vec<String> {
    let all = references.iter().map(|one| normalize(one.as_ref()));
    let mut golden: Vec<String> = all.filter(|one| !one.is_empty()).collect();
    if golden.is_empty() {
        golden.push(String::new());
    }
    golden
}

fn f1_of_one(answer: &str, reference: &str) -> f64 {
    let answer: Vec<&str> = words(answer).collect();
    let reference: Vec<&str> = words(reference).collect();
    if answer.is_empty() || reference.is_empty() {
        return f64::from(u8::from(answer == reference));
    }
    let mut left: FxHashMap<&str, usize> = FxHashMap::default();
    for word in &reference {
        *left.entry(word).or_default() += 1;
    }
    let shared = answer.iter().filter(|word| match left.get_mut(**word) {
        Some(n) if *n > 0 => {
            *n -= 1;
            true
        }
        _ => false,
    });
    harmonic(shared.count(), answer.len(), reference.len())
}

/// F1 of so many shared units; 0 when there are none.
pub(crate) fn harmonic(shared: usize, answer: usize, reference: usize) -> f64 {
    if shared == 0 {
        return 0.0;
    }
    let (precision, recall) = (
        shared as f64 / answer as f64,
        shared as f64 / reference as f64,
    );
    2.0 * precision * recall / (precision + recall)
}

/// What Python's `\w+` matches; `None` would show in the tests.
static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[\p{L}\p{N}_]+").ok());

/// The script's `normalize_answer`: lower case; without ASCII punctuation; without `a`, `an` and
/// `the`; single spaces.
#[must_use]
pub fn normalize(text: &str) -> String {
    let mut text = text.to_lowercase();
    text.retain(|c| !c.is_ascii_punctuation());
    let article = |found: &Captures| match &found[0] {
        "a" | "an" | "the" => " ".to_owned(),
        word => word.to_owned(),
    };
    let text = match &*WORD {
        Some(word) => word.replace_all(&text, article),
        None => Cow::Borrowed(text.as_str()),
    };
    words(&text).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_normalized_as_in_the_script() {
        for (text, expected) in [
            ("The  Mill's wheel, a.", "mills wheel"),
            ("an-other the_re U.S.A", "another there usa"),
            ("a\u{301}b the水 a水", "\u{301}b the水 a水"),
            ("Théa AN \u{a0}a", "théa"),
        ] {
            assert_eq!(normalize(text), expected, "{text}");
        }
    }

    #[test]
    fn the_best_reference_counts() {
        let references = ["the red mill", "mill"];
        assert_eq!(exact("A mill!", &references), 1.0);
        assert_eq!(f1("A mill!", &references), 1.0);
        assert_eq!(exact("old mill", &references), 0.0);
        assert!((f1("old mill", &references) - 2.0 / 3.0).abs() < 1e-12);
        // A word counts as often as the reference has it.
        assert!((f1("mill mill mill", &references[..1]) - 0.4).abs() < 1e-12);
    }

    #[test]
    fn no_answer_is_the_empty_answer() {
        for references in [&[] as &[&str], &[""], &["the"]] {
            assert_eq!((exact("", references), f1("", references)), (1.0, 1.0));
            assert_eq!((exact("x", references), f1("x", references)), (0.0, 0.0));
        }
        assert_eq!((exact("", &["x"]), f1("the", &["x"])), (0.0, 0.0));
        // Empty references beside others are none.
        assert_eq!(exact("", &["", "x"]), 0.0);
    }
}

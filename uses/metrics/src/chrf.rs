//! chrF (Popović, 2015) and chrF++ (Popović, 2017) of a corpus, as sacreBLEU.

use std::fmt;

use serde::Serialize;

use crate::error::check;
use crate::ngrams::{Counts, count, matches};
use crate::whitespace::{is_space, words};
use crate::{Error, SACREBLEU};

/// Stands for no precision and no recall where `eps_smoothing` is on.
const EPSILON: f64 = 1e-16;

/// How chrF is computed; the default is sacreBLEU's, chrF2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChrfOptions {
    /// Longest n-grams of characters.
    pub char_order: usize,
    /// Longest n-grams of words: 0 in chrF, 2 in chrF++.
    pub word_order: usize,
    /// How many times as much recall counts as precision.
    pub beta: u32,
    /// Upper case counts as lower case.
    pub lowercase: bool,
    /// White space counts among the characters.
    pub whitespace: bool,
    /// Orders that a text is too short for count as almost 0, as in chrF++.py and NLTK, and F is
    /// averaged instead of precision and recall.
    pub eps_smoothing: bool,
}

impl Default for ChrfOptions {
    fn default() -> Self {
        Self {
            char_order: 6,
            word_order: 0,
            beta: 2,
            lowercase: false,
            whitespace: false,
            eps_smoothing: false,
        }
    }
}

impl ChrfOptions {
    /// chrF++: words and pairs of words count, too.
    #[must_use]
    pub fn plus_plus() -> Self {
        Self {
            word_order: 2,
            ..Self::default()
        }
    }

    fn signature(&self, references: usize) -> String {
        let yes = |flag| if flag { "yes" } else { "no" };
        let case = if self.lowercase { "lc" } else { "mixed" };
        format!(
            "nrefs:{references}|case:{case}|eff:{}|nc:{}|nw:{}|space:{}|version:{SACREBLEU}",
            yes(!self.eps_smoothing),
            self.char_order,
            self.word_order,
            yes(self.whitespace)
        )
    }
}

/// chrF and what it was computed with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChrfScore {
    /// 0 to 100.
    pub score: f64,
    /// `chrF2`, `chrF2++`: with β, and a plus for each order of words.
    pub name: String,
    /// As sacreBLEU writes it.
    pub signature: String,
}

impl fmt::Display for ChrfScore {
    /// The line that sacreBLEU prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{} = {:.2}", self.name, self.signature, self.score)
    }
}

/// chrF of a corpus. Each list of references has one for each hypothesis; of the references of a
/// segment counts the one that the segment is most like.
///
/// # Errors
/// When there are no hypotheses, no references, or lists of other lengths.
pub fn chrf<H: AsRef<str>, R: AsRef<str>>(
    hypotheses: &[H],
    references: &[&[R]],
    options: &ChrfOptions,
) -> Result<ChrfScore, Error> {
    check(hypotheses.len(), references)?;
    let orders = options.char_order + options.word_order;
    let mut sums = vec![Order::default(); orders];
    for (at, hypothesis) in hypotheses.iter().enumerate() {
        let hypothesis = Units::of(hypothesis.as_ref(), options);
        let hypothesis = hypothesis.ngrams(options);
        let mut best = (-1.0, Vec::new());
        for reference in references.iter().filter_map(|list| list.get(at)) {
            let reference = Units::of(reference.as_ref(), options);
            let compared = hypothesis.compare(&reference.ngrams(options));
            let score = f_score(&compared, options);
            if score > best.0 {
                best = (score, compared);
            }
        }
        for (sum, more) in sums.iter_mut().zip(&best.1) {
            sum.add(more);
        }
    }
    Ok(ChrfScore {
        score: f_score(&sums, options),
        name: format!("chrF{}{}", options.beta, "+".repeat(options.word_order)),
        signature: options.signature(references.len()),
    })
}

/// A segment in characters and in words.
struct Units {
    characters: Vec<char>,
    words: Vec<String>,
}

impl Units {
    fn of(segment: &str, options: &ChrfOptions) -> Self {
        let segment = match options.lowercase {
            true => segment.to_lowercase(),
            false => segment.to_owned(),
        };
        let counts = |c: &char| options.whitespace || !is_space(*c);
        Self {
            characters: segment.chars().filter(counts).collect(),
            words: match options.word_order {
                0 => Vec::new(),
                _ => words(&segment).flat_map(punctuation_apart).collect(),
            },
        }
    }

    fn ngrams(&self, options: &ChrfOptions) -> Ngrams<'_> {
        let characters = (1..=options.char_order).map(|order| count(&self.characters, order));
        let words = (1..=options.word_order).map(|order| count(&self.words, order));
        Ngrams {
            characters: characters.collect(),
            words: words.collect(),
        }
    }
}

/// A word without a punctuation mark at its end or else at its start, and the mark.
fn punctuation_apart(word: &str) -> Vec<String> {
    let is_mark = |c: &char| c.is_ascii_punctuation();
    let apart = |at: usize| {
        let (head, tail) = word.split_at(at);
        vec![head.to_owned(), tail.to_owned()]
    };
    let mut characters = word.chars();
    match (characters.next(), characters.next_back()) {
        (Some(_), Some(last)) if is_mark(&last) => apart(word.len() - last.len_utf8()),
        (Some(first), Some(_)) if is_mark(&first) => apart(first.len_utf8()),
        _ => vec![word.to_owned()],
    }
}

/// Counts by order.
struct Ngrams<'u> {
    characters: Vec<Counts<'u, char>>,
    words: Vec<Counts<'u, String>>,
}

impl Ngrams<'_> {
    fn compare(&self, reference: &Self) -> Vec<Order> {
        let characters = self.characters.iter().zip(&reference.characters);
        let words = self.words.iter().zip(&reference.words);
        let characters = characters.map(|(ours, theirs)| Order::of(ours, theirs));
        let words = words.map(|(ours, theirs)| Order::of(ours, theirs));
        characters.chain(words).collect()
    }
}

/// N-grams of one order.
#[derive(Clone, Debug, Default)]
struct Order {
    hypothesis: u64,
    reference: u64,
    matches: u64,
}

impl Order {
    fn of<T: Eq + std::hash::Hash>(hypothesis: &Counts<T>, reference: &Counts<T>) -> Self {
        Self {
            // A reference too short for this order says nothing about the hypothesis.
            hypothesis: match reference.is_empty() {
                true => 0,
                false => hypothesis.values().sum(),
            },
            reference: reference.values().sum(),
            matches: matches(hypothesis, reference),
        }
    }

    fn add(&mut self, more: &Self) {
        self.hypothesis += more.hypothesis;
        self.reference += more.reference;
        self.matches += more.matches;
    }
}

/// sacreBLEU's `_compute_f_score`, 0 to 100.
fn f_score(orders: &[Order], options: &ChrfOptions) -> f64 {
    let factor = f64::from(options.beta).powi(2);
    let f = |precision: f64, recall: f64| {
        (1.0 + factor) * precision * recall / (factor * precision + recall)
    };
    let share = |part: u64, whole: u64| match whole {
        0 => EPSILON,
        _ => part as f64 / whole as f64,
    };
    let (mut sum, mut precisions, mut recalls, mut effective) = (0.0, 0.0, 0.0, 0.0);
    for order in orders {
        let precision = share(order.matches, order.hypothesis);
        let recall = share(order.matches, order.reference);
        sum += match factor * precision + recall {
            denominator if denominator > 0.0 => f(precision, recall),
            _ => EPSILON,
        };
        if order.hypothesis > 0 && order.reference > 0 {
            precisions += precision;
            recalls += recall;
            effective += 1.0;
        }
    }
    if options.eps_smoothing {
        return 100.0 * sum / (orders.len() as f64).max(1.0);
    }
    match precisions + recalls {
        0.0 => 0.0,
        _ => 100.0 * f(precisions / effective, recalls / effective),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYPOTHESES: [&str; 3] = ["the mill grinds 1,234.5 sacks of it.", "It is old", ""];
    const REFERENCES: [&str; 3] = ["The mill grinds 1,234.5 bags.", "It is very old.", "Yes"];
    const SECOND: [&str; 3] = ["the mill grinds it.", "old", "no"];

    #[test]
    fn options_change_the_score_as_in_sacrebleu() {
        let plain = ChrfOptions::default();
        for (options, one, two) in [
            (plain, 59.01454192781783, 69.63668995690556),
            (
                ChrfOptions::plus_plus(),
                55.84684017530236,
                67.63769801499546,
            ),
            (
                ChrfOptions {
                    lowercase: true,
                    ..plain
                },
                62.116106893565615,
                73.62420391043894,
            ),
            (
                ChrfOptions {
                    whitespace: true,
                    ..plain
                },
                64.31627867506651,
                72.42642664429125,
            ),
            (
                ChrfOptions {
                    eps_smoothing: true,
                    word_order: 1,
                    ..plain
                },
                59.0505602800139,
                68.88103805997557,
            ),
        ] {
            let found = chrf(&HYPOTHESES, &[&REFERENCES], &options).unwrap();
            assert!((found.score - one).abs() < 1e-9, "{found}");
            let found = chrf(&HYPOTHESES, &[&REFERENCES, &SECOND], &options).unwrap();
            assert!((found.score - two).abs() < 1e-9, "{found}");
        }
    }

    #[test]
    fn names_and_signatures_are_those_of_sacrebleu() {
        let found = chrf(&["a"], &[&["a"]], &ChrfOptions::plus_plus()).unwrap();
        assert_eq!(
            found.to_string(),
            "chrF2++|nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:2.6.0 = 100.00"
        );
    }

    #[test]
    fn marks_are_cut_at_one_side() {
        for (word, parts) in [
            ("(hi)", vec!["(hi", ")"]),
            ("(hi", vec!["(", "hi"]),
            ("“水”", vec!["“水”"]),
            (".", vec!["."]),
        ] {
            assert_eq!(punctuation_apart(word), parts);
        }
    }
}

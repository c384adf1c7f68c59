//! BLEU of a corpus (Papineni et al., 2002), as sacreBLEU (Post, 2018).

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::error::check;
use crate::ngrams::{Counts, count, matches};
use crate::{Error, SACREBLEU, Tokenize};

/// Longest n-grams that are counted.
pub const ORDERS: usize = 4;

/// What becomes of orders of n-grams without a match (Chen and Cherry, 2014).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Smoothing {
    /// Method 3, that of mteval-v13a: 1/2, 1/4, … of a match for each such order in turn.
    #[default]
    Exp,
    /// Method 1: this many matches; 0.1 in the paper.
    Floor(f64),
    /// Method 2: so much more of matches and n-grams in all orders above 1; 1 in the paper.
    AddK(f64),
    /// The score is 0.
    None,
}

impl fmt::Display for Smoothing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exp => f.write_str("exp"),
            Self::Floor(value) => write!(f, "floor[{value:.2}]"),
            Self::AddK(value) => write!(f, "add-k[{value:.2}]"),
            Self::None => f.write_str("none"),
        }
    }
}

impl FromStr for Smoothing {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        match name {
            "exp" => Ok(Self::Exp),
            "floor" => Ok(Self::Floor(0.1)),
            "add-k" => Ok(Self::AddK(1.0)),
            "none" => Ok(Self::None),
            _ => Err(Error::Unknown {
                what: "smoothing",
                name: name.to_owned(),
                known: "exp, floor, add-k, none",
            }),
        }
    }
}

/// How BLEU is computed; the default is sacreBLEU's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BleuOptions {
    /// How segments become tokens.
    pub tokenize: Tokenize,
    /// What becomes of orders without a match.
    pub smoothing: Smoothing,
    /// Upper case counts as lower case.
    pub lowercase: bool,
    /// Orders for which the hypotheses are too short do not count; meant for single sentences.
    pub effective_order: bool,
}

/// BLEU and what it comes from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BleuScore {
    /// 0 to 100.
    pub score: f64,
    /// In percent, by order from 1, after smoothing.
    pub precisions: [f64; ORDERS],
    /// At most 1.
    pub brevity_penalty: f64,
    /// Tokens of the hypotheses.
    pub hypothesis_length: u64,
    /// Tokens of the references: of each segment the one closest in length.
    pub reference_length: u64,
    /// What it was computed with, as sacreBLEU writes it.
    pub signature: String,
}

impl fmt::Display for BleuScore {
    /// The line that sacreBLEU prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, two, three, four] = self.precisions;
        let ratio = match self.reference_length {
            0 => 0.0,
            length => self.hypothesis_length as f64 / length as f64,
        };
        write!(
            f,
            "BLEU|{} = {:.2} {one:.1}/{two:.1}/{three:.1}/{four:.1} (BP = {:.3} ratio = {ratio:.3} hyp_len = {} ref_len = {})",
            self.signature,
            self.score,
            self.brevity_penalty,
            self.hypothesis_length,
            self.reference_length
        )
    }
}

/// BLEU of a corpus. Each list of references has one for each hypothesis.
///
/// # Errors
/// When there are no hypotheses, no references, or lists of other lengths.
pub fn bleu<H: AsRef<str>, R: AsRef<str>>(
    hypotheses: &[H],
    references: &[&[R]],
    options: &BleuOptions,
) -> Result<BleuScore, Error> {
    check(hypotheses.len(), references)?;
    let mut sums = Sums::default();
    for (at, hypothesis) in hypotheses.iter().enumerate() {
        let of_segment = references.iter().filter_map(|list| list.get(at));
        let of_segment: Vec<String> = of_segment
            .map(|one| options.prepare(one.as_ref()))
            .collect();
        sums.add(&options.prepare(hypothesis.as_ref()), &of_segment);
    }
    Ok(sums.score(options, references.len()))
}

impl BleuOptions {
    fn prepare(&self, segment: &str) -> String {
        match self.lowercase {
            true => self.tokenize.tokens(&segment.to_lowercase()),
            false => self.tokenize.tokens(segment),
        }
    }

    fn signature(&self, references: usize) -> String {
        let case = if self.lowercase { "lc" } else { "mixed" };
        let effective = if self.effective_order { "yes" } else { "no" };
        let (tokenize, smoothing) = (self.tokenize, self.smoothing);
        format!(
            "nrefs:{references}|case:{case}|eff:{effective}|tok:{tokenize}|smooth:{smoothing}|version:{SACREBLEU}"
        )
    }
}

/// What BLEU needs to know of a corpus.
#[derive(Default)]
struct Sums {
    matches: [u64; ORDERS],
    totals: [u64; ORDERS],
    hypothesis: u64,
    reference: u64,
}

impl Sums {
    /// Counts a segment, in tokens.
    fn add(&mut self, hypothesis: &str, references: &[String]) {
        let tokens: Vec<&str> = split(hypothesis);
        let references: Vec<Vec<&str>> = references.iter().map(|one| split(one)).collect();
        let closest = references.iter().map(Vec::len);
        let closest = closest.min_by_key(|length| (tokens.len().abs_diff(*length), *length));
        self.hypothesis += tokens.len() as u64;
        self.reference += closest.unwrap_or(0) as u64;
        let by_order = self.matches.iter_mut().zip(&mut self.totals);
        for (order, (found, total)) in (1..).zip(by_order) {
            let counts = count(&tokens, order);
            *total += counts.values().sum::<u64>();
            *found += matches(&counts, &most(&references, order));
        }
    }

    /// sacreBLEU's `compute_bleu`.
    fn score(&self, options: &BleuOptions, references: usize) -> BleuScore {
        let (hypothesis, reference) = (self.hypothesis as f64, self.reference as f64);
        let brevity_penalty = match self.hypothesis {
            length if length >= self.reference => 1.0,
            0 => 0.0,
            _ => (1.0 - reference / hypothesis).exp(),
        };
        let (precisions, orders) = self.precisions(options);
        // sacreBLEU's logarithm of 0.
        let log = |p: &f64| if *p == 0.0 { -9_999_999_999.0 } else { p.ln() };
        let logs: f64 = precisions.iter().take(orders).map(log).sum();
        let score = match self.matches {
            [0, 0, 0, 0] => 0.0,
            _ => brevity_penalty * (logs / orders as f64).exp(),
        };
        BleuScore {
            score,
            precisions,
            brevity_penalty,
            hypothesis_length: self.hypothesis,
            reference_length: self.reference,
            signature: options.signature(references),
        }
    }

    /// Precisions, and of how many orders the mean is taken.
    fn precisions(&self, options: &BleuOptions) -> ([f64; ORDERS], usize) {
        let (mut precisions, mut orders, mut halves) = ([0.0; ORDERS], ORDERS, 1.0);
        if self.matches == [0; ORDERS] {
            return (precisions, orders);
        }
        let counted = self.matches.iter().zip(&self.totals);
        for (order, (precision, (found, total))) in (1..).zip(precisions.iter_mut().zip(counted)) {
            let more = match options.smoothing {
                Smoothing::AddK(k) if order > 1 => k,
                _ => 0.0,
            };
            let (found, total) = (*found as f64 + more, *total as f64 + more);
            if total == 0.0 {
                break;
            }
            if options.effective_order {
                orders = order;
            }
            let found = match options.smoothing {
                _ if found != 0.0 => found,
                Smoothing::Exp => {
                    halves *= 2.0;
                    1.0 / halves
                }
                Smoothing::Floor(value) => value,
                _ => 0.0,
            };
            *precision = 100.0 * found / total;
        }
        (precisions, orders)
    }
}

fn split(tokens: &str) -> Vec<&str> {
    tokens
        .split(' ')
        .filter(|token| !token.is_empty())
        .collect()
}

/// How often each n-gram occurs in that reference which has it most often.
fn most<'t>(references: &'t [Vec<&str>], order: usize) -> Counts<'t, &'t str> {
    let mut most = Counts::default();
    for reference in references {
        for (ngram, n) in count(reference, order) {
            let kept = most.entry(ngram).or_default();
            *kept = n.max(*kept);
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{ChrfOptions, chrf, cmrc, squad};

    const HYPOTHESES: [&str; 3] = ["the mill grinds 1,234.5 sacks of it.", "It is old", ""];
    const REFERENCES: [&str; 3] = ["The mill grinds 1,234.5 bags.", "It is very old.", "Yes"];

    #[test]
    fn options_change_the_score_as_in_sacrebleu() {
        let smoothed = |smoothing| BleuOptions {
            smoothing,
            ..BleuOptions::default()
        };
        let lowercase = BleuOptions {
            lowercase: true,
            ..BleuOptions::default()
        };
        let expected = [
            (
                smoothed(Smoothing::Exp),
                21.42348888333949,
                "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0",
            ),
            (
                smoothed(Smoothing::Floor(0.1)),
                14.326750489503436,
                "nrefs:1|case:mixed|eff:no|tok:13a|smooth:floor[0.10]|version:2.6.0",
            ),
            (
                smoothed(Smoothing::AddK(1.0)),
                29.302671038386237,
                "nrefs:1|case:mixed|eff:no|tok:13a|smooth:add-k[1.00]|version:2.6.0",
            ),
            (
                smoothed(Smoothing::None),
                0.0,
                "nrefs:1|case:mixed|eff:no|tok:13a|smooth:none|version:2.6.0",
            ),
            (
                lowercase,
                33.66184122712007,
                "nrefs:1|case:lc|eff:no|tok:13a|smooth:exp|version:2.6.0",
            ),
        ];
        for (options, expected, signature) in expected {
            let found = bleu(&HYPOTHESES, &[&REFERENCES], &options).unwrap();
            assert!((found.score - expected).abs() < 1e-9, "{found}");
            assert_eq!(found.signature, signature);
        }
    }

    #[test]
    fn no_match_is_no_score_and_short_texts_are_no_error() {
        let options = BleuOptions::default();
        for (hypothesis, reference) in [("", ""), ("a", "b"), ("a", ""), ("", "b")] {
            assert_eq!(
                bleu(&[hypothesis], &[&[reference]], &options)
                    .unwrap()
                    .score,
                0.0
            );
        }
        let effective = BleuOptions {
            effective_order: true,
            ..options
        };
        let found = bleu(&["mill"], &[&["mill"]], &effective).unwrap().score;
        assert!((found - 100.0).abs() < 1e-9);
    }

    #[test]
    fn lists_that_do_not_fit_are_refused() {
        let options = BleuOptions::default();
        let lengths = Error::Lengths {
            hypotheses: 2,
            references: 1,
            list: 2,
        };
        let lists: [&[&str]; 2] = [&["a", "b"], &["a"]];
        assert_eq!(bleu(&["a", "b"], &lists, &options), Err(lengths));
        assert_eq!(
            bleu(&["a"], &[] as &[&[&str]], &options),
            Err(Error::NoReferences)
        );
        assert_eq!(bleu(&[] as &[&str], &lists, &options), Err(Error::Empty));
    }

    proptest! {
        #[test]
        fn any_text_has_a_score(texts in prop::collection::vec(any::<String>(), 3)) {
            let [hypothesis, one, two] = [0, 1, 2].map(|n| texts[n].as_str());
            let lists: [&[&str]; 2] = [&[one], &[two]];
            for tokenize in [Tokenize::V13a, Tokenize::Zh, Tokenize::Char, Tokenize::Intl, Tokenize::None] {
                let options = BleuOptions { tokenize, ..BleuOptions::default() };
                let score = bleu(&[hypothesis], &lists, &options).unwrap().score;
                prop_assert!((0.0..=100.0 + 1e-9).contains(&score), "{score}");
            }
            let score = chrf(&[hypothesis], &lists, &ChrfOptions::plus_plus()).unwrap().score;
            prop_assert!((0.0..=100.0 + 1e-9).contains(&score), "{score}");
            for score in [squad::f1(hypothesis, &[one, two]), cmrc::f1(hypothesis, &[one, two])] {
                prop_assert!((0.0..=1.0 + 1e-9).contains(&score), "{score}");
            }
            prop_assert!((squad::f1(one, &[one]) - 1.0).abs() < 1e-9);
        }
    }
}

//! Which token comes next: a draw from the model's distribution, shaped.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::Error;

/// How the next token is drawn. The shaping is applied in the order of the fields that shape:
/// repetition penalty, temperature, top-k, top-p, min-p, as in transformers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sampling {
    /// Divides the positive logits, and multiplies the negative ones, of tokens that the text has
    /// already; 1 is none (Keskar et al. 2019, arXiv:1909.05858).
    pub repetition_penalty: f64,
    /// Divides the logits; 0 always takes the most likely token.
    pub temperature: f64,
    /// Draw among this many most likely tokens only; 0 is no limit (Fan et al. 2018).
    pub top_k: usize,
    /// Draw among the fewest tokens that have this much probability together; 1 is no limit
    /// (nucleus sampling, Holtzman et al. 2019, arXiv:1904.09751).
    pub top_p: f64,
    /// Draw among tokens that have at least this share of the likeliest one's probability; 0 is no
    /// limit (Nguyen et al. 2024, arXiv:2407.01082).
    pub min_p: f64,
    /// Seed of the draws: the same seed and prompt give the same text.
    pub seed: u64,
    /// Tokens to generate at most.
    pub max_new_tokens: usize,
    /// Ids that end the text; they are not part of it.
    pub stop: Vec<u32>,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            repetition_penalty: 1.0,
            temperature: 0.8,
            top_k: 50,
            top_p: 0.95,
            min_p: 0.0,
            seed: 0,
            max_new_tokens: 200,
            stop: Vec::new(),
        }
    }
}

impl Sampling {
    /// Checks that the values make sense.
    ///
    /// # Errors
    /// [`Error::Config`] with the key that is wrong.
    pub fn validate(&self) -> Result<(), Error> {
        let Self {
            repetition_penalty,
            temperature,
            top_p,
            min_p,
            ..
        } = *self;
        let wrong = |key: &str, value: f64, must: &str| {
            let message = format!("`{key}` is {value}; it must {must}");
            Err(Error::Config(message))
        };
        if !(repetition_penalty > 0.0 && repetition_penalty <= 100.0) {
            let must = "be above 0 and at most 100 (1 is none)";
            return wrong("repetition_penalty", repetition_penalty, must);
        }
        if !(0.0..=100.0).contains(&temperature) {
            return wrong("temperature", temperature, "lie between 0 and 100");
        }
        if !(top_p > 0.0 && top_p <= 1.0) {
            return wrong("top_p", top_p, "be above 0 and at most 1");
        }
        if !(0.0..=1.0).contains(&min_p) {
            return wrong("min_p", min_p, "lie between 0 and 1");
        }
        Ok(())
    }

    /// Picks a token from its logits, behind a text of these ids; `draw` is uniform in [0, 1).
    /// `None` if no logit is a number.
    #[must_use]
    pub fn pick(&self, logits: &[f32], text: &[u32], draw: f64) -> Option<u32> {
        let mut candidates: Vec<(u32, f64)> =
            (0u32..).zip(logits.iter().map(|&l| f64::from(l))).collect();
        self.penalise(&mut candidates, text);
        candidates.retain(|(_, logit)| !logit.is_nan());
        if self.temperature == 0.0 {
            let best = candidates
                .iter()
                .copied()
                .reduce(|a, b| if b.1 > a.1 { b } else { a });
            return best.map(|(token, _)| token);
        }
        self.shape(&mut candidates)?;
        let mut rest = draw * candidates.iter().map(|(_, weight)| weight).sum::<f64>();
        let drawn = candidates.iter().find(|(_, weight)| {
            rest -= weight;
            rest < 0.0
        });
        drawn.or(candidates.last()).map(|(token, _)| *token)
    }

    fn penalise(&self, logits: &mut [(u32, f64)], text: &[u32]) {
        if self.repetition_penalty == 1.0 {
            return;
        }
        for id in text.iter().collect::<BTreeSet<_>>() {
            if let Some((_, logit)) = logits.get_mut(*id as usize) {
                *logit *= match *logit > 0.0 {
                    true => 1.0 / self.repetition_penalty,
                    false => self.repetition_penalty,
                };
            }
        }
    }

    /// From logits to the weights of those that may be drawn, the likeliest first.
    fn shape(&self, candidates: &mut Vec<(u32, f64)>) -> Option<()> {
        let descending = |&(_, a): &(u32, f64), &(_, b): &(u32, f64)| b.total_cmp(&a);
        if self.top_k > 0 && self.top_k < candidates.len() {
            candidates.select_nth_unstable_by(self.top_k, descending);
            candidates.truncate(self.top_k);
        }
        candidates.sort_by(|a, b| descending(a, b).then(a.0.cmp(&b.0)));
        let best = candidates.first()?.1;
        for (_, weight) in candidates.iter_mut() {
            *weight = ((*weight - best) / self.temperature).exp();
        }
        let total: f64 = candidates.iter().map(|(_, weight)| weight).sum();
        let mut kept = 0.0;
        let nucleus = candidates
            .iter()
            .take_while(|(_, weight)| {
                let inside = kept < self.top_p * total;
                kept += weight;
                inside && *weight >= self.min_p // the likeliest one's weight is 1
            })
            .count();
        candidates.truncate(nucleus.max(1));
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_penalty_makes_what_was_said_less_likely() {
        let penalised = Sampling {
            repetition_penalty: 2.0,
            temperature: 0.0,
            ..Sampling::default()
        };
        assert_eq!(penalised.pick(&[3.0, 2.0, -1.0], &[], 0.0), Some(0));
        assert_eq!(penalised.pick(&[3.0, 2.0, -1.0], &[0, 0], 0.0), Some(1));
        assert_eq!(penalised.pick(&[-3.0, -4.0], &[0, 900], 0.0), Some(1));
        assert_eq!(penalised.pick(&[f32::NAN], &[0], 0.0), None);
    }

    #[test]
    fn senseless_values_are_refused_by_key() {
        let base = Sampling::default;
        for (sampling, key) in [
            (
                Sampling {
                    min_p: 1.5,
                    ..base()
                },
                "`min_p`",
            ),
            (
                Sampling {
                    repetition_penalty: 0.0,
                    ..base()
                },
                "`repetition_penalty`",
            ),
            (
                Sampling {
                    top_p: f64::NAN,
                    ..base()
                },
                "`top_p`",
            ),
        ] {
            let message = sampling.validate().unwrap_err().to_string();
            assert!(message.contains(key), "{message}");
        }
        base().validate().unwrap();
    }

    proptest! {
        #[test]
        fn picks_obey_their_limits(
            logits in prop::collection::vec(-20f32..20.0, 1..60),
            draw in 0f64..1.0,
            top_k in 0usize..70,
            top_p in 0.01f64..=1.0,
            min_p in 0f64..=1.0,
        ) {
            let sampling = Sampling { temperature: 1.0, top_k, top_p, min_p, ..Sampling::default() };
            let token = sampling.pick(&logits, &[], draw).unwrap() as usize;
            let ahead = |i: usize| logits.iter().filter(|&&l| l > logits[i]).count();
            prop_assert!(top_k == 0 || ahead(token) < top_k);
            let weight = |l: f32| f64::from(l).exp();
            let total: f64 = logits.iter().map(|&l| weight(l)).sum();
            let before: f64 = logits
                .iter()
                .filter(|&&l| l > logits[token])
                .map(|&l| weight(l))
                .sum();
            prop_assert!(top_k != 0 || before < top_p * total * (1.0 + 1e-9));
            let best = logits.iter().copied().fold(f32::MIN, f32::max);
            prop_assert!(weight(logits[token]) >= min_p * weight(best) * (1.0 - 1e-9));
        }

        #[test]
        fn greedy_picks_the_best(logits in prop::collection::vec(-20f32..20.0, 1..60)) {
            let greedy = Sampling { temperature: 0.0, ..Sampling::default() };
            let token = greedy.pick(&logits, &[1, 2], 0.5).unwrap() as usize;
            prop_assert!(logits.iter().all(|&l| l <= logits[token]));
        }
    }
}

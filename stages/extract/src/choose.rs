//! The decision: which blocks are the page's content.

use crate::features::{Features, Survey};
use crate::model;

/// Blocks before and after whose judgement is a feature of the second model.
const AROUND: isize = 4;
/// Blocks on each side over which judgements are averaged.
const WINDOW: usize = 12;

/// Judges every block twice, first by itself, then in the light of its surroundings, and
/// returns the probability of each to be content.
pub(crate) fn judge(survey: &Survey<'_>, features: &Features) -> Vec<f32> {
    let blocks = features.tokens.len();
    let first = model::first();
    let alone: Vec<f32> = (0..blocks)
        .map(|at| first.predict(features.row(at)))
        .collect();
    let context = Context::of(survey, features, &alone);
    let second = model::second();
    let mut row = Vec::new();
    let both = (0..blocks).map(|at| {
        row.clear();
        context.write(at, &mut row);
        row.extend_from_slice(features.row(at));
        second.predict(&row)
    });
    both.collect()
}

/// Chooses the set of blocks whose expected F1 is best (the optimal set is a prefix of the
/// blocks by falling probability; Lewis 1995). Kept: `true`.
pub(crate) fn choose(probability: &[f32], tokens: &[u32]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..probability.len()).collect();
    order.sort_by(|a, b| probability[*b].total_cmp(&probability[*a]).then(a.cmp(b)));
    let weight = |at: usize| f64::from(tokens[at].max(1));
    let relevant: f64 = order
        .iter()
        .map(|at| f64::from(probability[*at]) * weight(*at))
        .sum();
    let (mut hits, mut kept, mut best, mut cut) = (0.0, 0.0, 0.0, 0);
    for (rank, at) in order.iter().enumerate() {
        hits += f64::from(probability[*at]) * weight(*at);
        kept += weight(*at);
        let f1 = 2.0 * hits / (kept + relevant);
        if f1 > best {
            (best, cut) = (f1, rank + 1);
        }
    }
    let mut keep = vec![false; probability.len()];
    order[..cut].iter().for_each(|at| keep[*at] = true);
    keep
}

/// What the first model says around each block.
pub(crate) struct Context<'a> {
    survey: &'a Survey<'a>,
    alone: &'a [f32],
    /// Weighted judgement and weight before each block, and at the end.
    running: Vec<(f32, f32)>,
    /// Mean judgement inside each element.
    elements: Vec<f32>,
    /// Mean judgement of the blocks whose elements have the same tag and class.
    alike: Vec<f32>,
}

impl<'a> Context<'a> {
    /// Sums the first model's judgements up.
    pub(crate) fn of(survey: &'a Survey<'a>, features: &Features, alone: &'a [f32]) -> Self {
        let weights: Vec<f32> = features
            .tokens
            .iter()
            .map(|t| (*t).clamp(1, 500) as f32)
            .collect();
        let mut running = vec![(0.0, 0.0)];
        let mut sum = (0.0, 0.0);
        for (p, weight) in alone.iter().zip(&weights) {
            sum = (sum.0 + p * weight, sum.1 + weight);
            running.push(sum);
        }
        Self {
            elements: survey.mean_by_element(alone, &weights),
            alike: survey.mean_by_signature(alone, &weights),
            survey,
            alone,
            running,
        }
    }

    /// Writes a block's context features.
    pub(crate) fn write(&self, at: usize, out: &mut Vec<f32>) {
        out.push(self.alone[at]);
        for offset in (-AROUND..=AROUND).filter(|offset| *offset != 0) {
            let other = at
                .checked_add_signed(offset)
                .and_then(|other| self.alone.get(other));
            out.push(other.copied().unwrap_or(-1.0));
        }
        let end = self.alone.len();
        let total = self.running[end].0.max(1e-6);
        out.extend([
            self.mean(at.saturating_sub(WINDOW), at),
            self.mean(at + 1, end.min(at + 1 + WINDOW)),
            self.running[at].0 / total,
            self.mean(0, end),
            total.ln(),
            self.alike[at],
        ]);
        for element in self.survey.levels(at) {
            out.push(self.elements.get(element as usize).copied().unwrap_or(-1.0));
        }
    }

    fn mean(&self, from: usize, to: usize) -> f32 {
        if from >= to {
            return -1.0;
        }
        let (a, b) = (self.running[from], self.running[to]);
        (b.0 - a.0) / (b.1 - a.1).max(1e-6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_expected_f1_decides() {
        assert_eq!(
            choose(&[0.9, 0.1, 0.8], &[100, 100, 100]),
            [true, false, true]
        );
        // Where nothing is sure, a doubtful block is better than none.
        assert_eq!(choose(&[0.2, 0.01], &[100, 100]), [true, false]);
        assert!(choose(&[], &[]).is_empty());
    }
}

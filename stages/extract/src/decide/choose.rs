//! The decision: which blocks are the page's content.

use crate::blocks::page::{Block, Kind};
use crate::decide::features::Features;
use crate::decide::model;
use crate::decide::survey::Survey;

/// Blocks that are described at a time: a row is over a kilobyte.
const BATCH: usize = 256;

/// The probability of each block to be content; 0 for those that are never content.
pub(crate) fn judge(survey: &Survey<'_>, mut features: Features<'_>) -> Vec<f32> {
    let model = model::blocks();
    let (mut rows, mut probability) = (Vec::new(), Vec::new());
    loop {
        rows.clear();
        let blocks = features.write(BATCH, &mut rows);
        if blocks == 0 {
            break;
        }
        probability.extend(model.predict(&rows, rows.len() / blocks));
    }
    for (counts, probability) in survey.counts.iter().zip(&mut probability) {
        if counts.never {
            *probability = 0.0;
        }
    }
    probability
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

/// Mean probability from which on a table, a list or a listing after kept text is kept as a whole.
const WHOLE: f32 = 0.3;

/// Keeps tables, lists and listings whole where they go on from kept text: half a table says
/// nothing, and its rows are too short to be sure of one by one.
pub(crate) fn complete(blocks: &[Block], probability: &[f32], tokens: &[u32], keep: &mut [bool]) {
    let mut start = 0;
    for run in blocks.chunk_by(|a, b| a.kind == b.kind) {
        let range = start..start + run.len();
        start = range.end;
        let after_kept = range.start > 0 && keep[range.start - 1];
        if !after_kept || !matches!(run[0].kind, Kind::Row | Kind::Item | Kind::Code) {
            continue;
        }
        let weights = tokens[range.clone()]
            .iter()
            .map(|tokens| (*tokens).max(1) as f32);
        let total: f32 = weights.clone().sum();
        let sum: f32 = weights
            .zip(&probability[range.clone()])
            .map(|(w, p)| w * p)
            .sum();
        if sum / total >= WHOLE {
            let parts = keep[range.clone()].iter_mut().zip(&probability[range]);
            parts.for_each(|(keep, probability)| *keep |= *probability > 0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(kind: Kind) -> Block {
        Block {
            kind,
            ..Block::default()
        }
    }

    #[test]
    fn half_a_table_becomes_a_whole_one() {
        let blocks = [
            Kind::Paragraph,
            Kind::Row,
            Kind::Row,
            Kind::Row,
            Kind::Heading,
            Kind::Row,
        ];
        let blocks = blocks.map(block);
        let probability = [0.9, 0.5, 0.2, 0.3, 0.1, 0.4];
        let mut keep = [true, true, false, false, false, false];
        complete(&blocks, &probability, &[5; 6], &mut keep);
        assert_eq!(keep, [true, true, true, true, false, false]);
    }

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

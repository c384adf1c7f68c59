//! From the mean vector of a text to the probabilities of the labels.

use super::Matrix;
use super::file::Damage;

/// How scores become probabilities, with fastText's number for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// A Huffman tree with a decision at each fork.
    Hierarchical = 1,
    /// Negative sampling: each label by itself.
    Negative = 2,
    /// All labels against each other.
    Softmax = 3,
    /// One against all: each label by itself.
    OneVsAll = 4,
}

impl Loss {
    pub(super) fn from_number(number: i32) -> Result<Self, Damage> {
        let all = [
            Self::Hierarchical,
            Self::Negative,
            Self::Softmax,
            Self::OneVsAll,
        ];
        let found = all.into_iter().find(|loss| *loss as i32 == number);
        found.ok_or_else(|| Damage(format!("it has a loss of kind {number}, which is unknown")))
    }
}

/// The output layer.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    matrix: Matrix,
    loss: Loss,
    labels: usize,
    /// Of a hierarchical softmax: the two children of each fork, the root last. Numbers below
    /// that of labels are labels.
    forks: Vec<[usize; 2]>,
}

impl Output {
    /// An output layer for labels with these counts.
    pub fn new(matrix: Matrix, loss: Loss, counts: &[i64]) -> Result<Self, Damage> {
        if matrix.rows() < counts.len() {
            return Err(Damage(format!(
                "its output matrix has {} rows, and there are {} labels",
                matrix.rows(),
                counts.len()
            )));
        }
        let forks = match loss {
            Loss::Hierarchical => huffman(counts),
            _ => Vec::new(),
        };
        let labels = counts.len();
        Ok(Self {
            matrix,
            loss,
            labels,
            forks,
        })
    }

    pub(super) fn matrix(&self) -> &Matrix {
        &self.matrix
    }

    /// The probability of each label.
    pub fn probabilities(&self, hidden: &[f32]) -> Vec<f32> {
        if self.loss == Loss::Hierarchical {
            return self.descend(hidden);
        }
        let rows = 0..self.labels;
        let mut scores: Vec<f32> = rows.map(|row| self.matrix.dot_row(row, hidden)).collect();
        match self.loss {
            Loss::Softmax => softmax(&mut scores),
            _ => scores
                .iter_mut()
                .for_each(|score| *score = coarse_sigmoid(*score)),
        }
        scores
    }

    /// Parents have higher numbers than their children, so that one pass downwards is enough.
    fn descend(&self, hidden: &[f32]) -> Vec<f32> {
        let mut reached = vec![1.0; self.labels + self.forks.len()];
        for (fork, &[left, right]) in self.forks.iter().enumerate().rev() {
            let here = reached[self.labels + fork];
            let score = self.matrix.dot_row(fork, hidden);
            let to_right = 1.0 / (1.0 + (-score).exp());
            reached[left] = here * (1.0 - to_right);
            reached[right] = here * to_right;
        }
        reached.truncate(self.labels);
        reached
    }
}

/// fastText's Huffman tree over labels, which stand in order of falling counts.
fn huffman(counts: &[i64]) -> Vec<[usize; 2]> {
    const FREE: i64 = 1_000_000_000_000_000;
    let labels = counts.len();
    let mut weights = counts.to_vec();
    weights.resize(labels * 2 - 1, FREE);
    let (mut leaf, mut fork) = (labels, labels);
    let mut forks = Vec::with_capacity(labels - 1);
    for next in labels..labels * 2 - 1 {
        let mut take = || {
            // Counts of a damaged file can outweigh what is free: no fork before it is made.
            if leaf > 0 && (fork == next || weights[leaf - 1] < weights[fork]) {
                leaf -= 1;
                leaf
            } else {
                fork += 1;
                fork - 1
            }
        };
        let children = [take(), take()];
        weights[next] = weights[children[0]].saturating_add(weights[children[1]]);
        forks.push(children);
    }
    forks
}

fn softmax(scores: &mut [f32]) {
    let best = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores
        .iter_mut()
        .for_each(|score| *score = (*score - best).exp());
    let sum: f32 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= sum);
}

/// The logistic function in steps of 1/32, as fastText looks it up.
fn coarse_sigmoid(score: f32) -> f32 {
    let step = (score.clamp(-8.0, 8.0) * 32.0).floor() / 32.0;
    match score {
        _ if score < -8.0 => 0.0,
        _ if score > 8.0 => 1.0,
        _ => 1.0 / (1.0 + (-step).exp()),
    }
}

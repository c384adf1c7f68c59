//! How well a classifier tells documents that it was not trained on.

/// What training did, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainReport {
    /// Good documents trained on.
    pub good: usize,
    /// Bad documents trained on.
    pub bad: usize,
    /// Words in the dictionary.
    pub words: usize,
    /// The classifier on the documents held back.
    pub held_out: Evaluation,
}

/// A classifier's answers against the truth; good documents are those with a score of at least
/// 0.5.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Number of documents.
    pub documents: usize,
    /// Share of documents told right.
    pub accuracy: f64,
    /// Share of good ones among those called good; 0 if none is called so.
    pub precision: f64,
    /// Share of the good ones that are called good.
    pub recall: f64,
    /// Area under the ROC curve: the probability that a good document scores above a bad one, ties
    /// counted half.
    pub auc: f64,
}

impl Evaluation {
    /// Measures scores, each with whether its document is good.
    pub(super) fn of(scores: &[(f32, bool)]) -> Self {
        let count = |called: bool, good: bool| {
            let both =
                |(score, is_good): &&(f32, bool)| (*score >= 0.5) == called && *is_good == good;
            scores.iter().filter(both).count()
        };
        let (right, wrong, missed) = (count(true, true), count(true, false), count(false, true));
        let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
        Self {
            documents: scores.len(),
            accuracy: share(right + count(false, false), scores.len()),
            precision: share(right, right + wrong),
            recall: share(right, right + missed),
            auc: auc(scores),
        }
    }
}

/// By the ranks of the good documents (Mann and Whitney 1947).
fn auc(scores: &[(f32, bool)]) -> f64 {
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut rank, mut ranks) = (0.0, 0.0);
    for ties in sorted.chunk_by(|a, b| a.0 == b.0) {
        let good = ties.iter().filter(|(_, good)| *good).count() as f64;
        ranks += good * (rank + (ties.len() as f64 + 1.0) / 2.0);
        rank += ties.len() as f64;
    }
    let good = sorted.iter().filter(|(_, good)| *good).count() as f64;
    let bad = sorted.len() as f64 - good;
    (ranks - good * (good + 1.0) / 2.0) / (good * bad).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_those_of_the_definitions() {
        let found = Evaluation::of(&[
            (0.9, true),
            (0.8, false),
            (0.6, true),
            (0.4, true),
            (0.4, false),
            (0.1, false),
        ]);
        assert_eq!((found.documents, found.accuracy), (6, 4.0 / 6.0));
        assert_eq!((found.precision, found.recall), (2.0 / 3.0, 2.0 / 3.0));
        // Of nine pairs, six stand right and one is a tie.
        assert!((found.auc - 6.5 / 9.0).abs() < 1e-12);
    }

    #[test]
    fn nothing_is_measured_as_nothing() {
        assert_eq!(Evaluation::of(&[]).auc, 0.0);
    }
}

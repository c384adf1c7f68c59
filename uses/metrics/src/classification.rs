//! Accuracy, precision, recall, F1 and MCC of classes, as scikit-learn with `zero_division=0`.

use serde::Serialize;

use crate::Error;

/// How often each class was taken for each class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Confusion {
    /// Names of the classes.
    labels: Vec<String>,
    /// `[class][predicted class]`.
    counts: Vec<Vec<u64>>,
}

/// How one class was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassScores {
    /// The class.
    pub label: String,
    /// Share of the predictions of this class that are right; 0 where there are none.
    pub precision: f64,
    /// Share of the class that was found; 0 where there is none of it.
    pub recall: f64,
    /// Harmonic mean of both; 0 where both are 0.
    pub f1: f64,
    /// How many of this class there are.
    pub support: u64,
}

/// Precision, recall and F1 of several classes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Means {
    /// 0 to 1.
    pub precision: f64,
    /// 0 to 1.
    pub recall: f64,
    /// 0 to 1.
    pub f1: f64,
}

impl Confusion {
    /// Of these classes, with nothing counted.
    pub fn new<L: Into<String>>(labels: impl IntoIterator<Item = L>) -> Self {
        let labels: Vec<String> = labels.into_iter().map(Into::into).collect();
        let counts = vec![vec![0; labels.len()]; labels.len()];
        Self { labels, counts }
    }

    /// Of two lists of labels that go together; the classes are all labels of both, in order.
    ///
    /// # Errors
    /// When the lists are empty or of different lengths.
    pub fn of<A: AsRef<str>, B: AsRef<str>>(
        references: &[A],
        predictions: &[B],
    ) -> Result<Self, Error> {
        crate::error::check(predictions.len(), &[references])?;
        let references: Vec<&str> = references.iter().map(AsRef::as_ref).collect();
        let predictions: Vec<&str> = predictions.iter().map(AsRef::as_ref).collect();
        let mut labels = [&references[..], &predictions[..]].concat();
        labels.sort_unstable();
        labels.dedup();
        let mut confusion = Self::new(labels);
        for (reference, prediction) in references.into_iter().zip(predictions) {
            confusion.add_named(reference, prediction)?;
        }
        Ok(confusion)
    }

    /// Counts a prediction, by the numbers of the classes from 0.
    ///
    /// # Errors
    /// [`Error::Class`] for a number that no class has.
    pub fn add(&mut self, class: usize, predicted: usize) -> Result<(), Error> {
        let row = self.counts.get_mut(class);
        let row = row.ok_or_else(|| Error::Class(class.to_string()))?;
        let cell = row.get_mut(predicted);
        *cell.ok_or_else(|| Error::Class(predicted.to_string()))? += 1;
        Ok(())
    }

    /// Counts a prediction, by the names of the classes.
    ///
    /// # Errors
    /// [`Error::Class`] for a name that no class has.
    pub fn add_named(&mut self, class: &str, predicted: &str) -> Result<(), Error> {
        let number = |name: &str| {
            let found = self.labels.iter().position(|label| label == name);
            found.ok_or_else(|| Error::Class(name.to_owned()))
        };
        self.add(number(class)?, number(predicted)?)
    }

    /// Names of the classes.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// How often each class was taken for each: `[class][predicted class]`.
    #[must_use]
    pub fn counts(&self) -> &[Vec<u64>] {
        &self.counts
    }

    /// How many predictions were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Share of the predictions that are right. It is micro-averaged precision, recall and F1,
    /// too, for each row has one class and one prediction.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        share(self.right().sum(), self.total())
    }

    /// Standard error of the accuracy p of n predictions: √(p(1−p)/n).
    #[must_use]
    pub fn accuracy_error(&self) -> f64 {
        let p = self.accuracy();
        match self.total() {
            0 => 0.0,
            total => (p * (1.0 - p) / total as f64).sqrt(),
        }
    }

    /// Share of the most frequent class: the accuracy of always naming that one.
    #[must_use]
    pub fn majority(&self) -> f64 {
        share(self.supports().max().unwrap_or(0), self.total())
    }

    /// Precision, recall and F1 by class.
    #[must_use]
    pub fn classes(&self) -> Vec<ClassScores> {
        let by_class = self.labels.iter().zip(self.right());
        let counted = self.supports().zip(self.predicted());
        by_class
            .zip(counted)
            .map(|((label, right), (support, predicted))| ClassScores {
                label: label.clone(),
                precision: share(right, predicted),
                recall: share(right, support),
                f1: share(2 * right, support + predicted),
                support,
            })
            .collect()
    }

    /// Means over the classes that occur among references or predictions, each the same weight.
    #[must_use]
    pub fn macro_average(&self) -> Means {
        self.mean(|_| 1)
    }

    /// Means over the classes, each weighted by how often it occurs.
    #[must_use]
    pub fn weighted_average(&self) -> Means {
        self.mean(|class| class.support)
    }

    /// Micro averages: all three are the accuracy.
    #[must_use]
    pub fn micro_average(&self) -> Means {
        let accuracy = self.accuracy();
        Means {
            precision: accuracy,
            recall: accuracy,
            f1: accuracy,
        }
    }

    fn mean(&self, weight: impl Fn(&ClassScores) -> u64) -> Means {
        let classes = self.classes();
        let occurring = classes.iter().zip(self.predicted());
        let occurring = occurring.filter(|(class, predicted)| class.support + predicted > 0);
        let (mut sums, mut weights) = ([0.0; 3], 0);
        for (class, _) in occurring {
            let weight = weight(class);
            weights += weight;
            let scores = [class.precision, class.recall, class.f1];
            for (sum, score) in sums.iter_mut().zip(scores) {
                *sum += score * weight as f64;
            }
        }
        let [precision, recall, f1] = sums.map(|sum| sum / weights.max(1) as f64);
        Means {
            precision,
            recall,
            f1,
        }
    }

    /// Matthews' correlation coefficient, −1 to 1; for more than two classes Gorodkin's `R_K`
    /// (2004). 0 where there is one class alone, or one prediction.
    #[must_use]
    pub fn matthews(&self) -> f64 {
        let squares =
            |n: &dyn Fn() -> Vec<u64>| -> f64 { n().iter().map(|n| (*n as f64).powi(2)).sum() };
        let total = self.total() as f64;
        let both = self.supports().zip(self.predicted());
        let expected: f64 = both.map(|(t, p)| t as f64 * p as f64).sum();
        let right: u64 = self.right().sum();
        let supports = total * total - squares(&|| self.supports().collect());
        let predicted = total * total - squares(&|| self.predicted().collect());
        match supports * predicted {
            0.0 => 0.0,
            spread => (right as f64 * total - expected) / spread.sqrt(),
        }
    }

    fn right(&self) -> impl Iterator<Item = u64> {
        let rows = self.counts.iter().enumerate();
        rows.map(|(class, row)| row.get(class).copied().unwrap_or(0))
    }

    fn supports(&self) -> impl Iterator<Item = u64> {
        self.counts.iter().map(|row| row.iter().sum())
    }

    fn predicted(&self) -> impl Iterator<Item = u64> {
        let column = |class| self.counts.iter().filter_map(move |row| row.get(class));
        (0..self.labels.len()).map(move |class| column(class).sum())
    }
}

/// 0/0 is 0.
fn share(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        _ => part as f64 / whole as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confusion(references: &str, predictions: &str) -> Confusion {
        let labels = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        Confusion::of(&labels(references), &labels(predictions)).unwrap()
    }

    /// References and predictions; accuracy, MCC, macro precision, recall, F1 and weighted F1 by
    /// scikit-learn 1.9.1.
    const CASES: [(&str, &str, [f64; 6]); 5] = [
        (
            "a a b b",
            "a b b b",
            [
                0.75,
                0.5773502691896258,
                0.8333333333333333,
                0.75,
                0.7333333333333334,
                0.7333333333333334,
            ],
        ),
        (
            "a b c c b a c",
            "a c c b b a a",
            [
                0.5714285714285714,
                0.375,
                0.5555555555555555,
                0.611111111111111,
                0.5666666666666668,
                0.5428571428571429,
            ],
        ),
        ("a a a", "a a a", [1.0, 0.0, 1.0, 1.0, 1.0, 1.0]),
        (
            "a b a b",
            "a a a a",
            [0.5, 0.0, 0.25, 0.5, 0.3333333333333333, 0.3333333333333333],
        ),
        (
            "水 火 水 x x x y",
            "水 水 z x y x y",
            [
                0.5714285714285714,
                0.4573295603800236,
                0.4,
                0.4333333333333333,
                0.39333333333333337,
                0.5809523809523809,
            ],
        ),
    ];

    #[test]
    fn scores_are_those_of_scikit_learn() {
        for (references, predictions, expected) in CASES {
            let found = confusion(references, predictions);
            let means = found.macro_average();
            let found = [
                found.accuracy(),
                found.matthews(),
                means.precision,
                means.recall,
                means.f1,
                found.weighted_average().f1,
            ];
            for (found, expected) in found.iter().zip(expected) {
                assert!(
                    (found - expected).abs() < 1e-12,
                    "{references}: {found} {expected}"
                );
            }
        }
    }

    #[test]
    fn classes_and_errors() {
        let found = confusion("a a a b", "a b a b");
        assert_eq!(found.counts(), [[2, 1], [0, 1]]);
        assert!((found.accuracy_error() - (0.75 * 0.25 / 4.0_f64).sqrt()).abs() < 1e-12);
        assert!((found.majority() - 0.75).abs() < 1e-12);
        let class = &found.classes()[1];
        assert_eq!(
            (class.precision, class.recall, class.support),
            (0.5, 1.0, 1)
        );
    }

    #[test]
    fn nothing_counted_is_nothing_scored() {
        let mut empty = Confusion::new(["a", "b"]);
        assert_eq!((empty.accuracy(), empty.accuracy_error()), (0.0, 0.0));
        assert_eq!((empty.matthews(), empty.macro_average().f1), (0.0, 0.0));
        assert_eq!(empty.add(0, 2), Err(Error::Class("2".to_owned())));
        assert_eq!(empty.add_named("c", "a"), Err(Error::Class("c".to_owned())));
        assert_eq!(
            Confusion::of(&[] as &[&str], &[] as &[&str]),
            Err(Error::Empty)
        );
    }
}

//! Nearest vectors by cosine.

/// A vector that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Near {
    /// Its row.
    pub row: usize,
    /// Cosine, −1 to 1; of [`Analogy::Mul`] the quotient.
    pub score: f64,
}

/// How the fourth of an analogy is found.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Analogy {
    /// 3CosAdd (Mikolov, Yih and Zweig, 2013): nearest to the sum of the vectors.
    #[default]
    Add,
    /// 3CosMul (Levy and Goldberg, 2014): greatest product of the cosines, by theirs from 0 to 1
    /// and ε of 0.001.
    Mul,
}

/// ε of 3CosMul.
const EPSILON: f64 = 0.001;

/// Rows of vectors brought to length 1; zero vectors stay.
#[derive(Clone, Debug)]
pub(crate) struct Directions {
    width: usize,
    flat: Vec<f32>,
}

impl Directions {
    pub fn of(vectors: &[f32], width: usize) -> Self {
        let rows = vectors.chunks_exact(width.max(1));
        Self {
            width: width.max(1),
            flat: rows.flat_map(direction).collect(),
        }
    }

    /// Cosine of each row with a vector.
    pub fn cosines(&self, vector: &[f32]) -> Vec<f64> {
        let vector = direction(vector);
        let rows = self.flat.chunks_exact(self.width);
        rows.map(|row| dot(row, &vector)).collect()
    }
}

pub(crate) fn direction(vector: &[f32]) -> Vec<f32> {
    let length = dot(vector, vector).sqrt();
    match length > 0.0 {
        true => vector
            .iter()
            .map(|x| (f64::from(*x) / length) as f32)
            .collect(),
        false => vector.to_vec(),
    }
}

fn dot(one: &[f32], other: &[f32]) -> f64 {
    let products = one
        .iter()
        .zip(other)
        .map(|(a, b)| f64::from(*a) * f64::from(*b));
    products.sum()
}

/// The rows of `vectors`, each of `width` numbers, that lie nearest to a vector by cosine, best
/// first; of equal ones the first.
#[must_use]
pub fn nearest(vectors: &[f32], width: usize, vector: &[f32], top: usize) -> Vec<Near> {
    best(
        Directions::of(vectors, width).cosines(vector),
        |_| true,
        top,
    )
}

/// The rows with the greatest scores among those that are allowed.
pub(crate) fn best(scores: Vec<f64>, allowed: impl Fn(usize) -> bool, top: usize) -> Vec<Near> {
    let scores = scores.into_iter().enumerate();
    let mut all: Vec<Near> = scores
        .filter(|(row, _)| allowed(*row))
        .map(|(row, score)| Near { row, score })
        .collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row)));
    all.truncate(top);
    all
}

/// Scores of each row as the fourth `d` of “`a` is to `b` as `c` is to `d`”.
pub(crate) fn analogy(rows: &Directions, [a, b, c]: [&[f32]; 3], method: Analogy) -> Vec<f64> {
    match method {
        Analogy::Add => {
            let [a, b, c] = [a, b, c].map(direction);
            let sum = a.iter().zip(&b).zip(&c).map(|((a, b), c)| b - a + c);
            rows.cosines(&sum.collect::<Vec<f32>>())
        }
        Analogy::Mul => {
            let shifted = |vector| {
                rows.cosines(vector)
                    .into_iter()
                    .map(|cos| f64::midpoint(cos, 1.0))
            };
            let all = shifted(a).zip(shifted(b)).zip(shifted(c));
            all.map(|((a, b), c)| b * c / (a + EPSILON)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_goes_by_angle() {
        let vectors = [1.0, 0.0, 10.0, 10.0, 0.0, 3.0, 0.0, 0.0];
        let found = nearest(&vectors, 2, &[2.0, 0.1], 9);
        let rows: Vec<usize> = found.iter().map(|near| near.row).collect();
        assert_eq!(rows, [0, 1, 2, 3]);
        assert_eq!(found[3].score, 0.0);
        assert_eq!(nearest(&vectors, 2, &[1.0, 0.0], 1).len(), 1);
    }

    #[test]
    fn analogies_of_a_parallelogram_are_found() {
        // man, king, woman, queen, apple
        let vectors = [
            1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, -0.3, 0.1,
        ];
        let row = |n: usize| &vectors[3 * n..3 * n + 3];
        let rows = Directions::of(&vectors, 3);
        for method in [Analogy::Add, Analogy::Mul] {
            let scores = analogy(&rows, [row(0), row(1), row(2)], method);
            assert_eq!(best(scores, |n| n > 2, 1)[0].row, 3, "{method:?}");
        }
        // By hand: the cosines with queen are 1/√3 of man and 2/√6 of king and woman.
        let scores = analogy(&rows, [row(0), row(1), row(2)], Analogy::Mul);
        let [man, other] = [1.0, 2.0].map(|n: f64| f64::midpoint(n / (3.0 * n).sqrt(), 1.0));
        assert!((scores[3] - other * other / (man + EPSILON)).abs() < 1e-6);
    }
}

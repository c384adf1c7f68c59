//! Head, middle and tail: thirds of a corpus by perplexity, as CCNet splits it.

/// Where a document stands in its language (Wenzek et al. 2020, section 3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// Closest to what the model was trained on.
    Head,
    /// Between the two.
    Middle,
    /// Farthest from what the model was trained on.
    Tail,
}

impl Bucket {
    /// `head`, `middle` or `tail`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Middle => "middle",
            Self::Tail => "tail",
        }
    }
}

/// The perplexities that part the buckets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Buckets {
    /// Below it lies the head.
    pub head: f64,
    /// At it and above it lies the tail.
    pub tail: f64,
}

impl Buckets {
    /// Cut-offs by which `head_share` of the sample lies in the head and `tail_share` in the tail.
    /// CCNet takes thirds. Sorts the sample. `None` if it is empty, if a share is not between 0
    /// and 1, or if they are more than 1 together.
    #[must_use]
    pub fn from_sample(sample: &mut [f64], head_share: f64, tail_share: f64) -> Option<Self> {
        let shares = [head_share, tail_share, head_share + tail_share];
        if sample.is_empty()
            || !shares
                .iter()
                .all(|share| (0.0..=1.0 + 1e-9).contains(share))
        {
            return None;
        }
        sample.sort_unstable_by(f64::total_cmp);
        let count = |share: f64| ((share * sample.len() as f64).round() as usize).min(sample.len());
        // The value before which `place` values lie.
        let at = |place: usize| sample.get(place).copied().unwrap_or(f64::INFINITY);
        let head = at(count(head_share));
        let tail = at(sample.len() - count(tail_share));
        Some(Self {
            head,
            tail: tail.max(head),
        })
    }

    /// The bucket of a perplexity.
    #[must_use]
    pub fn bucket(&self, perplexity: f64) -> Bucket {
        if perplexity < self.head {
            Bucket::Head
        } else if perplexity < self.tail {
            Bucket::Middle
        } else {
            Bucket::Tail
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirds_are_thirds() {
        let mut sample: Vec<f64> = (0..300).rev().map(f64::from).collect();
        let buckets = Buckets::from_sample(&mut sample, 1.0 / 3.0, 1.0 / 3.0).unwrap();
        assert_eq!(
            buckets,
            Buckets {
                head: 100.0,
                tail: 200.0
            }
        );
        for (bucket, count) in [
            (Bucket::Head, 100),
            (Bucket::Middle, 100),
            (Bucket::Tail, 100),
        ] {
            assert_eq!(
                sample
                    .iter()
                    .filter(|p| buckets.bucket(**p) == bucket)
                    .count(),
                count
            );
        }
    }

    #[test]
    fn shares_may_be_nothing_and_all() {
        let none = Buckets::from_sample(&mut [1.0, 2.0], 0.0, 0.0).unwrap();
        assert_eq!(
            [none.bucket(0.5), none.bucket(1.0), none.bucket(9.0)],
            [Bucket::Head, Bucket::Middle, Bucket::Middle]
        );
        let all = Buckets::from_sample(&mut [1.0, 2.0], 0.0, 1.0).unwrap();
        assert_eq!(all.bucket(1.5), Bucket::Tail);
        for (head, tail) in [(0.6, 0.6), (-0.1, 0.5), (f64::NAN, 0.1)] {
            assert_eq!(Buckets::from_sample(&mut [1.0], head, tail), None);
        }
        assert_eq!(Buckets::from_sample(&mut [], 0.3, 0.3), None);
    }
}

//! How often training should see a document that stands for a cluster.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Error;

/// Most times that training should see a document: more is a mistyped number.
const MOST_TIMES: u32 = 1000;
const ALLOWED: &str = "a list such as [[1, 1], [2, 2], [100, 8], [1000, 1]]: sizes that ascend \
                       from 1, each with how often (1 to 1000) documents are seen from it on";

/// How often training should see a document, by the size of the cluster that it stands for.
///
/// Deduplication makes what was written once and what was copied a thousand times weigh the same.
/// FineWeb-2 (Penedo et al. 2025, <https://arxiv.org/abs/2506.20920>) found that documents with a
/// few duplicates are better than those with none, and those with very many are worse, and so
/// "rehydrates": it repeats the kept document by the size of its cluster. Its example is
/// `[[1, 1], [2, 2], [3, 3], [5, 5], [100, 8], [1000, 1]]`.
///
/// In a configuration: a list of pairs of the least size and the times, or a table such as
/// `{1 = 1, 2 = 2}`. Without any, every document is to be seen once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Vec<(u32, u32)>")]
pub struct Repetitions {
    /// Least size of a cluster, and times.
    steps: Vec<(u32, u32)>,
}

/// The forms in a configuration. Keys of a table are strings, in an order of their own.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected pairs such as [[1, 1], [2, 2]], or a table {1 = 1, 2 = 2}"
)]
enum Written {
    Pairs(Vec<(u32, u32)>),
    Table(BTreeMap<String, u32>),
}

impl TryFrom<Written> for Repetitions {
    type Error = Error;

    fn try_from(written: Written) -> Result<Self, Error> {
        let steps = match written {
            Written::Pairs(pairs) => pairs,
            Written::Table(table) => {
                let step = |(size, times): (String, u32)| match size.parse() {
                    Ok(size) => Ok((size, times)),
                    Err(_) => Err(Error::config("repetitions", size, ALLOWED)),
                };
                let mut steps = table.into_iter().map(step).collect::<Result<Vec<_>, _>>()?;
                steps.sort_unstable();
                steps
            }
        };
        Ok(Self { steps })
    }
}

impl From<Repetitions> for Vec<(u32, u32)> {
    fn from(repetitions: Repetitions) -> Self {
        repetitions.steps
    }
}

impl Repetitions {
    /// Times for a cluster of this many documents; 1 for a document alone.
    #[must_use]
    pub fn times(&self, cluster_size: u32) -> u32 {
        let behind = self
            .steps
            .partition_point(|(from_size, _)| *from_size <= cluster_size);
        let step = behind.checked_sub(1).and_then(|at| self.steps.get(at));
        step.map_or(1, |(_, times)| *times)
    }

    /// Checks sizes and times.
    ///
    /// # Errors
    /// [`Error::Config`] when the sizes do not ascend from 1, or times lie outside 1 to 1000.
    pub fn validate(&self) -> Result<(), Error> {
        let first = self.steps.first().is_none_or(|(size, _)| *size == 1);
        let ascending = self.steps.is_sorted_by(|(a, _), (b, _)| a < b);
        let times = |(_, times): &(u32, u32)| (1..=MOST_TIMES).contains(times);
        if first && ascending && self.steps.iter().all(times) {
            return Ok(());
        }
        let value = self.steps.iter();
        let value: Vec<String> = value
            .map(|(size, times)| format!("[{size}, {times}]"))
            .collect();
        let value = format!("[{}]", value.join(", "));
        Err(Error::config("repetitions", value, ALLOWED))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(value: &str) -> Result<Repetitions, String> {
        #[derive(Deserialize)]
        struct Section {
            repetitions: Repetitions,
        }
        let section = toml::from_str::<Section>(&format!("repetitions = {value}"));
        let section = section.map_err(|error| error.to_string())?;
        Ok(section.repetitions)
    }

    fn pairs(steps: &[(u32, u32)]) -> Repetitions {
        let steps: Vec<String> = steps.iter().map(|(a, b)| format!("[{a}, {b}]")).collect();
        written(&format!("[{}]", steps.join(", "))).unwrap()
    }

    #[test]
    fn the_example_of_fineweb_2_is_understood_in_both_forms() {
        let example = pairs(&[(1, 1), (2, 2), (3, 3), (5, 5), (100, 8), (1000, 1)]);
        let table = "{1 = 1, 2 = 2, 3 = 3, 5 = 5, 100 = 8, 1000 = 1}";
        assert_eq!(written(table).unwrap(), example);
        example.validate().unwrap();
        for (size, times) in [
            (0, 1),
            (1, 1),
            (2, 2),
            (3, 3),
            (4, 3),
            (5, 5),
            (99, 5),
            (100, 8),
            (999, 8),
            (1000, 1),
            (u32::MAX, 1),
        ] {
            assert_eq!(example.times(size), times, "{size}");
        }
    }

    #[test]
    fn without_any_every_document_is_seen_once() {
        let none = Repetitions::default();
        none.validate().unwrap();
        assert_eq!([0, 1, 2, 5000].map(|size| none.times(size)), [1; 4]);
    }

    #[test]
    fn wrong_steps_are_named() {
        for steps in [
            &[(2, 2)][..],
            &[(0, 1)],
            &[(1, 0)],
            &[(1, 1), (1, 2)],
            &[(1, 1), (5, 2), (3, 2)],
            &[(1, 1), (2, 1001)],
        ] {
            let message = pairs(steps).validate().unwrap_err().to_string();
            let (size, times) = steps[0];
            assert!(
                message.starts_with(&format!("[dedupe] repetitions = [[{size}, {times}]")),
                "{message}"
            );
        }
        let message = written("{few = 1}").unwrap_err();
        assert!(
            message.contains("repetitions = few: must be a list"),
            "{message}"
        );
        let message = written("3").unwrap_err();
        assert!(message.contains("expected pairs such as"), "{message}");
    }

    proptest! {
        #[test]
        fn the_last_step_below_a_size_decides(
            steps in prop::collection::btree_map(2u32..50, 1u32..9, 0..8), size in 1u32..60,
        ) {
            let steps: Vec<(u32, u32)> = std::iter::once((1, 1)).chain(steps).collect();
            let repetitions = pairs(&steps);
            repetitions.validate().unwrap();
            let last = steps.iter().rev().find(|(from_size, _)| *from_size <= size);
            prop_assert_eq!(repetitions.times(size), last.unwrap().1);
            prop_assert_eq!(Vec::from(repetitions), steps);
        }
    }
}

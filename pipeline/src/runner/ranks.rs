//! Ranks of tasks, as a list of numbers and ranges: `0,3-7`.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Ranks of a step's tasks. A million of them in a row take no more room than two.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranks(Vec<RangeInclusive<usize>>);

impl Ranks {
    /// Adds a rank behind those that are there.
    pub fn push(&mut self, rank: usize) {
        match self.0.last_mut() {
            Some(last) if last.end() + 1 == rank => *last = *last.start()..=rank,
            _ => self.0.push(rank..=rank),
        }
    }

    /// The ranks, in the order in which they were named.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().cloned().flatten()
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        let lengths = self.0.iter().map(|range| range.end() - range.start());
        lengths.fold(0, |sum, length| {
            sum.saturating_add(length).saturating_add(1)
        })
    }

    /// The greatest.
    pub fn max(&self) -> Option<usize> {
        self.0.iter().map(|range| *range.end()).max()
    }
}

impl FromIterator<usize> for Ranks {
    fn from_iter<I: IntoIterator<Item = usize>>(ranks: I) -> Self {
        let mut all = Self::default();
        ranks.into_iter().for_each(|rank| all.push(rank));
        all
    }
}

impl FromStr for Ranks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| {
            let wrong = |_| format!("`{text}` is no rank: write them as 3 or 0,3-7");
            text.trim().parse::<usize>().map_err(wrong)
        };
        let range = |part: &str| match part.split_once('-') {
            None => number(part).map(|rank| rank..=rank),
            Some((from, to)) => match (number(from)?, number(to)?) {
                (from, to) if from <= to => Ok(from..=to),
                _ => Err(format!("`{part}` ends before it begins")),
            },
        };
        text.split(',')
            .map(range)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for Ranks {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, range) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            match range.start() == range.end() {
                true => write!(out, "{comma}{}", range.start())?,
                false => write!(out, "{comma}{}-{}", range.start(), range.end())?,
            }
        }
        Ok(())
    }
}

impl Serialize for Ranks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ranks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_ranges_are_read_and_written() {
        let ranks: Ranks = "0,3-5, 9".parse().unwrap();
        assert_eq!(ranks.iter().collect::<Vec<_>>(), [0, 3, 4, 5, 9]);
        assert_eq!((ranks.len(), ranks.max()), (5, Some(9)));
        assert_eq!(ranks.to_string(), "0,3-5,9");
        let built: Ranks = [0, 3, 4, 5, 9].into_iter().collect();
        assert_eq!(built, ranks);
        for wrong in ["", "x", "5-3", "1-", "-1", "1,,2"] {
            assert!(wrong.parse::<Ranks>().is_err(), "{wrong}");
        }
        let huge: Ranks = "0-18446744073709551615,1".parse().unwrap();
        assert_eq!(huge.len(), usize::MAX);
    }
}

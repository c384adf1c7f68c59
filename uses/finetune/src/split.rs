//! Which examples are held back.

use std::collections::BTreeMap;

use crate::tasks::Example;

/// Share of the training examples that becomes the dev split where no file is given.
const DEV: f64 = 0.1;

/// Takes a tenth of each class away, by hash of text and seed; a text that stands there several
/// times stays together.
pub(crate) fn hold_back(examples: Vec<Example>, seed: u64) -> (Vec<Example>, Vec<Example>) {
    let class = |example: &Example| match example {
        Example::Labelled { label, .. } => label.clone(),
        _ => String::new(),
    };
    let mut classes: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for example in &examples {
        classes
            .entry(class(example))
            .or_default()
            .push(example.key(seed));
    }
    let mut limits = BTreeMap::new();
    for (class, mut keys) in classes {
        keys.sort_unstable();
        let count = ((keys.len() as f64 * DEV).round() as usize).max(1);
        limits.insert(class, keys.get(count - 1).copied().unwrap_or(0));
    }
    examples.into_iter().partition(|example| {
        let limit = limits.get(&class(example)).copied().unwrap_or(0);
        example.key(seed) > limit
    })
}

/// At most so many examples, those with the least hashes, in their order.
pub(crate) fn limit(examples: Vec<Example>, most: usize, seed: u64) -> Vec<Example> {
    if examples.len() <= most {
        return examples;
    }
    let mut order: Vec<(u64, usize)> = examples.iter().map(|e| e.key(seed)).zip(0..).collect();
    order.sort_unstable();
    order.truncate(most);
    let mut kept: Vec<usize> = order.into_iter().map(|(_, index)| index).collect();
    kept.sort_unstable();
    let mut kept = kept.into_iter().peekable();
    let keep = |(index, example)| kept.next_if_eq(&index).map(|_| example);
    examples.into_iter().enumerate().filter_map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples() -> Vec<Example> {
        let example = |number: u32| Example::Labelled {
            text: format!("text {}", number % 180),
            label: (number % 2).to_string(),
        };
        (0..200).map(example).collect()
    }

    #[test]
    fn each_class_gives_a_tenth_and_no_text_stands_on_both_sides() {
        let (train, dev) = hold_back(examples(), 3);
        assert_eq!(train.len() + dev.len(), 200);
        assert!((18..=30).contains(&dev.len()), "{}", dev.len());
        assert!(dev.iter().all(|one| !train.contains(one)));
        for label in ["0", "1"] {
            let of = dev
                .iter()
                .filter(|one| matches!(one, Example::Labelled { label: l, .. } if l == label));
            assert!((9..=16).contains(&of.count()));
        }
        assert_ne!(hold_back(examples(), 4).1, dev);
    }

    #[test]
    fn a_limit_keeps_the_order() {
        let few = limit(examples(), 20, 1);
        assert_eq!(few.len(), 20);
        let all = examples();
        let places: Vec<usize> = few
            .iter()
            .map(|one| all.iter().position(|o| o == one).unwrap())
            .collect();
        assert!(places.is_sorted());
        assert_eq!(limit(examples(), 500, 1).len(), 200);
    }
}

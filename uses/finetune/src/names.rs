//! Names of classes that rows know by number.

use crate::tasks::Example;

/// Names of classes, counted from 0 or from 1.
pub(crate) struct Names<'a> {
    names: &'a [String],
    /// The number of the first, once rows have told it.
    first: Option<usize>,
}

impl<'a> Names<'a> {
    /// Nothing is renamed where there are none.
    pub fn of(names: &'a [String]) -> Self {
        Self { names, first: None }
    }

    /// Puts names in the place of numbers. They count from 1 if the first rows have a class of the
    /// names' count, and none of number 0. Labels that are no numbers stay.
    ///
    /// # Errors
    /// When a number has no name.
    pub fn give(&mut self, examples: &mut [Example]) -> Result<(), String> {
        if self.names.is_empty() {
            return Ok(());
        }
        let has = |wanted: usize| examples.iter().any(|one| number(one) == Some(wanted));
        let first = match self.first {
            Some(first) => first,
            None => usize::from(!has(0) && has(self.names.len())),
        };
        self.first = Some(first);
        for example in examples {
            let Some(number) = number(example) else {
                continue;
            };
            let name = number
                .checked_sub(first)
                .and_then(|place| self.names.get(place));
            let name = name.ok_or_else(|| {
                format!(
                    "the class {number} has no name: --labels names {}, from {first} on",
                    self.names.len()
                )
            })?;
            if let Example::Labelled { label, .. } = example {
                label.clone_from(name);
            }
        }
        Ok(())
    }
}

fn number(example: &Example) -> Option<usize> {
    match example {
        Example::Labelled { label, .. } => label.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(files: &[&[&str]]) -> Result<Vec<String>, String> {
        let names = ["cat", "dog"].map(str::to_owned);
        let mut names = Names::of(&names);
        let mut found = Vec::new();
        for labels in files {
            let example = |label: &&str| Example::Labelled {
                text: String::new(),
                label: (*label).to_owned(),
            };
            let mut examples: Vec<Example> = labels.iter().map(example).collect();
            names.give(&mut examples)?;
            found.extend(examples.into_iter().map(|example| match example {
                Example::Labelled { label, .. } => label,
                other => panic!("{other:?}"),
            }));
        }
        Ok(found)
    }

    #[test]
    fn classes_count_from_zero_or_one_as_the_first_file_does() {
        assert_eq!(
            named(&[&["0", "1"], &["1"]]).unwrap(),
            ["cat", "dog", "dog"]
        );
        assert_eq!(
            named(&[&["1", "2"], &["1"]]).unwrap(),
            ["cat", "dog", "cat"]
        );
        assert_eq!(named(&[&["0", "bird"]]).unwrap(), ["cat", "bird"]);
        let none = named(&[&["0", "2"]]).unwrap_err();
        assert!(none.contains("class 2 has no name"), "{none}");
        assert!(named(&[&["1", "2"], &["0"]]).is_err());
    }
}

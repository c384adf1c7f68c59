//! Arguments of a template.

use super::expand::{Expander, Range};

/// Longest name of an argument.
const MAX_NAME: usize = 64;

/// Arguments as they stand in the source; each is resolved when it is asked for.
#[derive(Default)]
pub(super) struct Args {
    positional: Vec<Range>,
    named: Vec<(String, Range)>,
}

impl Args {
    /// Takes the text behind a template's name apart.
    pub fn of(expander: &Expander, range: Range) -> Self {
        let mut args = Self::default();
        for part in expander.parts(range) {
            match name(expander, part) {
                Some((name, value)) => args.named.push((name.to_lowercase(), value)),
                None => args.positional.push(part),
            }
        }
        args
    }

    /// The argument of this number, from 1.
    pub fn at(&self, number: usize) -> Option<Range> {
        let unnamed = number.checked_sub(1).and_then(|at| self.positional.get(at));
        unnamed.copied().or_else(|| self.named(&number.to_string()))
    }

    /// The argument of this name; the last one counts.
    pub fn named(&self, name: &str) -> Option<Range> {
        let found = self.named.iter().rev().find(|(other, _)| other == name);
        found.map(|(_, range)| *range)
    }

    /// Arguments with other names than these numbers, in order.
    pub fn names(&self) -> impl Iterator<Item = (&str, Range)> {
        self.named
            .iter()
            .map(|(name, range)| (name.as_str(), *range))
    }

    /// How many there are by number.
    pub fn len(&self) -> usize {
        let mut count = self.positional.len();
        while count < 100 && self.at(count + 1).is_some() {
            count += 1;
        }
        count
    }
}

/// The name of an argument, if it has one. An address is no name.
fn name<'a>(expander: &Expander<'a>, part: Range) -> Option<(&'a str, Range)> {
    let equals = expander.find(part, b'=')?;
    if equals - part.0 > MAX_NAME {
        return None;
    }
    let name = expander.slice((part.0, equals)).trim();
    let is_name = !name.contains(['<', '[', '{', '/', '\'', '"']);
    is_name.then_some((name, (equals + 1, part.1)))
}

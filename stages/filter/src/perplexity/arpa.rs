//! Reads models in the ARPA text form, which SRILM, KenLM and others write.

use std::io::BufRead;
use std::path::Path;

use super::MAX_ORDER;
use super::model::KneserNey;
use super::table::{Table, Weights, prepend, unigram};
use super::units::{BEGIN, END, UNKNOWN, Units, hash};
use crate::error::Error;
use crate::text_file::{open, unreadable};

impl KneserNey {
    /// Reads a model in the ARPA text form, packed with gzip if its name ends in `.gz`. Scores are
    /// those that KenLM gives: a missing `<unk>` has a logarithm of -100, and an n-gram whose
    /// shorter ending is missing (SRILM prunes so) has it filled in by backing off. `units` says how
    /// texts are cut: [`Units::Tokens`] if the model's own text was tokenized beforehand.
    ///
    /// # Errors
    /// The file cannot be read; with the line: what is no ARPA, counts that are not true, a
    /// probability above 1, an n-gram that stands twice or whose beginning is no n-gram.
    pub fn load_arpa(path: &Path, units: Units) -> Result<Self, Error> {
        let mut lines = Lines {
            path,
            input: open(path)?,
            line: String::new(),
            number: 0,
        };
        let counts = header(&mut lines)?;
        let mut arpa = Arpa { tables: Vec::new() };
        for (order, &count) in (1..).zip(&counts) {
            arpa.read_section(&mut lines, order, count, order < counts.len())?;
        }
        if lines.text() != "\\end\\" {
            return Err(lines.error("\\end\\ is expected here, after the last n-gram"));
        }
        Ok(Self::new(units, arpa.tables))
    }
}

/// The number of n-grams of each order. Ends on the line after them.
fn header(lines: &mut Lines) -> Result<Vec<usize>, Error> {
    lines.filled()?;
    if lines.text() != "\\data\\" {
        return Err(lines.error("an ARPA model begins with \\data\\"));
    }
    let mut counts = Vec::new();
    lines.filled()?;
    while let Some(rest) = lines.text().strip_prefix("ngram ") {
        let (order, count) = rest.split_once('=').unwrap_or_default();
        let order: Option<usize> = order.trim().parse().ok();
        match count.trim().parse() {
            Ok(count) if order == Some(counts.len() + 1) => counts.push(count),
            _ => return Err(lines.error("`ngram ORDER=COUNT` is expected, orders from 1 on")),
        }
        lines.filled()?;
    }
    if counts.is_empty() || counts.len() > MAX_ORDER {
        return Err(lines.error(&format!(
            "the model has {} orders; 1 to {MAX_ORDER} are read",
            counts.len()
        )));
    }
    Ok(counts)
}

struct Arpa {
    tables: Vec<Table>,
}

impl Arpa {
    /// Reads from the section's title, on which `lines` stands, to the next one.
    fn read_section(
        &mut self,
        lines: &mut Lines,
        order: usize,
        count: usize,
        more: bool,
    ) -> Result<(), Error> {
        if lines.text() != format!("\\{order}-grams:") {
            return Err(lines.error(&format!("\\{order}-grams: is expected here")));
        }
        // The count is a claim: a table grows as n-grams come.
        self.tables.push(Table::with_capacity(count.min(1 << 20)));
        for _ in 0..count {
            lines.filled()?;
            self.read_ngram(lines, order, more)?;
        }
        lines.filled()
    }

    fn read_ngram(&mut self, lines: &Lines, order: usize, more: bool) -> Result<(), Error> {
        let text = lines.text();
        if text.starts_with('\\') {
            return Err(lines.error(&format!("the {order}-grams are fewer than the header says")));
        }
        let mut fields = text.split([' ', '\t']).filter(|field| !field.is_empty());
        let probability = number(fields.next());
        let mut units = [0; MAX_ORDER];
        for place in units[..order].iter_mut().rev() {
            let word = fields.next();
            *place = word.map(special).ok_or_else(|| {
                lines.error(&format!("a logarithm and {order} words are expected"))
            })?;
        }
        let backoff = match (fields.next(), more) {
            (None, _) => Some(0.0),
            (weight, true) => number(weight),
            (_, false) => None,
        };
        let (Some(probability), Some(backoff), None) = (probability, backoff, fields.next()) else {
            return Err(lines.error(&format!(
                "a logarithm, {order} words and at most one back-off weight (none at the highest \
                 order) are expected"
            )));
        };
        if probability > 0.0 {
            return Err(lines.error("the logarithm of a probability cannot be above 0"));
        }
        let units = &units[..order];
        if order > 1 && self.get(&units[..1]).is_none() {
            return Err(lines.error("the n-gram's last word is not among the 1-grams"));
        }
        if order > 1 && self.get(&units[1..]).is_none() {
            return Err(lines.error(
                "the n-gram's beginning, without its last word, is no n-gram of the model",
            ));
        }
        self.fill_in(&units[..order - 1]);
        let weights = Weights {
            probability,
            backoff,
        };
        if !self.tables[order - 1].insert(key(units), weights) {
            return Err(lines.error("the n-gram stands twice"));
        }
        Ok(())
    }

    /// The weights of an n-gram, its last unit first.
    fn get(&self, units: &[u64]) -> Option<Weights> {
        self.tables
            .get(units.len().checked_sub(1)?)?
            .get(key(units))
    }

    /// Puts in an ending that is missing, with the probability that backing off gives.
    fn fill_in(&mut self, units: &[u64]) {
        if units.len() < 2 || self.get(units).is_some() {
            return;
        }
        let shorter = &units[..units.len() - 1];
        self.fill_in(shorter);
        let lower = self
            .get(shorter)
            .map_or(-100.0, |weights| weights.probability);
        let backoff = self.get(&units[1..]).map_or(0.0, |weights| weights.backoff);
        let weights = Weights {
            probability: lower + backoff,
            backoff: 0.0,
        };
        self.tables[units.len() - 1].insert(key(units), weights);
    }
}

/// The hash of an n-gram, its last unit first.
fn key(units: &[u64]) -> u64 {
    match units {
        [only] => unigram(*only),
        _ => units.iter().copied().fold(0, prepend),
    }
}

/// The hash of a word of the file.
fn special(word: &str) -> u64 {
    match word {
        "<unk>" | "<UNK>" => UNKNOWN,
        "<s>" => BEGIN,
        "</s>" => END,
        _ => hash(word),
    }
}

fn number(field: Option<&str>) -> Option<f32> {
    let number: f32 = field?.parse().ok()?;
    number.is_finite().then_some(number)
}

struct Lines<'a> {
    path: &'a Path,
    input: Box<dyn BufRead>,
    line: String,
    number: usize,
}

impl Lines<'_> {
    /// Goes on to the next line that is not empty.
    fn filled(&mut self) -> Result<(), Error> {
        loop {
            self.line.clear();
            self.number += 1;
            match self.input.read_line(&mut self.line) {
                Ok(0) => return Err(self.error("the file ends too early")),
                Ok(_) if self.text().is_empty() => {}
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                    return Err(self.error(&error.to_string()));
                }
                Err(error) => return Err(unreadable(self.path, &error)),
            }
        }
    }

    fn text(&self) -> &str {
        self.line.trim_ascii()
    }

    fn error(&self, problem: &str) -> Error {
        Error::Arpa {
            path: self.path.to_path_buf(),
            line: self.number,
            problem: problem.to_string(),
        }
    }
}

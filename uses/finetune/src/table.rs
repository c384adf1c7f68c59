//! The table that says by how much fine-tuning helped.

use std::fmt::Write;

use serde::Serialize;

use crate::answers::Score;

/// One model, or what stands in for one.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Which.
    pub name: String,
    /// What is to be known of it.
    pub note: String,
    /// Its figures; a table has the columns of its first line.
    pub scores: Vec<Score>,
}

/// Lines to compare.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Table {
    /// From the least to the most.
    pub lines: Vec<Line>,
}

impl Table {
    /// The names of all figures, in order.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for score in self.lines.iter().flat_map(|line| &line.scores) {
            if !names.contains(&score.name.as_str()) {
                names.push(&score.name);
            }
        }
        names
    }

    /// The cells of a line in the order of the columns.
    #[must_use]
    pub fn cells(&self, line: &Line) -> Vec<String> {
        let columns = self.columns().into_iter();
        let cell = |name: &str| line.scores.iter().find(|score| score.name == name);
        columns
            .map(|name| cell(name).map_or("–".to_owned(), number))
            .collect()
    }

    /// As Markdown, with the signatures of figures below.
    #[must_use]
    pub fn markdown(&self) -> String {
        let short = |name: &str| name.split(" (nrefs").next().unwrap_or(name).to_owned();
        let columns = self.columns();
        let heads: Vec<String> = columns.iter().map(|name| short(name)).collect();
        let mut out = format!(
            "| | {} | |\n|---|{}---|\n",
            heads.join(" | "),
            "---:|".repeat(heads.len())
        );
        for line in &self.lines {
            let _ = writeln!(
                out,
                "| {} | {} | {} |",
                line.name,
                self.cells(line).join(" | "),
                line.note
            );
        }
        for name in columns.iter().filter(|name| name.contains("(nrefs")) {
            let _ = write!(out, "\n{name}\n");
        }
        out
    }
}

/// A share in per cent with its standard error, anything else with two places.
fn number(score: &Score) -> String {
    let share = !score.name.contains("BLEU")
        && !score.name.contains("chrF")
        && !score.name.contains("loss")
        && score.name != "MCC";
    match (share, score.stderr) {
        (true, Some(error)) => format!("{:.1} ± {:.1}", 100.0 * score.value, 100.0 * error),
        (true, None) => format!("{:.1}", 100.0 * score.value),
        (false, _) => format!("{:.3}", score.value),
    }
}

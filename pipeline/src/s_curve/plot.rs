//! The S-curve in a terminal.

use std::fmt::Write;

use super::curve::Setting;

/// Columns from similarity 0 to 1, and lines from probability 0 to 1.
const COLUMNS: usize = 60;
const LINES: usize = 10;
/// Fillings of a cell, by eighths.
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The area under the curve, with a mark at `min_similarity`.
pub fn plot(setting: Setting, min_similarity: f64) -> String {
    let heights: Vec<usize> = (0..COLUMNS)
        .map(|column| (column as f64 + 0.5) / COLUMNS as f64)
        .map(|jaccard| (setting.found(jaccard) * (LINES * 8) as f64).round() as usize)
        .collect();
    let mut out = String::new();
    // Writing to a String cannot fail.
    for line in (0..LINES).rev() {
        let cells: String = heights
            .iter()
            .map(|height| height.saturating_sub(line * 8).min(8))
            .filter_map(|filled| EIGHTHS.get(filled))
            .collect();
        let label = match (line + 1) * 2 % LINES {
            0 => format!("{:.1}", (line + 1) as f64 / LINES as f64),
            _ => String::new(),
        };
        let _ = writeln!(out, "  {label:>3} │{}", cells.trim_end());
    }
    let _ = writeln!(out, "  0.0 └{}", "─".repeat(COLUMNS));
    let ticks: String = (0..10)
        .map(|tenth| format!("{:<6}", format!("{:.1}", f64::from(tenth) / 10.0)))
        .collect();
    let _ = writeln!(out, "       {ticks}1.0");
    let mark = (min_similarity * COLUMNS as f64).round() as usize;
    let _ = writeln!(out, "       {}▲ min_similarity", " ".repeat(mark));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_rises_from_nothing_to_all() {
        let setting = Setting { bands: 14, rows: 8 };
        let plot = plot(setting, 0.7);
        let lines: Vec<&str> = plot.lines().collect();
        assert_eq!(lines.len(), LINES + 3);
        assert!(lines[0].starts_with("  1.0 │") && lines[0].ends_with('█'));
        assert!(lines[5].starts_with("  0.5"));
        // Half of the pairs are found from 0.685 on: the 42nd of 60 columns.
        let half: Vec<char> = lines[5].chars().skip(7).collect();
        assert_eq!(half.iter().position(|c| *c == '█'), Some(41));
        assert_eq!(
            lines[LINES + 2].chars().position(|c| c == '▲'),
            Some(7 + 42)
        );
    }
}

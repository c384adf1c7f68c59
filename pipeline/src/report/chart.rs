//! Loss curves: as characters for the terminal, as SVG for the page.

use std::fmt::Write;

const ROWS: usize = 10;
const COLUMNS: usize = 64;
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 280.0;
const MARGIN: f64 = 44.0;

/// The smallest box around some series.
struct Frame {
    x: (f64, f64),
    y: (f64, f64),
}

impl Frame {
    fn around(series: &[Vec<(f64, f64)>]) -> Option<Self> {
        let mut points = series.iter().flatten().filter(|(_, y)| y.is_finite());
        let first = points.next()?;
        let mut frame = Self {
            x: (first.0, first.0),
            y: (first.1, first.1),
        };
        for (x, y) in points {
            frame.x = (frame.x.0.min(*x), frame.x.1.max(*x));
            frame.y = (frame.y.0.min(*y), frame.y.1.max(*y));
        }
        Some(frame)
    }

    /// A point's place in the frame, 0 to 1 from the left and from the top.
    fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let share = |value: f64, (from, to): (f64, f64)| match to > from {
            true => (value - from) / (to - from),
            false => 0.5,
        };
        (share(x, self.x), 1.0 - share(y, self.y))
    }
}

/// Training (·) and validation (●) loss as lines of text; empty without points.
pub fn text(series: &[Vec<(f64, f64)>; 2]) -> String {
    let Some(frame) = Frame::around(series) else {
        return String::new();
    };
    let mut grid = [[' '; COLUMNS]; ROWS];
    for (points, mark) in series.iter().zip(['·', '●']) {
        for point in points.iter().filter(|(_, y)| y.is_finite()) {
            let (x, y) = frame.place(*point);
            let column = (x * (COLUMNS - 1) as f64).round() as usize;
            let row = (y * (ROWS - 1) as f64).round() as usize;
            if let Some(cell) = grid.get_mut(row).and_then(|cells| cells.get_mut(column)) {
                *cell = mark;
            }
        }
    }
    let mut out = String::new();
    for (row, cells) in grid.iter().enumerate() {
        let share = row as f64 / (ROWS - 1) as f64;
        let y = frame.y.1 - share * (frame.y.1 - frame.y.0);
        let line: String = cells.iter().collect();
        let _ = writeln!(out, "  {y:6.2} │{}", line.trim_end());
    }
    let _ = writeln!(out, "         └{}", "─".repeat(COLUMNS));
    let to = format!("step {}", frame.x.1);
    let gap = " ".repeat(COLUMNS.saturating_sub(to.len() + 1));
    let _ = writeln!(out, "          {}{gap}{to}", frame.x.0);
    out
}

/// The same as an SVG picture.
pub fn svg(series: &[Vec<(f64, f64)>; 2]) -> String {
    let Some(frame) = Frame::around(series) else {
        return String::new();
    };
    let place = |point| {
        let (x, y) = frame.place(point);
        (
            MARGIN + x * (WIDTH - 2.0 * MARGIN),
            MARGIN / 2.0 + y * (HEIGHT - 1.5 * MARGIN),
        )
    };
    let mut out = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"loss by step\">\n"
    );
    for tick in 0..=4 {
        let share = f64::from(tick) / 4.0;
        let value = frame.y.0 + share * (frame.y.1 - frame.y.0);
        let (left, y) = place((frame.x.0, value));
        let (right, _) = place((frame.x.1, value));
        let _ = writeln!(
            out,
            "<line class=\"grid\" x1=\"{left:.1}\" x2=\"{right:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{value:.2}</text>",
            left - 6.0,
            y + 4.0
        );
    }
    for (points, class) in series.iter().zip(["train", "validation"]) {
        let line: Vec<String> = points
            .iter()
            .filter(|(_, y)| y.is_finite())
            .map(|point| {
                let (x, y) = place(*point);
                format!("{x:.1},{y:.1}")
            })
            .collect();
        let _ = writeln!(
            out,
            "<polyline class=\"{class}\" points=\"{}\"/>",
            line.join(" ")
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">step {}</text></svg>",
        WIDTH - MARGIN,
        HEIGHT - 6.0,
        frame.x.1
    );
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_falling_curve_falls() {
        let train = (0..100)
            .map(|x| (f64::from(x), 10.0 - f64::from(x) / 20.0))
            .collect();
        let chart = text(&[train, vec![(50.0, 9.0)]]);
        let lines: Vec<&str> = chart.lines().collect();
        assert!(lines[0].starts_with("   10.00 │·"), "{chart}");
        assert!(lines[ROWS - 1].trim_end().ends_with('·'), "{chart}");
        assert_eq!(chart.matches('●').count(), 1);
        assert!(chart.contains("step 99"));
    }

    #[test]
    fn no_points_and_one_point_are_drawn_without_harm() {
        assert_eq!(text(&[vec![], vec![]]), "");
        assert_eq!(svg(&[vec![], vec![(1.0, f64::NAN)]]), "");
        assert!(svg(&[vec![(1.0, 2.0)], vec![]]).contains("polyline"));
        assert!(text(&[vec![(1.0, 2.0)], vec![]]).contains('·'));
    }
}

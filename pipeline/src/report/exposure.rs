//! How far the model betrays planted secrets: as a table, and as a picture.

use std::fmt::Write;

use super::data::{ExposureGroup, Exposures};
use crate::explore::table;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 320.0;
const MARGIN: f64 = 60.0;
/// Mean exposure, in bits, of secrets that a model knows nothing of.
const CHANCE: f64 = std::f64::consts::LOG2_E;

/// The table as text.
pub fn exposures(exposures: &Exposures) -> String {
    let rows = exposure_rows(exposures);
    let most = most(exposures);
    format!(
        "{}  bits of {most:.1}, as each secret is ranked among {}; chance gives {CHANCE:.1}\n",
        table(&rows, &[true; 4]),
        exposures.candidates
    )
}

/// The table, a row for each number of repetitions.
pub fn exposure_rows(exposures: &Exposures) -> Vec<Vec<String>> {
    let head = ["planted", "canaries", "exposure", "word for word"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for group in &exposures.groups {
        let error = group.exposure_stderr;
        rows.push(vec![
            times(group),
            group.canaries.to_string(),
            match error {
                Some(error) => format!("{:.2} ± {error:.2}", group.exposure),
                None => format!("{:.2}", group.exposure),
            },
            group.recited.to_string(),
        ]);
    }
    rows
}

fn times(group: &ExposureGroup) -> String {
    match group.repeats {
        0 => "never".to_owned(),
        times => format!("{times} ×"),
    }
}

fn most(exposures: &Exposures) -> f64 {
    (exposures.candidates.max(2) as f64).log2()
}

/// Exposure by repetitions: a dot for each canary, English ones round and Chinese ones square, and
/// a line through the means.
pub fn exposure_svg(exposures: &Exposures) -> String {
    let (most, last) = (most(exposures), exposures.groups.len().max(2) - 1);
    let x =
        |place: usize| MARGIN + (WIDTH - 2.0 * MARGIN) * (place as f64 + 0.5) / (last + 1) as f64;
    let y = |bits: f64| HEIGHT - MARGIN - (HEIGHT - 1.5 * MARGIN) * bits / most;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"exposure of canaries by how often they were planted\" font-family=\"system-ui, \
         sans-serif\" font-size=\"12\" fill=\"#5b6b7d\">\n"
    );
    for (bits, name) in [(0.0, "0"), (CHANCE, "chance"), (most, "all")] {
        let height = y(bits);
        let dashes = if bits == CHANCE {
            " stroke-dasharray=\"4 3\""
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "<line x1=\"{MARGIN}\" x2=\"{:.1}\" y1=\"{height:.1}\" y2=\"{height:.1}\" \
             stroke=\"#b8c2cc\"{dashes}/><text x=\"{:.1}\" y=\"{:.1}\" \
             text-anchor=\"end\">{name}</text>",
            WIDTH - MARGIN,
            MARGIN - 6.0,
            height + 4.0
        );
    }
    let _ = writeln!(
        out,
        "<text x=\"{MARGIN}\" y=\"14\">exposure in bits, of {most:.1}</text>\
         <text x=\"{:.1}\" y=\"14\" text-anchor=\"end\">● English  ■ Chinese  – mean</text>\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">times planted</text>",
        WIDTH - MARGIN,
        WIDTH / 2.0,
        HEIGHT - 8.0
    );
    let mut means = Vec::new();
    for (place, group) in exposures.groups.iter().enumerate() {
        means.push(format!("{:.1},{:.1}", x(place), y(group.exposure)));
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            x(place),
            HEIGHT - MARGIN + 20.0,
            times(group)
        );
        dots(&mut out, exposures, group, x(place), y);
    }
    let _ = writeln!(
        out,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#c2410c\" stroke-width=\"2\"/></svg>",
        means.join(" ")
    );
    out
}

/// The canaries of a group, beside each other about the middle of its column.
fn dots(
    out: &mut String,
    exposures: &Exposures,
    group: &ExposureGroup,
    middle: f64,
    y: impl Fn(f64) -> f64,
) {
    let of_group = exposures.canaries.iter();
    let of_group = of_group.filter(|canary| canary.repeats == group.repeats);
    let first = middle - 5.0 * (group.canaries.min(12).saturating_sub(1)) as f64 / 2.0;
    for (number, canary) in of_group.enumerate() {
        let (x, y) = (first + 5.0 * (number % 12) as f64, y(canary.exposure));
        let _ = match canary.lang.as_str() {
            "zh" => writeln!(
                out,
                "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"6\" height=\"6\" fill=\"#d9774b\" \
                 fill-opacity=\"0.75\"><title>{}: {:.2}</title></rect>",
                x - 3.0,
                y - 3.0,
                super::escape_html(&canary.id),
                canary.exposure
            ),
            _ => writeln!(
                out,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.2\" fill=\"#3b82c4\" \
                 fill-opacity=\"0.75\"><title>{}: {:.2}</title></circle>",
                super::escape_html(&canary.id),
                canary.exposure
            ),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::data::Exposed;

    fn sample() -> Exposures {
        let group = |repeats, exposure, recited| ExposureGroup {
            repeats,
            canaries: 2,
            exposure,
            exposure_stderr: Some(0.5),
            recited,
        };
        let canary = |repeats, lang: &str, exposure| Exposed {
            id: format!("canary-{lang}-{repeats}-0"),
            lang: lang.to_owned(),
            repeats,
            exposure,
        };
        Exposures {
            candidates: 1024,
            groups: vec![group(0, 1.5, 0), group(16, 9.0, 1)],
            canaries: vec![
                canary(0, "en", 1.0),
                canary(0, "zh", 2.0),
                canary(16, "en", 10.0),
                canary(16, "zh", 8.0),
            ],
        }
    }

    #[test]
    fn a_row_and_a_column_stand_for_each_number_of_repetitions() {
        let text = exposures(&sample());
        assert!(text.contains("never") && text.contains("16 ×"), "{text}");
        assert!(
            text.contains("9.00 ± 0.50") && text.contains("10.0"),
            "{text}"
        );
        let svg = exposure_svg(&sample());
        assert_eq!(
            (svg.matches("<circle").count(), svg.matches("<rect").count()),
            (2, 2)
        );
        let mean = |svg: &str| -> Vec<f64> {
            let points = svg
                .split("points=\"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap();
            let heights = points
                .split(' ')
                .map(|point| point.split(',').nth(1).unwrap());
            heights.map(|y| y.parse().unwrap()).collect()
        };
        let heights = mean(&svg);
        assert!(heights.len() == 2 && heights[1] < heights[0], "{svg}");
    }
}

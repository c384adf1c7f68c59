//! Two curves as an SVG picture: loss by size at one budget, and cost by size.

use std::fmt::Write;

use crate::law::{Law, Optimum};

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 56.0;
/// Points of a curve.
const POINTS: u32 = 120;
/// Decades to the left and right of the chosen size.
const SPAN: f64 = 1.5;
/// Blue and orange: told apart by everybody (Okabe and Ito 2008).
const COLOURS: [&str; 2] = ["#0072b2", "#d55e00"];

/// Draws, at a budget of `flops`, the loss that both laws foretell for sizes around the chosen
/// one; below, the operations that each size takes for its own compute-optimal tokens.
#[must_use]
pub fn picture(flops: f64, chosen: Optimum) -> String {
    let sizes = || {
        (0..=POINTS).map(|i| {
            chosen.parameters * 10f64.powf(SPAN * (2.0 * f64::from(i) / f64::from(POINTS) - 1.0))
        })
    };
    let laws = [Law::HOFFMANN, Law::EPOCH];
    let losses = laws.map(|law| {
        sizes()
            .map(|size| (size, law.loss(size, flops / 6.0 / size)))
            .collect()
    });
    let costs = laws.map(|law| {
        let cost = |size: f64| 6.0 * size * law.tokens_for(size);
        sizes().map(|size| (size, cost(size))).collect()
    });
    let loss_title = format!(
        "Loss by size at {} FLOPs: too small learns too little, too large sees too few tokens",
        short(flops)
    );
    let cost_title = "FLOPs to train each size on its compute-optimal tokens";
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {}\" font-family=\"system-ui, sans-serif\" font-size=\"12\" role=\"img\" aria-label=\"loss and cost by model size\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        2.0 * HEIGHT
    );
    panel(
        &mut out,
        0.0,
        &loss_title,
        "nats a token",
        &losses,
        chosen.parameters,
        false,
    );
    panel(
        &mut out,
        HEIGHT,
        cost_title,
        "FLOPs",
        &costs,
        chosen.parameters,
        true,
    );
    out.push_str("</svg>\n");
    out
}

type Curve = Vec<(f64, f64)>;

fn panel(
    out: &mut String,
    top: f64,
    title: &str,
    unit: &str,
    curves: &[Curve; 2],
    chosen: f64,
    log: bool,
) {
    let scale = |value: f64| if log { value.log10() } else { value };
    let points = || curves.iter().flatten();
    let range = |of: &dyn Fn(&(f64, f64)) -> f64| {
        points()
            .map(of)
            .fold((f64::MAX, f64::MIN), |(least, most), value| {
                (least.min(value), most.max(value))
            })
    };
    let (x0, x1) = range(&|point| point.0.log10());
    let (y0, y1) = range(&|point| scale(point.1));
    let x = |size: f64| LEFT + (size.log10() - x0) / (x1 - x0).max(1e-9) * (WIDTH - LEFT - RIGHT);
    let y = |value: f64| {
        top + TOP + (y1 - scale(value)) / (y1 - y0).max(1e-9) * (HEIGHT - TOP - BOTTOM)
    };
    let bottom = top + HEIGHT - BOTTOM;
    let _ = writeln!(
        out,
        "<text x=\"{LEFT}\" y=\"{:.1}\" font-size=\"14\" font-weight=\"600\" fill=\"#222\">{title}</text>",
        top + 20.0
    );
    for tick in 0..=4 {
        let value = y0 + (y1 - y0) * f64::from(tick) / 4.0;
        let label = if log {
            short(10f64.powf(value))
        } else {
            format!("{value:.2}")
        };
        let at = y(if log { 10f64.powf(value) } else { value });
        let _ = writeln!(
            out,
            "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#555\">{label}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            at + 4.0
        );
    }
    for decade in x0.ceil() as i32..=x1.floor() as i32 {
        for (factor, named) in [(1.0, true), (3.0, true)] {
            let size = factor * 10f64.powi(decade);
            if named && size.log10() <= x1 {
                let _ = writeln!(
                    out,
                    "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#555\">{}</text>",
                    x(size),
                    bottom + 18.0,
                    short(size)
                );
            }
        }
    }
    let _ = writeln!(
        out,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#555\">parameters</text><text x=\"{:.1}\" y=\"{:.1}\" fill=\"#555\">{unit}</text>",
        WIDTH - RIGHT,
        bottom + 36.0,
        8.0,
        top + 38.0
    );
    for ((curve, colour), law) in curves.iter().zip(COLOURS).zip([Law::HOFFMANN, Law::EPOCH]) {
        let line: Vec<String> = curve
            .iter()
            .map(|&(size, value)| format!("{:.1},{:.1}", x(size), y(value)))
            .collect();
        let dash = if law == Law::HOFFMANN { "6 4" } else { "none" };
        let _ = writeln!(
            out,
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.2\" stroke-dasharray=\"{dash}\" points=\"{}\"><title>{}</title></polyline>",
            line.join(" "),
            law.name
        );
    }
    for (index, (law, colour)) in [Law::HOFFMANN, Law::EPOCH].iter().zip(COLOURS).enumerate() {
        let at = LEFT + 250.0 * index as f64;
        let dash = if *law == Law::HOFFMANN { "6 4" } else { "none" };
        let _ = writeln!(
            out,
            "<line x1=\"{at:.1}\" x2=\"{:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\" stroke-width=\"2.2\" stroke-dasharray=\"{dash}\"/><text x=\"{:.1}\" y=\"{:.1}\" fill=\"#222\">{}</text>",
            at + 26.0,
            bottom + 36.0,
            bottom + 36.0,
            at + 32.0,
            bottom + 40.0,
            law.name
        );
    }
    let at = x(chosen);
    let _ = writeln!(
        out,
        "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{:.1}\" y2=\"{bottom:.1}\" stroke=\"#222\" stroke-dasharray=\"2 3\"/><text x=\"{:.1}\" y=\"{:.1}\" fill=\"#222\">this plan: {}</text>",
        top + TOP,
        at + 6.0,
        top + TOP + 12.0,
        short(chosen)
    );
}

/// 124M, 1.3B, 5.8e23.
pub(crate) fn short(value: f64) -> String {
    let units = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")];
    if value >= 1e15 {
        return format!("{value:.1e}");
    }
    match units.iter().find(|(unit, _)| value >= *unit) {
        Some((unit, name)) if value / unit >= 99.5 => format!("{:.0}{name}", value / unit),
        Some((unit, name)) => format!("{:.1}{name}", value / unit),
        None => format!("{value:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_is_whole_and_inside_its_frame() {
        let svg = picture(1e21, Law::EPOCH.optimum(1e21));
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
        assert_eq!(svg.matches("<polyline").count(), 4);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        for point in svg
            .split("points=\"")
            .skip(1)
            .flat_map(|rest| rest.split('"').next().unwrap().split(' '))
        {
            let (x, y) = point.split_once(',').unwrap();
            let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
            assert!((0.0..=WIDTH).contains(&x) && (0.0..=2.0 * HEIGHT).contains(&y));
        }
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(short(124e6), "124M");
        assert_eq!(short(1.3e9), "1.3B");
        assert_eq!(short(3.14e23), "3.1e23");
        assert_eq!(short(12.0), "12");
    }
}

//! The page: assets, style, scripts and numbers in one file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::Error;
use crate::document::Token;
use crate::look::{Facts, Look, Summary};
use crate::quantize;

const PAGE: &str = include_str!("../assets/page.html");
const STYLE: &str = concat!(
    include_str!("../assets/theme.css"),
    include_str!("../assets/layout.css"),
    include_str!("../assets/parts.css"),
);
/// In the order in which they need each other.
const SCRIPTS: [&str; 13] = [
    include_str!("../assets/data.js"),
    include_str!("../assets/dom.js"),
    include_str!("../assets/words.js"),
    include_str!("../assets/selection.js"),
    include_str!("../assets/tabs.js"),
    include_str!("../assets/strip.js"),
    include_str!("../assets/heatmap.js"),
    include_str!("../assets/summary.js"),
    include_str!("../assets/text.js"),
    include_str!("../assets/attention.js"),
    include_str!("../assets/rollout.js"),
    include_str!("../assets/lens.js"),
    include_str!("../assets/attribution.js"),
];
/// Beyond this browsers open a page slowly, or not at all.
const MOST_BYTES: u64 = 256 << 20;

/// The numbers as the scripts read them; `data.js` is the other side of it.
#[derive(Serialize)]
struct Data<'a> {
    model: &'a Facts,
    summary: &'a Summary,
    tokens: &'a [Token],
    names: &'a std::collections::BTreeMap<u32, String>,
    top: usize,
    heads: Vec<Vec<HeadFigures>>,
    attention: String,
    rollout: String,
    lens: LensData,
    attribution: AttributionData,
}

#[derive(Serialize)]
struct HeadFigures {
    entropy: f64,
    first: f64,
    previous: f64,
    itself: f64,
    distance: f64,
}

/// All layers and positions one behind the other.
#[derive(Serialize)]
struct LensData {
    top: String,
    top_logs: String,
    target: String,
    rank: String,
}

#[derive(Serialize)]
struct AttributionData {
    /// The first position that is explained.
    first: usize,
    targets: Vec<u32>,
    steps: Vec<f32>,
    values: String,
}

/// About how large the page gets, in bytes: what grows with the square of the tokens.
#[must_use]
pub fn page_bytes(layers: i64, heads: i64, tokens: usize) -> u64 {
    let triangle = tokens as u64 * (tokens as u64 + 1) / 2;
    let matrices = (layers.max(0) * (heads.max(0) + 1) + 1) as u64;
    matrices.saturating_mul(triangle).saturating_mul(4) / 3
}

/// One HTML file that needs no network. Its policy lets nothing run or load but what it holds.
///
/// # Errors
/// [`Error::TooLarge`] when no browser would open it.
pub fn page(look: &Look) -> Result<String, Error> {
    let (layers, heads) = (look.model.layers, look.model.heads);
    let bytes = page_bytes(layers, heads, look.tokens.len());
    if bytes > MOST_BYTES {
        let share = MOST_BYTES as f64 / bytes as f64;
        return Err(Error::TooLarge {
            megabytes: bytes >> 20,
            limit: MOST_BYTES >> 20,
            tokens: (look.tokens.len() as f64 * share.sqrt()) as u64,
        });
    }
    let script = format!("(() => {{\n\"use strict\";\n{}}})();\n", SCRIPTS.join("\n"));
    let policy = format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'",
        fingerprint(&script),
        fingerprint(STYLE)
    );
    // Corpus text is hostile: in a block of data only `<` could end it.
    let data = serde_json::to_string(&Data::of(look))?.replace('<', "\\u003c");
    Ok(fill(
        PAGE,
        &[
            ("policy", &policy),
            ("style", STYLE),
            ("data", &data),
            ("script", &script),
        ],
    ))
}

/// A source of a content security policy: this text and no other.
fn fingerprint(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// Puts values in the place of `{{names}}`, once each; values are not looked through.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = template;
    for (name, value) in values {
        let place = format!("{{{{{name}}}}}");
        if let Some((before, after)) = rest.split_once(&place) {
            out.push_str(before);
            out.push_str(value);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

impl<'a> Data<'a> {
    fn of(look: &'a Look) -> Self {
        let heads = look.attention.iter().flatten();
        Self {
            model: &look.model,
            summary: &look.summary,
            tokens: &look.tokens,
            names: &look.names,
            top: look
                .lens
                .first()
                .and_then(|layer| layer.top.first())
                .map_or(0, Vec::len),
            heads: figures(look),
            attention: quantize::base64(&quantize::shares(heads.map(|head| &head.weights))),
            rollout: quantize::base64(&quantize::shares(&look.rollout)),
            lens: LensData::of(look),
            attribution: AttributionData::of(look),
        }
    }
}

fn figures(look: &Look) -> Vec<Vec<HeadFigures>> {
    let layers = look.attention.iter();
    layers
        .map(|heads| {
            let heads = heads.iter().map(|head| HeadFigures {
                entropy: head.entropy,
                first: head.first,
                previous: head.previous,
                itself: head.itself,
                distance: head.distance,
            });
            heads.collect()
        })
        .collect()
}

impl LensData {
    fn of(look: &Look) -> Self {
        let layers = || look.lens.iter();
        // What is not there is not shown: the last position is compared with nothing.
        let target = layers().flat_map(|layer| layer.target.iter().map(|log| log.unwrap_or(0.0)));
        let rank = layers().flat_map(|layer| layer.rank.iter().map(|rank| rank.unwrap_or(0)));
        Self {
            top: quantize::integers(layers().flat_map(|layer| layer.top.iter().flatten().copied())),
            top_logs: quantize::floats(layers().flat_map(|l| l.top_logs.iter().flatten().copied())),
            target: quantize::floats(target),
            rank: quantize::integers(rank),
        }
    }
}

impl AttributionData {
    fn of(look: &Look) -> Self {
        let (mut steps, mut values) = (Vec::new(), Vec::new());
        for explained in &look.attribution {
            let (step, bytes) = quantize::signed(&explained.values);
            steps.push(step);
            values.extend(bytes);
        }
        let explained = look.attribution.iter();
        Self {
            first: look
                .attribution
                .first()
                .map_or(look.tokens.len(), |first| first.position),
            targets: explained.map(|explained| explained.target).collect(),
            steps,
            values: quantize::base64(&values),
        }
    }
}

#[cfg(test)]
#[path = "page_tests.rs"]
mod tests;

//! What a terminal learns: how well the text was predicted, and a line about each layer.

use std::f64::consts::LN_2;

use textmill_look::{Layer, Look};

use crate::explore::{cut, escape, table};
use crate::output::{say, sayln};

/// Columns for the spelling of a token.
const TOKEN_COLUMNS: usize = 24;

/// Prints it.
pub(super) fn summary(look: &Look) {
    let found = &look.summary;
    let read = look.tokens.iter().filter(|token| !token.special).count();
    if found.cut {
        sayln!(
            "The text is cut: {read} of its {} tokens are read (--max-tokens, and the context of {}).",
            found.whole_tokens,
            look.model.context
        );
    }
    sayln!(
        "{read} tokens, {} bytes: {:.3} bits a byte, {:.3} bits a token; {} of {} tokens were the first guess.",
        found.bytes,
        found.bits_per_byte,
        found.nats_per_token / LN_2,
        found.first_guesses,
        found.predicted
    );
    say!("{}", table(&rows(look), &[true, true, true, true, false]));
}

/// A line for each layer: how wide its heads look, what they look at most, and how far the
/// prediction has got there.
fn rows(look: &Look) -> Vec<Vec<String>> {
    let head = [
        "layer",
        "entropy",
        "lens loss",
        "weight",
        "on the token most looked at",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for layer in 0..look.attention.len() {
        let Some((entropy, token, weight)) = look.block(layer) else {
            continue;
        };
        let text = look.tokens.get(token).map_or("", |token| &token.text);
        rows.push(vec![
            layer.to_string(),
            format!("{entropy:.2} bits"),
            look.lens.get(layer + 1).map_or(String::new(), lens_loss),
            format!("{:.1} %", weight * 100.0),
            format!("{token}: \"{}\"", cut(&escape(text), TOKEN_COLUMNS)),
        ]);
    }
    rows
}

/// Mean loss of the next tokens if the layer had the last word.
fn lens_loss(layer: &Layer) -> String {
    let logs: Vec<f64> = layer
        .target
        .iter()
        .flatten()
        .map(|log| f64::from(*log))
        .collect();
    let mean = -logs.iter().sum::<f64>() / logs.len().max(1) as f64;
    format!("{:.2} bits", mean / LN_2)
}

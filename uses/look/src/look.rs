//! Everything that is computed about one text.

use std::collections::BTreeMap;

use serde::Serialize;
use tch::{Device, Tensor};
use textmill_model::{Architecture, Gpt, crew, in_order};
use textmill_schemas::Progress;

use crate::Error;
use crate::attention::{Head, heads, most_looked_at};
use crate::attribution::{self, Attribution};
use crate::document::{Document, Token};
use crate::lens::{self, Layer, floats};
use crate::rollout::rollout;
use crate::square::Square;

/// What to compute.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Likeliest next tokens to keep of each layer and position.
    pub top: usize,
    /// Predictions to explain by gradient × input, counted from the end of the text.
    pub attribution: usize,
    /// Threads; the numbers do not depend on them.
    pub threads: usize,
}

/// What the model is.
#[derive(Clone, Debug, Serialize)]
pub struct Facts {
    /// What the user calls it.
    pub name: String,
    /// The stock architecture.
    pub architecture: Architecture,
    /// Parameters, without padding.
    pub parameters: i64,
    /// Transformer blocks.
    pub layers: i64,
    /// Query heads a block.
    pub heads: i64,
    /// Key and value heads a block.
    pub kv_heads: i64,
    /// Width of the residual stream.
    pub width: i64,
    /// Tokens of the vocabulary.
    pub vocab_size: i64,
    /// The longest sequence.
    pub context: i64,
}

/// How well the text was predicted.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// UTF-8 bytes of the text that was read.
    pub bytes: usize,
    /// Tokens that were predicted.
    pub predicted: usize,
    /// Tokens of the text before it was cut.
    pub whole_tokens: usize,
    /// Whether some were left out.
    pub cut: bool,
    /// Sum of the losses, in nats.
    pub nats: f64,
    /// Mean loss of a token, in nats.
    pub nats_per_token: f64,
    /// Loss in bits by bytes of text; it leaves the first token's bytes in if nothing was put
    /// before the text.
    pub bits_per_byte: f64,
    /// Tokens that were the first guess.
    pub first_guesses: usize,
}

/// All numbers about one text.
#[derive(Clone, Debug, Serialize)]
pub struct Look {
    /// What the model is.
    pub model: Facts,
    /// How well it predicts the text.
    pub summary: Summary,
    /// The tokens that it reads.
    pub tokens: Vec<Token>,
    /// The spelling of every token that is predicted somewhere.
    pub names: BTreeMap<u32, String>,
    /// Heads of each block.
    pub attention: Vec<Vec<Head>>,
    /// Attention rollout up to each block.
    pub rollout: Vec<Square>,
    /// Logit lens: after the embedding, and after each block; the last one is the output.
    pub lens: Vec<Layer>,
    /// Gradient × input of predictions.
    pub attribution: Vec<Attribution>,
    /// The residual stream after the embedding and each block, `[layers + 1][tokens][width]`.
    pub residual: Vec<Vec<Vec<f32>>>,
    /// The last state after the final norm, `[tokens][width]`.
    pub hidden: Vec<Vec<f32>>,
}

/// Computes everything about a document. `name` spells tokens.
///
/// # Errors
/// [`Error::TooShort`] when nothing is predicted; [`Error::Model`] when the text is longer than the
/// context or memory runs out.
pub fn look(
    gpt: &Gpt,
    model: &str,
    document: Document,
    settings: Settings,
    name: impl Fn(u32) -> String,
    progress: &dyn Progress,
) -> Result<Look, Error> {
    let ids: Vec<i64> = document
        .tokens
        .iter()
        .map(|token| i64::from(token.id))
        .collect();
    if ids.len() < 2 {
        return Err(Error::TooShort(ids.len()));
    }
    let trace = {
        if !gpt.device().is_cuda() {
            tch::set_num_threads(1); // sums in another order are other numbers
        }
        let row = Tensor::f_from_slice(&ids)?.f_to_device(gpt.device())?;
        gpt.trace(&row.f_unsqueeze(0)?)?
    };
    let attention: Vec<Vec<Head>> = trace
        .attention
        .iter()
        .map(heads)
        .collect::<Result<_, _>>()?;
    let state = |state: &Tensor| -> Result<Tensor, Error> { Ok(state.f_select(0, 0)?) };
    let states: Vec<Tensor> = trace.residual.iter().map(state).collect::<Result<_, _>>()?;
    let lens = read_lens(gpt, &states, &ids, settings, progress)?;
    let attribution = explain(gpt, &ids, &lens, settings, progress)?;
    let residual = states.iter().map(rows).collect::<Result<_, _>>()?;
    let predicted = lens.iter().flat_map(|layer| layer.top.iter().flatten());
    let explained = attribution.iter().map(|explained| &explained.target);
    Ok(Look {
        model: facts(gpt, model),
        summary: summary(&document, lens.last()),
        names: predicted
            .chain(explained)
            .map(|id| (*id, name(*id)))
            .collect(),
        tokens: document.tokens,
        rollout: rollout(&attention),
        attention,
        lens,
        attribution,
        residual,
        hidden: rows(&state(&trace.hidden)?)?,
    })
}

impl Look {
    /// Of a block, the mean entropy of its heads in bits, and the token most looked at: its place
    /// and the mean weight that it gets.
    #[must_use]
    pub fn block(&self, layer: usize) -> Option<(f64, usize, f64)> {
        let heads = self.attention.get(layer)?;
        let entropy: f64 = heads.iter().map(|head| head.entropy).sum();
        let (token, weight) = most_looked_at(heads)?;
        Some((entropy / heads.len() as f64, token, weight))
    }
}

fn read_lens(
    gpt: &Gpt,
    states: &[Tensor],
    ids: &[i64],
    settings: Settings,
    progress: &dyn Progress,
) -> Result<Vec<Layer>, Error> {
    progress.message("logit lens");
    progress.add_total(states.len() as u64);
    // Tensors go to threads by handles, not by reference.
    let handle = |_| -> Result<_, Error> {
        let states: Vec<Tensor> = states.iter().map(Tensor::shallow_clone).collect();
        Ok((gpt.share()?, states))
    };
    let handles = (0..crew(gpt, settings.threads)).map(handle);
    let layers: Vec<usize> = (0..states.len()).collect();
    let mut handles = handles.collect::<Result<Vec<_>, _>>()?;
    let found = in_order(&mut handles, &layers, |(gpt, states), _, layer| {
        let state = states.get(*layer);
        let found = state.map(|state| lens::layer(gpt, state, ids, settings.top as i64));
        progress.advance(1);
        found.transpose()
    })?;
    Ok(found.into_iter().flatten().collect())
}

fn explain(
    gpt: &Gpt,
    ids: &[i64],
    lens: &[Layer],
    settings: Settings,
    progress: &dyn Progress,
) -> Result<Vec<Attribution>, Error> {
    progress.message("gradient × input");
    let groups = attribution::groups(ids.len(), settings.attribution);
    progress.add_total(groups.iter().map(Vec::len).sum::<usize>() as u64);
    let likeliest = lens.last().and_then(|layer| layer.top.last()?.first());
    let next = likeliest.copied().map_or(0, i64::from);
    let handles = (0..crew(gpt, settings.threads)).map(|_| gpt.share());
    let mut handles = handles.collect::<Result<Vec<_>, _>>()?;
    let found = in_order(&mut handles, &groups, |gpt, _, positions| {
        let found = attribution::group(gpt, ids, next, positions);
        progress.advance(positions.len() as u64);
        found
    })?;
    Ok(found.into_iter().flatten().collect())
}

fn facts(gpt: &Gpt, name: &str) -> Facts {
    let config = gpt.config();
    Facts {
        name: name.to_owned(),
        architecture: config.architecture,
        parameters: gpt.parameters(),
        layers: config.layers,
        heads: config.heads,
        kv_heads: config.kv_heads,
        width: config.width,
        vocab_size: config.vocab_size,
        context: config.context,
    }
}

fn summary(document: &Document, output: Option<&Layer>) -> Summary {
    let logs = output
        .iter()
        .flat_map(|layer| layer.target.iter().flatten());
    let nats: f64 = logs.map(|log| -f64::from(*log)).sum();
    let ranks = output.iter().flat_map(|layer| layer.rank.iter().flatten());
    let predicted = document.tokens.len() - 1;
    let texts = document.tokens.iter().filter(|token| !token.special);
    Summary {
        bytes: document.bytes,
        predicted,
        whole_tokens: document.whole,
        cut: document.whole > texts.count(),
        nats,
        nats_per_token: nats / predicted as f64,
        bits_per_byte: nats / std::f64::consts::LN_2 / document.bytes.max(1) as f64,
        first_guesses: ranks.filter(|rank| **rank == 0).count(),
    }
}

/// A matrix as a list of rows.
fn rows(state: &Tensor) -> Result<Vec<Vec<f32>>, Error> {
    let width = state.size().last().copied().unwrap_or(1).max(1) as usize;
    let values = floats(&state.f_to_device(Device::Cpu)?)?;
    Ok(values.chunks(width).map(<[f32]>::to_vec).collect())
}

#[cfg(test)]
#[path = "look_tests.rs"]
mod tests;

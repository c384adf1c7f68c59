//! What each layer would predict, position by position.

use serde::Serialize;
use tch::{Device, Kind, Tensor};
use textmill_model::Gpt;

use crate::Error;

/// The predictions that the final norm and the head read from one state of the residual stream
/// (the logit lens); from the last state they are the model's own.
#[derive(Clone, Debug, Serialize)]
pub struct Layer {
    /// Log-probability, in nats, of the token that follows each position; none at the last one.
    pub target: Vec<Option<f32>>,
    /// Tokens thought more likely than the one that follows.
    pub rank: Vec<Option<u32>>,
    /// The likeliest next tokens of each position, the first first.
    pub top: Vec<Vec<u32>>,
    /// Their log-probabilities, in nats.
    pub top_logs: Vec<Vec<f32>>,
}

/// Reads a state `[tokens, width]`; `ids` are the tokens.
pub(crate) fn layer(gpt: &Gpt, state: &Tensor, ids: &[i64], count: i64) -> Result<Layer, Error> {
    // What the last position is compared with does not matter: it is left out.
    let mut targets = ids.get(1..).unwrap_or_default().to_vec();
    targets.push(0);
    let targets = Tensor::f_from_slice(&targets)?.f_to_device(gpt.device())?;
    let found = gpt.lens(state, &targets, count)?;
    let count = found.top.size().get(1).copied().unwrap_or(1).max(1) as usize;
    let rows = |values: Vec<i64>| -> Vec<Vec<u32>> {
        let rows = values.chunks(count);
        rows.map(|row| row.iter().map(|id| *id as u32).collect())
            .collect()
    };
    let mut layer = Layer {
        target: floats(&found.target)?.into_iter().map(Some).collect(),
        rank: integers(&found.rank)?
            .into_iter()
            .map(|rank| Some(rank as u32))
            .collect(),
        top: rows(integers(&found.top)?),
        top_logs: floats(&found.top_logs)?
            .chunks(count)
            .map(<[f32]>::to_vec)
            .collect(),
    };
    if let (Some(target), Some(rank)) = (layer.target.last_mut(), layer.rank.last_mut()) {
        (*target, *rank) = (None, None);
    }
    Ok(layer)
}

/// A tensor's values, row by row.
pub(crate) fn floats(tensor: &Tensor) -> Result<Vec<f32>, Error> {
    let flat = tensor.f_to_device(Device::Cpu)?.f_to_kind(Kind::Float)?;
    Ok(Vec::<f32>::try_from(flat.f_reshape([-1])?)?)
}

fn integers(tensor: &Tensor) -> Result<Vec<i64>, Error> {
    Ok(Vec::<i64>::try_from(
        tensor.f_to_device(Device::Cpu)?.f_reshape([-1])?,
    )?)
}

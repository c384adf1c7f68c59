//! The training pass of the CPU: forward and backward written out, in fp32 or bf16.
//!
//! libtorch's autograd runs each operation by itself and keeps what each one made. Here the
//! matrix products stay libtorch's; everything between them is done in a few kernels that go
//! through a tensor once, buffers are made once, what is cheap to compute is computed again
//! instead of kept, and gradients land where they belong in the flat buffer. The sums that matter
//! (norms, softmax, gradients by parameters) are fp32 in both formats. Tests hold it against
//! autograd, which GPUs use.

mod activation;
mod attention;
mod cross_entropy;
mod decode;
mod heads;
mod lanes;
mod norm;
mod pass;
mod products;
mod view;
mod workspace;

use half::bf16;
use tch::{Device, Kind, Tensor};

use crate::cache::KvCache;
use crate::config::ModelConfig;
use crate::dropout::Dropout;
use crate::network::Network;
use crate::{Error, NO_TARGET};

pub(crate) use pass::Targets;
pub(crate) use workspace::Workspace;

use pass::Pass;

/// Whether the pass is for such a network with parameters of this kind on this device.
pub(crate) fn computes(config: &ModelConfig, kind: Kind, device: Device) -> bool {
    let formats = matches!(kind, Kind::Float | Kind::BFloat16);
    device == Device::Cpu && formats && config.architecture.is_causal()
}

/// Loss of a batch times its scale; adds the gradients to `by`, fp32, laid out as the network.
///
/// # Errors
/// [`Error::Input`] for ids outside the vocabulary; [`Error::Torch`] when memory runs out.
pub(crate) fn gradients(
    config: &ModelConfig,
    net: &Network,
    by: &Network,
    room: &mut Workspace,
    batch: Targets,
    dropout: &mut Dropout,
) -> Result<f64, Error> {
    let known = |id: &i64| (0..config.vocab_size).contains(id);
    let strange = batch.tokens.iter().find(|id| !known(id));
    let wrong = |id: &&i64| **id != NO_TARGET && !known(id);
    if let Some(id) = strange.or(batch.targets.iter().find(wrong)) {
        return Err(outside(*id, config));
    }
    let mut pass = Pass {
        config,
        net,
        by,
        room,
    };
    match net.embedding.f_kind()? {
        Kind::BFloat16 => pass.run::<bf16>(batch, dropout),
        _ => pass.run::<f32>(batch, dropout),
    }
}

/// Logits `[1, vocabulary]` behind one further token of one sequence; the caller advances the cache.
///
/// # Errors
/// [`Error::Input`] for an id outside the vocabulary; [`Error::Torch`] when memory runs out.
pub(crate) fn decode(
    config: &ModelConfig,
    net: &Network,
    cache: &mut KvCache,
    token: i64,
) -> Result<Tensor, Error> {
    if !(0..config.vocab_size).contains(&token) {
        return Err(outside(token, config));
    }
    let logits = match net.embedding.f_kind()? {
        Kind::BFloat16 => decode::step::<bf16>(config, net, cache, token as usize)?,
        _ => decode::step::<f32>(config, net, cache, token as usize)?,
    };
    Ok(Tensor::f_from_slice(&logits)?.f_unsqueeze(0)?)
}

fn outside(id: i64, config: &ModelConfig) -> Error {
    Error::Input(format!(
        "token id {id} is outside the model's vocabulary of {}",
        config.vocab_size
    ))
}

/// Elements of an int64 tensor.
pub(crate) fn ids(tensor: &Tensor) -> Result<Vec<i64>, Error> {
    let flat = tensor.f_reshape([-1])?;
    let mut ids = vec![0i64; flat.numel()];
    flat.f_copy_data(&mut ids, flat.numel())?;
    Ok(ids)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

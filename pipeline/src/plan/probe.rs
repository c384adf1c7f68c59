//! How fast this machine trains a network: steps on made-up tokens, timed.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tch::{Kind, Tensor};
use textmill_model::{
    Architecture, Dropout, Gpt, ModelConfig, NO_TARGET, Size, best_device, crew, in_order,
};
use textmill_plan::{Family, Precision, Shape};
use textmill_train::{Config, Optimizer, OptimizerKind, gradient_norm};

use super::args::PlanArgs;
use super::{Probed, name};

/// Parameters above which a machine is not asked to try.
const MOST: u64 = 2_000_000_000;

/// What is tried.
pub(super) struct Trial {
    pub batch: u64,
    pub precision: Precision,
    pub muon: bool,
    /// Threads of the CPU, each with a micro-batch of its own, as the trainer has it.
    pub threads: usize,
}

/// Trains the network of a plan for so many seconds.
pub(super) fn probe(shape: &Shape, args: &PlanArgs, seconds: f64) -> Result<Probed> {
    let trial = Trial {
        batch: args.batch,
        precision: args.assumptions().precision,
        muon: args.muon,
        threads: std::thread::available_parallelism().map_or(1, usize::from),
    };
    run(shape, &trial, seconds)
}

/// Trains as the trainer does: each thread computes the gradients of a micro-batch, and one
/// optimizer applies their sum.
pub(super) fn run(shape: &Shape, trial: &Trial, seconds: f64) -> Result<Probed> {
    ensure!(
        seconds > 0.0 && seconds <= 3600.0,
        "--probe is {seconds}; it must lie between 0 and 3600 seconds"
    );
    ensure!(
        shape.parameters() <= MOST,
        "the model has {} parameters: too many to be tried here; probe a smaller one",
        shape.parameters()
    );
    let device = best_device(); // before any other use of tensors
    let weights = Gpt::new(&config(shape), 1, device)?;
    let half = match trial.precision {
        Precision::Bf16 => Some(weights.cast(Kind::BFloat16)?),
        Precision::Fp32 => None,
    };
    let threads = crew(&weights, trial.threads);
    let nets = (0..threads).map(|_| half.as_ref().unwrap_or(&weights).trainable());
    let mut nets = nets.collect::<Result<Vec<_>, _>>()?;
    let settings = Config {
        optimizer: if trial.muon {
            OptimizerKind::Muon
        } else {
            OptimizerKind::Adamw
        },
        ..Config::default()
    };
    let mut optimizer = Optimizer::new(&settings, &weights, threads)?;
    let (batch, context) = (trial.batch, shape.context);
    eprintln!(
        "Training {} parameters on made-up tokens for {seconds:.0} s ({threads} × {batch} rows of {context}, {} on {device:?}) …",
        shape.parameters(),
        name(trial.precision)
    );
    let mut steps = 0;
    let mut start = Instant::now();
    loop {
        let gradient = gradient(&mut nets, steps, trial.batch as i64, shape)?;
        let norm = gradient_norm(&gradient)?;
        optimizer.update(weights.flat(), &gradient, &norm, steps, 1e-4)?;
        if let Some(half) = &half {
            half.flat().shallow_clone().f_copy_(weights.flat())?;
        }
        if device.is_cuda() {
            tch::Cuda::synchronize(0);
        }
        // The first step finds everything cold.
        if steps == 0 {
            start = Instant::now();
        }
        steps += 1;
        let over = start.elapsed() >= Duration::from_secs_f64(seconds);
        if steps > 1 && over {
            let tokens = (steps - 1) as f64 * (threads as u64 * trial.batch * shape.context) as f64;
            return Ok(Probed {
                tokens,
                seconds: start.elapsed().as_secs_f64(),
                memory: textmill_schemas::peak_memory().filter(|_| !device.is_cuda()),
            });
        }
    }
}

/// The sum of the threads' gradients.
fn gradient(nets: &mut [Gpt], step: u64, batch: i64, shape: &Shape) -> Result<Tensor> {
    let (context, vocabulary) = (shape.context as i64, shape.vocabulary as i64);
    let scale = 1.0 / (batch * context * nets.len() as i64) as f64;
    let threads: Vec<i64> = (0..nets.len() as i64).collect();
    let found = in_order(nets, &threads, |net, _, thread| {
        let place = |i: i64| (i * 7919 + step as i64 * 104_729 + thread * 1_299_709) % vocabulary;
        let ids: Vec<i64> = (0..batch * context).map(place).collect();
        let tokens = Tensor::f_from_slice(&ids)?
            .f_reshape([batch, context])?
            .f_to_device(net.device())?;
        let targets = targets(&tokens, shape.predicting)?;
        let found = net.gradients(&tokens, &targets, scale, &mut Dropout::off())?;
        Ok::<_, textmill_model::Error>(found.flat)
    })?;
    let mut found = found.into_iter();
    let mut sum = found.next().context("the probe has no threads")?;
    for gradient in found {
        let _ = sum.f_add_(&gradient)?;
    }
    Ok(sum)
}

/// The next tokens, evenly at so large a share of the places: a BERT's head computes no others.
fn targets(tokens: &Tensor, share: f64) -> Result<Tensor, textmill_model::Error> {
    let before = |place: i64| (place as f64 * share) as i64;
    let spared: Vec<bool> = (0..tokens.numel() as i64)
        .map(|place| before(place + 1) == before(place))
        .collect();
    let spared = Tensor::f_from_slice(&spared)?
        .f_reshape(tokens.size())?
        .f_to_device(tokens.device())?;
    Ok(tokens
        .f_roll([-1i64], [1i64])?
        .f_masked_fill(&spared, NO_TARGET)?)
}

fn config(shape: &Shape) -> ModelConfig {
    let architecture = match shape.family {
        Family::Llama => Architecture::Llama,
        Family::Gpt2 => Architecture::Gpt2,
        Family::Bert => Architecture::Bert,
    };
    let size = Size {
        name: "planned",
        layers: shape.layers as i64,
        heads: shape.heads as i64,
        width: shape.width as i64,
    };
    let mut config = ModelConfig::new(
        architecture,
        size,
        shape.vocabulary as i64,
        shape.context as i64,
    );
    config.kv_heads = shape.kv_heads as i64;
    config.feed_forward = shape.feed_forward as i64;
    config.tie_embeddings = shape.tied;
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_places_has_targets() {
        let tokens = Tensor::arange(200, (Kind::Int64, tch::Device::Cpu)).reshape([4, 50]);
        for (share, count) in [(1.0, 200), (0.15, 30)] {
            let found = targets(&tokens, share).unwrap();
            let found = found.ne(NO_TARGET).sum(Kind::Int64).int64_value(&[]);
            assert_eq!(found, count, "{share}");
        }
    }
}

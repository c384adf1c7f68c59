//! The written-out pass against autograd.

use tch::{Device, Kind, Tensor};

use crate::config::{Architecture, ModelConfig, Size};
use crate::{Dropout, Gpt, NO_TARGET};

/// Long enough for several blocks of queries, the last one short.
const TOKENS: i64 = 300;

fn model(architecture: Architecture, kv_heads: i64, tied: bool) -> Gpt {
    let mut config = ModelConfig::new(architecture, Size::ALL[0], 90, TOKENS + 3);
    (config.layers, config.width, config.heads) = (2, 32, 4);
    (config.feed_forward, config.kv_heads) = (48, kv_heads);
    config.tie_embeddings = tied;
    let gpt = Gpt::new(&config, 3, Device::Cpu).unwrap();
    // Off their starting points, so that no parameter's gradient hides.
    let wave: Vec<f32> = (0..gpt.flat().numel())
        .map(|i| ((i as f32) * 0.37).sin() * 0.1)
        .collect();
    let _ = gpt
        .flat()
        .shallow_clone()
        .g_add_(&Tensor::from_slice(&wave));
    gpt
}

fn batch() -> (Tensor, Tensor) {
    let ids = |factor: i64| -> Vec<i64> { (0..2 * TOKENS).map(|i| i * factor % 89).collect() };
    let mut targets = ids(53);
    (targets[7], targets[300]) = (NO_TARGET, NO_TARGET);
    let shape = [2, TOKENS];
    (
        Tensor::from_slice(&ids(37)).reshape(shape),
        Tensor::from_slice(&targets).reshape(shape),
    )
}

/// Largest difference, and the largest value beside it.
fn apart(a: &Tensor, b: &Tensor) -> (f64, f64) {
    let b = b.to_kind(Kind::Double);
    let apart = (a.to_kind(Kind::Double) - &b).abs().max();
    (apart.double_value(&[]), b.abs().max().double_value(&[]))
}

#[test]
fn loss_and_gradients_are_those_of_autograd() {
    for (architecture, kv_heads, tied) in [
        (Architecture::Gpt2, 4, true),
        (Architecture::Llama, 4, false),
        (Architecture::Llama, 2, true),
    ] {
        for dropout in [0.0, 0.2] {
            let gpt = model(architecture, kv_heads, tied).trainable().unwrap();
            let (tokens, targets) = batch();
            let masks = || Dropout::new(dropout, 1, 2).unwrap();
            let scale = 1.0 / (2 * TOKENS) as f64;
            let fused = gpt
                .gradients(&tokens, &targets, scale, &mut masks())
                .unwrap();
            let plain = gpt
                .gradients_by_autograd(&tokens, &targets, None, scale, &mut masks())
                .unwrap();
            let (loss, _) = apart(&fused.loss, &plain.loss);
            assert!(loss < 1e-5, "{loss}");
            let (gradient, largest) = apart(&fused.flat, &plain.flat);
            assert!(
                gradient < 2e-6 * largest.max(0.1),
                "{architecture:?}: {gradient} {largest}"
            );
        }
    }
}

/// Rounding aside there is one gradient: that in 64 bits.
#[test]
fn the_gradient_is_as_exact_as_that_of_autograd() {
    for architecture in [Architecture::Gpt2, Architecture::Llama] {
        let gpt = model(architecture, 4, true);
        let double = gpt.cast(Kind::Double).unwrap().trainable().unwrap();
        let gpt = gpt.trainable().unwrap();
        let (tokens, targets) = batch();
        let scale = 1.0 / (2 * TOKENS) as f64;
        let mut off = Dropout::off();
        let truth = double
            .gradients_by_autograd(&tokens, &targets, None, scale, &mut off)
            .unwrap();
        let fused = gpt.gradients(&tokens, &targets, scale, &mut off).unwrap();
        let plain = gpt
            .gradients_by_autograd(&tokens, &targets, None, scale, &mut off)
            .unwrap();
        let error = |found: &Tensor| (found - &truth.flat).norm().double_value(&[]);
        let (ours, theirs) = (error(&fused.flat), error(&plain.flat));
        println!("{architecture:?}: {ours:e}, autograd {theirs:e}");
        assert!(ours < 1.5 * theirs, "{architecture:?}: {ours:e} {theirs:e}");
    }
}

/// bf16 keeps eight bits: the gradient is off from the fp32 one by as little as autograd's is.
#[test]
fn bf16_gradients_are_as_good_as_those_of_autograd() {
    for architecture in [Architecture::Gpt2, Architecture::Llama] {
        let exact = model(architecture, 4, true);
        let half = exact.cast(Kind::BFloat16).unwrap().trainable().unwrap();
        let exact = half.cast(Kind::Float).unwrap().trainable().unwrap();
        let (tokens, targets) = batch();
        let scale = 1.0 / (2 * TOKENS) as f64;
        let mut off = Dropout::off();
        let truth = exact.gradients(&tokens, &targets, scale, &mut off).unwrap();
        let fused = half.gradients(&tokens, &targets, scale, &mut off).unwrap();
        let plain = half
            .gradients_by_autograd(&tokens, &targets, None, scale, &mut off)
            .unwrap();
        let error = |found: &Tensor| (found - &truth.flat).norm().double_value(&[]);
        let (ours, theirs) = (error(&fused.flat), error(&plain.flat));
        let length = truth.flat.norm().double_value(&[]);
        assert!(
            ours < 2.0 * theirs && ours < 0.01 * length,
            "{ours} {theirs} of {length}"
        );
        assert!(apart(&fused.loss, &truth.loss).0 < 0.01);
    }
}

#[test]
fn the_buffers_follow_the_shape_of_the_batch() {
    let gpt = model(Architecture::Gpt2, 4, true).trainable().unwrap();
    let (tokens, targets) = batch();
    let scale = 0.01;
    let mut off = Dropout::off();
    let first = gpt.gradients(&tokens, &targets, scale, &mut off).unwrap();
    let (short, goals) = (tokens.narrow(1, 0, 5), targets.narrow(1, 0, 5));
    let small = gpt.gradients(&short, &goals, scale, &mut off).unwrap();
    let plain = gpt
        .gradients_by_autograd(&short, &goals, None, scale, &mut off)
        .unwrap();
    assert!(apart(&small.flat, &plain.flat).0 < 1e-6);
    let again = gpt.gradients(&tokens, &targets, scale, &mut off).unwrap();
    assert!(again.flat.equal(&first.flat));
}

#[test]
fn ids_outside_the_vocabulary_are_refused() {
    let gpt = model(Architecture::Gpt2, 4, true).trainable().unwrap();
    let (tokens, targets) = batch();
    let mut off = Dropout::off();
    for (tokens, targets) in [
        (&tokens + 89, targets.shallow_clone()),
        (tokens, &targets + 89),
    ] {
        let error = gpt.gradients(&tokens, &targets, 1.0, &mut off).unwrap_err();
        assert!(error.to_string().contains("vocabulary of 90"), "{error}");
    }
}

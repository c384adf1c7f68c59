use super::*;
use crate::config::Size;

/// A tiny network with random weights, large enough to have structure.
pub(crate) fn tiny(architecture: Architecture) -> ModelConfig {
    let mut config = ModelConfig::new(architecture, Size::ALL[0], 70, 12);
    (config.layers, config.heads, config.kv_heads) = (2, 4, 4);
    (config.width, config.feed_forward) = (32, 64);
    if architecture == Architecture::Llama {
        config.kv_heads = 2;
    }
    config
}

fn both() -> [ModelConfig; 2] {
    [tiny(Architecture::Llama), tiny(Architecture::Gpt2)]
}

fn tokens(batch: i64, length: i64) -> Tensor {
    let ids: Vec<i64> = (0..batch * length).map(|i| i * 31 % 70).collect();
    Tensor::from_slice(&ids).reshape([batch, length])
}

fn apart(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.size(), b.size());
    (a - b).abs().max().double_value(&[])
}

/// Weights far from their small start, so that a wrong formula shows.
fn lively(config: &ModelConfig) -> Gpt {
    let gpt = Gpt::new(config, 3, Device::Cpu).unwrap();
    let _ = gpt.flat().shallow_clone().f_mul_scalar_(6.0).unwrap();
    gpt
}

#[test]
fn shapes_and_a_start_near_the_uniform_guess() {
    for config in both() {
        let gpt = Gpt::new(&config, 1, Device::Cpu).unwrap();
        let x = tokens(3, 12);
        assert_eq!(gpt.hidden(&x).unwrap().size(), [3, 12, 32]);
        assert_eq!(gpt.logits(&x).unwrap().size(), [3, 12, 70]);
        let nll = gpt.score(&x, &x.fliplr()).unwrap().nll;
        assert_eq!(nll.size(), [3, 12]);
        assert!((nll.mean(None).double_value(&[]) - 70f64.ln()).abs() < 0.1);
        assert!(matches!(gpt.hidden(&tokens(1, 13)), Err(Error::Input(_))));
        let outside = Tensor::from_slice(&[5000i64]).reshape([1, 1]);
        assert!(matches!(gpt.hidden(&outside), Err(Error::Torch(_))));
    }
}

#[test]
fn the_same_seed_gives_the_same_weights() {
    let config = tiny(Architecture::Llama);
    let weights = |seed| Gpt::new(&config, seed, Device::Cpu).unwrap();
    assert!(weights(1).flat().equal(weights(1).flat()));
    assert!(!weights(1).flat().equal(weights(2).flat()));
}

#[test]
fn no_token_sees_the_future() {
    for config in both() {
        let gpt = lively(&config);
        let before = gpt.logits(&tokens(1, 12)).unwrap();
        let changed = tokens(1, 12);
        let _ = changed.narrow(1, 7, 5).fill_(9);
        let after = gpt.logits(&changed).unwrap();
        assert!(apart(&before.narrow(1, 0, 7), &after.narrow(1, 0, 7)) < 1e-5);
        assert!(apart(&before.narrow(1, 7, 5), &after.narrow(1, 7, 5)) > 1e-2);
    }
}

#[test]
fn cached_logits_equal_uncached_ones() {
    for config in both() {
        let gpt = lively(&config);
        let x = tokens(2, 12);
        let whole = gpt.logits(&x).unwrap();
        let mut cache = gpt.cache(2).unwrap();
        // a prompt at once, three tokens at once, then one by one
        let mut at = 0;
        for step in [4, 3, 1, 1, 1, 1, 1] {
            let logits = gpt.extend(&x.narrow(1, at, step), &mut cache).unwrap();
            at += step;
            assert!(apart(&logits, &whole.select(1, at - 1)) < 1e-4);
        }
        assert_eq!((cache.length(), cache.room()), (12, 0));
        assert!(gpt.extend(&x.narrow(1, 0, 1), &mut cache).is_err());
    }
}

#[test]
fn eager_attention_gives_the_same_states_and_causal_weights() {
    for config in both() {
        let gpt = lively(&config);
        let (hidden, weights) = gpt.hidden_with_attention(&tokens(2, 9)).unwrap();
        assert!(apart(&hidden, &gpt.hidden(&tokens(2, 9)).unwrap()) < 1e-4);
        assert_eq!(weights.len(), 2);
        assert_eq!(weights[1].size(), [2, 4, 9, 9]);
        assert_eq!(weights[1].triu(1).abs().max().double_value(&[]), 0.0);
    }
}

#[test]
fn gradients_equal_those_of_plain_autograd() {
    for tied in [true, false] {
        for mut config in both() {
            config.tie_embeddings = tied;
            let gpt = lively(&config).trainable().unwrap();
            let (x, y) = (tokens(2, 10), tokens(2, 10).fliplr());
            let ours = gpt
                .gradients(&x, &y, 1.0 / 20.0, &mut Dropout::off())
                .unwrap();
            let logits = gpt.logits(&x).unwrap().reshape([-1, 70]);
            let plain = logits.cross_entropy_for_logits(&y.reshape([-1]));
            let theirs = Tensor::run_backward(&[&plain], &gpt.leaves, false, false);
            let theirs: Vec<Tensor> = theirs.iter().map(|g| g.reshape([-1])).collect();
            assert!(apart(&ours.loss, &plain.detach()) < 1e-5);
            // Relative: how libtorch's kernels round differs from processor to processor.
            let theirs = Tensor::cat(&theirs, 0);
            let largest = theirs.abs().max().double_value(&[]);
            let difference = apart(&ours.flat, &theirs) / largest;
            assert!(difference < 2e-5, "{difference} of {largest}");
        }
    }
}

#[test]
fn bf16_stays_close_to_fp32() {
    for config in both() {
        let gpt = Gpt::new(&config, 1, Device::Cpu).unwrap();
        let (x, y) = (tokens(2, 10), tokens(2, 10).fliplr());
        let half = gpt.cast(Kind::BFloat16).unwrap();
        let whole = gpt.trainable().unwrap();
        let half = half.trainable().unwrap();
        let a = whole.gradients(&x, &y, 0.05, &mut Dropout::off()).unwrap();
        let b = half.gradients(&x, &y, 0.05, &mut Dropout::off()).unwrap();
        assert_eq!(b.flat.kind(), Kind::Float);
        assert!(apart(&a.loss, &b.loss) < 0.02);
        let cosine = a.flat.dot(&b.flat) / (a.flat.norm() * b.flat.norm());
        assert!(cosine.double_value(&[]) > 0.99);
    }
}

#[test]
fn handles_share_their_parameters_across_threads() {
    let gpt = lively(&tiny(Architecture::Llama));
    let other = gpt.share().unwrap();
    let expected = gpt.logits(&tokens(1, 5)).unwrap();
    let got = std::thread::spawn(move || other.logits(&tokens(1, 5)).unwrap());
    assert!(apart(&expected, &got.join().unwrap()) < 1e-6);
    assert_eq!(gpt.parameters(), gpt.layout.numel - (128 - 70) * 32);
}

/// A row with padding teaches what the row without it does.
#[test]
fn padding_without_targets_changes_no_gradient() {
    for config in both() {
        let gpt = lively(&config).trainable().unwrap();
        let gradients = |tokens: &Tensor, targets: &Tensor| {
            gpt.gradients(tokens, targets, 0.125, &mut Dropout::off())
                .unwrap()
        };
        let (short, targets) = (tokens(2, 8), tokens(2, 8).fliplr());
        let padded = |ids: &Tensor, value: i64| {
            let padding = Tensor::full([2, 4], value, (Kind::Int64, Device::Cpu));
            Tensor::cat(&[ids, &padding], 1)
        };
        let expected = gradients(&short, &targets);
        let found = gradients(&padded(&short, 69), &padded(&targets, crate::NO_TARGET));
        assert!(apart(&found.loss, &expected.loss) < 1e-5);
        assert!(apart(&found.flat, &expected.flat) < 1e-5);
        assert!(expected.flat.abs().max().double_value(&[]) > 1e-2);
    }
}

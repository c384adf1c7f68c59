use std::ops::ControlFlow;

use tch::{Device, Kind, Tensor};

use crate::config::Size;
use crate::{Apart, Architecture, Dropout, Error, Gpt, ModelConfig, NO_TARGET, Sampling, generate};

/// Weights far from their small start, so that a wrong formula shows.
fn lively() -> Gpt {
    let mut config = ModelConfig::new(Architecture::Bert, Size::ALL[0], 70, 12);
    (config.layers, config.width, config.feed_forward) = (2, 32, 64);
    let gpt = Gpt::new(&config, 3, Device::Cpu).unwrap();
    let _ = gpt.flat().shallow_clone().f_mul_scalar_(3.0).unwrap();
    let biases = gpt.layout.slots.iter().zip(&gpt.leaves);
    for (slot, bias) in biases.filter(|(slot, _)| slot.name.ends_with(".bias")) {
        let rows: i64 = slot.parts.iter().map(|part| part.rows).sum(); // padding stays zero
        let values: Vec<f32> = (0..rows).map(|i| (i as f32 * 0.7).sin() / 5.0).collect();
        bias.narrow(0, 0, rows).copy_(&Tensor::from_slice(&values));
    }
    gpt
}

fn tokens(batch: i64, length: i64) -> Tensor {
    let ids: Vec<i64> = (0..batch * length).map(|i| i * 31 % 70).collect();
    Tensor::from_slice(&ids).reshape([batch, length])
}

fn apart(a: &Tensor, b: &Tensor) -> f64 {
    (a - b).abs().max().double_value(&[])
}

#[test]
fn every_token_sees_all() {
    let gpt = lively();
    let (before, changed) = (gpt.logits(&tokens(1, 12)).unwrap(), tokens(1, 12));
    let _ = changed.narrow(1, 7, 1).fill_(9);
    let after = gpt.logits(&changed).unwrap();
    assert_eq!(after.size(), [1, 12, 70]);
    for place in 0..12 {
        let at = |logits: &Tensor| logits.select(1, place);
        let difference = apart(&at(&before), &at(&after));
        assert!(difference > 1e-6, "{place}: {difference}");
    }
}

#[test]
fn eager_attention_gives_the_same_states() {
    let gpt = lively();
    let (hidden, weights) = gpt.hidden_with_attention(&tokens(2, 9)).unwrap();
    assert!(apart(&hidden, &gpt.hidden(&tokens(2, 9)).unwrap()) < 1e-4);
    assert_eq!(weights[1].size(), [2, 4, 9, 9]);
    assert!(weights[1].triu(1).max().double_value(&[]) > 0.0);
}

/// The head meets the tokens with targets only; plain autograd is asked about all.
#[test]
fn gradients_equal_those_of_plain_autograd() {
    let gpt = lively().trainable().unwrap();
    let (x, y) = (tokens(2, 10), tokens(2, 10).fliplr());
    let odd = Tensor::arange(10, (Kind::Int64, Device::Cpu))
        .remainder(3)
        .ne(0);
    let y = y.masked_fill(&odd, NO_TARGET);
    let ours = gpt.gradients(&x, &y, 0.125, &mut Dropout::off()).unwrap();
    let logits = gpt.logits(&x).unwrap().reshape([-1, 70]);
    let plain = logits.cross_entropy_for_logits(&y.reshape([-1])); // the mean over eight targets
    let theirs = Tensor::run_backward(&[&plain], &gpt.leaves, false, false);
    let theirs: Vec<Tensor> = theirs.iter().map(|g| g.reshape([-1])).collect();
    assert!(apart(&ours.loss, &plain.detach()) < 1e-5);
    let theirs = Tensor::cat(&theirs, 0);
    let largest = theirs.abs().max().double_value(&[]);
    assert!(apart(&ours.flat, &theirs) / largest < 2e-5);

    let scores = gpt.score_targets(&x, &y, None).unwrap();
    assert_eq!(scores.nll.size(), [8]);
    let mean = scores.nll.mean(Kind::Float);
    assert!(apart(&mean, &plain.detach()) < 1e-5);
    // Nothing to learn is no error.
    let none = y.full_like(NO_TARGET);
    let nothing = gpt.gradients(&x, &none, 1.0, &mut Dropout::off()).unwrap();
    assert_eq!(nothing.flat.abs().max().double_value(&[]), 0.0);
}

#[test]
fn documents_of_a_row_do_not_see_each_other() {
    let gpt = lively();
    let positions = Tensor::from_slice(&[0i64, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 6]).reshape([1, 12]);
    let rows = Apart::new(&positions, Device::Cpu).unwrap();
    let row = tokens(1, 12);
    let together = gpt.logits_apart(&row, &rows).unwrap();
    for (at, length) in [(0, 5), (5, 7)] {
        let of = |tensor: &Tensor| tensor.narrow(1, at, length);
        let alone = gpt.logits(&of(&row)).unwrap();
        assert!(apart(&of(&together), &alone) < 1e-4);
    }
    assert!(apart(&together, &gpt.logits(&row).unwrap()) > 1e-2);
}

#[test]
fn what_a_bert_cannot_do_is_said() {
    let gpt = lively();
    let text = generate(&gpt, &[1], &Sampling::default(), |_| {
        ControlFlow::Continue(())
    });
    assert!(matches!(text, Err(Error::NotCausal)));
    assert!(matches!(gpt.cache(1), Err(Error::NotCausal)));
    let mut config = gpt.config().clone();
    config.architecture = Architecture::Gpt2;
    let mut cache = Gpt::new(&config, 1, Device::Cpu).unwrap().cache(1).unwrap();
    let extended = gpt.extend(&tokens(1, 2), &mut cache);
    assert!(matches!(extended, Err(Error::NotCausal)));
    assert!(Error::NotCausal.to_string().contains("masked"));
    config.architecture = Architecture::Bert;
    config.tie_embeddings = false;
    let refused = config.validate().unwrap_err().to_string();
    assert!(refused.contains("tie_embeddings"), "{refused}");
}

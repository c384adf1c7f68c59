use textmill_model::{Architecture, Gpt, ModelConfig, NO_TARGET, Size};
use textmill_schemas::NoProgress;

use tch::{Device, Kind};

use super::*;
use crate::batches::Goal;
use crate::learner::Watch;
use crate::lora::LoraSettings;

const OUTPUTS: i64 = 3;

fn gpt(architecture: Architecture, tied: bool) -> Gpt {
    // A vocabulary of 64 has no padding.
    let mut config = ModelConfig::new(architecture, Size::ALL[0], 64, 12);
    (config.width, config.feed_forward, config.tie_embeddings) = (32, 64, tied);
    config.layers = 2;
    Gpt::new(&config, 3, Device::Cpu).unwrap()
}

/// Rows of 4 to 12 tokens, to tell classes or to go on.
fn rows(count: i64, next: bool) -> Vec<Row> {
    let row = |number: i64| {
        let length = 4 + number * 5 % 9;
        let tokens: Vec<i64> = (0..length).map(|at| (number * 17 + at * 31) % 64).collect();
        let mut targets: Vec<i64> = tokens.iter().map(|id| (id * 3 + 1) % 64).collect();
        targets[0] = NO_TARGET;
        let goal = match next {
            true => Goal::Next(targets),
            false => Goal::Class(number % OUTPUTS),
        };
        Row { tokens, goal }
    };
    (0..count).map(row).collect()
}

fn settings(lora: bool, threads: usize) -> Settings {
    Settings {
        epochs: 2,
        batch: 8,
        lr: 1e-3,
        head_lr: 1e-3,
        weight_decay: 0.01,
        clip: 1.0,
        dropout: 0.2,
        seed: 1,
        patience: 5,
        lora: lora.then_some(LoraSettings {
            rank: 2,
            alpha: 4.0,
        }),
        private: Some(Private {
            noise: Noise::Multiplier(1.5),
            delta: None,
            clip: 0.3,
            seed: Some(7),
            stream: 0,
        }),
        threads,
    }
}

/// Every kind of network, by all weights and by adapters, with a head and without.
fn each_kind(check: impl Fn(&str, &Learner, &[Row], &Settings)) {
    tch::set_num_threads(1); // of this thread: its tensors are small
    for (architecture, tied, next, lora) in [
        (Architecture::Llama, false, false, false),
        (Architecture::Llama, false, true, true),
        (Architecture::Gpt2, true, true, false),
        (Architecture::Gpt2, true, false, true),
        (Architecture::Bert, true, false, false),
        (Architecture::Bert, true, false, true),
    ] {
        let settings = settings(lora, 2);
        let outputs = if next { 0 } else { OUTPUTS };
        let learner = Learner::new(gpt(architecture, tied), outputs, &settings).unwrap();
        if let Some(lora) = &learner.lora {
            // Where B is 0, A has no gradient yet.
            let _ = tch::no_grad(|| lora.flat.shallow_clone().g_add_scalar_(0.02));
            lora.apply(&learner.gpt).unwrap();
        }
        let name = format!("{architecture:?}, goes on {next}, adapters {lora}");
        check(&name, &learner, &rows(12, next), &settings);
    }
}

fn vector(gradient: &Gradient) -> Tensor {
    let flat: Vec<Tensor> = gradient.pieces().map(|piece| piece.reshape([-1])).collect();
    Tensor::cat(&flat, 0).to_kind(Kind::Double)
}

fn norm(vector: &Tensor) -> f64 {
    vector.square().sum(Kind::Double).sqrt().double_value(&[])
}

#[test]
fn a_row_more_changes_the_sum_by_the_clipping_norm_at_most() {
    each_kind(|name, learner, rows, settings| {
        let all: Vec<&Row> = rows.iter().collect();
        let sum = |rows: &[&Row], clip: f64| {
            vector(&learner.clipped_sum(rows, settings, clip, 3).unwrap())
        };
        let clip = 0.05;
        let whole = sum(&all, clip);
        assert_eq!(whole.numel() as i64, learner.trained(), "{name}");
        // The first and the last of a chunk, and one in the midst of it: those behind it move.
        for without in [0, 7, 8, 10] {
            let mut rest = all.clone();
            rest.remove(without);
            let change = norm(&(&whole - sum(&rest, clip)));
            assert!(change <= clip * (1.0 + 1e-5), "{name}: {change}");
            assert!(change > 0.5 * clip, "{name}: {change}");
        }
        assert_eq!(norm(&sum(&[], 0.5)), 0.0);
    });
}

#[test]
fn the_sum_is_that_of_each_rows_own_gradient() {
    each_kind(|name, learner, rows, settings| {
        let settings = Settings {
            dropout: 0.0,
            ..settings.clone()
        };
        let alone = |row: &Row| {
            let lesson = learner.lesson(&[row], &settings, 0).unwrap();
            vector(&Gradient::of(lesson, learner.lora.as_ref()).unwrap())
        };
        let rows: Vec<&Row> = rows.iter().collect();
        let norms: Vec<f64> = rows.iter().map(|row| norm(&alone(row))).collect();
        // Half of the rows are clipped by this.
        let mut sorted = norms.clone();
        sorted.sort_by(f64::total_cmp);
        let clip = sorted[6];
        let clipped = |(row, norm): (&&Row, &f64)| alone(row) * (clip / norm).min(1.0);
        let expected = rows.iter().zip(&norms).map(clipped).reduce(|a, b| a + b);
        let expected = expected.unwrap();
        let found = vector(&learner.clipped_sum(&rows, &settings, clip, 0).unwrap());
        let apart = norm(&(&found - &expected)) / norm(&expected);
        assert!(apart < 1e-5, "{name}: {apart}");
        // Unclipped it is what a batch teaches, where all rows have as many targets.
        if learner.head.is_some() {
            let lesson = learner.lesson(&rows, &settings, 0).unwrap();
            let batch = Gradient::of(lesson, learner.lora.as_ref()).unwrap();
            let expected = vector(&batch) * rows.len() as f64;
            let found = vector(&learner.clipped_sum(&rows, &settings, 1e9, 0).unwrap());
            let apart = norm(&(&found - &expected)) / norm(&expected);
            assert!(apart < 1e-4, "{name}: {apart}");
        }
    });
}

#[test]
fn rows_whose_gradient_is_no_number_teach_nothing() {
    let settings = settings(false, 1);
    let learner = Learner::new(gpt(Architecture::Llama, false), OUTPUTS, &settings).unwrap();
    let mut head = learner.head.as_ref().unwrap().shallow_clone();
    let _ = head.fill_(f64::NAN);
    let rows = rows(3, false);
    let rows: Vec<&Row> = rows.iter().collect();
    let sum = learner.clipped_sum(&rows, &settings, 0.5, 0).unwrap();
    assert_eq!(norm(&vector(&sum)), 0.0);
}

#[test]
fn noise_is_on_all_that_is_trained() {
    each_kind(|name, learner, rows, settings| {
        let private = settings.private.as_ref().unwrap();
        // A sampling rate so small that the sample is empty.
        let mut guard = Guard::new(private, rows.len(), 8, 10).unwrap();
        guard.rate = 1e-9;
        let found = guard.gradient(learner, rows, settings, 0).unwrap();
        let noise = vector(&found) * (guard.rate * rows.len() as f64);
        let count = noise.numel() as f64;
        assert_eq!(count as i64, learner.trained(), "{name}");
        assert_eq!(noise.eq(0.0).sum(Kind::Int64).int64_value(&[]), 0, "{name}");
        let deviation = norm(&noise) / count.sqrt();
        let expected = 1.5 * 0.3;
        let error = 4.0 * expected / (2.0 * count).sqrt();
        assert!((deviation - expected).abs() < error, "{name}: {deviation}");
        assert_eq!(guard.spent().unwrap().steps, 1);
    });
}

fn fit(architecture: Architecture, settings: &Settings) -> (Learner, crate::learner::Learnt) {
    tch::set_num_threads(1);
    let mut learner = Learner::new(gpt(architecture, true), OUTPUTS, settings).unwrap();
    let watch = Watch {
        progress: &NoProgress,
        cancelled: &|| false,
    };
    let mut epochs = 0.0;
    let mut dev = |_: &Learner| {
        epochs += 1.0;
        Ok(epochs)
    };
    let learnt = learner
        .fit(&rows(30, false), settings, &watch, &mut dev)
        .unwrap();
    (learner, learnt)
}

fn changed(before: &Tensor, after: &Tensor) -> i64 {
    before.ne_tensor(after).sum(Kind::Int64).int64_value(&[])
}

#[test]
fn training_moves_all_that_is_trained_and_nothing_else() {
    let before = gpt(Architecture::Gpt2, true);
    for lora in [false, true] {
        let settings = settings(lora, 1);
        let (learner, learnt) = fit(Architecture::Gpt2, &settings);
        let start = Learner::new(before.share().unwrap(), OUTPUTS, &settings).unwrap();
        let [own, first] = [&learner, &start].map(|one| one.head.as_ref().unwrap());
        assert_eq!(changed(own, first), own.numel() as i64);
        let moved = changed(learner.gpt.flat(), before.flat());
        match &learner.lora {
            None => assert_eq!(moved, before.parameters()),
            Some(lora) => {
                let all = lora.flat.numel() as i64;
                assert_eq!(changed(&lora.flat, &start.lora.as_ref().unwrap().flat), all);
                let blocks = before.block_matrices();
                let blocks: i64 = blocks.iter().map(|m| m.rows * m.columns).sum();
                assert!(moved <= blocks && moved > blocks / 2, "{moved} {blocks}");
            }
        }
        assert!(learnt.epochs.iter().all(|epoch| epoch.loss.is_none()));
        let spent = learnt.privacy.unwrap();
        assert_eq!((spent.steps, spent.rate), (8, 8.0 / 30.0));
        assert_eq!(spent.delta, 1e-5);
        assert!(spent.epsilon > 1.0 && spent.epsilon < 20.0, "{spent:?}");
    }
}

#[test]
fn one_seed_gives_one_model_whatever_the_threads() {
    for lora in [false, true] {
        let one = |threads: usize, seed: Option<u64>, stream: u64| {
            let mut settings = settings(lora, threads);
            let private = settings.private.as_mut().unwrap();
            (private.seed, private.stream) = (seed, stream);
            fit(Architecture::Llama, &settings).0
        };
        let first = one(1, Some(7), 0);
        let same = one(3, Some(7), 0);
        assert!(first.gpt.flat().equal(same.gpt.flat()));
        assert!(
            first
                .head
                .as_ref()
                .unwrap()
                .equal(same.head.as_ref().unwrap())
        );
        for other in [one(1, Some(8), 0), one(1, Some(7), 1), one(1, None, 0)] {
            assert!(!first.gpt.flat().equal(other.gpt.flat()));
        }
    }
}

#[test]
fn budgets_are_met_and_nonsense_is_refused() {
    let private = settings(false, 1).private.unwrap();
    let guard = |change: &dyn Fn(&mut Private)| {
        let mut private = private.clone();
        change(&mut private);
        Guard::new(&private, 1000, 50, 200)
    };
    let mut met = guard(&|private| private.noise = Noise::Epsilon(3.0)).unwrap();
    met.steps = 200;
    let epsilon = met.spent().unwrap().epsilon;
    assert!(epsilon <= 3.0 && epsilon > 2.99, "{epsilon}");
    // Few rows ask for a smaller delta.
    assert_eq!(
        Guard::new(&private, 40_000, 50, 1).unwrap().delta,
        0.1 / 40_000.0
    );
    // More rows than there are make no rate above 1.
    assert_eq!(Guard::new(&private, 10, 50, 1).unwrap().rate, 1.0);
    let nonsense: [&dyn Fn(&mut Private); 7] = [
        &|private| private.noise = Noise::Epsilon(0.01),
        &|private| private.noise = Noise::Epsilon(-1.0),
        &|private| private.noise = Noise::Multiplier(f64::NAN),
        &|private| private.clip = 0.0,
        &|private| private.clip = f64::INFINITY,
        &|private| private.delta = Some(0.001),
        &|private| private.delta = Some(0.0),
    ];
    for (number, change) in nonsense.iter().enumerate() {
        assert!(guard(*change).is_err(), "{number}");
    }
}

#[test]
fn the_seed_is_written_nowhere() {
    let json = serde_json::to_string(&settings(false, 1)).unwrap();
    assert!(
        json.contains("multiplier") && !json.contains("stream"),
        "{json}"
    );
    let private: Private =
        serde_json::from_value(serde_json::json!(settings(false, 1).private.unwrap())).unwrap();
    assert_eq!(private.seed, None);
}

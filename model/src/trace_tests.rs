use super::*;
use crate::{Architecture, ModelConfig, Size};

const IDS: [i64; 9] = [3, 60, 7, 7, 21, 0, 69, 33, 14];

fn models() -> [Gpt; 2] {
    [Architecture::Llama, Architecture::Gpt2].map(|architecture| {
        let mut config = ModelConfig::new(architecture, Size::ALL[0], 70, 12);
        (config.layers, config.width, config.feed_forward) = (3, 32, 64);
        if architecture == Architecture::Llama {
            config.kv_heads = 2;
        }
        let gpt = Gpt::new(&config, 5, Device::Cpu).unwrap();
        // Far from the small start, where a wrong formula would hide.
        let _ = gpt.flat().shallow_clone().f_mul_scalar_(6.0).unwrap();
        gpt
    })
}

fn row() -> Tensor {
    Tensor::from_slice(&IDS).unsqueeze(0)
}

fn apart(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.size(), b.size());
    (a - b).abs().max().double_value(&[])
}

#[test]
fn a_trace_ends_in_the_models_own_states() {
    for gpt in models() {
        let trace = gpt.trace(&row()).unwrap();
        assert_eq!((trace.residual.len(), trace.attention.len()), (4, 3));
        assert_eq!(trace.residual[0].size(), [1, 9, 32]);
        assert_eq!(trace.attention[2].size(), [1, 4, 9, 9]);
        assert!(apart(&trace.hidden, &gpt.hidden(&row()).unwrap()) < 1e-4);
        assert!(apart(&trace.residual[0], &trace.residual[3]) > 0.1);
    }
}

#[test]
fn the_lens_on_the_last_state_is_the_models_answer() {
    for gpt in models() {
        let trace = gpt.trace(&row()).unwrap();
        let targets = Tensor::from_slice(&IDS).roll([-1], [0]);
        let lens = gpt
            .lens(&trace.residual[3].select(0, 0), &targets, 4)
            .unwrap();
        let whole = gpt.predictions(&row(), &targets.unsqueeze(0), 4).unwrap();
        assert!(apart(&lens.target, &whole.target.select(0, 0)) < 1e-4);
        assert!(lens.top.equal(&whole.top.select(0, 0)));
        assert_eq!(lens.top_logs.size(), [9, 4]);
        let rank = gpt.score(&row(), &targets.unsqueeze(0)).unwrap().rank;
        assert!(lens.rank.equal(&rank.select(0, 0)));
        let early = gpt
            .lens(&trace.residual[0].select(0, 0), &targets, 4)
            .unwrap();
        assert!(apart(&early.target, &lens.target) > 0.01);
    }
}

/// A step of one embedding along itself moves the log-probability by the attribution.
#[test]
fn attribution_is_the_slope_along_each_embedding() {
    for gpt in models() {
        let (positions, targets) = ([8, 2, 5], [11, 21, 40]);
        let found = gpt.attribution(&IDS, &positions, &targets).unwrap();
        assert_eq!(found.size(), [3, 9]);
        let step = 1e-3;
        let log = |scale: f64, token: i64, position: i64, target: i64| {
            let embedded = gpt.embed(&row()).unwrap();
            let factors = Tensor::ones([1, 9, 1], (Kind::Float, Device::Cpu));
            let _ = factors.narrow(1, token, 1).fill_(scale);
            let mut dropout = Dropout::off();
            let hidden = gpt.run_embedded(embedded * factors, Pass::plain(&mut dropout));
            let logs = gpt
                .head(&hidden.unwrap())
                .unwrap()
                .log_softmax(-1, Kind::Double);
            logs.double_value(&[0, position, target])
        };
        for (row, (position, target)) in (0..).zip(positions.into_iter().zip(targets)) {
            for token in 0..9 {
                let moved = log(1.0 + step, token, position, target)
                    - log(1.0 - step, token, position, target);
                let slope = moved / (2.0 * step);
                let ours = found.double_value(&[row, token]);
                assert!(
                    (slope - ours).abs() < 0.02 * (1.0 + slope.abs()),
                    "{slope} {ours}"
                );
                assert!(token <= position || ours == 0.0);
            }
        }
        let largest = found.abs().max().double_value(&[]);
        assert!(largest > 0.1, "{largest}");
    }
}

#[test]
fn each_position_is_computed_for_itself() {
    for gpt in models() {
        let together = gpt.attribution(&IDS, &[8, 3], &[1, 2]).unwrap();
        let alone = gpt.attribution(&IDS, &[3], &[2]).unwrap();
        assert!(apart(&together.narrow(0, 1, 1), &alone) < 1e-4);
        assert_eq!(gpt.attribution(&IDS, &[], &[]).unwrap().size(), [0, 9]);
    }
}

#[test]
fn impossible_questions_are_refused() {
    let [gpt, _] = models();
    for (positions, targets) in [
        (vec![9], vec![1]),
        (vec![-1], vec![1]),
        (vec![1], vec![70]),
        (vec![1], vec![]),
    ] {
        let found = gpt.attribution(&IDS, &positions, &targets);
        assert!(matches!(found, Err(Error::Input(_))));
    }
    assert!(matches!(
        gpt.attribution(&[1; 13], &[12], &[1]),
        Err(Error::Input(_))
    ));
}

use super::*;
use crate::test_support::{SETTINGS, document, looked, model};
use textmill_schemas::NoProgress;

const TEXTS: [&str; 7] = ["<begin>", "a", " b", "渡", " c", "\n", "d"];
const BOTH: [Architecture; 2] = [Architecture::Llama, Architecture::Gpt2];

#[test]
fn everything_is_there_in_its_shape() {
    for architecture in BOTH {
        let look = looked(architecture, &TEXTS, SETTINGS);
        let (layers, heads) = (look.model.layers as usize, look.model.heads as usize);
        assert_eq!((layers, heads), (2, 4));
        assert_eq!((look.attention.len(), look.attention[0].len()), (2, 4));
        assert_eq!(
            (look.rollout.len(), look.lens.len(), look.residual.len()),
            (2, 3, 3)
        );
        assert_eq!((look.residual[2].len(), look.hidden[6].len()), (7, 32));
        assert_eq!((look.lens[1].top.len(), look.lens[1].top[6].len()), (7, 5));
        assert!(look.lens[2].target[6].is_none() && look.lens[2].rank[6].is_none());
        let rows: Vec<usize> = look
            .attribution
            .iter()
            .map(|row| row.values.len())
            .collect();
        assert_eq!(rows, [1, 2, 3, 4, 5, 6, 7]);
        for id in look
            .lens
            .iter()
            .flat_map(|layer| layer.top.iter().flatten())
        {
            assert_eq!(look.names[id], format!("name {id}"));
        }
    }
}

#[test]
fn the_output_is_the_models_and_the_summary_adds_up() {
    for architecture in BOTH {
        let look = looked(architecture, &TEXTS, SETTINGS);
        let ids: Vec<i64> = look
            .tokens
            .iter()
            .map(|token| i64::from(token.id))
            .collect();
        let row = Tensor::from_slice(&ids).unsqueeze(0);
        let logits = model(architecture).logits(&row).unwrap();
        let logs = logits.log_softmax(-1, tch::Kind::Double);
        let mut nats = 0.0;
        for (position, target) in look.lens[2].target.iter().enumerate().take(6) {
            let expected = logs.double_value(&[0, position as i64, ids[position + 1]]);
            assert!((f64::from(target.unwrap()) - expected).abs() < 1e-4);
            nats -= expected;
        }
        assert!((look.summary.nats - nats).abs() < 1e-3);
        let bytes = TEXTS.iter().skip(1).map(|text| text.len()).sum::<usize>();
        let bits = look.summary.nats / std::f64::consts::LN_2 / bytes as f64;
        assert!((look.summary.bits_per_byte - bits).abs() < 1e-12);
        let first = look.lens[2]
            .rank
            .iter()
            .filter(|rank| **rank == Some(0))
            .count();
        assert_eq!(look.summary.first_guesses, first);
        assert_eq!((look.summary.predicted, look.summary.cut), (6, false));
        // Behind the end, the likeliest token is explained.
        assert_eq!(look.attribution[6].target, look.lens[2].top[6][0]);
        assert_eq!(i64::from(look.attribution[2].target), ids[3]);
    }
}

#[test]
fn no_number_depends_on_the_threads() {
    let json = |threads| {
        let settings = Settings {
            threads,
            ..SETTINGS
        };
        serde_json::to_string(&looked(Architecture::Llama, &TEXTS, settings)).unwrap()
    };
    assert!(json(1) == json(3));
}

#[test]
fn few_predictions_are_explained_if_few_are_asked_for() {
    let settings = Settings {
        attribution: 2,
        ..SETTINGS
    };
    let look = looked(Architecture::Gpt2, &TEXTS, settings);
    let positions: Vec<usize> = look.attribution.iter().map(|row| row.position).collect();
    assert_eq!(positions, [5, 6]);
}

#[test]
fn one_token_predicts_nothing() {
    let found = look(
        &model(Architecture::Llama),
        "small",
        document(&["<begin>"]),
        SETTINGS,
        |_| String::new(),
        &NoProgress,
    );
    assert!(matches!(found, Err(Error::TooShort(1))));
}

#[test]
fn what_was_left_out_is_said() {
    let mut document = document(&TEXTS);
    document.whole = 90;
    let gpt = model(Architecture::Llama);
    let found = look(
        &gpt,
        "small",
        document,
        SETTINGS,
        |_| String::new(),
        &NoProgress,
    )
    .unwrap();
    assert!(found.summary.cut);
    assert_eq!(found.summary.whole_tokens, 90);
    let (entropy, token, weight) = found.block(1).unwrap();
    assert!(entropy > 0.0 && token < 4 && weight > 0.0);
    assert_eq!(found.block(2), None);
}

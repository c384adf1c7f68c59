//! What the settings of packing, mixture, optimizer and memory do to a run.

use super::*;

#[test]
fn smaller_micro_batches_give_the_same_gradient() {
    let after = |rows: u64| {
        let run = Run::new();
        let config = Config {
            dropout: 0.0,
            steps: 4,
            checkpoint_every: 1,
            ..config()
        };
        let mut cut = run;
        cut.ctx.cancel_at = Some(1);
        cut.go(&config).unwrap_err();
        // As if memory had not sufficed for more.
        let dir = cut.out().join("step-000001");
        let mut state = crate::checkpoint::State::read(&dir).unwrap();
        assert_eq!(state.rows, 3);
        state.rows = rows;
        state.write(&dir).unwrap();
        crate::hashes::seal(&dir).unwrap();
        cut.ctx = Context {
            inputs: cut.ctx.inputs.clone(),
            ..context(&cut.ctx.out)
        };
        cut.go(&config).unwrap();
        cut.metrics()
    };
    for (three, one) in after(3).iter().zip(after(1)) {
        let loss = |metric: &Metric| metric.loss.unwrap_or_default();
        assert!((loss(three) - loss(&one)).abs() < 1e-5);
        assert_eq!(three.tokens, one.tokens);
    }
}

#[test]
fn documents_kept_apart_are_learned() {
    let run = Run::new();
    let config = Config {
        separate_documents: true,
        steps: 40,
        dropout: 0.0,
        ..config()
    };
    run.go(&config).unwrap();
    let (metrics, plain) = (run.metrics(), Run::new());
    assert!(metrics[40].loss.unwrap() < 2.5, "{:?}", metrics[40]);
    plain
        .go(&Config {
            separate_documents: false,
            ..config
        })
        .unwrap();
    assert_ne!(plain.metrics()[1].loss, metrics[1].loss);
}

#[test]
fn packed_documents_are_learned_and_counted_without_padding() {
    let run = Run::new();
    let config = Config {
        steps: 60,
        dropout: 0.0,
        context: 100,
        packing: Packing::BestFit,
        batch: 2,
        accumulate: 5,
        ..config()
    };
    run.go(&config).unwrap();
    let metrics = run.metrics();
    // Twenty documents of 40 tokens and one that ends them: two to a row of 100, so a step of ten
    // rows has all of them.
    assert_eq!(metrics[1].tokens, 20 * 41);
    assert_eq!(metrics[1].epoch, 1.0);
    assert_eq!(metrics[60].tokens, 60 * 20 * 41);
    assert!((metrics[1].loss.unwrap() - 60f64.ln()).abs() < 0.1);
    assert!(metrics[60].loss.unwrap() < 1.5, "{:?}", metrics[60]);
}

#[test]
fn a_mixture_decides_how_often_documents_are_seen() {
    let run = Run::new();
    let groups = [TokenGroup {
        side: Side::Train,
        documents: 20,
        tokens: 800,
        ..TokenGroup::default()
    }];
    let path = run.dir.path().join("tokenize").join(TokenGroup::FILE);
    fs::write(path, serde_json::to_vec(&groups).unwrap()).unwrap();
    let with = |source: &str, weight| Config {
        mixture: Mixture {
            sources: [(source.to_owned(), weight)].into(),
            ..Mixture::default()
        },
        ..config()
    };
    // The documents of the fixture have the source "".
    run.go(&with("", 3.0)).unwrap();
    let per_step = (3 * 3 * 16) as f64;
    let expected = per_step / (3 * 20 * 41) as f64;
    assert!((run.metrics()[1].epoch - expected).abs() < 1e-6);
    let complaint = run.go(&with("nwes", 3.0)).unwrap_err().to_string();
    assert!(complaint.contains("`nwes`"), "{complaint}");
    let complaint = run.go(&with("", 0.0)).unwrap_err().to_string();
    assert!(complaint.contains("no training document"), "{complaint}");
}

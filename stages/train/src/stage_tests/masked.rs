//! The bert preset: masked tokens instead of the next ones.

use super::*;

fn bert() -> Config {
    Config {
        preset: "bert".to_owned(),
        ..config()
    }
}

/// A run whose vocabulary has a mask token.
fn run() -> Run {
    let mut run = Run::new();
    let input = run.ctx.inputs.get_mut("tokenize").unwrap();
    for (name, figure) in [("mask_id", 60), ("vocab_size", 61)] {
        input.manifest.stats.insert(name.to_owned(), json!(figure));
    }
    run
}

#[test]
fn masked_tokens_are_learnt_from_both_sides() {
    // Each document repeats one of twenty words: what is masked stands on both sides of it.
    let mut run = run();
    let input = run.ctx.inputs.get_mut("tokenize").unwrap();
    let shard = |name: &str| {
        let documents = (0..20).map(|word| Tokens {
            id: word.to_string(),
            tokens: vec![word; 30],
            ..Tokens::default()
        });
        write_rows(&input.dir, name, documents)
    };
    let names = ["train/part-00000.parquet", "validation/part-00000.parquet"];
    input.manifest.kept = names.map(shard).into();
    let report = run.go(&Config {
        steps: 150,
        dropout: 0.0,
        mask_share: 0.2,
        ..bert()
    });
    let report = report.unwrap();
    let metrics = run.metrics();
    assert!((metrics[0].val_loss.unwrap() - 61f64.ln()).abs() < 0.3);
    let last = metrics[150].val_loss.unwrap();
    assert!(last < 1.5, "{last}"); // their frequencies alone give ln 20 = 3.0
    assert_eq!(metrics[150].tokens, 150 * 9 * 16);
    assert_eq!(report.stats["mask_share"], 0.2);
    let messages = run.ctx.messages.lock().unwrap().join("\n");
    assert!(messages.contains("masked loss"), "{messages}");
    let best = run.out().join("best");
    let gpt = Gpt::load(&best, tch::Device::Cpu).unwrap();
    assert_eq!(
        (gpt.config().mask_id, gpt.config().eot_id),
        (Some(60), Some(59))
    );
    let tokenizer = fs::read_to_string(best.join("tokenizer_config.json")).unwrap();
    let tokenizer: Value = serde_json::from_str(&tokenizer).unwrap();
    assert_eq!(tokenizer["mask_token"], "<|mask|>");
    assert_eq!(tokenizer["pad_token"], "<|endoftext|>");
}

#[test]
fn threads_and_stops_do_not_show_in_the_bytes() {
    let packed = Config {
        packing: Packing::BestFit,
        ..bert()
    };
    let apart = Config {
        separate_documents: true,
        ..bert()
    };
    for config in [bert(), packed, apart] {
        let threads = |threads| Config {
            threads,
            ..config.clone()
        };
        let whole = run();
        let expected = whole.go(&threads(1)).unwrap();
        let mut run = run();
        run.ctx.cancel_at = Some(7);
        let stopped = run.go(&threads(3)).unwrap_err();
        assert!(stopped.downcast_ref::<Cancelled>().is_some(), "{stopped}");
        run.ctx = Context {
            inputs: run.ctx.inputs.clone(),
            ..context(&run.ctx.out)
        };
        assert_eq!(run.go(&threads(2)).unwrap().files, expected.files);
        assert_eq!(run.metrics(), whole.metrics());
    }
}

#[test]
fn a_vocabulary_without_a_mask_is_refused_with_the_mend() {
    let refused = Run::new().go(&bert()).unwrap_err().to_string();
    for part in ["`preset = \"bert\"`", "`mask = \"<|mask|>\"`", "[tokenize]"] {
        assert!(refused.contains(part), "{refused}");
    }
}

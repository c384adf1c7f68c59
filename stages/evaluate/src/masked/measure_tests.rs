use serde_json::Value;
use textmill_schemas::{DocumentLoss, ShardReader};

use crate::test_support::{Run, bert, ids, tokenizer};
use crate::{Config, MaskedConfig, Task};

use super::*;

/// Occurs in no document.
const MASK: u32 = 5;
const CONTEXT: i64 = 16;

fn documents(range: std::ops::Range<usize>) -> Vec<Tokens> {
    let document = |i: usize| {
        let (source, lang, text) = match i % 2 {
            0 => ("news", Some("zh"), format!("第{i}天，磨坊的轮子转得更快。")),
            _ => ("blog", None, "the mill stands ".repeat(i)),
        };
        let tokens = ids(&tokenizer(), &text);
        assert!(!tokens.contains(&MASK));
        Tokens {
            id: text.clone(),
            source: source.to_owned(),
            lang: lang.map(str::to_owned),
            bytes: text.len() as u32,
            count: tokens.len() as u32,
            tokens,
            repetitions: 1,
        }
    };
    range.map(document).collect()
}

fn prepared() -> Run {
    prepared_of(&bert(tokenizer().get_vocab_size(true), CONTEXT, MASK))
}

fn prepared_of(gpt: &Gpt) -> Run {
    let (train, validation) = (documents(0..10), documents(10..17));
    let shards: [(&str, &[Tokens]); 2] = [
        ("train/part-00000.parquet", &train),
        ("validation/part-00000.parquet", &validation),
    ];
    Run::over(gpt, &shards)
}

fn losses(run: &Run) -> Vec<DocumentLoss> {
    let path = run.ctx.dir.path().join("documents/part-00000.parquet");
    let reader = ShardReader::<DocumentLoss>::open(&path).unwrap();
    reader.flat_map(Result::unwrap).collect()
}

fn config() -> Config {
    Config {
        batch: 3,
        ..Config::default()
    }
}

#[test]
fn everything_is_measured_and_reported() {
    let run = prepared();
    let report = run.go(&config()).unwrap();
    assert_eq!((report.read, report.kept_rows), (7, 7));
    let metrics = run.metrics();
    let overall = &metrics["overall"];
    for figure in ["masked_loss", "masked_accuracy"] {
        assert_eq!(report.stats[figure], overall["model"][figure]);
    }
    let perplexity = &overall["pseudo"]["pseudo_perplexity"];
    assert_eq!(report.stats["pseudo_perplexity"], *perplexity);
    assert_eq!(metrics["model"]["context"], CONTEXT);
    assert_eq!(metrics["mask_share"], 0.15);

    let validation = documents(10..17);
    let tokens = |document: &Tokens| document.tokens.len() as f64;
    let hidden: f64 = validation
        .iter()
        .map(|d| (0.15 * tokens(d)).round().max(1.0))
        .sum();
    let all: f64 = validation.iter().map(tokens).sum();
    let bytes: u32 = validation.iter().map(|d| d.bytes).sum();
    for judge in ["model", "unigram"] {
        assert_eq!(overall[judge]["tokens"], hidden as u64);
    }
    let pseudo = &overall["pseudo"];
    assert_eq!(
        (&pseudo["tokens"], &pseudo["bytes"]),
        (&(all as u64).into(), &bytes.into())
    );
    for (kind, names) in [("by_source", ["blog", "news"]), ("by_lang", ["und", "zh"])] {
        let groups = metrics[kind].as_object().unwrap();
        assert!(groups.keys().eq(names));
        let counted = groups
            .values()
            .map(|group| group["pseudo"]["documents"].as_u64());
        assert_eq!(counted.flatten().sum::<u64>(), 7);
    }
    // it was counted, while the model is random
    let loss = |judge: &str| overall[judge]["masked_loss"].as_f64().unwrap();
    assert!(loss("unigram") < loss("model"));

    // the losses are the pseudo-log-likelihoods
    let rows = losses(&run);
    assert_eq!(rows.len(), 7);
    let nats: f64 = rows.iter().map(|row| row.nats).sum();
    let found = perplexity.as_f64().unwrap();
    assert!(((nats / all).exp() / found - 1.0).abs() < 1e-6);
    let long = rows.iter().max_by_key(|row| row.tokens).unwrap();
    assert_eq!(
        long.windows,
        1 + (long.tokens - 15).div_ceil(CONTEXT as u32 - 1)
    );
}

#[test]
fn threads_do_not_show_in_the_bytes_and_the_seed_hides_other_tokens() {
    let run = |threads, seed| {
        let mut run = prepared();
        run.ctx.seed = seed;
        let report = run.go(&Config {
            threads,
            ..config()
        });
        (report.unwrap(), run.metrics())
    };
    let (first, metrics) = run(1, 1);
    assert_eq!(run(3, 1).0, first);
    let (_, other) = run(1, 2);
    let overall = |metrics: &Value, what: &str| metrics["overall"][what].clone();
    assert_ne!(overall(&metrics, "model"), overall(&other, "model"));
    assert_eq!(overall(&metrics, "pseudo"), overall(&other, "pseudo"));
}

#[test]
fn the_costly_part_is_bounded() {
    let masked = |pseudo_documents, pseudo_tokens| MaskedConfig {
        pseudo_documents,
        pseudo_tokens,
        ..MaskedConfig::default()
    };
    let lengths: Vec<u64> = documents(10..17)
        .iter()
        .map(|d| d.tokens.len() as u64)
        .collect();
    let least = *lengths.iter().min().unwrap();
    for (masked, documents) in [
        (masked(0, 1 << 20), 0),
        (masked(3, 1 << 20), 3),
        (masked(7, least), 1),
    ] {
        let run = prepared();
        let config = Config {
            masked,
            document_loss: vec![Side::Validation, Side::Train],
            ..config()
        };
        let report = run.go(&config).unwrap();
        assert_eq!(report.read, 7); // of the masked loss
        let pseudo = &run.metrics()["overall"]["pseudo"];
        assert_eq!(pseudo["documents"].as_u64().unwrap_or(0), documents);
        assert_eq!(
            report.stats.contains_key("pseudo_perplexity"),
            documents > 0
        );
        if documents == 3 {
            let rows = losses(&run);
            let train = rows.iter().filter(|row| row.side == "train");
            assert_eq!((rows.len(), train.count()), (6, 3));
        }
    }
}

#[test]
fn what_cannot_be_measured_is_said() {
    let run = prepared();
    let path = run.ctx.dir.path().join("piqa.jsonl");
    std::fs::write(&path, "{}\n").unwrap();
    let kind = "piqa".to_owned();
    let tasks = vec![Task {
        kind,
        path,
        limit: 0,
    }];
    let asked = Config { tasks, ..config() };
    let said = run.go(&asked).unwrap_err().to_string();
    assert!(
        said.contains("`tasks`") && said.contains("finetune"),
        "{said}"
    );

    let mut model = bert(tokenizer().get_vocab_size(true), CONTEXT, MASK);
    let mut bare = model.config().clone();
    bare.mask_id = None;
    model = Gpt::new(&bare, 1, tch::Device::Cpu).unwrap();
    let said = prepared_of(&model).go(&config()).unwrap_err().to_string();
    assert!(said.contains("`mask_token_id`"), "{said}");
}

mod further;
mod held_out;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use serde_json::Value;
use textmill_schemas::{Cancelled, DocumentLoss, ShardReader};

use super::*;
use crate::report::METRICS_FILE;
use crate::test_support::{Run, model, tokenized, tokenizer, trained};
use crate::{Memorization, Prompt, Task};

const CONTEXT: i64 = 16;

fn document(source: &str, lang: Option<&str>, text: &str) -> Tokens {
    let encoding = tokenizer().encode_fast(text, false).unwrap();
    Tokens {
        id: text.to_owned(),
        source: source.to_owned(),
        lang: lang.map(str::to_owned),
        bytes: text.len() as u32,
        count: encoding.len() as u32,
        tokens: encoding.get_ids().to_vec(),
        repetitions: 1,
    }
}

fn documents(range: std::ops::Range<usize>) -> Vec<Tokens> {
    let text = |i: usize| match i % 3 {
        0 => document(
            "news",
            Some("zh"),
            &format!("第{i}天，磨坊的轮子转得更快。"),
        ),
        1 => document(
            "news",
            Some("en"),
            &format!("the mill turns {i} times a day"),
        ),
        _ => document("blog", None, &"and the mill stands ".repeat(i)),
    };
    range.map(text).collect()
}

fn prepared() -> Run {
    prepared_of(CONTEXT)
}

/// With a model of this context.
fn prepared_of(context: i64) -> Run {
    let (train, validation) = (documents(0..12), documents(12..19));
    let shards: [(&str, &[Tokens]); 3] = [
        ("train/part-00000.parquet", &train),
        ("validation/part-00000.parquet", &validation[..4]),
        ("validation/part-00001.parquet", &validation[4..]),
    ];
    Run::over(&model(tokenizer().get_vocab_size(true), context), &shards)
}

fn complaint(run: &Run) -> String {
    run.go(&config()).unwrap_err().to_string()
}

fn config() -> Config {
    Config {
        batch: 3,
        max_new_tokens: 12,
        prompts: vec![
            Prompt {
                lang: "en".to_owned(),
                text: "the mill".to_owned(),
            },
            Prompt {
                lang: "zh".to_owned(),
                text: "磨坊".to_owned(),
            },
        ],
        ..Config::default()
    }
}

#[test]
fn everything_is_measured_and_reported() {
    let run = prepared();
    let report = run.go(&config()).unwrap();
    assert_eq!((report.read, report.kept_rows), (7, 7));
    assert_eq!(run.ctx.done.load(Ordering::Relaxed), 7);
    let metrics = run.metrics();
    let model = &metrics["overall"]["model"];
    assert_eq!(report.stats["perplexity"], model["perplexity"]);
    assert_eq!(report.stats["bits_per_byte"], model["bits_per_byte"]);
    assert_eq!(metrics["model"]["checkpoint"], "best");
    assert_eq!(metrics["model"]["context"], CONTEXT);

    let validation = documents(12..19);
    let tokens: usize = validation.iter().map(|d| d.tokens.len()).sum();
    let bytes: u32 = validation.iter().map(|d| d.bytes).sum();
    let class = |document: &Tokens| match document.tokens.len() {
        0..16 => "0",
        16..64 => "16",
        64..256 => "64",
        _ => "256",
    };
    let classes: BTreeSet<&str> = validation.iter().map(class).collect();
    assert!(classes.len() > 1);
    for judge in ["model", "kneser_ney_5", "unigram"] {
        let overall = &metrics["overall"][judge];
        assert_eq!(
            (&overall["tokens"], &overall["bytes"]),
            (&tokens.into(), &bytes.into())
        );
        for (kind, names) in [
            ("by_source", ["blog", "news"].as_slice()),
            ("by_lang", &["en", "und", "zh"]),
            ("by_length", &classes.iter().copied().collect::<Vec<_>>()),
        ] {
            let groups = metrics[kind].as_object().unwrap();
            assert!(groups.keys().eq(names));
            let documents = groups
                .values()
                .map(|group| group[judge]["documents"].as_u64());
            assert_eq!(documents.flatten().sum::<u64>(), 7);
        }
    }
    // it was counted, while the model is random
    let perplexity = |judge: &str| metrics["overall"][judge]["perplexity"].as_f64().unwrap();
    assert!(perplexity("kneser_ney_5") < perplexity("unigram"));
    assert!(perplexity("unigram") < perplexity("model"));
    let samples = metrics["samples"].as_array().unwrap();
    assert_eq!(samples.len(), 2);
    assert_eq!(samples[1]["prompt"], "磨坊");
    assert!(
        samples
            .iter()
            .all(|s| !s["text"].as_str().unwrap().contains("<|"))
    );
}

#[test]
fn the_file_has_its_keys_in_order() {
    let run = prepared();
    run.go(&config()).unwrap();
    let text = std::fs::read_to_string(run.ctx.dir.path().join(METRICS_FILE)).unwrap();
    let keys = [
        "model",
        "checkpoint",
        "parameters",
        "context",
        "vocab_size",
        "overall",
        "kneser_ney_5",
        "unigram",
        "by_source",
        "blog",
        "news",
        "by_lang",
        "en",
        "und",
        "zh",
        "by_length",
        "tasks",
        "memorization",
        "samples",
        "prompt",
        "text",
    ];
    let places = keys.map(|key| text.find(&format!("\"{key}\":")).unwrap());
    assert!(places.is_sorted(), "{places:?}");
    assert!(text.ends_with("}\n"));
}

#[test]
fn repetitions_and_threads_do_not_show_in_the_bytes() {
    let mut reports = Vec::new();
    for threads in [1, 3, 3] {
        let run = prepared();
        reports.push(
            run.go(&Config {
                threads,
                ..config()
            })
            .unwrap(),
        );
    }
    assert_eq!(reports[0], reports[1]);
    assert_eq!(reports[1], reports[2]);
}

#[test]
fn the_seed_decides_the_samples_only() {
    let config = Config {
        samples: 2,
        ..config()
    };
    let (first, mut second) = (prepared(), prepared());
    second.ctx.seed = 2;
    first.go(&config).unwrap();
    second.go(&config).unwrap();
    let (first, second) = (first.metrics(), second.metrics());
    assert_eq!(first["overall"], second["overall"]);
    assert_ne!(first["samples"], second["samples"]);
    assert_ne!(first["samples"][0]["text"], first["samples"][1]["text"]);
    assert_eq!(first["samples"][2]["lang"], "zh");
}

#[test]
fn fewer_documents_are_drawn_evenly() {
    let run = prepared();
    let config = Config {
        max_documents: 3,
        ..config()
    };
    assert_eq!(run.go(&config).unwrap().read, 3);
}

#[test]
fn the_loss_of_each_document_is_written() {
    let run = prepared();
    let config = Config {
        document_loss: vec![Side::Validation, Side::Train],
        max_train_documents: 5,
        ..config()
    };
    let report = run.go(&config).unwrap();
    assert_eq!((report.read, report.files[1].rows), (7, 12));
    let path = run.ctx.dir.path().join("documents/part-00000.parquet");
    let reader = ShardReader::<DocumentLoss>::open(&path).unwrap();
    let rows: Vec<DocumentLoss> = reader.flat_map(Result::unwrap).collect();
    let (validation, train): (Vec<_>, Vec<_>) =
        rows.iter().partition(|row| row.side == "validation");
    assert_eq!((validation.len(), train.len()), (7, 5));
    let learnt: Vec<String> = documents(0..12)
        .into_iter()
        .map(|document| document.id)
        .collect();
    assert!(train.iter().all(|row| learnt.contains(&row.id)));

    // they add up to what metrics.json says
    let overall = &run.metrics()["overall"]["model"];
    let sum =
        |figure: fn(&DocumentLoss) -> f64| validation.iter().map(|row| figure(row)).sum::<f64>();
    let tokens = sum(|row| row.tokens.into());
    assert_eq!(overall["tokens"], tokens as u64);
    let found = (sum(|row| row.nats) / tokens).exp();
    assert!((found - overall["perplexity"].as_f64().unwrap()).abs() < 1e-5);
    let top1 = sum(|row| row.top1.into()) / tokens;
    assert!((top1 - overall["top1"].as_f64().unwrap()).abs() < 1e-5);
    let long = validation.iter().max_by_key(|row| row.tokens).unwrap();
    assert_eq!(
        long.windows,
        1 + (long.tokens - CONTEXT as u32).div_ceil(CONTEXT as u32)
    );

    let none = Config {
        document_loss: Vec::new(),
        ..config
    };
    let run = prepared();
    assert_eq!(run.go(&none).unwrap().files.len(), 1);
    assert!(!run.ctx.dir.path().join("documents").exists());
}

#[test]
fn another_validation_set_than_the_trainers_is_refused() {
    let mut run = prepared();
    let stats = &mut run.input(TOKENIZE).manifest.stats;
    stats.insert("validation_hash".to_owned(), "0a".into());
    let state = run.ctx.dir.path().join("in/train/best/state.json");
    std::fs::write(&state, "{\"step\": 3, \"validation_hash\": \"0b\"}").unwrap();
    let message = complaint(&run);
    assert!(
        message.contains("0a") && message.contains("0b"),
        "{message}"
    );
    assert!(message.contains("`train` again"), "{message}");
    std::fs::write(&state, "{\"step\": 3, \"validation_hash\": \"0a\"}").unwrap();
    run.go(&config()).unwrap();
    std::fs::write(&state, "{\"step\": 3}").unwrap();
    run.go(&config()).unwrap();
}

#[test]
fn no_validation_documents_is_an_error_with_the_mend() {
    let mut run = prepared();
    let kept = &mut run.input(TOKENIZE).manifest.kept;
    kept.retain(|shard| shard.path.starts_with("train/"));
    assert!(complaint(&run).contains("`validation_fraction`"));
}

#[test]
fn a_model_of_another_vocabulary_is_refused() {
    let mut run = prepared();
    let size = tokenizer().get_vocab_size(true);
    let dir = run.ctx.dir.path().join("in/other");
    let other = trained(&dir, &model(size - 1, CONTEXT), &tokenizer());
    *run.input(TRAIN) = other;
    let message = complaint(&run);
    assert!(
        message.contains(&format!("{} tokens", size - 1)),
        "{message}"
    );
    assert!(message.contains("`train` again"), "{message}");
    // the sizes agree, the tokens do not
    let mut run = prepared();
    run.input(TRAIN).manifest.files[2].hash = "another".to_owned();
    assert!(complaint(&run).contains("another tokenizer.json"));
    let mut run = prepared();
    run.input(TOKENIZE).manifest.files[0].hash = "another".to_owned();
    assert!(complaint(&run).contains("its tokens are of another tokenizer"));
}

#[test]
fn inputs_that_lack_something_are_named() {
    let mut run = prepared();
    let stats = std::mem::take(&mut run.input(TRAIN).manifest.stats);
    assert!(complaint(&run).contains("`checkpoint`"));
    run.input(TRAIN).manifest.stats = stats;
    let files = std::mem::take(&mut run.input(TRAIN).manifest.files);
    assert!(complaint(&run).contains("best/model.safetensors"));
    run.input(TRAIN).manifest.files = files;
    let stats = &mut run.input(TOKENIZE).manifest.stats;
    stats.insert("vocab_size".to_owned(), 100.into());
    stats.insert("eot_id".to_owned(), 100.into());
    assert!(complaint(&run).contains("eot_id 100"));
    run.input(TOKENIZE).manifest.stats.remove("eot_id");
    assert!(complaint(&run).contains("`eot_id`"));
}

#[test]
fn a_token_outside_the_vocabulary_is_named() {
    let mut run = prepared();
    let (tokenizer, mut bad) = (tokenizer(), documents(12..14));
    bad[1].tokens[0] = 9999;
    let dir = run.ctx.dir.path().join("in/bad");
    let train = documents(0..3);
    let shards: [(&str, &[Tokens]); 2] = [
        ("train/part-00000.parquet", &train),
        ("validation/part-00000.parquet", &bad),
    ];
    *run.input(TOKENIZE) = tokenized(&dir, &tokenizer, &shards);
    let message = complaint(&run);
    assert!(
        message.contains("validation/part-00000.parquet"),
        "{message}"
    );
    assert!(message.contains("9999"), "{message}");
}

#[test]
fn a_model_that_went_wrong_is_told() {
    let mut run = prepared();
    let gpt = model(tokenizer().get_vocab_size(true), CONTEXT);
    let _ = gpt.flat().shallow_clone().fill_(f64::NAN);
    let dir = run.ctx.dir.path().join("in/nan");
    *run.input(TRAIN) = trained(&dir, &gpt, &tokenizer());
    assert!(complaint(&run).contains("training went wrong"));
}

#[test]
fn a_stop_is_heeded() {
    let mut run = prepared();
    *run.ctx.cancel.get_mut() = true;
    let error = run.go(&config()).unwrap_err();
    assert!(error.downcast_ref::<Cancelled>().is_some(), "{error}");
    assert!(!run.ctx.dir.path().join(METRICS_FILE).exists());
}

//! What is asked of the model besides its losses.

use textmill_privacy::Canaries;
use textmill_schemas::ShardEntry;

use super::*;

#[test]
fn tasks_and_memorization_stand_in_the_metrics() {
    let run = prepared();
    let path = run.ctx.dir.path().join("in/piqa.jsonl");
    let row = "{\"goal\": \"mill\", \"sol1\": \"turns\", \"sol2\": \"stands\", \"label\": 0}\n";
    std::fs::write(&path, row.repeat(3) + "{}\n").unwrap();
    let config = Config {
        tasks: vec![Task {
            kind: "piqa".to_owned(),
            path: path.clone(),
            limit: 0,
        }],
        memorization: Memorization {
            prompts: 4,
            prompt_tokens: 5,
            continuation_tokens: 2,
        },
        ..config()
    };
    let report = run.go(&config).unwrap();
    let metrics = run.metrics();
    let task = &metrics["tasks"][0];
    assert_eq!(report.stats["acc_piqa"], task["acc"]);
    assert_eq!(
        (&task["documents"], &task["refused"]),
        (&3.into(), &1.into())
    );
    assert_eq!(task["chance"], 0.5);
    assert_eq!(task["refused_rows"][0]["line"], 4);
    assert_eq!(task["refused_rows"][0]["problem"], "lacks `sol1`");
    let memorization = &metrics["memorization"];
    assert_eq!(memorization["train"]["passages"], 4);
    assert_eq!(memorization["validation"]["passages"], 4);

    let stage = Evaluate::new(&config).unwrap();
    let before = stage.external_inputs().unwrap();
    std::fs::write(&path, row).unwrap();
    assert_ne!(stage.external_inputs().unwrap(), before);
    std::fs::remove_file(&path).unwrap();
    let error = stage.external_inputs().unwrap_err().to_string();
    assert!(error.contains("piqa.jsonl"), "{error}");
}

#[test]
fn canaries_of_the_trainer_are_ranked() {
    let mut run = prepared_of(160); // the tests' tokenizer spells canaries byte by byte
    let config = Config {
        canary_candidates: 32,
        ..config()
    };
    run.go(&config).unwrap();
    assert!(run.metrics().get("exposure").is_none());

    let canaries = Canaries {
        repeats: vec![2, 8],
        each: 3,
        ..Canaries::default()
    };
    let train = run.input(TRAIN);
    let json = serde_json::to_vec(&canaries.all(1)).unwrap();
    std::fs::write(train.dir.join(CANARIES_FILE), json).unwrap();
    let file = ShardEntry::of_file(&train.dir, CANARIES_FILE).unwrap();
    train.manifest.files.push(file);
    run.go(&config).unwrap();
    let exposure = &run.metrics()["exposure"];
    assert_eq!(exposure["candidates"], 32);
    let repeats: Vec<u64> = exposure["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| group["repeats"].as_u64().unwrap())
        .collect();
    assert_eq!(repeats, [0, 2, 8]);
    assert_eq!(exposure["canaries"].as_array().unwrap().len(), 18);

    let none = Config {
        canary_candidates: 0,
        ..config
    };
    run.go(&none).unwrap();
    assert!(run.metrics().get("exposure").is_none());
}

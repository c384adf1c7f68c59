use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use proptest::prelude::*;
use textmill_schemas::{Document, DocumentStage, Manifest, NoProgress, StageInput, Verdict};
use tokenizers::Tokenizer;

use super::*;
use crate::config::Model;
use crate::vocabulary::Sample;

/// Writes documents as an upstream stage would, in shards of `per_shard`.
fn upstream(dir: &Path, documents: &[Document], per_shard: usize) -> StageInput {
    let mut manifest = Manifest {
        kept_rows: documents.len() as u64,
        ..Manifest::default()
    };
    for (rank, part) in documents.chunks(per_shard).enumerate() {
        let mut writer = ShardWriter::create(dir, &shard_name(rank)).unwrap();
        for document in part {
            writer.write(document.clone()).unwrap();
        }
        manifest.kept.push(writer.finish().unwrap());
    }
    StageInput {
        dir: dir.to_path_buf(),
        manifest,
    }
}

thread_local! {
    /// The run's seed.
    static SEED: std::cell::Cell<u64> = const { std::cell::Cell::new(5) };
}

/// Calls `work` with the context of a run over documents that an upstream stage wrote.
fn within<T>(
    documents: &[Document],
    per_shard: usize,
    out: &Path,
    work: impl FnOnce(&TaskContext) -> T,
) -> T {
    let dir = tempfile::tempdir().unwrap();
    let input = upstream(dir.path(), documents, per_shard);
    let inputs = BTreeMap::from([(UPSTREAM.to_owned(), input)]);
    work(&TaskContext {
        out,
        inputs: &inputs,
        seed: SEED.with(|seed| seed.get()),
        threads: 1,
        progress: &NoProgress,
        cancel: &AtomicBool::new(false),
    })
}

fn run(config: &Config, documents: &[Document], per_shard: usize, out: &Path) -> TaskReport {
    within(documents, per_shard, out, |ctx| {
        let stage = Tokenize::new(config).unwrap();
        let mut report = TaskReport::default();
        for step in stage.steps() {
            for rank in 0..stage.world(step, ctx).unwrap() {
                report.merge(stage.task(step, rank, ctx).unwrap());
            }
        }
        report
    })
}

fn small() -> Config {
    Config {
        vocab_size: 400,
        validation_fraction: 0.3,
        ..Config::default()
    }
}

fn documents() -> Vec<Document> {
    let text = |i: usize| match i % 2 {
        0 => format!("The river rises by {i} feet, and the mill turns the faster for it."),
        _ => format!("第{i}天，河水又涨了，磨坊的轮子转得更快。"),
    };
    (0..40)
        .map(|i| Document {
            id: format!("d{i}"),
            lang: Some(if i % 2 == 0 { "en" } else { "zh" }.into()),
            text: text(i),
            ..Document::default()
        })
        .collect()
}

fn rows(out: &Path, report: &TaskReport, side: &str) -> Vec<Tokens> {
    let shards = report
        .kept
        .iter()
        .filter(|shard| shard.path.starts_with(side));
    shards
        .flat_map(|shard| ShardReader::open(&out.join(&shard.path)).unwrap())
        .flat_map(Result::unwrap)
        .collect()
}

#[test]
fn documents_become_tokens_on_both_sides_and_back() {
    let out = tempfile::tempdir().unwrap();
    let documents = documents();
    let report = run(&small(), &documents, 15, out.path());
    assert_eq!((report.read, report.kept_rows), (40, 40));
    let tokenizer = vocabulary::read(&out.path().join(TOKENIZER)).unwrap();
    let train = rows(out.path(), &report, "train");
    let validation = rows(out.path(), &report, "validation");
    assert!(train.len() > validation.len() && !validation.is_empty());
    for row in train.iter().chain(&validation) {
        let text = tokenizer.decode(&row.tokens, false).unwrap();
        let original = documents.iter().find(|d| d.id == row.id).unwrap();
        assert_eq!(text, original.text);
        assert_eq!(row.bytes as usize, original.text.len());
        assert_eq!(row.lang, original.lang);
    }
    assert!(report.stats["vocab_size"].as_u64().unwrap() <= 400);
    assert!(report.stats["eot_id"].is_u64());
    assert_eq!(report.stats["train_documents"], train.len());
}

#[test]
fn a_cluster_stays_on_one_side_and_repetitions_are_carried() {
    // As several runs have them: kept and dropped documents of a cluster.
    let mut documents = documents();
    for (number, document) in documents.iter_mut().enumerate() {
        document.cluster_id = Some(format!("d{}", number % 8));
        document.repetitions = number as u32 % 5 + 1;
    }
    // With this seed some of the few clusters are on either side.
    let config = Config {
        split_seed: 5,
        ..small()
    };
    let out = tempfile::tempdir().unwrap();
    let report = run(&config, &documents, 7, out.path());
    let mut sides: BTreeMap<usize, &str> = BTreeMap::new();
    for side in ["train", "validation"] {
        for row in rows(out.path(), &report, side) {
            let number: usize = row.id[1..].parse().unwrap();
            assert_eq!(row.repetitions, number as u32 % 5 + 1);
            assert_eq!(*sides.entry(number % 8).or_insert(side), side);
        }
    }
    assert!(sides.values().any(|side| *side == "validation"));
}

#[test]
fn two_runs_give_the_same_bytes() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = run(&small(), &documents(), 15, a.path());
    let second = run(&small(), &documents(), 15, b.path());
    assert_eq!(first, second);
}

#[test]
fn a_given_tokenizer_is_used_and_watched() {
    let out = tempfile::tempdir().unwrap();
    run(&small(), &documents(), 40, out.path());
    let path = out.path().join(TOKENIZER);
    let config = Config {
        tokenizer: Some(path.clone()),
        document_end: "<|stop|>".into(),
        ..small()
    };
    let stage = Tokenize::new(&config).unwrap();
    let before = stage.external_inputs().unwrap();
    let again = tempfile::tempdir().unwrap();
    let report = run(&config, &documents(), 40, again.path());
    let tokenizer = vocabulary::read(&again.path().join(TOKENIZER)).unwrap();
    let end = u64::from(tokenizer.token_to_id("<|stop|>").unwrap());
    assert_eq!(report.stats["eot_id"], end);
    assert_eq!(report.stats["vocab_size"], end + 1);
    std::fs::write(&path, "{}").unwrap();
    assert_ne!(before, stage.external_inputs().unwrap());
    let error = vocabulary::load(&path, &config).unwrap_err().to_string();
    assert!(error.contains("tokenizer.json"), "{error}");
}

#[test]
fn a_mask_token_is_one_more_special_token_that_the_trainer_is_told_of() {
    let out = tempfile::tempdir().unwrap();
    let without = run(&small(), &documents(), 40, out.path());
    assert!(!without.stats.contains_key("mask_id"));
    let config = Config {
        mask: Some("<|mask|>".to_owned()),
        ..small()
    };
    let report = run(&config, &documents(), 40, out.path());
    let tokenizer = vocabulary::read(&out.path().join(TOKENIZER)).unwrap();
    let mask = tokenizer.token_to_id("<|mask|>").map(u64::from);
    assert!(mask.is_some());
    assert_eq!(report.stats["mask_id"].as_u64(), mask);
    let added = tokenizer.get_added_tokens_decoder();
    assert!(added[&(mask.unwrap() as u32)].special);
}

#[test]
fn no_text_is_an_error_that_says_where_to_look() {
    let out = tempfile::tempdir().unwrap();
    let error = within(&[], 1, out.path(), |ctx| train(&small(), ctx).unwrap_err());
    assert!(error.to_string().contains("textmill summary"));
}

fn train(config: &Config, ctx: &TaskContext) -> Result<(Tokenizer, Sample), Error> {
    let input = ctx.input(UPSTREAM).unwrap();
    vocabulary::train(input, config, Split::new(0.1, 1), ctx)
}

/// The trained tokenizer.json and the sample's bytes, with this number of threads.
fn trained(config: &Config, documents: &[Document], threads: usize) -> (String, u64) {
    let out = tempfile::tempdir().unwrap();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap();
    pool.install(|| {
        within(documents, 7, out.path(), |ctx| {
            let (tokenizer, sample) = train(config, ctx).unwrap();
            let bytes = sample.values().map(|amount| amount.bytes).sum();
            (tokenizer.to_string(false).unwrap(), bytes)
        })
    })
}

#[test]
fn threads_do_not_show_in_a_vocabulary() {
    for model in [Model::Bpe, Model::Unigram] {
        let config = Config { model, ..small() };
        let trained = |threads| trained(&config, &documents(), threads);
        assert_eq!(trained(1), trained(3), "{model:?}");
    }
}

#[test]
fn a_sample_that_memory_does_not_hold_is_halved() {
    let text = |i: u32| format!("word{} and word{} are words", i * 7919, i * 104_729);
    let document = |i: u32| Document {
        id: i.to_string(),
        text: text(i),
        ..Document::default()
    };
    let documents: Vec<Document> = (0..400).map(document).collect();
    let (_, whole) = trained(&small(), &documents, 1);
    let tight = Config {
        memory_limit: bytesize::ByteSize::kb(60),
        ..small()
    };
    let (tokenizer, part) = trained(&tight, &documents, 1);
    assert!(part > 0 && part <= whole / 2, "{part} of {whole}");
    assert_eq!((tokenizer, part), trained(&tight, &documents, 3));
}

#[test]
fn unigram_vocabularies_decode_to_what_was_encoded() {
    let out = tempfile::tempdir().unwrap();
    let config = Config {
        model: Model::Unigram,
        padding: Some("<|pad|>".to_owned()),
        ..small()
    };
    run(&config, &documents(), 40, out.path());
    let encoder = Encoder::load(&out.path().join(TOKENIZER)).unwrap();
    assert!(encoder.tokenizer().token_to_id("<|pad|>").is_some());
    for text in ["a mill 磨坊 \u{1f600}\n\n\t x", "<|pad|>", "\u{0}\u{301}"] {
        let mut ids = Vec::new();
        encoder.encode(text, &mut ids).unwrap();
        assert_eq!(encoder.decode(&ids).unwrap(), text);
    }
}

#[test]
fn text_that_spells_a_special_token_stays_text() {
    let out = tempfile::tempdir().unwrap();
    let report = run(&small(), &documents(), 40, out.path());
    let encoder = Encoder::load(&out.path().join(TOKENIZER)).unwrap();
    let end = report.stats["eot_id"].as_u64().unwrap();
    let document = Document {
        text: "The token <|endoftext|> ends a document.".into(),
        ..Document::default()
    };
    let Verdict::Keep(tokens) = encoder.process(document) else {
        panic!("kept");
    };
    assert!(tokens.tokens.iter().all(|id| u64::from(*id) != end));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn any_text_comes_back(texts in prop::collection::vec(".{1,80}", 1..8)) {
        let out = tempfile::tempdir().unwrap();
        run(&small(), &documents(), 40, out.path());
        let encoder = Encoder::load(&out.path().join(TOKENIZER)).unwrap();
        let tokenizer = vocabulary::read(&out.path().join(TOKENIZER)).unwrap();
        for text in texts {
            let document = Document { text: text.clone(), ..Document::default() };
            match encoder.process(document) {
                Verdict::Keep(row) => {
                    prop_assert_eq!(tokenizer.decode(&row.tokens, false).unwrap(), text)
                }
                Verdict::Drop(reason) => prop_assert!(false, "dropped: {}", reason.rule),
            }
        }
    }
}

#[test]
fn validation_stays_whatever_the_seed_and_the_order() {
    let given = documents();
    let hash = |documents: &[Document], seed| {
        SEED.with(|cell| cell.set(seed));
        let out = tempfile::tempdir().unwrap();
        let report = run(&small(), documents, 7, out.path());
        report.stats["validation_hash"].as_str().unwrap().to_owned()
    };
    let reversed: Vec<Document> = given.iter().rev().cloned().collect();
    let expected = hash(&given, 5);
    assert_eq!(hash(&given, 6), expected);
    assert_eq!(hash(&reversed, 5), expected);
    assert_ne!(hash(&given[..given.len() - 30], 5), expected);
}

#[test]
fn groups_add_up_to_what_the_shards_hold() {
    let out = tempfile::tempdir().unwrap();
    let mut given = documents();
    for (number, document) in given.iter_mut().enumerate() {
        document.source = ["news", "web"][number % 2].to_owned();
        document.lang = (number % 3 > 0).then(|| "en".to_owned());
        document.repetitions = 1 + (number % 2) as u32;
    }
    let report = run(&small(), &given, 7, out.path());
    let json = std::fs::read(out.path().join(TokenGroup::FILE)).unwrap();
    let groups: Vec<TokenGroup> = serde_json::from_slice(&json).unwrap();
    let sum = |side, figure: fn(&TokenGroup) -> u64| -> u64 {
        groups.iter().filter(|g| g.side == side).map(figure).sum()
    };
    for (side, name) in [(Side::Train, "train"), (Side::Validation, "validation")] {
        let figure = |what| report.stats[&format!("{name}_{what}")].as_u64().unwrap();
        assert_eq!(sum(side, |g| g.documents), figure("documents"));
        assert_eq!(sum(side, |g| g.tokens), figure("tokens"));
        assert_eq!(sum(side, |g| g.bytes), figure("bytes"));
    }
    assert!(groups.is_sorted_by_key(|g| (g.side, g.source.clone(), g.lang.clone())));
    for group in &groups {
        let times = if group.source == "web" { 2 } else { 1 };
        assert_eq!(group.repeated_tokens, times * group.tokens);
    }
}

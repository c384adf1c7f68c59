//! What a trainer will be fed: `textmill mix` and `textmill pack`.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;
use support::{both, manifest, rows, succeed, textmill};
use textmill_schemas::{TokenGroup, Tokens};

/// The sample corpus, tokenized once for all tests.
static RUN: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    succeed(&mut textmill(dir.path(), &["tokenize", "--quiet"]));
    dir
});

fn json_lines(arguments: &[&str]) -> Vec<Value> {
    let said = succeed(&mut textmill(RUN.path(), arguments));
    let lines = said.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn complaint(arguments: &[&str]) -> String {
    let output = textmill(RUN.path(), arguments).output().unwrap();
    assert!(!output.status.success());
    both(&output)
}

/// Groups of a source, or of a language, and their figures.
fn figures<'a>(mix: &'a Value, key: &str, value: &str, figure: &str) -> Vec<&'a Value> {
    let groups = mix["groups"].as_array().unwrap().iter();
    let groups = groups.filter(|group| group[key] == value);
    groups.map(|group| &group[figure]).collect()
}

#[test]
fn without_weights_every_share_is_the_natural_one() {
    let [mix] = &json_lines(&["mix", "--tokens", "1000000", "--json"])[..] else {
        panic!("more than one line");
    };
    let groups = mix["groups"].as_array().unwrap();
    let sum = |figure: &str| -> f64 { groups.iter().map(|g| g[figure].as_f64().unwrap()).sum() };
    assert!((sum("share") - 1.0).abs() < 1e-9);
    assert!((sum("drawn") - 1e6).abs() < groups.len() as f64);
    for group in groups {
        assert_eq!(group["share"], group["natural_share"]);
        assert_eq!(
            (group["weight"].as_f64(), group["repetitions"].as_f64()),
            (Some(1.0), Some(1.0))
        );
    }
    // Every training token and the one that ends its document, as the shards have them.
    let stats = &manifest(RUN.path(), "tokenize").stats;
    let stat = |name: &str| stats[name].as_u64().unwrap();
    let pass = stat("train_tokens") + stat("train_documents");
    assert_eq!(mix["pass"], pass);
    assert_eq!(sum("tokens"), pass as f64);
    assert!((mix["passes"].as_f64().unwrap() - 1e6 / pass as f64).abs() < 1e-9);
}

#[test]
fn weights_move_shares_repetitions_and_epochs() {
    let weights = [
        "--set",
        "train.mixture.sources.news=2",
        "--set",
        "train.mixture.languages.zh=0.5",
    ];
    let natural = &json_lines(&["mix", "--tokens", "1000000", "--json"])[0];
    let mut arguments = vec!["mix", "--tokens", "1000000"];
    arguments.extend(weights);
    let table = succeed(&mut textmill(RUN.path(), &arguments));
    assert!(
        table.contains("repetitions") && table.contains("epochs"),
        "{table}"
    );
    assert!(
        table.contains(" !\n") && table.contains("Muennighoff"),
        "{table}"
    );
    arguments.push("--json");
    let mix = &json_lines(&arguments)[0];
    let of = |mix: &Value, figure: &str, source: &str, lang: &str| -> f64 {
        let groups = mix["groups"].as_array().unwrap();
        let group = groups
            .iter()
            .find(|g| g["source"] == source && g["lang"] == lang);
        group.unwrap()[figure].as_f64().unwrap()
    };
    assert_eq!(of(mix, "repetitions", "news", "en"), 2.0);
    assert_eq!(of(mix, "repetitions", "news", "zh"), 1.0);
    assert!(
        figures(mix, "source", "books", "weight")
            .iter()
            .all(|w| **w == 1.0 || **w == 0.5)
    );
    // Of two groups the shares change as their weights do.
    let ratio = |mix| of(mix, "share", "news", "en") / of(mix, "share", "news", "zh");
    assert!((ratio(mix) / ratio(natural) - 2.0).abs() < 1e-9);
    // A little training is nothing to warn of.
    let little = succeed(&mut textmill(RUN.path(), &["mix", "--tokens", "1000"]));
    assert!(!little.contains("Muennighoff"), "{little}");
}

#[test]
fn mistaken_weights_are_named_with_the_nearest() {
    let said = complaint(&[
        "mix",
        "--tokens",
        "1",
        "--set",
        "train.mixture.sources.nwes=2",
    ]);
    assert!(
        said.contains("`nwes`") && said.contains("nearest is `news`"),
        "{said}"
    );
    let said = complaint(&[
        "pack",
        "--context",
        "9",
        "--set",
        "train.mixture.languages.zhh=2",
    ]);
    assert!(
        said.contains("language `zhh`") && said.contains("`zh`"),
        "{said}"
    );
    let said = complaint(&[
        "mix",
        "--tokens",
        "1",
        "--set",
        "train.mixture.sources.news=-1",
    ]);
    assert!(said.contains("mixture.sources.news"), "{said}");
    assert!(complaint(&["pack", "--context", "0"]).contains("--context"));
    let empty = tempfile::tempdir().unwrap();
    let output = textmill(empty.path(), &["mix", "--tokens", "1"])
        .output()
        .unwrap();
    assert!(
        both(&output).contains("textmill tokenize"),
        "{}",
        both(&output)
    );
}

/// Lengths of the training documents, with the token that ends them.
fn lengths(dir: &Path) -> Vec<u64> {
    let groups = TokenGroup::read_all(&dir.join("tokenize")).unwrap();
    let manifest = manifest(dir, "tokenize");
    let train = manifest
        .kept
        .iter()
        .filter(|shard| shard.path.starts_with("train/"));
    let train: u64 = train.map(|shard| shard.rows).sum();
    let all = rows::<Tokens>(dir, "tokenize", false);
    assert!(groups.iter().map(|group| group.documents).sum::<u64>() == all.len() as u64);
    let all = all.iter().take(train as usize);
    all.map(|document| document.tokens.len() as u64 + 1)
        .collect()
}

#[test]
fn packing_is_counted_as_the_shards_have_it() {
    let found = json_lines(&["pack", "--context", "64,128,512", "--json"]);
    let lengths = lengths(RUN.path());
    let tokens: u64 = lengths.iter().sum();
    let contexts: Vec<u64> = found
        .iter()
        .map(|f| f["context"].as_u64().unwrap())
        .collect();
    assert_eq!(contexts, [64, 64, 128, 128, 512, 512]);
    for statistics in &found {
        let figure = |name: &str| statistics[name].as_f64().unwrap();
        let context = statistics["context"].as_u64().unwrap();
        let longer = lengths.iter().filter(|length| **length > context).count() as f64;
        assert_eq!(figure("tokens"), tokens as f64);
        assert_eq!(figure("documents"), lengths.len() as f64);
        assert_eq!(figure("shorter"), lengths.len() as f64 - longer);
        match statistics["packing"].as_str().unwrap() {
            "concatenate" => {
                assert_eq!(
                    (figure("padding"), figure("rows")),
                    (0.0, tokens.div_ceil(context) as f64)
                );
                assert!(context < 512 || figure("shorter_cut_share") > 0.1);
                assert_eq!(figure("cut"), longer + figure("shorter_cut"));
            }
            _ => {
                assert_eq!((figure("shorter_cut"), figure("cut")), (0.0, longer));
                assert_eq!(
                    figure("padding"),
                    figure("rows") * context as f64 - tokens as f64
                );
                // No two of the sample's documents, of some 430 tokens, fit into 512.
                assert!(
                    context > 128 || figure("padding_share") < 0.01,
                    "{statistics}"
                );
            }
        }
    }
    let table = succeed(&mut textmill(RUN.path(), &["pack", "--context", "64"]));
    assert!(
        table.contains("best_fit") && table.contains("concatenate"),
        "{table}"
    );
    // Documents that the mixture wants twice are packed twice.
    let doubled = [
        "pack",
        "--context",
        "64",
        "--json",
        "--set",
        "train.mixture.sources.news=2",
    ];
    let twice = &json_lines(&doubled)[0]["documents"];
    assert!(twice.as_u64().unwrap() > lengths.len() as u64);
}

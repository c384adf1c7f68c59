//! `textmill embed` on a tiny model whose vectors are known.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};
use tch::{Device, Kind, Tensor};
use textmill_model::{Architecture, Gpt, ModelConfig, Size};
use textmill_tokenize::Encoder;

use crate::support::{both, python, root, succeed};

/// Words that are tokens, beside the bytes.
const WORDS: [&str; 6] = [" man", " king", " woman", " queen", "水", "水车"];

/// The character that stands for a byte in byte-level vocabularies.
fn characters() -> Vec<char> {
    let printable = |byte: u32| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let mut others = 256..;
    let all = (0..256).map(|byte| {
        if printable(byte) {
            byte
        } else {
            others.next().unwrap()
        }
    });
    all.map(|code| char::from_u32(code).unwrap()).collect()
}

/// A byte-level tokenizer with merges that lead to the words.
fn tokenizer() -> Value {
    let characters = characters();
    let mut vocab: Vec<String> = characters.iter().map(char::to_string).collect();
    let mut merges = Vec::new();
    for word in WORDS {
        let spelled: Vec<char> = word.bytes().map(|byte| characters[byte as usize]).collect();
        for end in 2..=spelled.len() {
            let (head, last) = (&spelled[..end - 1], spelled[end - 1]);
            let head: String = head.iter().collect();
            let merged = format!("{head}{last}");
            if !vocab.contains(&merged) {
                merges.push(format!("{head} {last}"));
                vocab.push(merged);
            }
        }
    }
    let end = vocab.len();
    let vocab: Map<String, Value> = (0..)
        .zip(vocab)
        .map(|(id, token)| (token, json!(id as u32)))
        .collect();
    let level = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null, "post_processor": null,
        "added_tokens": [{"id": end, "content": "<|endoftext|>", "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true}],
        "pre_tokenizer": level, "decoder": level,
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "vocab": vocab, "merges": merges}
    })
}

/// A model's folder; queen lies where woman − man + king of unit vectors does.
fn model(dir: &Path, architecture: Architecture) -> (PathBuf, Gpt, Encoder) {
    let folder = dir.join(format!("{architecture:?}"));
    fs::create_dir(&folder).unwrap();
    let file = folder.join("tokenizer.json");
    fs::write(&file, tokenizer().to_string()).unwrap();
    let encoder = Encoder::load(&file).unwrap();
    let size = Size::named("nano").unwrap();
    let mut config = ModelConfig::new(architecture, size, encoder.vocab_size() as i64, 48);
    (
        config.width,
        config.feed_forward,
        config.layers,
        config.eot_id,
    ) = (64, 96, 2, Some(0));
    let gpt = Gpt::new(&config, 3, Device::Cpu).unwrap();
    let _ = gpt.flat().shallow_clone().g_mul_scalar_(4.0);
    let vectors = gpt.embeddings().unwrap();
    let row = |word| vectors.get(id(&encoder, word));
    let unit = |word| row(word) / row(word).norm();
    let queen = unit(" king") - unit(" man") + unit(" woman");
    row(" queen").copy_(&(queen * 3.0));
    row("水车").copy_(&(row("水") * 2.0));
    gpt.save(&folder).unwrap();
    (folder, gpt, encoder)
}

fn ids(encoder: &Encoder, text: &str) -> Vec<i64> {
    let mut ids = Vec::new();
    encoder.encode(text, &mut ids).unwrap();
    ids.into_iter().map(i64::from).collect()
}

fn id(encoder: &Encoder, word: &str) -> i64 {
    let ids = ids(encoder, word);
    assert_eq!(ids.len(), 1, "{word}");
    ids[0]
}

fn embed(arguments: &[&str], model: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    command
        .current_dir(root())
        .arg("embed")
        .arg(arguments[0])
        .arg(model)
        .args(&arguments[1..]);
    command
}

fn found(arguments: &[&str], model: &Path) -> Vec<(String, f64)> {
    let said = succeed(embed(arguments, model).arg("--json"));
    let said: Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    let all = said["found"].as_array().unwrap().iter();
    all.map(|near| {
        (
            near["token"].as_str().unwrap().to_owned(),
            near["score"].as_f64().unwrap(),
        )
    })
    .collect()
}

#[test]
fn words_have_neighbours_and_analogies() {
    let dir = tempfile::tempdir().unwrap();
    for architecture in [Architecture::Llama, Architecture::Gpt2] {
        let (folder, ..) = model(dir.path(), architecture);
        for arguments in [
            &["analogy", "man", "king", "woman"][..],
            &["analogy", "man", "king", "woman", "--mul"],
        ] {
            let found = found(arguments, &folder);
            assert_eq!(found[0].0, "▁queen", "{found:?}");
            assert_eq!(found.len(), 10);
        }
        let near = found(&["neighbours", "水", "--top", "3"], &folder);
        assert_eq!(near.len(), 3);
        assert_eq!(near[0].0, "水车");
        assert!((near[0].1 - 1.0).abs() < 1e-6);
        // A word of several tokens is the mean of theirs.
        let said = succeed(&mut embed(&["neighbours", "kings"], &folder));
        assert!(said.starts_with("kings [▁king s]:\n"), "{said}");
        let said = embed(&["neighbours", ""], &folder).output().unwrap();
        assert!(!said.status.success());
        assert!(both(&said).contains("makes no tokens of \"\""));
    }
}

#[test]
fn exported_words_are_the_models() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, gpt, encoder) = model(dir.path(), Architecture::Llama);
    let (text, table) = (
        dir.path().join("vectors.txt"),
        dir.path().join("vectors.parquet"),
    );
    for out in [&text, &table] {
        succeed(embed(&["export", "--out"], &folder).arg(out));
    }
    let vectors = gpt.embeddings().unwrap();
    let text = fs::read_to_string(text).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next().unwrap(),
        format!("{} 64", encoder.vocab_size())
    );
    let rows: BTreeMap<&str, Vec<f32>> = lines
        .map(|line| line.split_once(' ').unwrap())
        .map(|(word, row)| (word, row.split(' ').map(|x| x.parse().unwrap()).collect()))
        .collect();
    assert_eq!(rows.len(), encoder.vocab_size());
    for (name, word) in [
        ("▁king", " king"),
        ("水车", "水车"),
        ("a", "a"),
        ("\\u{a}", "\n"),
    ] {
        let expected = Vec::<f32>::try_from(vectors.get(id(&encoder, word))).unwrap();
        assert_eq!(rows[name], expected, "{name}");
    }
    assert!(rows.contains_key("<0xE6>") && rows.contains_key("<|endoftext|>"));
    let script = "import sys, json, pyarrow.parquet as p\n\
                  t = p.read_table(sys.argv[1])\n\
                  print(json.dumps([t.column_names, t['token'].to_pylist(), t['vector'].to_pylist()]))";
    let read = succeed(python().arg("-c").arg(script).arg(&table));
    let read: (Vec<String>, Vec<String>, Vec<Vec<f32>>) = serde_json::from_str(&read).unwrap();
    assert_eq!(read.0, ["id", "token", "vector"]);
    assert_eq!(
        read.1
            .into_iter()
            .zip(read.2)
            .collect::<BTreeMap<_, _>>()
            .len(),
        rows.len()
    );
}

/// Lines and vectors of a Parquet file.
fn sentences(arguments: &[&str], model: &Path, file: &Path) -> (String, Vec<(i64, Vec<f64>)>) {
    let out = file.with_extension("parquet");
    let mut command = embed(&["sentences", "--quiet"], model);
    let said = succeed(
        command
            .arg("--file")
            .arg(file)
            .arg("--out")
            .arg(&out)
            .args(arguments),
    );
    let script = "import sys, json, pyarrow.parquet as p\n\
                  t = p.read_table(sys.argv[1])\n\
                  print(json.dumps(list(zip(t['id'].to_pylist(), t['vector'].to_pylist()))))";
    let read = succeed(python().arg("-c").arg(script).arg(&out));
    (said, serde_json::from_str(&read).unwrap())
}

const TEXTS: [&str; 9] = [
    "the king",
    "水车在河边转动",
    "",
    "a man and a woman",
    "king",
    "x",
    "the mill grinds 1,234.5 sacks of corn",
    "the kinG",
    "a very long text that does not fit into the context of this model, which has 48 tokens",
];

#[test]
fn batches_give_the_vectors_of_single_texts() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("texts.txt");
    fs::write(&file, TEXTS.join("\n") + "\n").unwrap();
    for (architecture, pool) in [
        (Architecture::Llama, "mean"),
        (Architecture::Gpt2, "last"),
        (Architecture::Llama, "max"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (folder, gpt, encoder) = model(dir.path(), architecture);
        let single = ["--pool", pool, "--batch", "1", "--threads", "1"];
        let (said, alone) = sentences(&single, &folder, &file);
        assert!(
            said.contains("8 vectors of 64 numbers from 9 lines; 1 left out: 1 empty"),
            "{said}"
        );
        assert!(said.contains("1 cut"), "{said}");
        let (_, together) = sentences(&["--pool", pool, "--threads", "3"], &folder, &file);
        assert_eq!(alone.len(), 8);
        for ((line, alone), (other, together)) in alone.iter().zip(&together) {
            assert_eq!(line, other);
            let text = TEXTS[*line as usize - 1];
            let mut ids = ids(&encoder, text);
            ids.truncate(48);
            let hidden = gpt
                .hidden(&Tensor::from_slice(&ids).unsqueeze(0))
                .unwrap()
                .squeeze_dim(0);
            let expected = match pool {
                "mean" => hidden.mean_dim(0, false, Kind::Float),
                "last" => hidden.get(-1),
                _ => hidden.amax(0, false),
            };
            let expected = Vec::<f32>::try_from(expected).unwrap();
            for ((a, b), expected) in alone.iter().zip(together).zip(expected) {
                assert!(
                    (a - b).abs() < 1e-5 && (a - f64::from(expected)).abs() < 1e-5,
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn a_text_is_most_like_itself() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, ..) = model(dir.path(), Architecture::Gpt2);
    let file = dir.path().join("texts.jsonl");
    let lines = TEXTS.map(|text| json!({"text": text}).to_string());
    fs::write(
        &file,
        format!("{}\nnot json\n{{\"text\": 1}}\n", lines.join("\n")),
    )
    .unwrap();
    let mut command = embed(
        &["similar", "--query", "水车在河边转动", "--top", "2"],
        &folder,
    );
    let output = command.arg("--file").arg(&file).output().unwrap();
    assert!(output.status.success(), "{}", both(&output));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.starts_with(" 1.0000  line 2: 水车在河边转动\n"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 2);
    let warned = String::from_utf8(output.stderr).unwrap();
    assert!(
        warned.contains("line 10: not JSON") && warned.contains("line 11: no \"text\""),
        "{warned}"
    );
}

//! `textmill look`: its numbers beside transformers', and its page in a real browser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};
use tch::Device;
use textmill_model::{Architecture, Gpt, ModelConfig, Size};

use crate::browser::browser;
use crate::support::{both, python, root, succeed};

/// Chinese, characters of several tokens, and text that would be markup.
const TEXT: &str = "The ferry </script><img src=x onerror=alert(1)> left.\n渡船离开了。\u{202e}é";
/// The document-end token; a token's id is its byte otherwise.
const END: u32 = 256;

/// A byte-level vocabulary without merges, but for one Chinese character.
fn tokenizer() -> Value {
    let printable = |byte: &u32| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
    let mut others = 256..;
    let mut vocab = Map::new();
    let mut characters = Vec::new();
    for byte in 0..256_u32 {
        let character = if printable(&byte) {
            byte
        } else {
            others.next().unwrap()
        };
        let character = char::from_u32(character).unwrap().to_string();
        vocab.insert(character.clone(), json!(byte));
        characters.push(character);
    }
    let bytes: Vec<&str> = "渡"
        .bytes()
        .map(|b| characters[usize::from(b)].as_str())
        .collect();
    let (two, three) = (bytes[..2].concat(), bytes.concat());
    vocab.insert(two.clone(), json!(257));
    vocab.insert(three, json!(258));
    vocab.insert("<|endoftext|>".to_owned(), json!(END));
    let level = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true});
    json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null, "post_processor": null,
        "added_tokens": [{"id": END, "content": "<|endoftext|>", "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true}],
        "pre_tokenizer": level, "decoder": level,
        "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "vocab": vocab,
            "merges": [[bytes[0], bytes[1]], [two, bytes[2]]]}
    })
}

/// A random model in a run's folder, far from the small start, where a wrong formula would hide.
fn model(run: &Path, architecture: Architecture) -> PathBuf {
    let mut config = ModelConfig::new(architecture, Size::named("nano").unwrap(), 259, 96);
    (config.layers, config.width, config.feed_forward) = (3, 48, 80);
    config.eot_id = Some(END);
    if architecture == Architecture::Llama {
        (config.kv_heads, config.tie_embeddings) = (2, false);
    }
    let gpt = Gpt::new(&config, 3, Device::Cpu).unwrap();
    let _ = gpt.flat().shallow_clone().g_mul_scalar_(4.0);
    let folder = run.join("train/best");
    fs::create_dir_all(&folder).unwrap();
    gpt.save(&folder).unwrap();
    fs::write(folder.join("tokenizer.json"), tokenizer().to_string()).unwrap();
    folder
}

fn look(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_textmill"));
    command.current_dir(root()).arg("look").args(arguments);
    command
}

/// What a look at [`TEXT`] wrote, and what it printed.
struct Looked {
    folder: PathBuf,
    page: PathBuf,
    numbers: PathBuf,
    said: String,
}

fn looked(run: &Path, architecture: Architecture) -> Looked {
    let folder = model(run, architecture);
    let (page, numbers) = (run.join("look.html"), run.join("look.json"));
    let said = succeed(
        look(&[
            run.to_str().unwrap(),
            "--text",
            TEXT,
            "--top",
            "7",
            "--quiet",
        ])
        .arg("--out")
        .arg(&page)
        .arg("--json")
        .arg(&numbers),
    );
    Looked {
        folder,
        page,
        numbers,
        said,
    }
}

#[test]
fn numbers_are_those_of_transformers() {
    let dir = tempfile::tempdir().unwrap();
    let all = [Architecture::Llama, Architecture::Gpt2]
        .map(|architecture| looked(&dir.path().join(format!("{architecture:?}")), architecture));
    let mut command = python();
    command.arg(root().join("tests/uses/looking.py"));
    for looked in &all {
        command.arg(&looked.folder).arg(&looked.numbers);
    }
    let found: Vec<Map<String, Value>> = serde_json::from_str(&succeed(&mut command)).unwrap();
    for (looked, found) in all.iter().zip(&found) {
        assert!(found.len() > 20, "{found:?}");
        for (kind, apart) in found {
            let apart = apart.as_f64().unwrap();
            assert!(apart < 1e-4, "{}: {kind}: {apart}", looked.folder.display());
        }
    }
    what_is_printed(&all[0]);
}

/// A line about each layer, with hostile text escaped.
fn what_is_printed(looked: &Looked) {
    let numbers = fs::read_to_string(&looked.numbers).unwrap();
    let numbers: Value = serde_json::from_str(&numbers).unwrap();
    let bits = numbers["summary"]["bits_per_byte"].as_f64().unwrap();
    assert!(
        looked.said.contains(&format!("{bits:.3} bits a byte")),
        "{}",
        looked.said
    );
    let table = looked.said.split("entropy").nth(1).unwrap();
    for layer in 0..3 {
        let line = table
            .lines()
            .find(|line| line.trim_start().starts_with(&format!("{layer} ")));
        assert!(line.unwrap().contains(" bits"), "{table}");
    }
    assert!(looked.said.contains("look.html") && !looked.said.contains('\u{202e}'));
}

#[test]
fn the_page_works_in_a_browser() {
    let dir = tempfile::tempdir().unwrap();
    let looked = looked(dir.path(), Architecture::Llama);
    let mut command = python();
    command.arg(root().join("tests/uses/looking_page.py"));
    let said = succeed(
        command
            .arg(browser())
            .arg(&looked.page)
            .arg(&looked.numbers),
    );
    assert!(said.contains("all is well"), "{said}");
}

#[test]
fn long_texts_are_cut_and_mistakes_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let folder = model(dir.path(), Architecture::Gpt2);
    let (folder, page) = (folder.display().to_string(), dir.path().join("out.html"));
    let said = |arguments: &[&str]| {
        let output = look(arguments).arg("--out").arg(&page).output().unwrap();
        (output.status.success(), both(&output))
    };
    let (done, text) = said(&[
        &folder,
        "--text",
        TEXT,
        "--max-tokens",
        "9",
        "--attribution",
        "2",
    ]);
    assert!(done && text.contains("The text is cut: 9 of its"), "{text}");
    assert!(fs::read_to_string(&page).unwrap().contains("\"cut\":true"));
    fs::remove_file(&page).unwrap();
    let file = dir.path().join("text.txt");
    fs::write(&file, b"ab\xff").unwrap();
    let file = file.display().to_string();
    for (arguments, mend) in [
        (vec![&*folder], "--text"),
        (vec![&*folder, "--text", ""], "the text is empty"),
        (vec![&*folder, "--file", &*file], "not UTF-8 at byte 2"),
        (vec!["/nowhere", "--text", "x"], "no such folder"),
        (vec!["tests", "--text", "x"], "holds no model"),
    ] {
        let (done, text) = said(&arguments);
        assert!(!done && text.contains(mend), "{arguments:?}: {text}");
        assert!(!page.exists());
    }
}

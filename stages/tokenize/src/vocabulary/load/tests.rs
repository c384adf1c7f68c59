use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write;
use std::fs;
use std::io::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;
use crate::Encoder;
use crate::bpe::characters_of;
use crate::pieces::{Digits, Family, pieces};

const CL100K: Pattern = Pattern {
    family: Family::Cl100k,
    digits: Digits::Three,
};

/// A rank file of all bytes and these tokens.
fn rank_file(tokens: &[Vec<u8>]) -> (String, HashMap<Vec<u8>, u32>) {
    let (mut file, mut ranks) = (String::new(), HashMap::new());
    let bytes = (0..=255_u8).map(|byte| vec![byte]);
    for token in bytes.chain(tokens.iter().cloned()) {
        let rank = ranks.len() as u32;
        if let Entry::Vacant(place) = ranks.entry(token) {
            let _ = writeln!(file, "{} {rank}", STANDARD.encode(place.key()));
            place.insert(rank);
        }
    }
    (file, ranks)
}

/// What tiktoken does, as its educational version does it: `byte_pair_encode`.
fn tiktoken(ranks: &HashMap<Vec<u8>, u32>, pattern: Pattern, text: &str) -> Vec<u32> {
    let mut ids = Vec::new();
    for piece in pieces(pattern, text) {
        if let Some(rank) = ranks.get(piece.as_bytes()) {
            ids.push(*rank);
            continue;
        }
        let mut parts: Vec<Vec<u8>> = piece.bytes().map(|byte| vec![byte]).collect();
        loop {
            let pairs = parts.windows(2).enumerate();
            let ranked = pairs.filter_map(|(at, pair)| Some((*ranks.get(&pair.concat())?, at)));
            let Some((_, at)) = ranked.min() else { break };
            let right = parts.remove(at + 1);
            parts[at].extend(right);
        }
        ids.extend(parts.iter().map(|part| ranks[part]));
    }
    ids
}

fn written(name: &str, content: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, content).unwrap();
    (dir, path)
}

fn message(path: &Path) -> String {
    let message = read(path, Some(CL100K)).unwrap_err().to_string();
    assert!(
        message.starts_with(&path.display().to_string()),
        "{message}"
    );
    message
}

proptest! {
    /// Tokens in any order, so that many are reached by later ones or not at all.
    #[test]
    fn a_rank_file_encodes_as_tiktoken_does(
        tokens in proptest::collection::vec("[abc ]{2,7}", 0..60),
        text in "[abc ]{0,40}",
        rest in any::<String>(),
    ) {
        let tokens: Vec<Vec<u8>> = tokens.into_iter().map(String::into_bytes).collect();
        let (file, ranks) = rank_file(&tokens);
        let (_dir, path) = written("small.tiktoken", file.as_bytes());
        let tokenizer = read(&path, Some(CL100K)).unwrap();
        // Through the file that the stage writes.
        let json = tokenizer.to_string(false).unwrap();
        let encoder = Encoder::new(Tokenizer::from_bytes(json).unwrap());
        prop_assert_eq!(encoder.slow_because(), None);
        for text in [text, rest] {
            let expected = tiktoken(&ranks, CL100K, &text);
            let (mut fast, mut slow) = (Vec::new(), Vec::new());
            encoder.encode(&text, &mut fast).unwrap();
            encoder.encode_by_crate(&text, &mut slow).unwrap();
            prop_assert_eq!(&fast, &expected);
            prop_assert_eq!(&slow, &expected);
            prop_assert_eq!(encoder.decode(&fast).unwrap(), text);
        }
    }

    #[test]
    fn no_file_fails_hard(content in proptest::collection::vec(any::<u8>(), 0..200), kind in 0..4_usize) {
        let name = ["x.tiktoken", "tokenizer.json", "vocab.json", "x.model"][kind];
        let (dir, path) = written(name, &content);
        fs::write(dir.path().join("merges.txt"), &content).unwrap();
        prop_assert!(read(&path, Some(CL100K)).is_err());
        let lines = ["IQ== 0", "IQ== 1", "IQ==", "0", "{\"model\":", "{}", "\"a\"", ":1", "a b", "}"];
        let text: Vec<&str> = content.iter().map(|byte| lines[usize::from(*byte) % lines.len()]).collect();
        fs::write(&path, text.join(["\n", " "][kind % 2])).unwrap();
        prop_assert!(read(&path, Some(CL100K)).is_err());
    }
}

#[test]
fn merges_are_those_that_trained_the_vocabulary() {
    let words = ["th", "he", "the", "aa", "aaa", "aaaa", " t", " the"];
    let tokens: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
    let (_, ranks) = rank_file(&tokens);
    let mut ordered: Vec<(u32, &[u8])> = ranks
        .iter()
        .map(|(token, rank)| (*rank, &**token))
        .collect();
    ordered.sort_unstable();
    let merges = recover::merges(&ordered);
    let merges: Vec<String> = merges
        .iter()
        .map(|(left, right)| {
            format!(
                "{}|{}",
                String::from_utf8_lossy(left),
                String::from_utf8_lossy(right)
            )
        })
        .collect();
    // " t" comes too late to make " the" of: the bytes make "the" first.
    assert_eq!(
        merges,
        ["t|h", "h|e", "th|e", "a|a", "aa|a", "aa|aa", " |t", " |the"]
    );
}

#[test]
fn a_token_of_a_megabyte_takes_no_quadratic_time() {
    let long = |byte: u8| vec![byte; 1 << 20];
    let doubled = (1..20).map(|power| vec![b'a'; 1 << power]);
    let tokens: Vec<Vec<u8>> = doubled.chain([long(b'a'), long(b'b')]).collect();
    let (file, _) = rank_file(&tokens);
    let (_dir, path) = written("long.tiktoken", file.as_bytes());
    let start = std::time::Instant::now();
    read(&path, Some(CL100K)).unwrap();
    assert!(start.elapsed().as_secs() < 20);
}

#[test]
fn known_names_tell_pieces_and_special_tokens() {
    // As many ranks as the real vocabulary has, so that the special tokens' ids are free.
    let tokens: Vec<Vec<u8>> = (0..50_000_u32)
        .map(|n| format!("x{n}").into_bytes())
        .collect();
    let (file, ranks) = rank_file(&tokens);
    assert_eq!(ranks.len(), 50_256);
    let (dir, path) = written("r50k_base.tiktoken", file.as_bytes());
    let tokenizer = read(&path, None).unwrap();
    assert_eq!(tokenizer.token_to_id("<|endoftext|>"), Some(50_256));
    let encoder = Encoder::new(tokenizer);
    assert_eq!(
        (encoder.slow_because(), encoder.vocab_size()),
        (None, 50_257)
    );
    // Another name says nothing; the configuration does.
    let other = dir.path().join("mine.tiktoken");
    fs::rename(&path, &other).unwrap();
    let error = read(&other, None).unwrap_err().to_string();
    assert!(error.contains("pre_tokenizer"), "{error}");
    assert!(read(&other, Some(CL100K)).is_ok());
}

#[test]
fn rank_files_with_mistakes_name_the_line() {
    let (good, _) = rank_file(&[]);
    for (line, said) in [
        ("a?== 256", "no base64"),
        ("YWI=", "a space and its rank"),
        ("YWI= x", "whole number"),
        (" 256", "empty"),
        ("YWI= 255", "the rank 255 stands in line 256, too"),
        ("YWI= 300", "comes where 256 should"),
        ("YQ== 256", "the token stands in line 98, too"),
    ] {
        let (_dir, path) = written("bad.tiktoken", format!("{good}{line}\n").as_bytes());
        let message = message(&path);
        assert!(
            message.contains(":257: ") && message.contains(said),
            "{message}"
        );
    }
    let lines: Vec<&str> = good.lines().skip(1).collect();
    let short = lines
        .iter()
        .enumerate()
        .map(|(rank, line)| format!("{} {rank}\n", line.split(' ').next().unwrap()));
    let (_dir, path) = written("short.tiktoken", short.collect::<String>().as_bytes());
    assert!(message(&path).contains("the byte 0x00"));
}

/// GPT-2's files of a few merges.
fn gpt2_files() -> (HashMap<String, u32>, String) {
    let mut tokens: Vec<String> = (0..=255_u8).map(|byte| characters_of(&[byte])).collect();
    tokens.extend(["th", "the", "Ġthe", "<|endoftext|>"].map(str::to_owned));
    let ids = (0..).zip(tokens).map(|(id, token)| (token, id));
    (
        ids.collect(),
        "#version: 0.2\nt h\nth e\nĠ the\n".to_owned(),
    )
}

fn gpt2_folder(names: [&str; 2], ids: &HashMap<String, u32>, merges: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(
        dir.path().join(names[0]),
        serde_json::to_string(ids).unwrap(),
    )
    .unwrap();
    fs::write(dir.path().join(names[1]), merges).unwrap();
    dir
}

#[test]
fn gpt2_files_under_all_their_names_and_compressed() {
    let (ids, merges) = gpt2_files();
    for names in [["encoder.json", "vocab.bpe"], ["vocab.json", "merges.txt"]] {
        let dir = gpt2_folder(names, &ids, &merges);
        for path in [
            dir.path().to_path_buf(),
            dir.path().join(names[0]),
            dir.path().join(names[1]),
        ] {
            let encoder = Encoder::load(&path).unwrap();
            assert_eq!(encoder.slow_because(), None);
            let mut found = Vec::new();
            encoder.encode("the the", &mut found).unwrap();
            assert_eq!(found, [257, 258]);
        }
        for name in names {
            let plain = dir.path().join(name);
            let file = fs::File::create(dir.path().join(format!("{name}.gz"))).unwrap();
            let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            gz.write_all(&fs::read(&plain).unwrap()).unwrap();
            gz.finish().unwrap();
            fs::remove_file(plain).unwrap();
        }
        let tokenizer = read(dir.path(), None).unwrap();
        let added = tokenizer.get_added_tokens_decoder();
        assert_eq!(added.len(), 1);
        assert!(added[&259].special);
        assert_eq!(files(dir.path()).unwrap().len(), 2);
    }
}

#[test]
fn gpt2_files_with_mistakes_name_file_and_line() {
    let (ids, merges) = gpt2_files();
    for (line, said) in [
        ("th", "two tokens"),
        ("a b", "\"ab\" is no token"),
        ("t h", "stands in line 2, too"),
    ] {
        let dir = gpt2_folder(
            ["encoder.json", "vocab.bpe"],
            &ids,
            &format!("{merges}{line}\n"),
        );
        let error = read(dir.path(), None).unwrap_err().to_string();
        assert!(
            error.contains("vocab.bpe:5: ") && error.contains(said),
            "{error}"
        );
    }
    let mut twice = ids.clone();
    twice.insert("th".to_owned(), 3);
    let dir = gpt2_folder(["encoder.json", "vocab.bpe"], &twice, &merges);
    let error = read(dir.path(), None).unwrap_err().to_string();
    assert!(error.contains("have the same id, 3"), "{error}");
    fs::write(dir.path().join("encoder.json"), "{\n\"a\": -1}").unwrap();
    let error = read(dir.path(), None).unwrap_err().to_string();
    assert!(error.contains("encoder.json:2: "), "{error}");
}

#[test]
fn other_files_are_told_what_they_lack() {
    for (name, content, said) in [
        ("tokenizer.json", r#"{"a": 1, "b": 2}"#, "no merges"),
        ("tokenizer.json", r#"{"version": "1.0"}"#, "no `model`"),
        ("tokenizer.json", "[1]", "no tokenizer.json"),
        ("vocab.json", "{}", "half of a vocabulary"),
        ("spiece.model", "\n\u{e}\0\u{1}", "SentencePiece"),
        ("notes.txt", "What is this?", "a vocabulary is"),
    ] {
        let (_dir, path) = written(name, content.as_bytes());
        let message = message(&path);
        assert!(message.contains(said), "{message}");
    }
    let dir = tempfile::tempdir().unwrap();
    assert!(message(dir.path()).contains("holds no vocabulary"));
    assert!(message(&dir.path().join("none.json")).contains("No such file"));
}

#[test]
fn a_merge_that_makes_no_token_is_named() {
    let json = r#"{"version": "1.0", "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a b"]}}"#;
    let (dir, path) = written("tokenizer.json", json.as_bytes());
    let said = message(&path);
    assert!(said.contains("merge 1 needs \"ab\""), "{said}");
    fs::write(&path, json.replace("\"b\": 1", "\"b\": 1, \"ab\": 2")).unwrap();
    assert!(read(dir.path(), None).is_ok());
}

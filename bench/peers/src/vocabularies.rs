//! The vocabularies of cl100k_base and GPT-2, from what tiktoken-rs brings along: as rank files
//! and as tokenizer.json.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustc_hash::FxHashMap;
use serde_json::{Value, json};
use tiktoken_rs::CoreBPE;

/// How tiktoken cuts text for cl100k_base.
pub const CL100K_PATTERN: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// Writes cl100k_base and gpt2, each with the ending .tiktoken and .json.
pub fn write(folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let split = json!({
        "type": "Split", "pattern": {"Regex": CL100K_PATTERN}, "behavior": "Isolated", "invert": false,
    });
    let cl100k = json!({"type": "Sequence", "pretokenizers": [split, byte_level(false)]});
    let cl100k = (tiktoken_rs::cl100k_base()?, 100_257, cl100k);
    let gpt2 = (tiktoken_rs::r50k_base()?, 50_256, byte_level(true));
    for (name, (bpe, end, pre_tokenizer)) in [("cl100k_base", cl100k), ("gpt2", gpt2)] {
        let tokens = tokens(&bpe);
        let mut ranks = String::new();
        for (rank, token) in tokens.iter().enumerate() {
            writeln!(ranks, "{} {rank}", STANDARD.encode(token))?;
        }
        fs::write(folder.join(format!("{name}.tiktoken")), ranks)?;
        let tokenizer = tokenizer(&tokens, end, &pre_tokenizer).to_string();
        fs::write(folder.join(format!("{name}.json")), tokenizer)?;
    }
    Ok(())
}

/// The bytes of each token that is not special; its rank is its id.
fn tokens(bpe: &CoreBPE) -> Vec<Vec<u8>> {
    let special = bpe.special_tokens();
    let bytes = (0..).map_while(|id| bpe.decode_bytes(&[id]).ok());
    let is_text =
        |bytes: &Vec<u8>| std::str::from_utf8(bytes).map_or(true, |text| !special.contains(text));
    bytes.take_while(is_text).collect()
}

fn byte_level(use_regex: bool) -> Value {
    json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": use_regex})
}

fn tokenizer(tokens: &[Vec<u8>], end: u32, pre_tokenizer: &Value) -> Value {
    let ranks: FxHashMap<&[u8], usize> = (tokens.iter().enumerate())
        .map(|(rank, token)| (token.as_slice(), rank))
        .collect();
    let merges = tokens.iter().enumerate();
    let merges = merges.filter_map(|(rank, token)| {
        let (left, right) = halves(token, rank, &ranks)?;
        Some(json!([visible(left), visible(right)]))
    });
    let vocabulary = tokens.iter().enumerate();
    let vocabulary = vocabulary.map(|(rank, token)| (visible(token), json!(rank)));
    json!({
        "version": "1.0", "truncation": null, "padding": null, "normalizer": null,
        "added_tokens": [{
            "id": end, "content": "<|endoftext|>", "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true,
        }],
        "pre_tokenizer": pre_tokenizer,
        "post_processor": null,
        "decoder": byte_level(true),
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
            "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false,
            // tiktoken looks a whole piece up first.
            "ignore_merges": true,
            "merges": merges.collect::<Vec<_>>(),
            "vocab": vocabulary.collect::<serde_json::Map<_, _>>(),
        },
    })
}

/// The two tokens that a token was merged from: what merging its bytes by the lower ranks leaves.
fn halves<'a>(
    token: &'a [u8],
    rank: usize,
    ranks: &FxHashMap<&[u8], usize>,
) -> Option<(&'a [u8], &'a [u8])> {
    let mut ends: Vec<usize> = (0..=token.len()).collect();
    while ends.len() > 3 {
        let merged = (0..ends.len() - 2)
            .filter_map(|at| Some((*ranks.get(&token[ends[at]..ends[at + 2]])?, at)))
            .min()
            .filter(|(merged, _)| *merged < rank);
        ends.remove(merged?.1 + 1);
    }
    (token.len() > 1).then(|| token.split_at(ends[1]))
}

/// GPT-2's spelling of bytes as characters that can be seen.
fn visible(bytes: &[u8]) -> String {
    let spell = |byte: &u8| match *byte {
        b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff => char::from(*byte),
        byte @ 0..=b' ' => char::from_u32(0x100 + u32::from(byte)).unwrap_or_default(),
        byte @ 0x7f..=0xa0 => char::from_u32(0x121 + u32::from(byte - 0x7f)).unwrap_or_default(),
        0xad => '\u{143}',
    };
    bytes.iter().map(spell).collect()
}

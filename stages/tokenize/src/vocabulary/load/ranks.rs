//! tiktoken's rank files: a line for each token, with its bytes in base64 and its rank, which is its id.

use std::collections::HashMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustc_hash::{FxHashMap, FxHashSet};
use tokenizers::Tokenizer;

use super::build::Vocabulary;
use super::{files, recover, wrong, wrong_line};
use crate::bpe::characters_of;
use crate::error::Error;
use crate::pieces::{Family, Pattern};

/// A vocabulary whose file OpenAI published; the file says neither how text is cut into pieces nor
/// which special tokens there are (tiktoken_ext/openai_public.py).
struct Known {
    names: &'static [&'static str],
    family: Family,
    special: &'static [(&'static str, u32)],
}

const KNOWN: [Known; 4] = [
    Known {
        names: &["gpt2", "r50k_base", "p50k_base"],
        family: Family::Gpt2,
        special: &[("<|endoftext|>", 50256)],
    },
    Known {
        names: &["p50k_edit"],
        family: Family::Gpt2,
        special: &[
            ("<|endoftext|>", 50256),
            ("<|fim_prefix|>", 50281),
            ("<|fim_middle|>", 50282),
            ("<|fim_suffix|>", 50283),
        ],
    },
    Known {
        names: &["cl100k_base"],
        family: Family::Cl100k,
        special: &[
            ("<|endoftext|>", 100_257),
            ("<|fim_prefix|>", 100_258),
            ("<|fim_middle|>", 100_259),
            ("<|fim_suffix|>", 100_260),
            ("<|endofprompt|>", 100_276),
        ],
    },
    Known {
        names: &["o200k_base"],
        family: Family::O200k,
        special: &[("<|endoftext|>", 199_999), ("<|endofprompt|>", 200_018)],
    },
];

/// The vocabulary that a file has by its name, up to the first dot.
fn known(path: &Path) -> Option<&'static Known> {
    let name = path.file_name()?.to_str()?;
    let name = name.split('.').next()?;
    KNOWN.iter().find(|known| known.names.contains(&name))
}

/// Reads a rank file. Merges are recovered; as in tiktoken, a piece that is a token is not merged.
pub fn read(path: &Path, pattern: Option<Pattern>) -> Result<Tokenizer, Error> {
    let known = known(path);
    let pattern = known.map(|known| known.family.pattern()).or(pattern);
    let pattern = pattern.ok_or_else(|| {
        wrong(
            path,
            "a rank file does not say how text is cut into pieces. Name it as OpenAI does \
             (cl100k_base.tiktoken, o200k_base, p50k_base, r50k_base, gpt2), or name it as `tokenizer` under \
             [tokenize] and the way as `pre_tokenizer` beside it",
        )
    })?;
    let special = known.map_or(&[][..], |known| known.special);
    let content = files::content(path)?;
    let lines = parse(path, &content)?;
    check(path, &lines, special)?;
    let tokens: Vec<(u32, &[u8])> = lines.iter().map(|line| (line.rank, &*line.token)).collect();
    let merges = recover::merges(&tokens).into_iter();
    let merges = merges.map(|(left, right)| (characters_of(left), characters_of(right)));
    let mut ids: HashMap<String, u32> = tokens
        .iter()
        .map(|(id, token)| (characters_of(token), *id))
        .collect();
    ids.extend(special.iter().map(|(token, id)| ((*token).to_owned(), *id)));
    Vocabulary {
        ids,
        merges: merges.collect(),
        special: special
            .iter()
            .map(|(token, _)| (*token).to_owned())
            .collect(),
        pattern,
        whole_first: true,
    }
    .tokenizer(path)
}

/// Whether a line is one of a rank file.
pub fn is_line(line: Option<&[u8]>) -> bool {
    line.and_then(|line| std::str::from_utf8(line).ok())
        .is_some_and(|line| parse_line(line.trim_end_matches('\r')).is_ok())
}

#[derive(Debug)]
struct Line {
    number: usize,
    rank: u32,
    token: Vec<u8>,
}

fn parse_line(line: &str) -> Result<(Vec<u8>, u32), String> {
    let parts = line.split_once(' ');
    let (token, rank) = parts.ok_or("a line is a token in base64, a space and its rank")?;
    let token = STANDARD
        .decode(token)
        .map_err(|error| format!("the token is no base64: {error}"))?;
    let rank = rank
        .parse()
        .map_err(|_| "the rank, behind the space, must be a whole number below 2^32")?;
    match token.is_empty() {
        true => Err("the token is empty".to_owned()),
        false => Ok((token, rank)),
    }
}

/// The lines, in the order of their ranks.
fn parse(path: &Path, content: &[u8]) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(content.split(|byte| *byte == b'\n')) {
        let line = std::str::from_utf8(line)
            .map_err(|_| wrong_line(path, number, "a rank file is text, and this line is none"))?;
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            continue;
        }
        let (token, rank) = parse_line(line).map_err(|why| wrong_line(path, number, why))?;
        lines.push(Line {
            number,
            rank,
            token,
        });
    }
    lines.sort_by_key(|line| line.rank);
    Ok(lines)
}

/// Ranks and tokens must be unique, and ranks run from 0 without a gap but for special tokens.
fn check(path: &Path, lines: &[Line], special: &[(&str, u32)]) -> Result<(), Error> {
    let special: FxHashSet<u32> = special.iter().map(|(_, id)| *id).collect();
    let mut seen: FxHashMap<&[u8], usize> = FxHashMap::default();
    let mut next = 0;
    for (place, line) in lines.iter().enumerate() {
        let fail = |message: String| Err(wrong_line(path, line.number, message));
        if let Some(before) = place.checked_sub(1).and_then(|place| lines.get(place))
            && before.rank == line.rank
        {
            let (rank, other) = (line.rank, before.number);
            return fail(format!("the rank {rank} stands in line {other}, too"));
        }
        if special.contains(&line.rank) {
            return fail(format!(
                "the rank {} belongs to a special token of the vocabulary that the file is named after: name \
                 the file differently",
                line.rank
            ));
        }
        while special.contains(&next) {
            next += 1;
        }
        if line.rank != next {
            return fail(format!(
                "the rank {} comes where {next} should: ranks are ids and have no gaps",
                line.rank
            ));
        }
        next += 1;
        if let Some(other) = seen.insert(&line.token, line.number) {
            return fail(format!("the token stands in line {other}, too"));
        }
    }
    match lines.is_empty() {
        true => Err(wrong(path, "the file is empty")),
        false => Ok(()),
    }
}

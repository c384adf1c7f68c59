//! Which files a path means, and what kind they are of.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::{ranks, wrong};
use crate::error::Error;

/// Bytes that tell the kind of a file.
const HEAD: u64 = 4096;
/// The largest vocabularies there are have some 40 MB; more is a mistake or a bomb.
const MAX_BYTES: u64 = 1 << 30;

/// GPT-2's two files, by the names that OpenAI and Hugging Face gave them.
const PAIRS: [[&str; 2]; 2] = [["encoder.json", "vocab.bpe"], ["vocab.json", "merges.txt"]];

const KINDS: &str = "a vocabulary is a tokenizer.json, a tiktoken rank file (lines \"base64 rank\"), or a \
                     folder with vocab.bpe and encoder.json, or with merges.txt and vocab.json";

/// The files of a vocabulary.
#[derive(Debug, PartialEq, Eq)]
pub enum Source {
    /// A tokenizer.json.
    HuggingFace(PathBuf),
    /// Tokens in base64, each with its rank.
    Ranks(PathBuf),
    /// Tokens with their ids, and merges, both with bytes written as characters.
    Gpt2 {
        /// encoder.json
        vocabulary: PathBuf,
        /// vocab.bpe
        merges: PathBuf,
    },
}

impl Source {
    /// What a path means: by names in a folder, by the first bytes of a file.
    pub fn of(path: &Path) -> Result<Self, Error> {
        if path.is_dir() {
            return Self::in_folder(path);
        }
        // One of a pair stands for both.
        let mut names = PAIRS.iter().flatten().map(|name| (*name).to_owned());
        let is = |name: String| path.ends_with(&name) || path.ends_with(name + ".gz");
        if names.any(is) {
            let folder = path.parent().unwrap_or_else(|| Path::new("."));
            return pair(folder).ok_or_else(|| {
                wrong(
                    path,
                    "this is half of a vocabulary: the other file must lie beside it \
                     (vocab.bpe with encoder.json, merges.txt with vocab.json)",
                )
            });
        }
        let mut head = Vec::new();
        let read = open(path).and_then(|file| file.take(HEAD).read_to_end(&mut head));
        read.map_err(|error| wrong(path, error.to_string()))?;
        if head.trim_ascii_start().starts_with(b"{") {
            return Ok(Self::HuggingFace(path.to_path_buf()));
        }
        let named = |ending: &str| path.to_string_lossy().contains(ending);
        if named(".tiktoken") || ranks::is_line(head.split(|byte| *byte == b'\n').next()) {
            return Ok(Self::Ranks(path.to_path_buf()));
        }
        if named(".json") {
            return Ok(Self::HuggingFace(path.to_path_buf()));
        }
        let message = match head.contains(&0) || std::str::from_utf8(&head).is_err() {
            true => {
                "this may be a SentencePiece model, which must be converted: transformers' AutoTokenizer \
                 reads it, and save_pretrained writes a tokenizer.json"
            }
            false => KINDS,
        };
        Err(wrong(path, message))
    }

    fn in_folder(folder: &Path) -> Result<Self, Error> {
        if let Some(file) = there(folder, "tokenizer.json") {
            return Ok(Self::HuggingFace(file));
        }
        if let Some(pair) = pair(folder) {
            return Ok(pair);
        }
        Err(wrong(
            folder,
            format!("this folder holds no vocabulary: {KINDS}"),
        ))
    }
}

fn pair(folder: &Path) -> Option<Source> {
    PAIRS.iter().find_map(|[vocabulary, merges]| {
        Some(Source::Gpt2 {
            vocabulary: there(folder, vocabulary)?,
            merges: there(folder, merges)?,
        })
    })
}

/// A file, as it is or compressed.
fn there(folder: &Path, name: &str) -> Option<PathBuf> {
    let names = [name.to_owned(), format!("{name}.gz")];
    let paths = names.map(|name| folder.join(name));
    paths.into_iter().find(|path| path.is_file())
}

/// The whole content of a file, decompressed.
pub fn content(path: &Path) -> Result<Vec<u8>, Error> {
    let mut content = Vec::new();
    let read = open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut content));
    match read {
        Err(error) => Err(wrong(path, error.to_string())),
        Ok(_) if content.len() as u64 > MAX_BYTES => Err(wrong(
            path,
            format!("more than {MAX_BYTES} bytes: no vocabulary is as large"),
        )),
        Ok(_) => Ok(content),
    }
}

fn open(path: &Path) -> std::io::Result<Box<dyn Read>> {
    let file = BufReader::new(File::open(path)?);
    Ok(match path.extension().is_some_and(|e| e == "gz") {
        true => Box::new(MultiGzDecoder::new(file)),
        false => Box::new(file),
    })
}

//! A byte-level tokenizer out of tokens and merges.

use std::collections::HashMap;
use std::path::Path;

use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, PreTokenizerWrapper, SplitDelimiterBehavior, Tokenizer};

use super::wrong;
use crate::bpe::byte_of;
use crate::error::Error;
use crate::pieces::{Family, Pattern};

/// What a byte-level vocabulary consists of. Tokens are written as in GPT-2's files.
pub struct Vocabulary {
    /// Ids of the tokens.
    pub ids: HashMap<String, u32>,
    /// What is merged, the first first.
    pub merges: Vec<(String, String)>,
    /// Tokens that stand for no text.
    pub special: Vec<String>,
    /// How text is cut into pieces.
    pub pattern: Pattern,
    /// Whether a piece that is a token is that token, whatever merging would give.
    pub whole_first: bool,
}

impl Vocabulary {
    /// The tokenizer; `path` is the file to blame.
    pub fn tokenizer(self, path: &Path) -> Result<Tokenizer, Error> {
        let characters = characters();
        let missing = (0..=255_u8).find(|byte| {
            let token = characters[usize::from(*byte)].to_string();
            !self.ids.contains_key(&token)
        });
        if let Some(byte) = missing {
            return Err(wrong(
                path,
                format!(
                    "no token stands for the byte {byte:#04x}: a byte-level vocabulary has all 256"
                ),
            ));
        }
        let failed = |error: tokenizers::Error| wrong(path, error.to_string());
        let ids: Vocab = self.ids.into_iter().collect();
        let model = BPE::builder()
            .vocab_and_merges(ids, self.merges)
            .ignore_merges(self.whole_first)
            .build()
            .map_err(failed)?;
        let mut tokenizer = Tokenizer::new(model);
        tokenizer
            .with_pre_tokenizer(Some(pre_tokenizer(self.pattern).map_err(failed)?))
            .with_decoder(Some(ByteLevel::default()))
            .with_post_processor(Some(ByteLevel::default().trim_offsets(false)));
        let special = self.special.into_iter();
        let special = special.map(|token| AddedToken::from(token, true));
        tokenizer.add_special_tokens(special).map_err(failed)?;
        Ok(tokenizer)
    }
}

/// Cuts text into the pieces of a pattern, and writes their bytes as characters.
pub fn pre_tokenizer(pattern: Pattern) -> tokenizers::Result<PreTokenizerWrapper> {
    if pattern == Family::Gpt2.pattern() {
        return Ok(ByteLevel::new(false, true, true).into());
    }
    let regex = SplitPattern::Regex(pattern.regex());
    let split = Split::new(regex, SplitDelimiterBehavior::Isolated, false)?;
    let bytes = ByteLevel::new(false, true, false);
    Ok(Sequence::new(vec![split.into(), bytes.into()]).into())
}

/// The character that each byte is written as.
pub fn characters() -> [char; 256] {
    let mut characters = ['\0'; 256];
    for character in ByteLevel::alphabet() {
        if let Some(byte) = byte_of(character) {
            characters[usize::from(byte)] = character;
        }
    }
    characters
}

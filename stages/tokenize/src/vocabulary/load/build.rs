//! A byte-level tokenizer out of tokens and merges.

use std::collections::HashMap;
use std::path::Path;

use tokenizers::{AddedToken, Tokenizer};

use super::super::assemble::byte_level_bpe;
use super::wrong;
use crate::bpe::characters_of;
use crate::error::Error;
use crate::pieces::Pattern;

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
        let spelled = |byte: &u8| characters_of(&[*byte]);
        let missing = (0..=255).find(|byte| !self.ids.contains_key(&spelled(byte)));
        if let Some(byte) = missing {
            return Err(wrong(
                path,
                format!(
                    "no token stands for the byte {byte:#04x}: a byte-level vocabulary has all 256"
                ),
            ));
        }
        let (ids, merges) = (self.ids.into_iter(), self.merges.into_iter());
        let tokenizer = byte_level_bpe(ids, merges, self.pattern, self.whole_first);
        let mut tokenizer = tokenizer.map_err(|error| wrong(path, error.to_string()))?;
        let special = self.special.into_iter();
        let special = special.map(|token| AddedToken::from(token, true));
        let added = tokenizer.add_special_tokens(special);
        added.map_err(|error| wrong(path, error.to_string()))?;
        Ok(tokenizer)
    }
}

//! Checkpoint folders, ours and those of others.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tch::Device;
use textmill_model::{CONFIG_FILE, Gpt, TOKENIZER_FILE};
use tokenizers::Tokenizer;

use super::encode::LanguageModel;
use crate::Error;
use crate::workers::Workers;

/// A model and its tokenizer, read from a folder.
pub struct ModelFolder {
    workers: Workers,
    tokenizer: Tokenizer,
    prefix: u32,
}

impl ModelFolder {
    /// Reads config.json, model.safetensors and tokenizer.json: a checkpoint of the train stage,
    /// or a stock GPT-2 or Llama of Hugging Face.
    ///
    /// # Errors
    /// When one is missing or damaged, the tokenizer has more tokens than the model, or neither
    /// `bos_token_id` nor `eos_token_id` says what stands for an empty context.
    pub fn open(dir: &Path, device: Device, threads: usize) -> Result<Self, Error> {
        let gpt = Gpt::load(dir, device)?;
        gpt.require_causal()?;
        let path = dir.join(TOKENIZER_FILE);
        let tokenizer = Tokenizer::from_file(&path).map_err(|error| Error::ModelFolder {
            path,
            problem: format!("not a usable tokenizer.json: {error}"),
        })?;
        let (model, tokens) = (gpt.config().vocab_size, tokenizer.get_vocab_size(true));
        if tokens as i64 > model {
            return Err(Error::ModelFolder {
                path: dir.to_path_buf(),
                problem: format!(
                    "the tokenizer has {tokens} tokens, the model {model}: they do not belong \
                     together"
                ),
            });
        }
        Ok(Self {
            prefix: text_prefix(dir, gpt.config().eot_id)?,
            workers: Workers::new(gpt, threads)?,
            tokenizer,
        })
    }

    /// The model, to be asked in batches of `batch` rows.
    pub fn model(&mut self, batch: usize) -> LanguageModel<'_> {
        LanguageModel {
            workers: &mut self.workers,
            tokenizer: &self.tokenizer,
            prefix: self.prefix,
            batch,
        }
    }
}

/// The token that stands before a text: the one that begins texts or, of models without one, ends
/// them.
///
/// # Errors
/// When the folder's config.json names neither.
pub fn text_prefix(dir: &Path, end: Option<u32>) -> Result<u32, Error> {
    let path = dir.join(CONFIG_FILE);
    let config = fs::read(&path).ok();
    let config: Option<Value> = config.and_then(|json| serde_json::from_slice(&json).ok());
    let begin = config
        .as_ref()
        .and_then(|config| config.get("bos_token_id"));
    let begin = begin
        .and_then(Value::as_u64)
        .and_then(|id| u32::try_from(id).ok());
    begin.or(end).ok_or(Error::ModelFolder {
        path,
        problem: "names neither bos_token_id nor eos_token_id".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support;

    #[test]
    fn a_folder_gives_model_tokenizer_and_prefix() {
        let dir = tempfile::tempdir().unwrap();
        let open = || ModelFolder::open(dir.path(), Device::Cpu, 1).map(|_| ());
        let problem = || open().unwrap_err().to_string();
        assert!(problem().contains(CONFIG_FILE));
        let tokenizer = test_support::tokenizer();
        let size = tokenizer.get_vocab_size(true);
        test_support::model(size, 16).save(dir.path()).unwrap();
        assert!(problem().contains(TOKENIZER_FILE));
        tokenizer
            .save(dir.path().join(TOKENIZER_FILE), false)
            .unwrap();
        // the test's model names no token for beginnings or ends
        assert!(problem().contains("neither bos_token_id"));

        let path = dir.path().join(CONFIG_FILE);
        let mut config: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let mut prefix = |begin: Value, end: Value| {
            config["bos_token_id"] = begin;
            config["eos_token_id"] = end;
            fs::write(&path, config.to_string()).unwrap();
            let mut folder = ModelFolder::open(dir.path(), Device::Cpu, 1).unwrap();
            let model = folder.model(4);
            model.encode_pair("", "mill").unwrap().context
        };
        assert_eq!(prefix(7.into(), 0.into()), [7]);
        assert_eq!(prefix(Value::Null, 3.into()), [3]);

        test_support::model(size - 1, 16).save(dir.path()).unwrap();
        assert!(problem().contains("do not belong together"));
    }
}

//! Models, tokenizers and upstream outputs for the tests.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::{Value, json};
use tch::Device;
use textmill_model::{Architecture, Gpt, ModelConfig, Size};
use textmill_schemas::{
    CorpusStage, Manifest, Progress, ShardEntry, StageInput, StageResult, TaskContext, TaskReport,
    TokenizerStamp, Tokens,
};
use tokenizers::decoders::byte_level::ByteLevel;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::{AddedToken, Tokenizer};

use crate::inputs::{TOKENIZE, TRAIN};
use crate::metrics::{ModelFacts, Score};
use crate::report::METRICS_FILE;
use crate::{Config, Evaluate};

/// A tiny network with random weights that are not all alike.
pub(crate) fn model(vocab: usize, context: i64) -> Gpt {
    let mut config = ModelConfig::new(Architecture::Llama, Size::ALL[0], vocab as i64, context);
    (config.layers, config.heads, config.kv_heads) = (2, 2, 2);
    (config.width, config.feed_forward) = (32, 96);
    let gpt = Gpt::new(&config, 5, Device::Cpu).unwrap();
    let _ = gpt.flat().shallow_clone().f_mul_scalar_(5.0).unwrap();
    gpt
}

/// A tiny BERT, likewise, whose mask token is `mask`.
pub(crate) fn bert(vocab: usize, context: i64, mask: u32) -> Gpt {
    let mut config = ModelConfig::new(Architecture::Bert, Size::ALL[0], vocab as i64, context);
    (config.layers, config.heads, config.kv_heads) = (2, 2, 2);
    (config.width, config.feed_forward) = (32, 96);
    config.mask_id = Some(mask);
    let gpt = Gpt::new(&config, 5, Device::Cpu).unwrap();
    let _ = gpt.flat().shallow_clone().f_mul_scalar_(5.0).unwrap();
    gpt
}

/// Token ids of a text.
pub(crate) fn ids(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    tokenizer
        .encode_fast(text, false)
        .unwrap()
        .get_ids()
        .to_vec()
}

/// A byte-level tokenizer with a few merges and a document-end token.
pub(crate) fn tokenizer() -> Tokenizer {
    let mut tokenizer = Tokenizer::new(BPE::default());
    tokenizer
        .with_pre_tokenizer(Some(ByteLevel::new(false, true, true)))
        .with_decoder(Some(ByteLevel::default()));
    let mut trainer: tokenizers::models::TrainerWrapper = BpeTrainer::builder()
        .vocab_size(280)
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .special_tokens(vec![AddedToken::from("<|endoftext|>", true)])
        .show_progress(false)
        .build()
        .into();
    let texts = ["the mill turns and the mill stands", "磨坊的轮子转得更快"];
    tokenizer.train(&mut trainer, texts.into_iter()).unwrap();
    tokenizer
}

/// Owns what a [`TaskContext`] borrows.
pub(crate) struct Context {
    pub dir: tempfile::TempDir,
    pub inputs: BTreeMap<String, StageInput>,
    pub seed: u64,
    pub threads: usize,
    pub cancel: AtomicBool,
    /// Units of progress reported.
    pub done: AtomicU64,
}

impl Context {
    pub fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            inputs: BTreeMap::new(),
            seed: 1,
            threads: 2,
            cancel: AtomicBool::new(false),
            done: AtomicU64::new(0),
        }
    }

    pub fn borrow(&self) -> TaskContext<'_> {
        TaskContext {
            out: self.dir.path(),
            inputs: &self.inputs,
            seed: self.seed,
            threads: self.threads,
            progress: self,
            cancel: &self.cancel,
        }
    }
}

impl Progress for Context {
    fn add_total(&self, _units: u64) {}

    fn advance(&self, units: u64) {
        self.done.fetch_add(units, Ordering::Relaxed);
    }

    fn message(&self, _text: &str) {}
}

/// A document of token ids.
pub(crate) fn document(tokens: &[u32]) -> Tokens {
    Tokens {
        id: format!("{tokens:?}"),
        bytes: 2 * tokens.len() as u32,
        tokens: tokens.to_vec(),
        ..Tokens::default()
    }
}

/// The output of a tokenize stage: shards of documents under their names.
pub(crate) fn tokenized(
    dir: &Path,
    tokenizer: &Tokenizer,
    shards: &[(&str, &[Tokens])],
) -> StageInput {
    std::fs::create_dir_all(dir).unwrap();
    tokenizer.save(dir.join("tokenizer.json"), false).unwrap();
    let stamp = TokenizerStamp {
        hash: ShardEntry::of_file(dir, "tokenizer.json").unwrap().hash,
        vocab_size: tokenizer.get_vocab_size(true) as u64,
        document_end: 0,
    };
    let (mut kept, mut train_tokens) = (Vec::new(), 0);
    for (name, documents) in shards {
        let mut writer = stamp.create_shard(dir, name).unwrap();
        for document in *documents {
            if name.starts_with("train/") {
                train_tokens += document.tokens.len();
            }
            writer.write(document.clone()).unwrap();
        }
        kept.push(writer.finish().unwrap());
    }
    let stats = [
        ("vocab_size", json!(tokenizer.get_vocab_size(true))),
        ("eot_id", json!(tokenizer.token_to_id("<|endoftext|>"))),
        ("train_tokens", json!(train_tokens)),
    ];
    StageInput {
        dir: dir.to_path_buf(),
        manifest: Manifest {
            kept,
            files: vec![ShardEntry::of_file(dir, "tokenizer.json").unwrap()],
            stats: stats.map(|(name, value)| (name.to_owned(), value)).into(),
            ..Manifest::default()
        },
    }
}

/// The output of a train stage with this model as its best.
pub(crate) fn trained(dir: &Path, gpt: &Gpt, tokenizer: &Tokenizer) -> StageInput {
    std::fs::create_dir_all(dir.join("best")).unwrap();
    gpt.save(&dir.join("best")).unwrap();
    let path = dir.join("best/tokenizer.json");
    tokenizer.save(path, false).unwrap();
    let files = ["config.json", "model.safetensors", "tokenizer.json"];
    let entry = |name| ShardEntry::of_file(dir, &format!("best/{name}")).unwrap();
    StageInput {
        dir: dir.to_path_buf(),
        manifest: Manifest {
            files: files.map(entry).to_vec(),
            stats: [("checkpoint".to_owned(), json!("best"))].into(),
            ..Manifest::default()
        },
    }
}

/// A stage's run, from its upstream outputs on.
pub(crate) struct Run {
    pub ctx: Context,
}

impl Run {
    /// Of a model over these shards.
    pub fn over(gpt: &Gpt, shards: &[(&str, &[Tokens])]) -> Self {
        let (mut ctx, tokenizer) = (Context::new(), tokenizer());
        let dir = |name: &str| ctx.dir.path().join(name);
        let inputs = [
            (TOKENIZE, tokenized(&dir("in/tokenize"), &tokenizer, shards)),
            (TRAIN, trained(&dir("in/train"), gpt, &tokenizer)),
        ];
        ctx.inputs = inputs.map(|(name, input)| (name.to_owned(), input)).into();
        Self { ctx }
    }

    pub fn go(&self, config: &Config) -> StageResult<TaskReport> {
        Evaluate::new(config)?.task("evaluate", 0, &self.ctx.borrow())
    }

    pub fn metrics(&self) -> Value {
        let json = std::fs::read(self.ctx.dir.path().join(METRICS_FILE)).unwrap();
        serde_json::from_slice(&json).unwrap()
    }

    pub fn input(&mut self, stage: &str) -> &mut StageInput {
        self.ctx.inputs.get_mut(stage).unwrap()
    }
}

/// A document of so many bytes, whose tokens do not matter.
pub(crate) fn measured(source: &str, lang: Option<&str>, bytes: u32) -> Tokens {
    Tokens {
        source: source.to_owned(),
        lang: lang.map(str::to_owned),
        bytes,
        ..Tokens::default()
    }
}

/// A score that counts the same nats at each of these ranks.
pub(crate) fn score(nats: f64, ranks: &[u64]) -> Score {
    let mut score = Score::default();
    ranks.iter().for_each(|rank| score.count(nats, *rank));
    score
}

/// Of a model that does not matter.
pub(crate) fn facts() -> ModelFacts {
    ModelFacts {
        checkpoint: "best".to_owned(),
        parameters: 1,
        context: 2,
        vocab_size: 3,
    }
}

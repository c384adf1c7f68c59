use std::path::PathBuf;

use textmill_schemas::Cancelled;

/// What can go wrong in the evaluate stage.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A value of the configuration makes no sense.
    #[error("evaluate: {0}")]
    Config(String),
    /// An upstream stage's output lacks something.
    #[error("the output of stage `{stage}` {problem}; run that stage again")]
    Input {
        /// The upstream stage.
        stage: &'static str,
        /// What is wrong with its output.
        problem: String,
    },
    /// There is nothing to measure on.
    #[error(
        "there are no validation documents to measure on: raise `validation_fraction` in \
         [tokenize], or give the pipeline more documents"
    )]
    NoDocuments,
    /// The model was trained on another vocabulary.
    #[error(
        "the model in {checkpoint} has a vocabulary of {model} tokens, the tokenizer one of \
         {tokenizer}: they do not belong together; run the stage `train` again"
    )]
    Vocabulary {
        /// The checkpoint's folder.
        checkpoint: PathBuf,
        /// The model's vocabulary.
        model: i64,
        /// The tokenizer's vocabulary.
        tokenizer: i64,
    },
    /// The checkpoint's tokenizer is not the one that the documents were encoded with.
    #[error(
        "the model in {checkpoint} was trained with another tokenizer.json than these documents \
         were encoded with; run the stage `train` again"
    )]
    OtherTokenizer {
        /// The checkpoint's folder.
        checkpoint: PathBuf,
    },
    /// The checkpoint was trained beside another validation set.
    #[error(
        "the model in {checkpoint} was trained with the validation documents {trained} held \
         apart, the tokenize stage holds {found} apart: the model may have learnt from what it \
         would be measured on; run the stage `train` again, or `tokenize` as it was configured then"
    )]
    OtherValidation {
        /// The checkpoint's folder.
        checkpoint: PathBuf,
        /// Hash of the validation documents when it was trained.
        trained: String,
        /// Hash of those there are.
        found: String,
    },
    /// A list of canaries that is none.
    #[error(
        "{path}: {message}; it must be the list that `train` writes where `[train.canaries]` plants some"
    )]
    Canaries {
        /// The list's file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Tasks for a model that does not predict the next token.
    #[error(
        "the model in {checkpoint} is a BERT: it fills in masked tokens, and `tasks` in [evaluate] \
         ask how likely the next ones are. Leave `tasks` out, and compare it with other models by \
         `textmill finetune` on one task"
    )]
    MaskedTasks {
        /// The checkpoint's folder.
        checkpoint: PathBuf,
    },
    /// A BERT that does not say which token stands for a hidden one.
    #[error(
        "{checkpoint}/config.json names no `mask_token_id`, so that nothing can be hidden from the \
         model; add the mask token's id, or run the stage `train` again"
    )]
    NoMask {
        /// The checkpoint's folder.
        checkpoint: PathBuf,
    },
    /// A token id beyond the vocabulary.
    #[error(
        "{shard}: document {document} holds the token id {token}, but the vocabulary has {vocab} \
         tokens; run the stage `tokenize` again"
    )]
    Token {
        /// The shard.
        shard: PathBuf,
        /// The document's id.
        document: String,
        /// The token.
        token: u32,
        /// Size of the vocabulary.
        vocab: usize,
    },
    /// A score that is not a number, or is too large to be a meaningful one.
    #[error(
        "the {judge} gave scores that are not finite numbers; if that is the model, its training \
         went wrong: lower `lr` in [train] and train it again"
    )]
    NotFinite {
        /// The model or a baseline.
        judge: &'static str,
    },
    /// A tokenizer file that is missing or does not work.
    #[error("{path}: not a usable tokenizer.json: {message}; run the stage `tokenize` again")]
    Tokenizer {
        /// The file.
        path: PathBuf,
        /// The library's answer.
        message: String,
    },
    /// A request that no model, or not this one, can score.
    #[error("a request {0}")]
    Request(String),
    /// A model's folder that cannot be used.
    #[error("{path}: {problem}")]
    ModelFolder {
        /// The folder, or the file in it.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A task's file cannot be read.
    #[error(
        "{path}: {message}; a task's file has JSON lines (.jsonl) or comma-separated values (.csv), packed or not (.gz); unpack archives first"
    )]
    TaskFile {
        /// The file or folder.
        path: PathBuf,
        /// The system's answer.
        message: String,
    },
    /// A task of no known form.
    #[error("there is no task `{name}`; the kinds are {known}, some with a part behind `_`")]
    UnknownTask {
        /// The name.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A task's file that holds something else.
    #[error("{path}: no row is a question of `{kind}` ({first}); is it the file of another task?")]
    NoQuestions {
        /// The file or folder.
        path: PathBuf,
        /// The task.
        kind: String,
        /// What is wrong with the first row.
        first: String,
    },
    /// The metrics cannot be written as JSON.
    #[error("metrics.json: {0}")]
    Json(#[from] serde_json::Error),
    /// The user asked to stop.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
    /// A shard cannot be read, or a file not be written.
    #[error(transparent)]
    Shard(#[from] textmill_schemas::Error),
    /// From the model.
    #[error(transparent)]
    Model(#[from] textmill_model::Error),
}

impl From<tch::TchError> for Error {
    fn from(error: tch::TchError) -> Self {
        Self::Model(error.into())
    }
}

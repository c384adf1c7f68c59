//! Answers in the form of OpenAI's API, whole or in chunks.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};
use std::time::SystemTime;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::error::ApiError;
use super::model::{Served, seconds};
use super::task::{Finish, Task};
use super::vocabulary::Vocabulary;
use super::writer::{Piece, Token};

/// Which endpoint answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Completion,
    Chat,
}

/// What all parts of an answer share.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    form: Form,
    id: String,
    created: u64,
    model: String,
    logprobs: bool,
    usage: bool,
    prompt_tokens: usize,
    choices: usize,
}

/// A choice that is whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice {
    pub piece: Piece,
    pub finish: Option<Finish>,
    /// Generated tokens.
    pub tokens: usize,
}

#[derive(Serialize)]
struct Envelope<'a, C> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: Vec<C>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Value>,
}

#[derive(Serialize)]
struct TextChoice<'a> {
    index: usize,
    text: &'a str,
    logprobs: Option<Logprobs<'a>>,
    finish_reason: Option<Finish>,
}

/// `logprobs` of a completion. The first token of a text has none: nothing stands before it.
#[derive(Serialize)]
struct Logprobs<'a> {
    text_offset: Vec<usize>,
    token_logprobs: Vec<Option<f32>>,
    tokens: Vec<Cow<'a, str>>,
    top_logprobs: Vec<Option<Top<'a>>>,
}

/// Log-probabilities by token, the likeliest first; no two tokens have the same string.
struct Top<'a>(Vec<(Cow<'a, str>, f32)>);

impl Serialize for Top<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, log)| (name, log)))
    }
}

#[derive(Serialize)]
struct ChatChoice<'a> {
    index: usize,
    #[serde(flatten)]
    said: Said<'a>,
    logprobs: Option<ChatLogprobs<'a>>,
    finish_reason: Option<Finish>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Said<'a> {
    Message {
        role: &'static str,
        content: &'a str,
    },
    Delta(Delta<'a>),
}

#[derive(Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

#[derive(Serialize)]
struct ChatLogprobs<'a> {
    content: Vec<ChatToken<'a>>,
}

#[derive(Serialize)]
struct ChatToken<'a> {
    #[serde(flatten)]
    token: Likely<'a>,
    top_logprobs: Vec<Likely<'a>>,
}

#[derive(Serialize)]
struct Likely<'a> {
    token: Cow<'a, str>,
    logprob: f32,
    bytes: Option<&'a [u8]>,
}

impl Reply {
    pub fn new(form: Form, task: &Task, served: &Served, usage: bool) -> Self {
        let prefix = match form {
            Form::Completion => "cmpl",
            Form::Chat => "chatcmpl",
        };
        Self {
            form,
            id: format!("{prefix}-{:016x}", RandomState::new().hash_one(0)),
            created: seconds(SystemTime::now()),
            model: served.name.clone(),
            logprobs: task.logprobs.is_some(),
            usage,
            prompt_tokens: task.prompt_tokens(),
            choices: task.choices(),
        }
    }

    /// How many choices the answer has.
    pub fn choices(&self) -> usize {
        self.choices
    }

    /// The answer as one JSON object.
    pub fn whole(&self, choices: &[Choice], vocabulary: &Vocabulary) -> Result<String, ApiError> {
        let generated = choices.iter().map(|choice| choice.tokens).sum();
        let usage = Some(self.usage(generated));
        let choices = choices.iter().enumerate();
        match self.form {
            Form::Completion => self.write("text_completion", usage, {
                choices
                    .map(|(index, c)| self.text_choice(index, &c.piece, c.finish, vocabulary))
                    .collect()
            }),
            Form::Chat => self.write("chat.completion", usage, {
                choices
                    .map(|(index, c)| ChatChoice {
                        index,
                        said: Said::Message {
                            role: "assistant",
                            content: &c.piece.text,
                        },
                        logprobs: self.chat_logprobs(&c.piece.tokens, vocabulary),
                        finish_reason: c.finish,
                    })
                    .collect()
            }),
        }
    }

    /// The chunk with which a choice begins; completions have none.
    pub fn first_chunk(&self, index: usize) -> Result<Option<String>, ApiError> {
        match self.form {
            Form::Completion => Ok(None),
            Form::Chat => {
                let delta = Delta {
                    role: Some("assistant"),
                    content: Some(""),
                };
                self.chat_chunk(index, delta, None, None).map(Some)
            }
        }
    }

    /// A chunk with more of a choice.
    pub fn chunk(
        &self,
        index: usize,
        piece: &Piece,
        vocabulary: &Vocabulary,
    ) -> Result<String, ApiError> {
        match self.form {
            Form::Completion => self.write("text_completion", None, {
                vec![self.text_choice(index, piece, None, vocabulary)]
            }),
            Form::Chat => {
                let delta = Delta {
                    role: None,
                    content: Some(&piece.text),
                };
                let logprobs = self.chat_logprobs(&piece.tokens, vocabulary);
                self.chat_chunk(index, delta, logprobs, None)
            }
        }
    }

    /// The chunk with which a choice ends.
    pub fn last_chunk(&self, index: usize, finish: Finish) -> Result<String, ApiError> {
        match self.form {
            Form::Completion => self.write("text_completion", None, {
                vec![TextChoice {
                    index,
                    text: "",
                    logprobs: None,
                    finish_reason: Some(finish),
                }]
            }),
            Form::Chat => {
                let delta = Delta {
                    role: None,
                    content: None,
                };
                self.chat_chunk(index, delta, None, Some(finish))
            }
        }
    }

    /// The chunk about what the answer cost, if it is wanted.
    pub fn usage_chunk(&self, generated: usize) -> Result<Option<String>, ApiError> {
        if !self.usage {
            return Ok(None);
        }
        let object = match self.form {
            Form::Completion => "text_completion",
            Form::Chat => "chat.completion.chunk",
        };
        let none: Vec<TextChoice> = Vec::new();
        self.write(object, Some(self.usage(generated)), none)
            .map(Some)
    }

    fn chat_chunk(
        &self,
        index: usize,
        delta: Delta,
        logprobs: Option<ChatLogprobs>,
        finish_reason: Option<Finish>,
    ) -> Result<String, ApiError> {
        let choice = ChatChoice {
            index,
            said: Said::Delta(delta),
            logprobs,
            finish_reason,
        };
        self.write("chat.completion.chunk", None, vec![choice])
    }

    fn write<C: Serialize>(
        &self,
        object: &'static str,
        usage: Option<Value>,
        choices: Vec<C>,
    ) -> Result<String, ApiError> {
        let envelope = Envelope {
            id: &self.id,
            object,
            created: self.created,
            model: &self.model,
            choices,
            usage,
        };
        serde_json::to_string(&envelope).map_err(ApiError::internal)
    }

    fn usage(&self, generated: usize) -> Value {
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": generated,
            "total_tokens": self.prompt_tokens + generated,
        })
    }

    fn text_choice<'a>(
        &self,
        index: usize,
        piece: &'a Piece,
        finish_reason: Option<Finish>,
        vocabulary: &'a Vocabulary,
    ) -> TextChoice<'a> {
        let name = |id: u32| vocabulary.name(id);
        let top = |token: &Token| {
            token.log?;
            let named = token.top.iter().map(|(id, log)| (name(*id), *log));
            Some(Top(named.collect()))
        };
        let tokens = &piece.tokens;
        TextChoice {
            index,
            text: &piece.text,
            logprobs: self.logprobs.then(|| Logprobs {
                text_offset: tokens.iter().map(|token| token.offset).collect(),
                token_logprobs: tokens.iter().map(|token| token.log).collect(),
                tokens: tokens.iter().map(|token| name(token.id)).collect(),
                top_logprobs: tokens.iter().map(top).collect(),
            }),
            finish_reason,
        }
    }

    fn chat_logprobs<'a>(
        &self,
        tokens: &'a [Token],
        vocabulary: &'a Vocabulary,
    ) -> Option<ChatLogprobs<'a>> {
        let likely = |id: u32, logprob: f32| Likely {
            token: vocabulary.name(id),
            logprob,
            bytes: vocabulary.bytes(id),
        };
        let content = tokens.iter().filter_map(|token| {
            Some(ChatToken {
                token: likely(token.id, token.log?),
                top_logprobs: token
                    .top
                    .iter()
                    .map(|(id, log)| likely(*id, *log))
                    .collect(),
            })
        });
        self.logprobs.then(|| ChatLogprobs {
            content: content.collect(),
        })
    }
}
